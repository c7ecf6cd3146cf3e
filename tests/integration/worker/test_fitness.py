"""A node whose code is too old for the tables takes no step, says so, and harms nobody who works with documents."""

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.errors import DoganError
from dogansystem.health import checks
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import nodes, schema, state
from dogansystem.worker import fitness, identity
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

NEEDED = schema.known() + 1
PERSON = "a@example.com"


def need(sandbox: Sandbox, version: int) -> None:
	"""Have the database need code that knows this version of the tables."""
	state.set_value(sandbox.database, schema.OLDEST, version)
	sandbox.database.commit()


def save(sandbox: Sandbox, **trigger: str) -> Orchestrator:
	orchestrator = Orchestrator(sandbox)
	steps = [{"id": "a", "action": "data.set", "params": {}}]
	orchestrator.import_workflow({"name": "one", "run_as": PERSON, "triggers": [trigger], "steps": steps})
	sandbox.database.commit()
	return orchestrator


def statuses(orchestrator: Orchestrator) -> list[str]:
	orchestrator.site.database.rollback()
	return [run["status"] for run in orchestrator.list_runs("one")]


def test_a_migration_that_older_code_cannot_work_with_sends_it_away_before_it_begins(
	sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
	seen: list[int] = []
	steps = schema.STEPS | {NEEDED: lambda db: seen.append(schema.oldest(db))}
	monkeypatch.setattr(schema, "STEPS", steps | {NEEDED + 1: lambda db: None})
	monkeypatch.setattr(schema, "BREAKING", frozenset({NEEDED}))
	schema.migrate(sandbox.database)
	assert seen == [NEEDED]
	assert not fitness.is_too_old(sandbox.database)
	monkeypatch.undo()
	assert fitness.is_too_old(sandbox.database)


def test_it_takes_no_step_and_says_so(sandbox: Sandbox, caplog: pytest.LogCaptureFixture):
	orchestrator = save(sandbox, on="manual")
	orchestrator.start_run("one")
	need(sandbox, NEEDED)
	assert Drainer(sandbox, replaceable=True, until=lambda: True).run() == 0
	sandbox.stop()
	assert not fitness.may_work(sandbox)
	assert statuses(orchestrator) == ["Queued"]
	assert sandbox.database.sql("SELECT * FROM dogan_lease") == []
	(told,) = [record for record in caplog.records if getattr(record, "event", "") == "node.too_old"]
	fields = told.fields
	assert (fields["node"], fields["knows"], fields["needed"]) == (identity.node(), NEEDED - 1, NEEDED)
	assert "restart its workers" in told.getMessage()


def test_it_goes_on_when_its_code_will_do(sandbox: Sandbox):
	orchestrator = save(sandbox, on="manual")
	orchestrator.start_run("one")
	need(sandbox, NEEDED)
	assert fitness.must_stay_away(sandbox)
	need(sandbox, schema.known())
	assert fitness.may_work(sandbox)
	Drainer(sandbox, replaceable=True, until=lambda: True).run()
	assert statuses(orchestrator) == ["Succeeded"]


def test_who_runs_one_workflow_by_hand_is_told(sandbox: Sandbox):
	need(sandbox, NEEDED)
	with pytest.raises(DoganError, match=f"knows version {NEEDED - 1} .* needs code for version {NEEDED}"):
		Drainer(sandbox, until=lambda: True).run()


def test_its_tick_leaves_what_is_due_to_others(sandbox: Sandbox, clock: TestClock):
	orchestrator = save(sandbox, on="schedule", every="1h")
	need(sandbox, NEEDED)
	clock.advance(3601)
	assert not tick(sandbox)
	assert statuses(orchestrator) == []
	need(sandbox, 0)
	assert tick(sandbox)
	assert statuses(orchestrator) == ["Queued"]


def test_a_document_is_saved_there_and_its_run_waits_for_others(sandbox: Sandbox):
	orchestrator = save(sandbox, on="document", doctype="Note", event="created")
	need(sandbox, NEEDED)
	sandbox.documents.create("Note", {"title": "a"})
	sandbox.database.commit()
	assert statuses(orchestrator) == ["Queued"]


def test_the_status_names_it_until_it_is_updated(
	sandbox: Sandbox, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	def problems() -> list[str]:
		found = [each.sentence for each in checks.problems(sandbox) if each.code == checks.TOO_OLD]
		sandbox.database.rollback()
		return found

	assert problems() == []
	need(sandbox, NEEDED)
	assert len(problems()) == 1  # the node that asks
	with monkeypatch.context() as old:
		old.setattr(identity, "node", lambda: "old")
		fitness.tell_if_too_old(sandbox)
	monkeypatch.setattr(schema, "STEPS", schema.STEPS | {NEEDED: lambda db: None})
	(sentence,) = problems()
	assert "node old knows version" in sentence
	clock.advance(120)
	nodes.note_machine(sandbox.database, "old", sandbox.now(), {"cores": 1.0}, 60)
	sandbox.database.commit()
	assert problems() == []
