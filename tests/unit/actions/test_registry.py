"""Every action says what it takes; other apps' actions are let in only if they do too."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dogansystem import Sandbox
from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.registry import ActionError, core_actions, describe, load, schemas
from dogansystem.engine.errors import CheckFailed

from .conftest import context

# Source: workflow-format.md, "Parameters and outputs of the core ones": required, then optional.
TABLE = {
	"document.create": ("doctype values", ""),
	"document.get": ("doctype name", "fields"),
	"document.list": ("doctype", "filters fields order_by limit"),
	"document.update": ("doctype name values", ""),
	"document.submit": ("doctype name", ""),
	"document.cancel": ("doctype name", ""),
	"document.delete": ("doctype name", ""),
	"document.comment": ("doctype name text", ""),
	"document.assign": ("doctype name user", "description"),
	"document.count": ("doctype", "filters"),
	"document.upsert": ("doctype key values", ""),
	"document.convert": ("method name", "values submit"),
	"document.transition": ("doctype name action", ""),
	"report.run": ("report", "filters limit"),
	"data.parse": ("", "csv json xml file options"),
	"data.table": ("rows", "columns as file_name"),
	"email.send": ("to subject", "message template cc attachments print in_reply_to"),
	"notify.user": ("user subject", "message document"),
	"notify.role": ("role subject", "message document"),
	"http.request": ("url", "method headers query json form files credential expect"),
	"method.call": ("method", "args"),
	"data.check": ("that", "message"),
	"flow.wait": ("", "for until"),
	"flow.stop": ("", "status message"),
	"flow.choose": ("cases", ""),
	"flow.wait_for": ("signal", "key deadline"),
	"flow.signal": ("signal", "key data"),
	"flow.run": ("workflow", "input wait"),
}

# Named by the format, which leaves their parameters to the reference.
OTHERS = {
	"document.amend": ("doctype name", "values"),
	"document.unassign": ("doctype name", "user"),
	"document.tag": ("doctype name tag", "remove"),
	"document.share": ("doctype name user", "write submit share"),
	"document.rename": ("doctype name new_name", ""),
	"document.attach": ("doctype name", "file content base64 file_name private"),
	"document.print": ("doctype name", "format letterhead language attach"),
	"report.send": ("report to", "subject message cc filters limit as"),
	"script.run": ("script", "args"),
	"notify.sms": ("to message", ""),
	"notify.whatsapp": ("to message", ""),
	"notify.chat": ("service credential message", "to"),
	"flow.approve": (
		"to subject",
		"message document needs rejects not_by fields comment deadline at_deadline escalate_to remind delegate",
	),
	"flow.ask": ("to subject fields", "message deadline"),
	"agent.ask": ("prompt", "agent capability documents files output tools deadline data"),
	"workflow.explain": ("run", ""),
	"workflow.check": ("definition", ""),
}
# What the format promises that an action says of itself: these change nothing, neither here nor outside.
READING = {
	"workflow.check",
	"workflow.explain",
	*("document.get", "document.list", "document.count", "report.run"),
	*("data.set", "data.check", "data.parse"),
}

EXAMPLES: list[tuple[str, dict[str, Any]]] = [
	("document.create", {"doctype": "Lead", "values": {"lead_name": "Ayşe", "items": [{"qty": 1}]}}),
	("document.get", {"doctype": "Lead", "name": "L-1"}),
	("document.get", {"doctype": "Ledger", "name": 7, "fields": ["status"]}),
	("document.list", {"doctype": "Lead"}),
	("document.list", {"doctype": "Lead", "filters": {"status": ["in", ["Open"]]}, "limit": 5}),
	("document.list", {"doctype": "Lead", "filters": [["status", "=", "Open"]], "order_by": "creation desc"}),
	("document.update", {"doctype": "Lead", "name": "L-1", "values": {"status": None}}),
	("document.submit", {"doctype": "Quotation", "name": "Q-1"}),
	("document.comment", {"doctype": "Quotation", "name": "Q-1", "text": "Called"}),
	(
		"document.assign",
		{"doctype": "Quotation", "name": "Q-1", "user": "a@example.com", "description": "Call"},
	),
	("document.count", {"doctype": "Lead", "filters": [["status", "=", "Open"]]}),
	("document.upsert", {"doctype": "Lead", "key": {"email_id": "a@example.com"}, "values": {}}),
	("document.amend", {"doctype": "Quotation", "name": "Q-1"}),
	("document.unassign", {"doctype": "Quotation", "name": "Q-1", "user": "a@example.com"}),
	("document.tag", {"doctype": "Quotation", "name": "Q-1", "tag": ["large", "new"], "remove": True}),
	("document.share", {"doctype": "Quotation", "name": "Q-1", "user": "a@example.com", "write": True}),
	("document.rename", {"doctype": "Item", "name": "A", "new_name": "B"}),
	("document.attach", {"doctype": "Lead", "name": "L-1", "file": "/files/a.pdf"}),
	("document.attach", {"doctype": "Lead", "name": "L-1", "file_name": "a.txt", "content": 12.5}),
	("document.print", {"doctype": "Quotation", "name": "Q-1", "format": "Standard", "attach": True}),
	("document.convert", {"method": "erpnext.selling.make_sales_order", "name": "Q-1", "submit": True}),
	("document.transition", {"doctype": "Quotation", "name": "Q-1", "action": "Approve"}),
	("report.run", {"report": "Accounts Receivable", "filters": {"company": "A"}, "limit": 5}),
	("report.send", {"report": "Sales Analytics", "to": "a@example.com", "as": "xlsx"}),
	("script.run", {"script": "my_script", "args": {"a": 1}}),
	("data.parse", {"csv": "a,b", "options": {"delimiter": ";", "header": False}}),
	("data.parse", {"file": "/files/a.xlsx", "options": {"sheet": "Prices"}}),
	("data.table", {"rows": [{"a": 1}], "columns": ["a", {"fieldname": "b", "label": "B"}], "as": "csv"}),
	("data.table", {"rows": []}),
	("email.send", {"to": "a@example.com", "subject": "S", "message": ""}),
	("email.send", {"to": ["a@example.com"], "subject": "S", "template": "Reminder", "cc": "b@example.com"}),
	(
		"email.send",
		{
			"to": "a@example.com",
			"subject": "S",
			"message": "M",
			"attachments": ["/files/a.pdf", {"fname": "a.csv", "fcontent": "x,y"}],
			"print": {"doctype": "Quotation", "name": "Q-1", "format": "Standard"},
		},
	),
	("notify.user", {"user": "a@example.com", "subject": "S"}),
	(
		"notify.user",
		{"user": ["a@example.com"], "subject": "S", "document": {"doctype": "Lead", "name": "L-1"}},
	),
	("notify.role", {"role": "Sales User", "subject": "S", "message": "M"}),
	(
		"http.request",
		{"url": "https://example.com", "method": "POST", "json": None, "expect": [200, "202-204"]},
	),
	("method.call", {"method": "frappe.ping"}),
	("method.call", {"method": "frappe.client.get_count", "args": {"doctype": "Lead"}}),
	("data.set", {"anything": {"at": ["all"]}}),
	("data.set", {}),
	("data.check", {"that": None, "message": "no"}),
	("flow.wait", {"for": "15m"}),
	("flow.wait", {"for": 0.5}),
	("flow.wait", {"until": "2025-12-31 09:00"}),
	("flow.stop", {}),
	("flow.choose", {"cases": [{"name": "big", "if": True}]}),
	("flow.wait_for", {"signal": "paid", "key": 7, "deadline": "2d"}),
	("flow.signal", {"signal": "paid", "data": {"amount": 5}}),
	("flow.run", {"workflow": "other", "input": {"n": 1}, "wait": False}),
	("flow.stop", {"status": "Cancelled", "message": "not needed"}),
	("flow.approve", {"to": "a@example.com", "subject": "S"}),
	(
		"flow.approve",
		{
			"to": {"matrix": "Quotations"},
			"subject": "S",
			"document": {"doctype": "Quotation", "name": "Q-1"},
			"needs": "all",
			"rejects": "all",
			"not_by": ["a@example.com", None],
			"fields": [{"name": "level", "type": "Select", "options": ["low", "high"], "default": "low"}],
			"comment": "on_rejection",
			"deadline": "2d",
			"at_deadline": "escalate",
			"escalate_to": {"to": {"role": "Sales Manager"}, "deadline": "1d"},
			"remind": "1d",
			"delegate": False,
		},
	),
	("flow.ask", {"to": {"field": "doc.owner"}, "subject": "S", "fields": [{"name": "why"}]}),
]


def properties(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
	"""Every property of a schema with its path, those of nested objects and list items included."""
	for name, parameter in schema.get("properties", {}).items():
		yield f"{path}.{name}", parameter
		yield from properties(parameter, f"{path}.{name}")
		yield from properties(parameter.get("items", {}), f"{path}.{name}[]")


@pytest.mark.contract(
	"create, get, list, count, update, upsert, submit, cancel, amend, delete, comment, assign, unassign, tag, share, rename, attach (a File), print (PDF as a File), convert",
	"| `flow` | wait, wait_for, signal",
)
def test_the_core_actions_are_those_of_the_workflow_format() -> None:
	offered = {name for name, action in core_actions().items() if action.offered}
	assert offered == {*TABLE, *OTHERS, "data.set"}


def test_what_only_the_load_uses_is_not_offered_to_people() -> None:
	assert {name for name, action in core_actions().items() if not action.offered} == {"load.work"}
	assert "load.work" not in {action["name"] for action in describe(core_actions())}


@pytest.mark.parametrize("name", [*TABLE, *OTHERS])
@pytest.mark.contract("Parameters and outputs of the core ones (a name in brackets is optional):")
@pytest.mark.contract("[headers], [query], [json], [form], [credential]")
def test_an_action_takes_the_parameters_of_the_workflow_format_and_no_others(name: str) -> None:
	schema = core_actions()[name].parameters
	required, optional = (set(words.split()) for words in (TABLE | OTHERS)[name])

	assert set(schema["properties"]) == required | optional
	assert set(schema.get("required", ())) == required
	assert schema["additionalProperties"] is False


@pytest.mark.contract(
	"Every action publishes its parameters as a schema (it drives checking, the form, the docs)"
)
@pytest.mark.contract(
	"says what it gives back, its branches, whether it is `external`, and whether it only reads"
)
@pytest.mark.parametrize("name", [*TABLE, *OTHERS, "data.set"])
def test_an_action_describes_itself_and_every_parameter(name: str) -> None:
	action = core_actions()[name]

	Draft202012Validator.check_schema(action.parameters)
	assert action.name == name
	assert action.summary and action.returns
	for path, parameter in properties(action.parameters, name):
		assert parameter.get("description"), f"{path} has no description"
		Draft202012Validator(parameter).validate(parameter["default"]) if "default" in parameter else None


@pytest.mark.parametrize(("name", "params"), EXAMPLES)
def test_an_example_is_valid(name: str, params: dict[str, Any]) -> None:
	core_actions()[name].validate(params)


def test_only_requests_and_messages_leave_the_database() -> None:
	external = {name for name, action in core_actions().items() if action.external}
	assert external == {"http.request", "notify.sms", "notify.whatsapp", "notify.chat", "agent.ask"}


def test_an_action_says_whether_it_only_reads() -> None:
	described = {action["name"]: action["reads_only"] for action in describe(core_actions())}
	assert {name for name, reads_only in described.items() if reads_only} == READING


def test_schemas_gives_each_actions_parameters_as_json() -> None:
	found = schemas(core_actions())

	assert found.keys() == core_actions().keys()
	assert json.loads(json.dumps(found)) == found


def test_describe_puts_an_action_into_words() -> None:
	described = {action["name"]: action for action in describe(core_actions())}
	mail = {parameter["name"]: parameter for parameter in described["email.send"]["parameters"]}
	wait = {parameter["name"]: parameter for parameter in described["flow.wait"]["parameters"]}

	assert list(described) == sorted(name for name, action in core_actions().items() if action.offered)
	assert described["http.request"]["external"] is True
	assert mail["to"]["type"] == "text or a list"
	assert mail["to"]["required"] is True
	assert mail["print"]["type"] == "{doctype, name, [format]}"
	assert wait["for"]["type"] == "text or a number"
	assert described["data.set"]["parameters"] == []
	stop = described["flow.stop"]["parameters"][0]
	assert (stop["default"], stop["choices"]) == ("Succeeded", ["Succeeded", "Failed", "Cancelled"])
	assert json.loads(json.dumps(list(described.values()))) == list(described.values())


class Print(Action):
	name = "label.print"
	summary = "Print a label"
	parameters = {"type": "object", "properties": {}}
	returns = "nothing"

	def run(self, params: dict[str, Any], context: StepContext) -> None:
		return None


class SamePrint(Print):
	pass


class Nameless(Action):
	summary = "…"
	parameters = {"type": "object"}
	returns = "…"

	def run(self, params: dict[str, Any], context: StepContext) -> None:
		return None


class BadName(Print):
	name = "Print"


class TakesCoreName(Print):
	name = "data.set"


class NoRun(Action):
	name = "label.none"
	summary = returns = "…"
	parameters = {"type": "object"}


class BadSchema(Print):
	name = "label.bad"
	parameters = {"type": "object", "properties": {"size": {"type": "huge"}}}


class ListSchema(Print):
	name = "label.list"
	parameters = {"type": "array"}


not_a_class = "label.print"
HERE = __name__


@pytest.mark.contract("Other apps add their own through the hook `dogansystem_actions`.")
def test_actions_of_other_apps_are_loaded_by_their_paths() -> None:
	found = load([f"{HERE}.Print", f"{HERE}.Print"])

	assert list(found) == ["label.print"]
	assert isinstance(found["label.print"], Print)


@pytest.mark.parametrize(
	("path", "words"),
	[
		("Print", "is not a dotted path"),
		("no_such_app.actions.Print", "ModuleNotFoundError: No module named 'no_such_app'"),
		(f"{HERE}.Missing", "has no Missing; correct the path in hooks.py"),
		(f"{HERE}.not_a_class", "is not a class derived from dogansystem.actions.base.Action"),
		(f"{HERE}.StepContext", "is not a class derived from"),
		(f"{HERE}.NoRun", "has no method `run`"),
		(f"{HERE}.Nameless", "has no `name`"),
		(f"{HERE}.BadName", "'Print' is not family.verb"),
		(f"{HERE}.TakesCoreName", "the name 'data.set' is taken by the app's own; choose another"),
		(f"{HERE}.BadSchema", r"not a JSON Schema: \$\.properties\.size\.type"),
		(f"{HERE}.ListSchema", "not a JSON Schema with type: object"),
	],
)
def test_an_action_that_cannot_be_used_is_refused_by_its_path(path: str, words: str) -> None:
	with pytest.raises(ActionError, match=words) as failure:
		load([path])
	assert str(failure.value).startswith(f"dogansystem_actions: {path!r}: ")


def test_all_that_is_wrong_is_said_at_once() -> None:
	with pytest.raises(ActionError) as failure:
		load([f"{HERE}.BadName", f"{HERE}.Print", f"{HERE}.SamePrint"])

	assert str(failure.value).count("\n") == 1
	assert f"the name 'label.print' is taken by {HERE}.Print" in str(failure.value)


@pytest.mark.parametrize(
	("name", "params"),
	[
		("document.comment", {"doctype": "Lead", "name": "L-1", "text": 12.5}),
		("document.assign", {"doctype": "Lead", "name": "L-1", "user": "a@example.com", "description": 12.5}),
		("email.send", {"to": "a@example.com", "subject": 12.5, "message": 12.5}),
		("notify.user", {"user": "a@example.com", "subject": 12.5, "message": 12.5}),
		("data.check", {"that": False, "message": 12.5}),
		("flow.stop", {"message": 12.5}),
	],
)
def test_what_people_read_may_be_a_number_and_becomes_text(
	site: Sandbox, name: str, params: dict[str, Any]
) -> None:
	site.load_documents([{"doctype": "Lead", "name": "L-1"}])
	core_actions()[name].validate(params)
	try:
		output = core_actions()[name].run(params, context(site))
	except CheckFailed as failure:
		output = str(failure)
	told = [
		*site.documents.list("Comment", fields=["content"]),
		*site.documents.list("ToDo", fields=["description"]),
	]
	texts = [output, getattr(output, "message", None)]
	texts += [text for each in [*told, *site.outbox()] for text in each.values()]
	assert "12.5" in texts
	assert 12.5 not in texts
