"""What people see of a call before it is made: what it would do, as it then does it, or not at all."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.registry import core_actions
from dogansystem.actions.schema import ValidationError, parameters, text
from dogansystem.agents.ai import tools, trying
from dogansystem.agents.ai.proposal import shown
from dogansystem.people.proposed import as_html, label_of
from dogansystem.proving.outside import Pinned
from tests.unit.agents.place import AGENT, BOSS, Saying, call, decide, office, output, start, step, work

ROOT = Path(__file__).resolve().parents[3]
QUOTATION = {
	"doctype": "Quotation",
	"name": "Q-1",
	"status": "Open",
	"grand_total": 250.0,
	"items": [{"item_code": "A", "qty": 2}],
}
OF_IT = {"doctype": "Quotation", "name": "Q-1"}
MAPPER = "erpnext.selling.doctype.quotation.quotation.make_sales_order"
OTHERS = [
	{"doctype": "Customer", "name": "Celik", "customer_group": "Retail"},
	{"doctype": "File", "name": "F-1", "file_url": "/files/a.csv", "file_name": "a.csv", "content": "a;b\n1;2"},
	{"doctype": "ToDo", "name": "T-1", "reference_type": "Quotation", "reference_name": "Q-1", "allocated_to": BOSS, "status": "Open"},
	{
		"doctype": "Workflow",
		"name": "Quotations",
		"document_type": "Quotation",
		"states": [{"state": "Draft", "doc_status": 0}, {"state": "Approved", "doc_status": 1}],
		"transitions": [{"state": "Draft", "action": "Approve", "next_state": "Approved", "allowed": "All"}],
	},
]  # fmt: skip
URL = "https://example.com/orders"
# Of each action that may be a tool: what it is called with, and whether the quotation is a draft, submitted or cancelled.
CALLS: dict[str, tuple[dict[str, Any], int]] = {
	"data.check": ({"that": True}, 0),
	"data.parse": ({"file": "/files/a.csv", "options": {"delimiter": ";"}}, 0),
	"data.set": ({"a": 1}, 0),
	"data.table": ({"rows": [{"a": 1}], "as": "csv"}, 0),
	"document.amend": ({**OF_IT, "values": {"status": "Draft"}}, 2),
	"document.assign": ({**OF_IT, "user": BOSS, "description": "Call"}, 0),
	"document.attach": ({**OF_IT, "file": "/files/a.csv"}, 0),
	"document.cancel": (OF_IT, 1),
	"document.comment": ({**OF_IT, "text": "Called"}, 0),
	"document.convert": ({"method": MAPPER, "name": "Q-1", "values": {"a": 1}, "submit": True}, 0),
	"document.count": ({"doctype": "Quotation"}, 0),
	"document.create": ({"doctype": "ToDo", "values": {"description": "Call"}}, 0),
	"document.delete": (OF_IT, 0),
	"document.get": (OF_IT, 0),
	"document.list": ({"doctype": "Quotation"}, 0),
	"document.rename": ({"doctype": "Customer", "name": "Celik", "new_name": "Celik Ltd"}, 0),
	"document.share": ({**OF_IT, "user": BOSS, "write": True}, 0),
	"document.submit": (OF_IT, 0),
	"document.tag": ({**OF_IT, "tag": ["hot"]}, 0),
	"document.transition": ({**OF_IT, "action": "Approve"}, 0),
	"document.unassign": ({**OF_IT, "user": BOSS}, 0),
	"document.update": ({**OF_IT, "values": {"status": "Lost", "items": [{"item_code": "C", "qty": 9}]}}, 0),
	"document.upsert": ({"doctype": "Contact", "key": {"email_id": "a@example.com"}, "values": {"n": 1}}, 0),
	"email.send": ({"to": "ada@example.com", "subject": "Your order", "message": "Soon"}, 0),
	"http.request": ({"url": URL, "method": "POST", "json": {"n": 1}}, 0),
	"method.call": ({"method": "shop.close", "args": {"name": "Q-1"}}, 0),
	"notify.chat": ({"service": "slack", "credential": "sales-chat", "message": "Hello"}, 0),
	"notify.role": ({"role": "Dogan Manager", "subject": "Look"}, 0),
	"notify.sms": ({"to": "+905551234567", "message": "Soon"}, 0),
	"notify.user": ({"user": BOSS, "subject": "Look"}, 0),
	"notify.whatsapp": ({"to": "+905551234567", "message": "Soon"}, 0),
}
ON_A_SITE = {"document.print", "report.run", "report.send", "script.run"}  # what the sandbox does not have
OF_OURS = {"workflow.check", "workflow.explain"}  # they read what is not a document, and write nothing


def close(name: str) -> str:
	"""A method of another app: it closes a quotation and tells of it."""
	CLOSING[0].documents.update("Quotation", name, {"status": "Closed"})
	CLOSING[0].documents.comment("Quotation", name, "closed by the shop")
	return name


CLOSING: list[Any] = []


def prepared(site: Any, docstatus: int = 0) -> None:
	CLOSING[:] = [site]
	site.load_documents([{**QUOTATION, "docstatus": docstatus, "_user_tags": "cold"}, *OTHERS])
	site.whitelist("shop.close", close)
	site.set_credential(
		"sales-chat", {"type": "address", "url": "https://hooks.slack.com/services/secret-of-chat"}
	)
	answers = {f"POST {URL}": [{"json": {"ok": True}}], "POST https://hooks.slack.com": [{"text": "ok"}]}
	site.outbound = Pinned(answers, stands_in=True)
	site.outbound.secrets["https://hooks.slack.com/services/secret-of-chat"] = "sales-chat"
	site.database.commit()


def everything(site: Any) -> dict[tuple[str, str], Mapping[str, Any]]:
	"""All documents, as the tables have them."""
	site.database.rollback()
	found = [json.loads(row[0]) for row in site.database.sql("SELECT data FROM sandbox_document")]
	return {(each["doctype"], each["name"]): each for each in found}


def sent(site: Any) -> list[list[Any]]:
	"""What was sent, but for what tells of approvals."""
	found = [each for each in site.outbox() if "approval" not in each]
	return [[each["kind"], list(each["to"]), str(each.get("subject") or "")] for each in found]


def flat(document: Mapping[str, Any] | None) -> set[tuple[str, str]]:
	"""The fields of a document, rows of tables included, as texts."""
	left_out = {"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "doctype"}
	found = set()
	for field, value in (document or {}).items():
		if isinstance(value, list) and value and isinstance(value[0], dict):
			for row in value:
				found |= {(inner, str(each)) for inner, each in row.items() if inner not in left_out}
		elif field not in left_out and value not in (None, "", 0, [], {}):
			found.add((field, str(value).replace("\r\n", "\n").replace("\n", " ↵ ")))
	return found


def test_there_is_a_call_of_every_action_that_may_be_a_tool():
	may = {
		name
		for name, action in core_actions().items()
		if action.offered and name.partition(".")[0] not in tools.NOT_OFFERED
	}
	assert may == CALLS.keys() | ON_A_SITE | OF_OURS


@pytest.mark.parametrize("name", CALLS)
def test_what_people_are_shown_is_what_then_happens(name: str):
	params, docstatus = CALLS[name]
	bound = {tools.ONE_BY_ONE[name]: params[tools.ONE_BY_ONE[name]]} if name in tools.ONE_BY_ONE else {}
	tool = {"action": name, "approval": "always", "params": bound}
	says = Saying(call(name.replace(".", "_"), **params), {"text": "Done."})
	with office(says, [tool]) as site:
		prepared(site, docstatus)
		run = start(site)
		before = everything(site)
		work(site, run)
		assert (everything(site), sent(site), site.outbound.asked) == (before, [], []), (
			"it was tried, and left something"
		)
		proposed = decide(site, "approved")["proposed"]
		found = work(site, run)
		made = output(found)["calls"][0]
		assert (made.get("error"), made["approved_by"]) == (None, BOSS)
		after = everything(site)
		assert written(proposed) == changed(before, after)
		assert proposed["sends"] == sent(site)
		requests = [each["request"] for each in site.outbound.asked]
		assert [each.partition(" {")[0] for each in proposed["requests"]] == requests
		assert "secret-of-chat" not in json.dumps(proposed)


def written(proposed: Mapping[str, Any]) -> list[Any]:
	"""What was shown of documents: what becomes of them, and of their fields those that differ, new values and old."""
	found = []
	for each in proposed["changes"]:
		fields = {(label[0], old, new) for label, old, new, *_ in each["fields"]}
		found.append((each["doctype"], "created" in each["events"], "deleted" in each["events"], fields))
	return sorted(found, key=str)


def changed(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
	"""The same, worked out of what is there."""
	found = []
	gone, come = before.keys() - after.keys(), after.keys() - before.keys()
	renamed = [(old, new) for old in gone for new in come if flat(before[old]) == flat(after[new])]
	for old, new in renamed:
		found.append((old[0], False, False, {("Name", old[1], new[1])}))
		gone, come = gone - {old}, come - {new}
	for key in gone | come | {key for key in before.keys() & after.keys() if before[key] != after[key]}:
		old, new = before.get(key), after.get(key)
		fields = {(field, value, None) for field, value in flat(old) - flat(new)}
		fields |= {(field, None, value) for field, value in flat(new) - flat(old)}
		found.append((key[0], old is None, new is None, joined(fields)))
	return sorted(found, key=str)


def joined(fields: set[Any]) -> set[Any]:
	"""An old and a new value of one field beside each other."""
	old = {field: value for field, value, _ in fields if value is not None}
	new = {field: value for field, _, value in fields if value is not None}
	return {(field, old.get(field, ""), new.get(field, "")) for field in old.keys() | new.keys()}


def proposal(site: Any) -> dict[str, Any]:
	"""What is asked now."""
	orchestrator = Orchestrator(site)
	(pending,) = orchestrator.pending_approvals()
	return dict(orchestrator.get_approval(pending["approval"]))


def test_names_of_parameters_are_said_in_the_language_of_who_reads_them():
	names = ("agent", "user", "what", "again", "error", "unknown", "changes", "more", "sends", "requests", "calls", "jobs", "starts")  # fmt: skip
	params = [["doctype", '"Lead"'], ["order_by", '"name"'], ["<Evil>", "1"]]
	german = {"Document type": "Belegart", "Order by": "Sortieren"}
	shown_to_them = as_html(
		{**dict.fromkeys(names, ""), "action": "document.list", "params": params, "more": {}},
		lambda text: german.get(text, text),
	)
	for name in ("Belegart", "Sortieren", "&lt;Evil&gt;"):
		assert f"<li><b>{name}</b>" in shown_to_them


def test_a_parameter_has_the_label_that_it_has_on_the_canvas():
	words = (ROOT / "dogansystem/public/js/dogan_canvas/words.js").read_text().partition("});")[0]
	labels = dict(re.findall(r'(\w+): (?:__\()?"([^"]+)"', words))
	assert {"doctype", "http", "until"} <= {*labels}
	assert {name: label_of(name) for name in labels} == labels


def test_two_names_of_somebody_elses_tool_stay_two():
	fields = dict.fromkeys(("agent", "user", "what", "again", "error", "unknown", "changes", "sends", "requests", "calls", "jobs", "starts"), "")  # fmt: skip
	params = [["to_pay", "1"], ["To pay", "2"]]
	seen = as_html({**fields, "more": {}, "params": params})
	assert ("<b>to_pay</b>" in seen, "<b>To pay</b>" in seen) == (True, True)


UPDATE = {"action": "document.update", "params": {"doctype": "Quotation"}}
LOSE = call("document_update", name="Q-1", values={"status": "Lost"})


def test_people_are_asked_again_with_the_new_difference_and_nothing_was_done():
	with office(Saying(LOSE, {"text": "Done."}), [UPDATE]) as site:
		prepared(site)
		run = start(site)
		work(site, run)
		site.documents.update("Quotation", "Q-1", {"status": "Ordered"})
		site.database.commit()
		assert written(decide(site, "approved")["proposed"]) == [
			("Quotation", False, False, {("status", "Open", "Lost")})
		]
		assert work(site, run)["status"] == "Waiting"
		assert site.documents.get("Quotation", "Q-1")["status"] == "Ordered"
		about = proposal(site)
		assert (about["proposed"]["again"], "has changed since" in about["message"]) == (True, True)
		assert written(about["proposed"]) == [("Quotation", False, False, {("status", "Ordered", "Lost")})]
		decide(site, "approved")
		assert work(site, run)["status"] == "Succeeded"
		assert site.documents.get("Quotation", "Q-1")["status"] == "Lost"


def test_what_a_call_is_about_counts_as_a_whole_and_a_mere_touch_does_not():
	submits = call("document_submit", name="Q-1")
	tool = {"action": "document.submit", "params": {"doctype": "Quotation"}}
	with office(Saying(submits, {"text": "Done."}), [tool]) as site:
		prepared(site)
		run = start(site)
		work(site, run)
		site.documents.update("Quotation", "Q-1", {"grand_total": 99_000.0})
		site.database.commit()
		decide(site, "approved")
		assert work(site, run)["status"] == "Waiting"  # nobody has agreed to that amount
		site.clock.advance(5)
		site.documents.update("Quotation", "Q-1", {"grand_total": 99_000.0, "notes": ""})
		site.database.commit()
		decide(site, "approved")
		assert work(site, run)["status"] == "Succeeded"
		assert site.documents.get("Quotation", "Q-1")["docstatus"] == 1


def test_a_day_later_a_new_document_is_still_what_was_shown_if_no_date_of_it_is_another_one():
	says = Saying(call("document_create", values={"description": "Call"}), {"text": "Done."})
	with office(says, [{"action": "document.create", "params": {"doctype": "ToDo"}}]) as site:
		prepared(site)
		run = start(site)
		work(site, run)
		site.documents.create("ToDo", {"description": "Another one, of the same series"})
		site.database.commit()
		site.clock.advance(86_400)
		decide(site, "approved")
		assert work(site, run)["status"] == "Succeeded"


def test_a_call_that_would_fail_is_told_to_the_model_and_nobody_is_asked():
	says = Saying(call("document_update", name="Q-9", values={"status": "Lost"}), {"text": "There is none."})
	with office(says, [UPDATE]) as site:
		prepared(site)
		found = work(site, start(site))
		assert "DoesNotExistError" in output(found)["calls"][0]["error"]
		assert Orchestrator(site).pending_approvals() == []


def test_where_people_are_always_asked_they_are_told_that_it_would_fail():
	says = Saying(call("document_get", name="Q-9"), {"text": "There is none."})
	with office(
		says, [{"action": "document.get", "params": {"doctype": "Quotation"}, "approval": "always"}]
	) as site:
		prepared(site)
		run = start(site)
		work(site, run)
		about = decide(site, "approved")
		assert "it would fail: DoesNotExistError" in about["message"]
		site.load_documents([{**QUOTATION, "name": "Q-9"}])
		assert work(site, run)["status"] == "Waiting"  # now it would not


class Slow(Action):
	"""Takes as long as it is told, and counts how often it has gone all the way."""

	name = "shop.slow"
	summary = "Wait"
	parameters = parameters({"seconds": {"type": "number"}}, {"doctype": text("x"), "name": text("y")})
	returns = "nothing"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		until = time.monotonic() + (
			0 if context.site.documents.get("Quotation", "Q-1")["status"] == "Fast" else params["seconds"]
		)
		while time.monotonic() < until:
			time.sleep(0.001)
		return context.site.documents.update("Quotation", "Q-1", {"status": "Lost"})["status"]


class Odd(Slow):
	"""Does something else each time."""

	name = "shop.odd"
	made = 0

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		type(self).made += 1
		values = {"status": "Lost"} | ({f"field_{self.made}": 1} if self.made > 2 else {})
		return context.site.documents.update("Quotation", "Q-1", values)["status"]


class Broken(Slow):
	"""What notes its effects fails."""

	name = "shop.plain"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.update("Quotation", "Q-1", {"status": "Lost"})["status"]


@contextmanager
def shop(kind: type[Action], seconds: float = 0) -> Iterator[Sandbox]:
	"""An office whose agent calls an action of another app."""
	says = Saying(call(kind.name.replace(".", "_"), seconds=seconds, **OF_IT), {"text": "Done."})
	with (
		patch.object(Sandbox, "actions", lambda site: {**core_actions(), kind.name: kind()}),
		office(says, [{"action": kind.name}]) as site,
	):
		prepared(site)
		yield site


def test_a_trial_that_takes_too_long_is_given_up_and_people_are_told(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(trying, "SECONDS", 0.2)
	with shop(Slow, 30) as site:
		run = start(site)
		work(site, run)
		about = decide(site, "approved")
		assert "It took too long." in about["message"]
		assert '"seconds"' not in about["message"]
		assert "<b>Seconds</b>" in about["message"]
		assert site.documents.get("Quotation", "Q-1")["status"] == "Open"
		site.documents.update("Quotation", "Q-1", {"status": "Fast"})
		site.database.commit()
		assert work(site, run)["status"] == "Waiting"  # what it is about has changed
		decide(site, "approved")
		assert work(site, run)["status"] == "Succeeded"
		assert site.documents.get("Quotation", "Q-1")["status"] == "Lost"


def test_a_trial_that_cannot_be_made_is_told_in_words_and_the_call_can_be_made_all_the_same(
	monkeypatch: pytest.MonkeyPatch,
):
	with shop(Broken) as site:
		with monkeypatch.context() as patch:
			patch.setattr(site, "kept_in", lambda: 1 / 0)
			run = start(site)
			work(site, run)
		about = decide(site, "approved")
		assert "what it would do is not known, or not all of it. ZeroDivisionError" in about["message"]
		assert work(site, run)["status"] == "Succeeded"


def test_a_call_that_does_something_else_each_time_is_asked_once_more_and_no_oftener():
	with shop(Odd) as site:
		Odd.made = 0
		run = start(site)
		for expected in ("Waiting", "Waiting", "Succeeded"):
			work(site, run)
			decide(site, "approved")
			found = work(site, run)
			Odd.made = 0
			if expected == "Succeeded":
				break
			assert found["status"] == expected
		assert found["status"] == "Succeeded"


def test_what_comes_out_differently_in_two_trials_does_not_count():
	class Random(Broken):
		name = "shop.random"
		made = 0

		def run(self, params: dict[str, Any], context: StepContext) -> Any:
			type(self).made += 1
			values = {"status": "Lost", "token": f"t{self.made}"}
			return context.site.documents.update("Quotation", "Q-1", values)["status"]

	with shop(Random) as site:
		run = start(site)
		work(site, run)
		decide(site, "approved")
		assert work(site, run)["status"] == "Succeeded"


def test_a_tool_that_ends_the_transaction_fails_the_step_and_leaves_nothing():
	class Commits(Broken):
		name = "shop.commits"

		def run(self, params: dict[str, Any], context: StepContext) -> Any:
			context.site.documents.update("Quotation", "Q-1", {"status": "Lost"})
			context.site.database.commit()

	with shop(Commits) as site:
		found = work(site, start(site))
		assert next(each["error"].type for each in found["steps"]) == "StepCommitted"
		assert site.documents.get("Quotation", "Q-1")["status"] == "Open"


def test_a_tool_that_errs_in_its_parameters_is_no_question():
	class Refuses(Broken):
		name = "shop.refuses"

		def run(self, params: dict[str, Any], context: StepContext) -> Any:
			raise ValidationError("never")

	with shop(Refuses) as site:
		assert "never" in output(work(site, start(site)))["calls"][0]["error"]


STARTED = {
	"name": "double",
	"title": "Double it",
	"run_as": "person@example.com",
	"input": {"type": "object", "properties": {"n": {"type": "number"}}},
	"steps": [{"id": "a", "title": "Multiply", "action": "data.set", "params": {"n": "{{ input.n * 2 }}"}}],
}


def test_of_a_workflow_people_see_that_it_starts_and_its_steps_and_another_version_is_asked_about():
	with office(Saying(call("run_double", n=4), {"text": "Done."}), [{"workflow": "double"}]) as site:
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow(STARTED)
		site.database.commit()
		run = start(site)
		found = work(site, run)
		assert (found["status"], found["children"]) == ("Waiting", [])
		assert proposal(site)["proposed"]["starts"] == [["double", "Double it", ["Multiply"]]]
		orchestrator.import_workflow({**STARTED, "steps": [{**STARTED["steps"][0], "title": "Pay"}]})
		site.database.commit()
		decide(site, "approved")
		assert work(site, run)["children"] == []
		assert proposal(site)["proposed"]["starts"] == [["double", "Double it", ["Pay"]]]
		decide(site, "approved")
		assert [each["workflow"] for each in work(site, run)["children"]] == ["double"]


def test_what_a_call_makes_start_is_shown():
	source = {
		"name": "hears",
		"run_as": "person@example.com",
		"triggers": [{"on": "document", "doctype": "Quotation", "event": "updated"}],
		"steps": [{"id": "a", "action": "data.set", "params": {}}],
	}
	with office(Saying(LOSE, {"text": "Done."}), [UPDATE]) as site:
		prepared(site)
		Orchestrator(site).import_workflow(source)
		site.database.commit()
		run = start(site)
		work(site, run)
		runs = "SELECT COUNT(*) FROM `tabDogan Workflow Run` WHERE workflow = 'hears'"
		assert (decide(site, "approved")["proposed"]["starts"], site.database.sql(runs)) == (
			[["hears", "hears", []]],
			[(0,)],
		)
		work(site, run)
		assert site.database.sql(runs) == [(1,)]


def test_the_page_names_everything_and_lets_nothing_through():
	evil = "<img src=x onerror=alert(1)>\u202egpj.exe"
	with office(
		Saying(call("document_update", name="Q-1", values={"notes": evil}), {"text": "Done."}), [UPDATE]
	) as site:
		prepared(site)
		work(site, start(site))
		about = proposal(site)
		html = about["message"]
		assert "<img" not in html
		assert "&lt;img src=x onerror=alert(1)&gt;\\u202egpj.exe" in html
		assert (AGENT in html, "Change Quotation <bdi>Q-1</bdi>" in html) == (True, True)
		said = as_html(about["proposed"], lambda text: f"[{text}]")
		assert "[Field]" in said
		assert "[{0}" not in said


def test_letters_that_look_like_others_are_written_out():
	assert shown("eve@ex\u0430mple.com") == "eve@ex\\u0430mple.com"
	assert shown("\uff41dmin@example.com") == "\\uff41dmin@example.com"
	assert shown("Отдел продаж, Müşteri ليلى 東京 Αθήνα") == "Отдел продаж, Müşteri ليلى 東京 Αθήνα"


def test_too_much_is_counted_where_it_is_not_shown():
	class Many(Broken):
		name = "shop.many"

		def run(self, params: dict[str, Any], context: StepContext) -> Any:
			for number in range(60):
				context.site.documents.create("ToDo", {"description": f"n {number}"})

	with shop(Many) as site:
		run = start(site)
		work(site, run)
		about = decide(site, "approved")
		assert (len(about["proposed"]["changes"]), about["proposed"]["more"]) == (40, {"ToDo": 20})
		assert "20 × ToDo" in about["message"]
		assert work(site, run)["status"] == "Succeeded"


def test_a_dry_run_of_the_workflow_shows_what_an_agents_call_would_be_asked_and_what_it_does():
	from dogansystem.proving.dry_run import Asked, dry_run

	with office(Saying(LOSE, {"text": "Done."}), [UPDATE]) as site:
		prepared(site)
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow({"name": "asks", "run_as": "person@example.com", "steps": [step()]})
		site.database.commit()
		definition = orchestrator.definition("asks") if hasattr(orchestrator, "definition") else None
		if definition is None:
			from dogansystem.triggers.starting import enabled_definition

			definition = enabled_definition(site, site.database, "asks")[0]
		calls = [
			{"call": {"tool": "document_update", "params": {"name": "Q-1", "values": {"status": "Lost"}}}},
			{"text": "Done."},
		]
		report = dry_run(site, Asked(definition, BOSS, answers={"ask": calls}))
		assert report["status"] == "Succeeded", report
		(approval,) = report["approvals"]
		assert ("Lost" in approval["message"], approval["status"]) == (True, "Approved")
		assert [(each["doctype"], each["events"]) for each in report["changes"]] == [
			("Quotation", ["updated"])
		]
		assert site.documents.get("Quotation", "Q-1")["status"] == "Open"
