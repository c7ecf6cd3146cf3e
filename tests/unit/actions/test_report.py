"""report.send mails what a report shows; a site is needed for the report itself, so it is given here."""

from collections.abc import Mapping
from typing import Any

import pytest

from dogansystem import Sandbox

from .conftest import act

COLUMNS = [
	{"fieldname": "customer", "label": "Customer", "fieldtype": "Link"},
	{"fieldname": "due", "label": "Due"},
]


class Shown:
	"""A site's reports: two rows of three, and a total."""

	def __init__(self) -> None:
		self.asked: list[Any] = []

	def run(self, report: str, filters: Mapping[str, Any], limit: int) -> dict[str, Any]:
		self.asked.append((report, filters, limit))
		rows = [{"customer": "=Çelik & Co", "due": 10}, {"customer": "Acme", "due": 5}]
		return {"columns": COLUMNS, "rows": rows, "total": {"customer": "Total", "due": 20}, "left_out": 1}


@pytest.fixture
def reports(site: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Shown:
	shown = Shown()
	monkeypatch.setattr(site, "reports", shown)
	return shown


@pytest.mark.contract("| `report.run` | report, [filters], [limit: 1000] | `{columns, rows}` |")
def test_a_report_is_run_with_its_filters(site: Sandbox, reports: Shown) -> None:
	output = act(site, "report.run", report="Receivable", filters={"company": "A"})

	assert reports.asked == [("Receivable", {"company": "A"}, 1000)]
	assert (output["columns"], len(output["rows"])) == (COLUMNS, 2)


@pytest.mark.contract("send (as a mail with the table, or as a file)")
def test_a_report_is_sent_as_a_table_in_the_mail(site: Sandbox, reports: Shown) -> None:
	output = act(site, "report.send", report="Receivable", to="a@example.com", message="As of today")

	(mail,) = site.outbox()
	assert output == {"recipients": ["a@example.com"], "rows": 2}
	assert (mail["subject"], mail["attachments"]) == ("Receivable", [])
	for words in ("As of today", "<th>Due</th>", "=Çelik &amp; Co", "<td>Total</td>", "1 more rows"):
		assert words in mail["message"]


def test_a_report_is_sent_as_a_file(site: Sandbox, reports: Shown) -> None:
	act(site, "report.send", report="Receivable", to="a@example.com", subject="Due", **{"as": "csv"})

	(mail,) = site.outbox()
	(file,) = mail["attachments"]
	assert (mail["subject"], file["fname"]) == ("Due", "Receivable.csv")
	assert "'=Çelik & Co,10" in file["fcontent"]
