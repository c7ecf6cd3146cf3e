"""What a drainer holds: others may have it when they have nothing else, and only then."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.base import Action, StepContext
from dogansystem.store import processes, queue
from dogansystem.store.moment import moment
from dogansystem.worker import batch, drainer
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import MAX_BATCH, Drainer

STEPS = 6


class Look(Action):
	"""Sees how many steps anybody else could take while this one runs."""

	name: ClassVar[str] = "test.look"
	summary: ClassVar[str] = "Look at the queue"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "how many steps are ready"
	seen: ClassVar[list[int]] = []

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		self.seen.append(queue.depth(context.site.database)[0])
		return self.seen[-1]


@pytest.fixture
def looks(sandbox: Sandbox) -> list[int]:
	"""What each step of a run will have seen."""
	Look.seen.clear()
	sandbox.add_action(f"{__name__}.Look")
	steps = [{"id": f"s{number}", "action": "test.look", "after": []} for number in range(STEPS)]
	Orchestrator(sandbox).import_workflow({"name": "looks", "run_as": "a@example.com", "steps": steps})
	Orchestrator(sandbox).start_run("looks")
	sandbox.database.commit()
	return Look.seen


def drain(sandbox: Sandbox, size: int) -> None:
	drained = Drainer(sandbox, until=lambda: True)
	drained._pace = drainer.BATCH_SECONDS / size  # what it thinks a step takes
	drained.run()


def test_a_batch_that_is_done_in_time_is_kept(sandbox: Sandbox, looks: list[int]):
	drain(sandbox, MAX_BATCH)
	assert looks == [0] * STEPS


def test_a_batch_that_takes_too_long_is_shared(
	sandbox: Sandbox, looks: list[int], monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(batch, "HOLD", -1.0)
	drain(sandbox, MAX_BATCH)
	# The second one had begun with the commit of the first; all others were there for anybody.
	assert looks == [0, STEPS - 2, 0, STEPS - 4, 0, 0]


def test_a_batch_is_kept_while_others_have_enough_to_do(
	sandbox: Sandbox, looks: list[int], monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(batch, "HOLD", -1.0)
	drain(sandbox, 3)
	assert looks[:3] == [STEPS - 3] * 3


def test_the_first_step_of_a_batch_is_begun_by_the_claim(sandbox: Sandbox, looks: list[int]):
	"""A process that dies before it comes to it must count: a step that always kills its worker must end."""
	control = Control(sandbox)
	process = control.run(lambda db: processes.register(db, "here", "here", 1, "here:1", moment(sandbox)))
	held = batch.Batch(sandbox, control, process, "here:1")
	held.claim(STEPS)
	assert begun(control) == [True] + [False] * (STEPS - 1)
	held.leave()
	assert begun(control) == [False] * STEPS
	assert (held.give_back(), begun(control)) == (STEPS, [])
	control.close()


def test_a_step_whose_run_was_deleted_is_no_longer_begun(sandbox: Sandbox, looks: list[int]):
	control = Control(sandbox)
	process = control.run(lambda db: processes.register(db, "here", "here", 1, "here:1", moment(sandbox)))
	control.run(lambda db: db.execute("DELETE FROM `tabDogan Workflow Run`"))
	held = batch.Batch(sandbox, control, process, "here:1")
	assert (held.claim(STEPS), len(held)) == (STEPS, 0)
	assert begun(control) == [False] * STEPS
	held.give_back()
	assert begun(control) == []
	control.close()


def test_items_do_not_wait_behind_those_that_follow_each_other(
	sandbox: Sandbox, looks: list[int], monkeypatch: pytest.MonkeyPatch
):
	"""A worker stays with the items of a run. Those it has claimed beside are for others meanwhile."""
	monkeypatch.setattr(batch, "HOLD", -1.0)
	drain(sandbox, MAX_BATCH)
	Look.seen.clear()
	step = {"id": "each", "action": "test.look", "for_each": list(range(STEPS)), "max_parallel": 3}
	Orchestrator(sandbox).import_workflow({"name": "items", "run_as": "a@example.com", "steps": [step]})
	Orchestrator(sandbox).start_run("items")
	sandbox.database.commit()
	drain(sandbox, MAX_BATCH)
	assert looks == [0, 2, 2, 2, 0, 0]


def test_a_fresh_worker_claims_one_step_until_it_knows_how_long_steps_take(
	sandbox: Sandbox, looks: list[int], monkeypatch: pytest.MonkeyPatch
):
	sizes = []
	claim = batch.Batch.claim

	def noted(held: batch.Batch, limit: int) -> int:
		sizes.append(limit)
		return claim(held, limit)

	monkeypatch.setattr(batch.Batch, "claim", noted)
	Drainer(sandbox, until=lambda: True).run()
	assert sizes[0] == 1
	assert sizes[1] > 1


def begun(control: Control) -> list[bool]:
	"""Which of the steps in hand have begun."""
	query = "SELECT begun_at IS NOT NULL FROM dogan_lease ORDER BY seq"
	return [bool(each) for (each,) in control.run(lambda db: db.sql(query))]
