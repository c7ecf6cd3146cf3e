"""A look that finds nothing wakes nobody."""

from unittest.mock import patch

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.worker import chores
from dogansystem.worker.control import Control

TRIGGERS = [
	{"on": "date", "doctype": "Task", "field": "due"},
	{"on": "condition", "doctype": "Task", "filters": {"status": "Late"}},
]


def test_only_a_look_that_starts_something_rings(sandbox: Sandbox, clock: TestClock) -> None:
	steps = [{"id": "a", "action": "data.set"}]
	Orchestrator(sandbox).import_workflow(
		{"name": "looks", "run_as": "a@example.com", "triggers": TRIGGERS, "steps": steps}
	)
	sandbox.database.commit()
	control = Control(sandbox)
	rings = []
	with patch.object(sandbox.doorbell, "ring", lambda: rings.append(1)):
		clock.advance(61)
		assert chores.fire_timers(sandbox, control) == 2
		assert rings == []
		sandbox.load_documents([{"doctype": "Task", "name": "T-1", "status": "Late", "due": "2025-06-16"}])
		clock.advance(86_400)
		assert chores.fire_timers(sandbox, control) == 2
		assert len(rings) == 2
	control.close()


def test_a_wait_of_a_newer_release_is_left_to_it(sandbox: Sandbox, clock: TestClock) -> None:
	sandbox.database.execute(
		"INSERT INTO dogan_timer (due_at, kind, subject) VALUES (%s, 'comet', 'x')", (clock.now() - 1,)
	)
	sandbox.database.commit()
	control = Control(sandbox)
	assert chores.fire_timers(sandbox, control) == 0
	assert sandbox.database.sql("SELECT kind FROM dogan_timer") == [("comet",)]
	sandbox.database.rollback()
	control.close()
