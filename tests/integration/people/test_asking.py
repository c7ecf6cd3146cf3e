"""Whom a step may ask, and about what."""

from typing import Any

import pytest

from dogansystem import Orchestrator
from dogansystem.homes.sandbox import Sandbox
from dogansystem.worker.drainer import Drainer

ANN, BEN, PERSON = (f"{name}@example.com" for name in ("ann", "ben", "person"))


def run(
	site: Sandbox, about: dict[str, Any] | None = None, shown: dict[str, Any] | None = None, **params: Any
) -> dict[str, Any]:
	"""A run that asks, as far as it comes. `shown` is the parameter `document`."""
	site.set_settings(linger_seconds=0)
	params |= {"document": shown} if shown else {}
	step = {"id": "ok", "action": "flow.approve", "params": {"to": ANN, "subject": "Shall we?", **params}}
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow({"name": "asks", "run_as": PERSON, "steps": [step]})
	name = orchestrator.start_run("asks", document=about)
	site.database.commit()
	while Drainer(site, until=lambda: True).run():
		pass
	return orchestrator.get_run(name)


def asked(site: Sandbox) -> list[list[str]]:
	found = [each["asked"] for each in Orchestrator(site).pending_approvals()]
	site.database.rollback()
	return found


def test_nobody_shows_others_a_document_that_they_may_not_read(sandbox: Sandbox):
	sandbox.load_documents([{"doctype": "Salary", "name": "S"}])
	sandbox.permissions.restrict("Salary", ["HR"])
	sandbox.people.add_user(PERSON, [])
	found = run(sandbox, shown={"doctype": "Salary", "name": "S"})
	assert found["error"].type == "PermissionError"
	assert (asked(sandbox), sandbox.outbox(), sandbox.shelf.all("DocShare")) == ([], [], [])


@pytest.mark.parametrize(
	("to", "document", "error", "words"),
	[
		(
			{"field": "doc.manager"},
			{"doctype": "Quotation", "name": "Q"},
			"NobodyCanDecide",
			"doc.manager is empty",
		),
		({"field": "doc.manager"}, None, "InputError", "about no document"),
		({"role": "Nobody"}, None, "NobodyCanDecide", "nobody who is enabled has the role Nobody"),
		({"matrix": "None"}, None, "NotFound", "no Dogan Approval Matrix named 'None'"),
		({"matrix": "M"}, None, "InputError", "about no document"),
		(
			{"matrix": "M"},
			{"doctype": "Quotation", "name": "Q", "grand_total": 5},
			"NobodyCanDecide",
			"no row",
		),
		(
			{"matrix": "M"},
			{"doctype": "Order", "name": "O", "grand_total": 50},
			"InputError",
			"is for Quotation",
		),
		(
			{"matrix": "M"},
			{"doctype": "Quotation", "name": "Q", "grand_total": "much"},
			"InputError",
			"no amount",
		),
	],
)
def test_whom_nobody_can_find_is_named(
	sandbox: Sandbox, to: Any, document: dict[str, Any] | None, error: str, words: str
):
	matrix = {"doctype": "Dogan Approval Matrix", "name": "M", "document_type": "Quotation"}
	sandbox.load_documents([{**matrix, "rows": [{"from_amount": 10, "user": ANN}]}])
	found = run(sandbox, document, to=to)
	assert found["status"] == "Failed"
	assert (found["error"].type, words in found["error"]) == (error, True), found["error"]
	assert asked(sandbox) == []


@pytest.mark.parametrize(
	("params", "words"),
	[
		({"at_deadline": "approve"}, "needs a `deadline`"),
		({"deadline": "1h", "at_deadline": "escalate"}, "escalate_to is missing"),
		({"escalate_to": {"to": BEN}}, "needs `at_deadline: escalate`"),
		({"remind": 5}, "once a minute"),
		({"fields": [{"name": "a", "type": "Select"}]}, "say in `options`"),
		({"fields": [{"name": "a"}, {"name": "a"}]}, "the same name"),
	],
)
def test_parameters_that_do_not_go_together_fail_the_step(
	sandbox: Sandbox, params: dict[str, Any], words: str
):
	found = run(sandbox, **params)
	assert (found["error"].type, words in found["error"]) == ("ValidationError", True), found["error"]


def test_a_user_who_is_named_twice_is_asked_once(sandbox: Sandbox):
	run(sandbox, to=[ANN, ANN.upper(), BEN])
	assert asked(sandbox) == [[ANN, BEN]]


def test_everybody_with_the_role_is_asked_and_their_substitutes_are_told(sandbox: Sandbox):
	for user in (ANN, BEN):
		sandbox.people.add_user(user, ["Boss"])
	sandbox.people.add_user("gone@example.com", ["Boss"], enabled=False)
	sandbox.load_documents(
		[{"doctype": "Dogan Substitute", "name": "1", "for_user": ANN, "by_user": "cam@example.com"}]
	)
	run(sandbox, to={"role": "Boss"})
	assert asked(sandbox) == [[ANN, BEN]]
	told = [(each["to"][0], each.get("instead_of", "")) for each in sandbox.outbox()]
	assert told == [(ANN, ""), ("cam@example.com", ANN), (BEN, "")]
