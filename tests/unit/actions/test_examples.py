"""The example on each action's page does what the action is for, about a quotation."""

from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.registry import core_actions
from dogansystem.worker.drainer import Drainer

from .conftest import USER
from .server import serving

ON_A_SITE = {"document.print", "report.run", "report.send", "script.run"}
EXAMPLES = sorted(name for name, action in core_actions().items() if action.example)
DOCSTATUS = {"document.cancel": 1, "document.amend": 2}
QUOTATION: dict[str, Any] = {
	"doctype": "Quotation",
	"name": "SAL-QTN-1",
	"company": "Acme",
	"party_name": "Çelik",
	"customer_name": "Ayşe Çelik",
	"contact_email": "ayse@example.com",
	"contact_mobile": "+905551234567",
	"order_type": "Sales",
	"grand_total": 250.0,
	"valid_till": "2020-01-31",
	"status": "Open",
	"payment_schedule": [{"due_date": "2020-01-31", "payment_amount": 250.0}],
}
OTHERS: list[dict[str, Any]] = [
	{"doctype": "Customer", "name": "Çelik", "customer_group": "Retail"},
	{"doctype": "File", "name": "F-1", "file_url": "/files/prices.csv", "file_name": "prices.csv", "content": "a;b\n1;2"},
	{
		"doctype": "Workflow",
		"name": "Quotations",
		"document_type": "Quotation",
		"states": [{"state": "Draft", "doc_status": 0}, {"state": "Approved", "doc_status": 1}],
		"transitions": [{"state": "Draft", "action": "Approve", "next_state": "Approved", "allowed": "All"}],
	},
]  # fmt: skip


def test_every_action_of_these_families_has_an_example() -> None:
	families = {name.partition(".")[0] for name in EXAMPLES}
	of_families = {name for name in core_actions() if name.partition(".")[0] in families}
	assert families >= {"document", "data", "report", "script"}
	assert of_families == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(site: Sandbox, name: str) -> None:
	with serving() as server:
		site.set_credential("sales-chat", {"type": "address", "url": f"{server.url}/echo"})
		run_example(site, name)


def run_example(site: Sandbox, name: str) -> None:
	quotation = {**QUOTATION, "docstatus": DOCSTATUS.get(name, 0)}
	site.set_settings(linger_seconds=0, allow_private_network=1)
	site.load_documents([quotation, *OTHERS])
	site.whitelist(
		"erpnext.selling.doctype.quotation.quotation.make_sales_order",
		lambda source_name: {"doctype": "Sales Order", "quotation": source_name},
	)
	step = {"id": "shown", "action": name, "params": dict(core_actions()[name].example)}
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow({"name": "shown", "run_as": USER, "steps": [step]})
	run = orchestrator.start_run("shown", document=quotation)
	site.database.commit()
	Drainer(site, until=lambda: True).run()

	found = orchestrator.get_run(run)
	if name in ON_A_SITE:
		assert "NotAvailable" in found["error"]
	else:
		assert (found["status"], found["error"]) == ("Succeeded", None)
