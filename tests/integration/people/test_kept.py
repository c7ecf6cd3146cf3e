"""What people have decided is kept as long as its run, and nobody can change it."""

import pytest

from dogansystem import Orchestrator
from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.homes.sandbox.errors import PermissionError
from dogansystem.store import history
from dogansystem.store.moment import moment
from dogansystem.worker.drainer import Drainer

ANN = "ann@example.com"
TABLES = ("tabDogan Approval", "tabDogan Approver", "tabDogan Approval Decision")


@pytest.fixture
def approval(sandbox: Sandbox) -> str:
	"""One that was decided, in a run that has ended."""
	sandbox.set_settings(linger_seconds=0)
	orchestrator = Orchestrator(sandbox)
	params = {"to": [ANN, "ben@example.com"], "subject": "Shall we?"}
	step = {"id": "ok", "action": "flow.approve", "params": params}
	orchestrator.import_workflow({"name": "kept", "run_as": "sandbox@example.com", "steps": [step]})
	orchestrator.start_run("kept")
	sandbox.database.commit()
	drain(sandbox)
	((name,),) = sandbox.database.sql("SELECT name FROM `tabDogan Approval`")
	orchestrator.decide(name, "approved", user=ANN, comment="yes")
	sandbox.database.commit()
	drain(sandbox)
	return str(name)


def drain(sandbox: Sandbox) -> None:
	while Drainer(sandbox, until=lambda: True).run():
		pass


def rows(sandbox: Sandbox) -> list[int]:
	found = [sandbox.database.sql(f"SELECT COUNT(*) FROM `{table}`")[0][0] for table in TABLES]
	sandbox.database.rollback()
	return found


@pytest.mark.contract("Decisions are never changed or deleted, retention apart")
def test_decisions_go_with_their_run_and_not_before(sandbox: Sandbox, clock: TestClock, approval: str):
	assert rows(sandbox) == [1, 2, 1]
	clock.advance(1)
	assert history.purge(sandbox.database, "Succeeded", moment(sandbox).text, 10)
	sandbox.database.commit()
	assert rows(sandbox) == [0, 0, 0]


@pytest.mark.contract("Decisions are never changed or deleted, retention apart")
@pytest.mark.parametrize("doctype", ["Dogan Approval", "Dogan Approver", "Dogan Approval Decision"])
def test_no_step_writes_them(sandbox: Sandbox, approval: str, doctype: str):
	name = approval if doctype == "Dogan Approval" else f"{approval}.1"
	documents = sandbox.documents
	with sandbox.acting_as("Administrator"):
		assert documents.get(doctype, name)["name"] == name
		for act in (
			lambda: documents.update(doctype, name, {"status": "Rejected"}),
			lambda: documents.delete(doctype, name),
			lambda: documents.create(doctype, {"name": "forged"}),
		):
			with pytest.raises(PermissionError):
				act()


def test_a_retry_keeps_what_was_decided(sandbox: Sandbox, approval: str):
	orchestrator = Orchestrator(sandbox)
	orchestrator.retry_run(orchestrator.get_approval(approval)["run"], "ok")
	sandbox.database.commit()
	drain(sandbox)
	assert rows(sandbox) == [2, 4, 1]
	assert orchestrator.get_approval(approval)["decisions"][0]["comment"] == "yes"
