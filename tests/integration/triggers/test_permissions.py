"""Who looks at documents in the sandbox: `run_as`, with what that user may read."""

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.homes.sandbox.errors import PermissionError
from dogansystem.worker.tick import tick

WORKFLOW = {
	"name": "secrets",
	"run_as": "clerk@example.com",
	"triggers": [{"on": "condition", "doctype": "Secret", "filters": {"level": "high"}, "existing": True}],
	"steps": [{"id": "a", "action": "data.set"}],
}


def test_a_workflow_whose_user_may_not_read_the_documents_cannot_be_enabled(sandbox: Sandbox) -> None:
	sandbox.permissions.restrict("Secret", ["Boss"])
	with pytest.raises(PermissionError, match=r"clerk@example.com has no permission to read Secret"):
		Orchestrator(sandbox).import_workflow(WORKFLOW)
	sandbox.database.rollback()


def test_a_user_who_loses_the_permission_starts_nothing_until_it_is_back(
	sandbox: Sandbox, clock: TestClock
) -> None:
	Orchestrator(sandbox).import_workflow(WORKFLOW)
	sandbox.database.commit()
	with sandbox.acting_as("Administrator"):
		sandbox.documents.create("Secret", {"level": "high"})
	sandbox.permissions.restrict("Secret", ["Boss"])
	clock.advance(61)
	tick(sandbox)
	assert Orchestrator(sandbox).list_runs() == []
	sandbox.database.rollback()
	sandbox.permissions.restrict("Secret", ["Clerk"])
	sandbox.load_documents(
		[{"doctype": "User", "name": "clerk@example.com", "enabled": 1, "roles": [{"role": "Clerk"}]}]
	)
	clock.advance(301)
	tick(sandbox)
	assert len(Orchestrator(sandbox).list_runs()) == 1
	sandbox.database.rollback()
