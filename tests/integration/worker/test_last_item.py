"""The last item of a `for_each` completes it at once, whoever had it in hand meanwhile."""

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.base import Action, StepContext
from dogansystem.store import processes
from dogansystem.worker import chores
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer


class Slow(Action):
	"""While its first item is executed, everything claimed behind it is taken back and done by another process."""

	name: ClassVar[str] = "test.slow"
	summary: ClassVar[str] = "Take so long that others do the rest"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "the number of the item"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		if context.item == 0:
			other = threading.Thread(target=take_over_the_rest, args=(context.site,))
			other.start()
			other.join()
		return context.item


def take_over_the_rest(sandbox: Sandbox) -> None:
	control = Control(sandbox)
	(owner,) = control.run(processes.every)
	assert chores.give_back(sandbox, control, owner.id) == 2
	control.close()
	assert Drainer(sandbox, until=lambda: True).run() == 2
	sandbox.database.close()


def test_an_item_that_ends_after_those_taken_from_behind_it_completes_its_step(sandbox: Sandbox):
	sandbox.add_action(f"{__name__}.Slow")
	steps = [{"id": "each", "for_each": "{{ input.items }}", "action": "test.slow"}]
	Orchestrator(sandbox).import_workflow({"name": "slow", "run_as": "a@example.com", "steps": steps})
	run = Orchestrator(sandbox).start_run("slow", {"items": [1, 2, 3]})
	sandbox.database.commit()
	Drainer(sandbox, until=lambda: True).run()
	found = Orchestrator(sandbox).get_run(run)
	assert found["status"] == "Succeeded"
	assert next(each["output"] for each in found["steps"] if each["index"] is None) == [0, 1, 2]
