"""SQL in every place where a name, a value or an order can stand: it is data, or it is refused; it never runs."""

import contextlib
from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.errors import DoganError
from dogansystem.tests.injections import INJECTIONS
from tests.conftest import Tell
from tests.integration.sandbox.conftest import (  # noqa: F401
	clock,
	empty_mariadb_url,
	mariadb_url,
	new_mariadb_url,
	sandbox,
	url,
)

FIELDS = ("document.list: filter", "document.list: field", "document.list: order", "document.list: doctype")


@pytest.fixture
def site(sandbox: Sandbox) -> Sandbox:  # noqa: F811
	sandbox.load_documents(
		[{"doctype": "Lead", "name": f"L-{n}", "title": "open" if n else "secret", "n": n} for n in range(3)]
	)
	front = Orchestrator(sandbox)
	front.import_workflow(
		{"name": "known", "run_as": "a@example.com", "steps": [{"id": "a", "action": "data.set"}]}
	)
	front.register_agent("Desk", "a@example.com", ["mail"])
	front.start_run("known")
	sandbox.database.commit()
	return sandbox


def counted(site: Sandbox) -> dict[str, int]:
	"""How much there is of everything."""
	site.database.rollback()
	tables = (
		"Dogan Workflow",
		"Dogan Workflow Version",
		"Dogan Workflow Run",
		"Dogan Step Run",
		"Dogan Agent",
	)
	counts = {table: site.database.sql(f"SELECT COUNT(*) FROM `tab{table}`")[0][0] for table in tables}
	return counts | {"Lead": len(site.documents.list("Lead"))}


@contextlib.contextmanager
def refused_or_data(site: Sandbox) -> Any:
	"""The attack may be refused in the app's own words; an error of the database would show that it reached it."""
	try:
		yield
	except Exception as error:
		names = {parent.__name__ for parent in type(error).__mro__}
		assert isinstance(error, DoganError) or names & {
			"ValidationError",
			"DoesNotExistError",
			"DataError",
		}, repr(error)
		assert not type(error).__module__.startswith(("sqlite3", "pymysql")), repr(error)
	finally:
		site.database.rollback()


@pytest.mark.parametrize("text", INJECTIONS)
def test_filters_fields_orders_and_names_of_documents(text: str, site: Sandbox, tell: Tell) -> None:
	before = counted(site)
	documents = site.documents
	found: list[Any] = []
	for filters in (
		{"name": text}, {"title": text}, {text: "open"}, {"title": ["=", text]}, {"title": ["in", [text]]}, {"title": ["in", text]},
		{"title": [text, "open"]}, {"title": ["like", text.replace("%", "").replace("_", "-") or "-"]}, {"n": [">", text]},
		{"title": ["between", [text, text]]}, [["Lead", "title", "=", text]], [[text, "title", "=", "open"]], [["title", text, "open"]],
		{"name": ["in", [text, "nothing"]]}, {"name": ["not in", ["L-0", "L-1", "L-2", text]]}, {"title": ["is", text]},
	):  # fmt: skip
		with refused_or_data(site):
			rows = documents.list("Lead", filters=filters, fields=["name", "title"])
			if "n" not in filters and "not in" not in str(filters):
				found += rows
	with refused_or_data(site):
		found += documents.list(text)
	assert [row for row in found if row.get("title") == "secret"] == []
	for fields in (
		[text],
		["name", text],
		[f"name as {text}"],
		[f"{text} as name"],
		[f"count({text})"],
		[f"`{text}`"],
	):
		with refused_or_data(site):
			for row in documents.list("Lead", fields=fields):
				assert all(value is None or str(value).startswith("L-") for value in row.values()), row
	for order in (text, f"name {text}", f"name, {text}", f"name asc, {text} desc", f"`{text}` asc"):
		with refused_or_data(site):
			assert len(documents.list("Lead", order_by=order)) == 3
	for attack in (
		lambda: documents.get("Lead", text), lambda: documents.get(text, "L-0"), lambda: documents.get("Lead", "L-0", [text]),
		lambda: documents.update("Lead", text, {"title": "x"}), lambda: documents.update("Lead", "L-0", {text: "x"}),
		lambda: documents.delete("Lead", text), lambda: documents.create("Lead", {"title": text, "name": text}),
		lambda: documents.create(text, {"title": "x"}), lambda: documents.create("Lead", {text: text}),
		lambda: documents.comment("Lead", text, text), lambda: documents.assign("Lead", "L-0", text),
		lambda: documents.create("Lead", {"naming_series": text + ".####", "title": "x"}),
	):  # fmt: skip
		with refused_or_data(site):
			attack()
	assert counted(site) == before
	tell("SQL in documents", tried=46, ran=0)


@pytest.mark.parametrize("text", INJECTIONS)
def test_names_and_keys_of_workflows_runs_and_agents(text: str, site: Sandbox, tell: Tell) -> None:
	before = counted(site)
	front = Orchestrator(site)
	for attack in (
		lambda: front.start_run(text),
		lambda: front.get_run(text),
		lambda: front.pause_run(text),
		lambda: front.cancel_run(text),
		lambda: front.retry_run(text, text),
		lambda: front.export_workflow(text),
		lambda: front.set_workflow_enabled(text, False),
		lambda: front.enable_agent(text),
		lambda: front.disable_agent(text),
	):
		with refused_or_data(site), pytest.raises(DoganError):
			attack()
	for rows in (
		front.list_runs(workflow=text),
		front.list_runs(status=text),
		front.list_runs(reference=(text, text)),
		front.list_runs(reference=("Lead", text)),
	):
		assert rows == []
	first = front.start_run("known", idempotency_key=text)
	assert front.start_run("known", idempotency_key=text) == first
	assert front.start_run("known", idempotency_key=text + "x") != first
	with refused_or_data(site):
		front.register_agent(text, text, [text, text])
		assert text in [agent["name"] for agent in front.list_agents()]
	with refused_or_data(site):
		front.import_workflow({"name": "limited", "run_as": text, "limits": {"concurrent_runs": 1, "key": "{{ input.key }}"}, "steps": [{"id": "a", "action": "data.set", "capability": "mail"}]})  # fmt: skip
		run = front.start_run("limited", {"key": text})
		assert front.get_run(run)["input"] == {"key": text}
	assert counted(site) == before
	tell("SQL in names and keys", tried=18, ran=0)
