"""The last item of a `for_each` completes it at once, whoever had it in hand meanwhile; none is left pending."""

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.base import Action, StepContext
from dogansystem.protocol import Database
from dogansystem.store import processes
from dogansystem.worker import takeover
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick


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


class Holding(Action):
	"""While its first two items are executed, somebody has locked all that are pending, and lets go of them by a rollback."""

	name: ClassVar[str] = "test.holding"
	summary: ClassVar[str] = "Work while others have locked the rest"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "the number of the item"
	other: ClassVar[Database | None] = None

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		if context.item == 0:
			type(self).other = context.site.open_control()
			query = "SELECT name FROM `tabDogan Step Run` WHERE run = %s AND item > 2 FOR UPDATE"
			assert self.other and len(self.other.sql(query, (context.run,))) == 3
		return context.item


def take_over_the_rest(sandbox: Sandbox) -> None:
	control = Control(sandbox)
	(owner,) = control.run(processes.every)
	assert takeover.give_back(sandbox, control, owner.id) == 2
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


def test_items_that_were_locked_when_the_others_ended_are_opened_by_the_tick(sandbox: Sandbox):
	if sandbox.database.dialect != "mariadb":
		pytest.skip("SQLite locks no rows")
	sandbox.add_action(f"{__name__}.Holding")
	steps = [{"id": "each", "for_each": "{{ input.items }}", "action": "test.holding", "max_parallel": 2}]
	Orchestrator(sandbox).import_workflow({"name": "held", "run_as": "a@example.com", "steps": steps})
	run = Orchestrator(sandbox).start_run("held", {"items": list(range(5))})
	sandbox.database.commit()
	Drainer(sandbox, until=lambda: True).run()
	assert Holding.other
	Holding.other.close()
	assert Orchestrator(sandbox).get_run(run)["status"] == "Running"
	sandbox.database.rollback()
	tick(sandbox)
	Drainer(sandbox, until=lambda: True).run()
	found = Orchestrator(sandbox).get_run(run)
	assert found["status"] == "Succeeded"
	assert next(each["output"] for each in found["steps"] if each["index"] is None) == [0, 1, 2, 3, 4]
