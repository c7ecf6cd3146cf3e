"""Runs and definitions to read: for whom, and what they tell."""

import json
from copy import deepcopy

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.base import StepContext
from dogansystem.actions.workflow import Check, Explain
from dogansystem.engine.errors import NotAllowed, NotFound
from dogansystem.worker.drainer import Drainer

PERSON, READER = "person@example.com", "reader@example.com"
SOURCE = {
	"name": "greet",
	"run_as": PERSON,
	"steps": [
		{"id": "good", "action": "data.set", "params": {"secret": "of the first step"}},
		{"id": "bad", "action": "data.check", "params": {"that": False, "message": "It is not so"}},
	],
}


@pytest.fixture
def site():
	with Sandbox() as opened:
		opened.set_settings(linger_seconds=0)
		opened.people.add_user(READER, ["Dogan User"])
		Orchestrator(opened).import_workflow(SOURCE)
		opened.database.commit()
		yield opened


def context(site: Sandbox) -> StepContext:
	return StepContext(site, "r", "w", "s", None, 1, site.user, "k", site.now())


def failed(site: Sandbox) -> str:
	run = Orchestrator(site).start_run("greet")
	site.database.commit()
	Drainer(site, until=lambda: True).run()
	return run


def test_a_run_is_told_with_its_definition_and_what_its_failed_steps_ran_with(site: Sandbox):
	run = failed(site)
	found = Explain().run({"run": run}, context(site))
	assert (found["status"], found["error_step"], found["workflow"]) == ("Failed", "bad", "greet")
	first, second = found["steps"]
	assert (first["id"], first["params"]["message"], "params" in second) == ("bad", "It is not so", False)
	assert "message: It is not so" in found["definition"]


def test_only_who_may_read_every_run_is_told(site: Sandbox):
	run = failed(site)
	with site.acting_as(READER), pytest.raises(NotAllowed, match="Dogan Manager or System Manager"):
		Explain().run({"run": run}, context(site))
	with pytest.raises(NotFound):
		Explain().run({"run": "none"}, context(site))


def test_a_definition_is_checked_and_compared_and_nothing_is_kept(site: Sandbox):
	changed = deepcopy(Orchestrator(site).export_workflow("greet"))
	changed["steps"][1]["params"]["message"] = "It is so"
	with site.acting_as(READER):
		found = Check().run({"definition": json.dumps(changed)}, context(site))
	assert (found["valid"], found["workflow"], len(found["differences"])) == (True, "greet", 1)
	assert "It is so" in found["differences"][0]
	assert Orchestrator(site).export_workflow("greet")["steps"][1]["params"]["message"] == "It is not so"


def test_what_is_wrong_with_a_definition_is_told(site: Sandbox):
	found = Check().run({"definition": "name: greet\nsteps:\n- {id: a, action: data.sett}\n"}, context(site))
	assert found["valid"] is False
	assert any("did you mean 'data.set'" in each for each in found["problems"])


def test_who_may_not_read_definitions_compares_none(site: Sandbox):
	site.people.add_user("nobody@example.com", [])
	with site.acting_as("nobody@example.com"), pytest.raises(NotAllowed):
		Check().run({"definition": "name: greet"}, context(site))
