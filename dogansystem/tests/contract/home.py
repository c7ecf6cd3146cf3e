"""What the contract's tests need of the site they run on."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dogansystem import Orchestrator
from dogansystem.engine.outputs import decode
from dogansystem.protocol import Site
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

if TYPE_CHECKING:
	from unittest import TestCase as _TestCase
else:
	_TestCase = object  # or the tests would also be collected without a site

try:
	import pytest
except ImportError:  # a site has none, and tests of its own
	pytest = None  # type: ignore[assignment]

PERSON = "dogan-person@example.com"  # a user that exists on the site and may do what System Managers may


class Home(_TestCase):
	"""Base of the contract's tests, to be mixed into a TestCase that gives `site` and moves its clock."""

	site: Site

	def advance(self, seconds: float) -> None:
		"""Let the site's clock go forward."""
		raise NotImplementedError

	def set_settings(self, **values: object) -> None:
		"""Change Dogan Settings and commit."""
		raise NotImplementedError

	def forbid(self, doctype: str) -> None:
		"""See to it that users without a role may not read documents of a type. On a site they may not."""

	@property
	def orchestrator(self) -> Orchestrator:
		return Orchestrator(self.site)

	def save(self, name: str, steps: list[dict[str, Any]], **rest: Any) -> str:
		"""Keep and enable a workflow."""
		definition = {"name": name, "run_as": PERSON, "steps": steps, **rest}
		with self.site.acting_as(PERSON):
			self.orchestrator.import_workflow(definition)
		self.site.database.commit()
		return name

	def start(self, workflow: str, input: Any = None, **rest: Any) -> str:
		"""Start a run and commit."""
		with self.site.acting_as(PERSON):
			run = self.orchestrator.start_run(workflow, input, **rest)
		self.site.database.commit()
		return run

	def drain(self) -> int:
		"""Work until nothing is ready and no timer is due; gives how many steps were executed."""
		return Drainer(self.site, until=lambda: True).run()

	def tick(self) -> bool:
		return tick(self.site)

	def run_steps(self, steps: list[dict[str, Any]], input: Any = None, **rest: Any) -> dict[str, Any]:
		"""Save a workflow of these steps, run it to its end, and give the run."""
		workflow = self.save(
			f"contract-{self._testMethodName[5:45].replace('_', '-')}".strip("-").lower(), steps, **rest
		)
		run = self.start(workflow, input)
		self.drain()
		return self.run_of(run)

	def run_of(self, run: str) -> dict[str, Any]:
		self.site.database.rollback()  # a snapshot of its own
		found = self.orchestrator.get_run(run)
		self.site.database.rollback()
		return found

	def earlier_attempts(self, run: str, step_run: str) -> list[dict[str, Any]]:
		"""What is kept of a step's earlier attempts."""
		query = "SELECT earlier_attempts FROM `tabDogan Step Run` WHERE name = %s"
		((text,),) = self.site.database.sql(query, (f"{run}.{step_run}",))
		self.site.database.rollback()
		return decode(text) or []

	def act(self, what: str, run: str, *arguments: Any) -> Any:
		"""Pause, resume, cancel or retry a run, and commit."""
		result = getattr(self.orchestrator, f"{what}_run")(run, *arguments)
		self.site.database.commit()
		return result

	def todos(self, description: str) -> list[Mapping[str, Any]]:
		"""The ToDos with this description: effects to count."""
		self.site.database.rollback()
		with self.site.acting_as(PERSON):
			found = self.site.documents.list("ToDo", {"description": description}, ["name", "description"])
		self.site.database.rollback()
		return found


def proves(*sentences: str) -> Callable[[Any], Any]:
	"""Mark a test with the sentences of the format that it proves."""
	return pytest.mark.contract(*sentences) if pytest else lambda test: test


def step(step_id: str, action: str = "data.set", **rest: Any) -> dict[str, Any]:
	"""A step; without an action one that gives `{done: its id}`."""
	rest.setdefault("params", {"done": step_id} if action == "data.set" else {})
	return {"id": step_id, "action": action, **rest}


def fails(step_id: str, **rest: Any) -> dict[str, Any]:
	"""A step that fails and is never retried."""
	return step(step_id, "data.check", params={"that": False, "message": f"{step_id} says no"}, **rest)


def states(run: Mapping[str, Any]) -> dict[str, str]:
	"""The states of a run's steps by id, without items."""
	return {each["id"]: each["status"] for each in run["steps"] if each["index"] is None}


def output(run: Mapping[str, Any], step_id: str) -> Any:
	"""The output of a step."""
	return next(each["output"] for each in run["steps"] if each["id"] == step_id and each["index"] is None)


def row(run: Mapping[str, Any], step_id: str, index: int | None = None) -> dict[str, Any]:
	"""A step's row, or an item's."""
	return next(each for each in run["steps"] if each["id"] == step_id and each["index"] == index)
