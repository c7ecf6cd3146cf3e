"""What a drainer holds: others may have it when they have nothing else, and only then."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.base import Action, StepContext
from dogansystem.store import queue
from dogansystem.worker import drainer
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


def drain(sandbox: Sandbox, batch: int) -> None:
	drained = Drainer(sandbox, until=lambda: True)
	drained._pace = drainer.BATCH_SECONDS / batch  # what it thinks a step takes
	drained.run()


def test_a_batch_that_is_done_in_time_is_kept(sandbox: Sandbox, looks: list[int]):
	drain(sandbox, MAX_BATCH)
	assert looks == [0] * STEPS


def test_a_batch_that_takes_too_long_is_shared(
	sandbox: Sandbox, looks: list[int], monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(drainer, "HOLD", -1.0)
	drain(sandbox, MAX_BATCH)
	# The second one had begun with the commit of the first; all others were there for anybody.
	assert looks == [0, STEPS - 2, 0, STEPS - 4, 0, 0]


def test_a_batch_is_kept_while_others_have_enough_to_do(
	sandbox: Sandbox, looks: list[int], monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(drainer, "HOLD", -1.0)
	drain(sandbox, 3)
	assert looks[:3] == [STEPS - 3] * 3


def test_the_first_step_of_a_batch_is_begun_by_the_claim(sandbox: Sandbox, looks: list[int]):
	"""A process that dies before it comes to it must count: a step that always kills its worker must end."""
	control = sandbox.open_control()
	drained = Drainer(sandbox)
	drained._control = drainer.Control(sandbox)
	drained._process = drained._control.run(drained._register)
	assert drained._claim()
	begun = control.sql("SELECT seq, begun_at IS NOT NULL FROM dogan_lease ORDER BY seq")
	assert [bool(each) for _, each in begun] == [True] + [False] * (len(begun) - 1)
	drained._leave()
	assert control.sql("SELECT 1 FROM dogan_lease") == []
	control.close()
	drained._control.close()
