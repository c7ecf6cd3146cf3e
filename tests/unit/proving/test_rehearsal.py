"""The rehearsal: what a new or changed definition would do with documents that exist, beside what is enabled now."""

from contextlib import contextmanager

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import InputError
from dogansystem.proving import compared, rehearsal
from dogansystem.proving.dry_run import TooBusy
from dogansystem.proving.rehearsal import Rehearsed, rehearse
from tests.unit.proving.trying import checksums

USER = "dogan-rehearses@example.com"
ORDERS = [
	{
		"doctype": "Order",
		"name": f"O-{number}",
		"total": number * 100,
		"docstatus": 0,
		"mail": f"c{number}@example.com",
	}
	for number in range(1, 11)
]


def definition(**rest):
	"""Orders above 500 are noted; `rest` is changed."""
	given = {
		"name": "orders",
		"run_as": USER,
		"triggers": [{"on": "document", "doctype": "Order", "event": "created", "if": "{{ doc.total > 500 }}"}],
		"steps": [
			{"id": "note", "action": "document.create", "params": {"doctype": "ToDo", "values": {"description": "{{ doc.name }} at {{ now }}"}}},
			{"id": "mail", "action": "email.send", "params": {"to": "{{ doc.mail }}", "subject": "{{ steps.note.output.name }}", "message": "x"}},
		],
	}  # fmt: skip
	return parse({**given, **rest})


@pytest.fixture
def site():
	with Sandbox(user=USER) as found:
		found.load_documents(ORDERS)
		yield found


@pytest.fixture(autouse=True)
def without_rests(monkeypatch):
	monkeypatch.setattr(rehearsal, "REST", 0.0)


@contextmanager
def unchanged(site):
	before = checksums(site)
	yield
	site.database.rollback()
	assert checksums(site) == before


def rehearsed(site, new, **rest):
	with unchanged(site):
		return rehearse(site, Rehearsed(new, USER, filters=[], **rest))


def differing(found):
	return sorted(each["document"]["name"] for each in found["results"] if each["differences"])


@pytest.mark.contract(
	"**Rehearsal** (`rehearse`): the definition, new or changed, against documents that exist",
	"For each: would it start, how would it end, what would it change; beside it what the version now enabled does",
)
def test_a_new_definition_says_for_each_document_whether_it_starts_and_what_it_does(site):
	found = rehearsed(site, definition())
	assert (found["compared"], found["stopped"]) == (False, "")
	assert found["summary"] == {
		"documents": 10, "start": 5, "would_end": {"Succeeded": 5}, "fail": 0, "differ": 0, "busy": 0,
	}  # fmt: skip
	by_name = {each["document"]["name"]: each for each in found["results"]}
	assert by_name["O-1"]["new"] == {
		"starts": False,
		"reason": "The `if` of the trigger document does not hold.",
	}
	new = by_name["O-9"]["new"]
	assert new["steps"] == {"note": "Succeeded", "mail": "Succeeded"}
	assert [(each["name"], each["events"]) for each in new["changes"]] == [("<ToDo 1>", ["created"])]
	assert [(each["to"], each["subject"]) for each in new["messages"]] == [(["c9@example.com"], "<ToDo 1>")]


def test_the_same_definition_differs_nowhere(site):
	Orchestrator(site).save_workflow(definition(), True)
	site.database.commit()
	found = rehearsed(site, definition())
	assert (found["compared"], found["summary"]["differ"]) == (True, 0)
	assert "nothing differs" in compared.as_markdown(found)


@pytest.mark.contract("A summary with counts, the failures first, and each document's differences")
def test_a_changed_definition_names_exactly_the_documents_that_behave_differently(site):
	Orchestrator(site).save_workflow(definition(), True)
	site.database.commit()
	triggers = [{"on": "document", "doctype": "Order", "event": "created", "if": "{{ doc.total > 700 }}"}]
	check = {
		"id": "check",
		"action": "data.check",
		"params": {"that": "{{ doc.total != 900 }}", "message": "too much"},
	}
	steps = [check, *definition().source["steps"]]
	found = rehearsed(site, definition(triggers=triggers, steps=steps))
	# 600 and 700 start no more; the others have another step, and 900 fails.
	assert differing(found) == ["O-10", "O-6", "O-7", "O-8", "O-9"]
	assert found["results"][0]["document"]["name"] == "O-9"
	differences = {each["what"]: (each["now"], each["new"]) for each in found["results"][0]["differences"]}
	assert differences["status"] == ("Succeeded", "Failed")
	assert differences["ToDo <ToDo 1>"] == ("create", None)
	by_name = {each["document"]["name"]: each for each in found["results"]}
	assert by_name["O-6"]["differences"] == [
		{
			"what": "start",
			"now": "it starts",
			"new": "it does not start: The `if` of the trigger document does not hold.",
		}
	]
	assert found["summary"]["fail"] == 1
	text = compared.as_markdown(found)
	assert text.index("O-9") < text.index("O-6")
	assert "| status | Succeeded | Failed |" in text


def test_another_value_of_a_field_and_another_mail_are_differences(site):
	Orchestrator(site).save_workflow(definition(), True)
	site.database.commit()
	steps = definition().source["steps"]
	changed = [
		{**steps[0], "params": {"doctype": "ToDo", "values": {"description": "{{ doc.name }}{{ '!' if doc.total == 800 }}"}}},
		{**steps[1], "params": {**steps[1]["params"], "subject": "{{ 'new' if doc.total == 700 else steps.note.output.name }}"}},
	]  # fmt: skip
	plain = [
		{**changed[0], "params": {"doctype": "ToDo", "values": {"description": "{{ doc.name }}"}}},
		steps[1],
	]
	Orchestrator(site).save_workflow(definition(steps=plain), True)
	site.database.commit()
	found = rehearsed(site, definition(steps=changed))
	assert differing(found) == ["O-7", "O-8"]
	by_name = {each["document"]["name"]: each["differences"] for each in found["results"]}
	assert [each["what"] for each in by_name["O-8"]][-1] == "ToDo <ToDo 1>, description"
	assert [each["what"] for each in by_name["O-7"]] == ["message"]


@pytest.mark.contract(
	"Runs on the queue `long` in transactions of a document each, gives way to real work (lock wait of a second), stops by time and number",
	"dogansystem rehearse FILE --db URL [--since 30d] [--filters JSON] [--limit N]",
)
def test_it_stops_by_number_by_time_and_when_asked(site):
	assert len(rehearsed(site, definition(), limit=3)["results"]) == 3
	found = rehearsed(site, definition(), seconds=0.0)
	assert (found["results"], found["stopped"]) == ([], "It was stopped after 0 of 10 documents.")
	seen = []
	with unchanged(site):
		asked = Rehearsed(definition(), USER, filters=[])
		found = rehearse(site, asked, lambda done, of: seen.append((done, of)), lambda: len(seen) == 2)
	assert (seen, len(found["results"])) == ([(1, 10), (2, 10)], 2)


def test_what_real_work_holds_is_tried_again_at_the_end_and_then_left_out_and_counted(site, monkeypatch):
	dry_run, seen = rehearsal.dry_run, []

	def busy(site, asked):
		name = asked.document["name"]
		seen.append(name)
		if name == "O-6" or (name == "O-7" and seen.count(name) == 1):
			raise TooBusy("other work waited")
		return dry_run(site, asked)

	monkeypatch.setattr(rehearsal, "dry_run", busy)
	found = rehearsed(site, definition())
	assert (found["summary"]["busy"], found["summary"]["start"], found["summary"]["documents"]) == (1, 4, 10)
	assert sorted(seen[-2:]) == ["O-6", "O-7"]
	assert "1 were left out" in compared.as_markdown(found)


def test_a_document_whose_present_version_could_not_be_tried_is_left_out(site, monkeypatch):
	Orchestrator(site).save_workflow(definition(), True)
	site.database.commit()
	dry_run, changed = rehearsal.dry_run, definition(title="Changed")

	def busy(site, asked):
		if asked.definition.title != "Changed":
			raise TooBusy("other work waited")
		return dry_run(site, asked)

	monkeypatch.setattr(rehearsal, "dry_run", busy)
	found = rehearsed(site, changed)
	assert (found["summary"]["busy"], found["summary"]["start"]) == (5, 0)


def test_what_cannot_be_rehearsed_says_why(site):
	without = definition(triggers=[{"on": "manual"}])
	with pytest.raises(InputError, match="started by no document"):
		rehearsed(site, without)
	found = rehearsed(site, without, doctype="Order")
	assert found["summary"]["start"] == 10
	with pytest.raises(InputError, match="at most 2000"):
		rehearsed(site, definition(), limit=5000)
