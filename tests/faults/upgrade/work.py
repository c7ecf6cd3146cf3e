"""Work for nodes of two releases: runs of every shape, people at the desks of both, and the count of what was done."""

import time
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.faults import load
from tests.faults.load import PERSON, RETRY, effect
from tests.faults.upgrade.ask import Database
from tests.faults.upgrade.nodes import CallFailed, Desk

SECONDS = 0.01  # that a step takes
CLOCKWORK = "clockwork"
# Those whose steps keep what they have done when the run is cancelled and tried again: not the items of a `for_each`.
CANCELLABLE = ("chain", "fan", "desk", "sleeper", "papers")


def definitions(missed: str = "all") -> list[dict[str, Any]]:
	"""The shapes of the fault tests' load, one that writes documents, and one that the clock starts."""
	name = "{{ run.name }}"
	papers = [
		{"id": "new", "action": "document.create", "params": {"doctype": "Paper", "values": {"title": name}}},
		effect("a", SECONDS),
		{
			"id": "change",
			"action": "document.update",
			"params": {"doctype": "Paper", "name": "{{ steps.new.output.name }}", "values": {"done": 1}},
		},
	]
	return [
		*load.definitions(SECONDS),
		{"name": "papers", "run_as": PERSON, "steps": [each | {"retry": RETRY} for each in papers]},
		{
			"name": CLOCKWORK,
			"run_as": PERSON,
			"steps": [effect("a", SECONDS)],
			"triggers": [{"on": "schedule", "every": "1s", "missed": missed}],
		},
	]


def expected(run: str, workflow: str) -> list[str]:
	"""The names of the step runs that leave an effect in a run."""
	if workflow in ("papers", "long", CLOCKWORK):
		return [f"{run}.a"]
	if workflow == "timed":
		return [f"{run}.b"]
	return load.expected(run, workflow)


@dataclass(frozen=True, slots=True)
class Count:
	"""What became of the work."""

	runs: int
	effects: int
	lost: int
	doubled: int
	unsuccessful: dict[str, int]
	left: dict[str, int]
	lost_runs: int
	doubled_times: int


class Work:
	"""People at desks: they start runs, pause, resume and cancel them, and save workflows, each at any desk."""

	def __init__(self, database: Database, seed: int = 1, missed: str = "all") -> None:
		"""`missed`: what becomes of the times of the schedule that pass unnoticed."""
		self.database = database
		self._definitions = definitions(missed)
		self.started: dict[str, str] = {}
		self.paused: list[str] = []
		self.cancelled: list[str] = []
		self.calls: Counter[str] = Counter()
		self._chance = Random(seed)
		self._saved = 0

	def set_up(self, desk: Desk) -> None:
		"""Save agents and workflows."""
		desk.call("register_agent", "Desk", PERSON, [], 2)
		desk.call("register_agent", "Mail 1", PERSON, ["mail"], 1)
		desk.call("register_agent", "Mail 2", PERSON, ["mail"], 1)
		for definition in self._definitions:
			desk.call("import_workflow", definition)

	def act(self, desks: list[Desk], runs: int) -> None:
		"""Start that many runs, and do something else with one that is under way, each at a desk chosen by chance."""
		names = [each["name"] for each in self._definitions if each["name"] != CLOCKWORK]
		for _ in range(runs):
			workflow = self._chance.choice(names)
			self.started[self._chance.choice(desks).call("start_run", workflow)] = workflow
		desk = self._chance.choice(desks)
		self._chance.choice([self._pause, self._resume, self._cancel, self._save, self._tick])(desk)

	def finish(self, desks: list[Desk], seconds: float) -> None:
		"""Resume what is paused, retry what was cancelled until it succeeds, and wait until every run has ended."""
		desks[0].call("set_workflow_enabled", CLOCKWORK, False)
		while self.paused:
			self._resume(self._chance.choice(desks))
		self._wait(desks, seconds)
		for run in self.cancelled:
			if self.database.runs()[run][1] == "Cancelled":
				self._try(self._chance.choice(desks), "retry_run", run)
		self._wait(desks, seconds)

	def count(self) -> Count:
		"""Compare what is there with what must be: every run succeeds, and each of its effects is there once."""
		runs = self.database.runs()
		wanted = Counter(name for run, (workflow, _) in runs.items() for name in expected(run, workflow))
		found = Counter(
			dict(self.database.ask("SELECT step_run, COUNT(*) FROM fault_effect GROUP BY step_run"))
		)
		times = self.database.ask(
			"SELECT COUNT(*), COUNT(DISTINCT JSON_VALUE(trigger_data, '$.due')) FROM `tabDogan Workflow Run` WHERE workflow = %s",
			(CLOCKWORK,),
		)[0]
		# One that was cancelled while its last step ran has done everything; `lost` would tell if not.
		good = {*((run, "Cancelled") for run in self.cancelled), *((run, "Succeeded") for run in runs)}
		status = Counter(status for run, (_, status) in runs.items() if (run, status) not in good)
		return Count(
			runs=len(runs),
			effects=wanted.total(),
			lost=(wanted - found).total() + self._papers_lost(runs),
			doubled=(found - wanted).total() + max(0, -self._papers_lost(runs)),
			unsuccessful=dict(status),
			left=self.database.left(),
			lost_runs=len(self.started.keys() - runs.keys()),
			doubled_times=times[0] - times[1],
		)

	def assert_right(self) -> Count:
		"""Nothing lost, nothing doubled, nothing stuck."""
		count = self.count()
		assert count == Count(count.runs, count.effects, 0, 0, {}, {}, 0, 0), (
			f"{count}\n{self.database.describe()}"
		)
		return count

	def _papers_lost(self, runs: dict[str, tuple[str, str]]) -> int:
		found = self.database.number(
			"SELECT COUNT(*) FROM sandbox_document WHERE doctype = 'Paper' AND data LIKE '%%\"done\":1%%'"
		)
		return sum(workflow == "papers" for workflow, _ in runs.values()) - int(found)

	def _wait(self, desks: list[Desk], seconds: float) -> None:
		began = time.monotonic()
		while self.database.unfinished():
			assert time.monotonic() - began < seconds, self.database.describe()
			self._tick(self._chance.choice(desks))
			time.sleep(0.2)

	def _under_way(self, workflows: tuple[str, ...]) -> str | None:
		open_ = [
			run
			for run, (workflow, status) in self.database.runs().items()
			if workflow in workflows and status in ("Queued", "Running", "Waiting")
		]
		return self._chance.choice(open_) if open_ else None

	def _pause(self, desk: Desk) -> None:
		if (run := self._under_way((*CANCELLABLE, "items"))) and self._try(desk, "pause_run", run):
			self.paused.append(run)

	def _resume(self, desk: Desk) -> None:
		if self.paused:
			self._try(desk, "resume_run", self.paused.pop(0))

	def _cancel(self, desk: Desk) -> None:
		if (run := self._under_way(CANCELLABLE)) and self._try(desk, "cancel_run", run):
			self.cancelled.append(run)

	def _save(self, desk: Desk) -> None:
		self._saved += 1
		workflow = self._chance.choice(self._definitions)
		desk.call("import_workflow", workflow | {"description": f"saved {self._saved} times"})
		self.calls["import_workflow"] += 1

	def _tick(self, desk: Desk) -> None:
		desk.call("tick")
		self.calls["tick"] += 1

	def _try(self, desk: Desk, call: str, run: str) -> bool:
		"""Whether the run was in a state for that: it goes on while people look at it."""
		try:
			desk.call(call, run)
		except CallFailed as error:
			if error.kind != "WrongState":
				raise
			return False
		self.calls[call] += 1
		return True
