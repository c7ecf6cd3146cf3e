"""Past its time an attempt is Timeout, whatever it says, and nothing of it stays."""

import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.base import Action, StepContext
from dogansystem.homes.sandbox import Sandbox as Site
from dogansystem.worker import deadline
from dogansystem.worker.drainer import Drainer

LIMIT = 0.1  # seconds


class Late(Action):
	"""Writes a document, takes longer than it may, and then does what its parameter says."""

	name: ClassVar[str] = "test.late"
	summary: ClassVar[str] = "Be late"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "whatever it says"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		context.site.documents.create("ToDo", {"description": "late"})
		if params["then"] == "overruns":
			time.sleep(LIMIT / 2)  # in one piece, so that nothing interrupts it
			_wait_in_c(LIMIT)
			return "done"
		try:
			_busy()
		except BaseException as error:
			if params["then"] == "wraps":
				raise ValueError("something else") from error
			if params["then"] == "swallows twice":
				try:
					_busy()
				except BaseException:
					pass
		return "done"


def _busy() -> None:
	until = time.monotonic() + 5
	while time.monotonic() < until:
		pass


def _wait_in_c(seconds: float) -> None:
	until = time.monotonic() + seconds
	while time.monotonic() < until:
		try:
			time.sleep(0.01)
		except deadline.TimeUp:
			continue


def in_main(drainer: Drainer) -> None:
	drainer.run()


def in_thread(drainer: Drainer) -> None:
	thread = threading.Thread(target=drainer.run)
	thread.start()
	thread.join(20)


@pytest.mark.parametrize("where", [in_main, in_thread])
@pytest.mark.parametrize("then", ["swallows", "swallows twice", "wraps", "overruns"])
@pytest.mark.contract(
	"A timeout ends the attempt, rolls its changes back and is the error `Timeout`, whatever the step itself says after its time.",
	"timeout: 5m # one attempt",
)
def test_a_step_past_its_time_is_a_timeout_whatever_it_says(
	sandbox: Site, monkeypatch: pytest.MonkeyPatch, where, then: str
):
	monkeypatch.setattr(deadline, "REPEAT", LIMIT)
	sandbox.add_action(f"{__name__}.Late")
	steps = [{"id": "late", "action": "test.late", "params": {"then": then}, "timeout": LIMIT}]
	Orchestrator(sandbox).import_workflow({"name": "late", "run_as": "a@example.com", "steps": steps})
	run = Orchestrator(sandbox).start_run("late")
	sandbox.database.commit()
	where(Drainer(sandbox, until=lambda: True))
	sandbox.database.rollback()  # a snapshot of its own
	found = Orchestrator(sandbox).get_run(run)
	assert (found["status"], found["error"].type) == ("Failed", "Timeout")
	assert todos(sandbox) == 0


def todos(sandbox: Sandbox) -> int:
	found = sandbox.documents.list("ToDo")
	sandbox.database.rollback()
	return len(found)
