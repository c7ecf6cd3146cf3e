"""Work to break things under: runs of every shape whose effects can be counted, and the count."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from dogansystem import Orchestrator
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.sandbox import Sandbox
from dogansystem.worker.tick import tick

PERSON = "person@example.com"
ITEMS = 10
# Killed again and again, a step may be unlucky many times in a row; that is not what is counted here.
RETRY = {"attempts": 50, "delay": 0}


def effect(step_id: str, seconds: float = 0.0, **rest: Any) -> dict[str, Any]:
	"""A step that leaves an effect."""
	return {"id": step_id, "action": "fault.effect", "params": {"seconds": seconds}, "retry": RETRY, **rest}


def definitions(seconds: float) -> list[dict[str, Any]]:
	"""The shapes of the load; each step takes `seconds`. `expected` says which effects a run of each must leave."""
	fails_once = {"params": {"seconds": seconds, "failures": 1}}
	return [
		_definition(
			"chain",
			[
				effect("a", seconds),
				effect("b", seconds),
				effect("c", seconds) | fails_once,
				effect("d", seconds),
			],
		),
		_definition(
			"fan",
			[
				effect("a", seconds),
				*(effect(f"b{number}", seconds, after=["a"]) for number in range(4)),
				effect("c", seconds, after=[f"b{number}" for number in range(4)]),
			],
		),
		_definition(
			"items",
			[
				effect("each", seconds, for_each=list(range(ITEMS)), max_parallel=4),
				effect("then", seconds),
			],
		),
		_definition(
			"desk",
			[effect("a", seconds, agent="Desk"), effect("b", seconds, capability="mail")],
			limits={"concurrent_runs": 3},
		),
		_definition(
			"sleeper",
			[
				effect("a", seconds),
				{"id": "wait", "action": "flow.wait", "params": {"for": "0.3s"}, "retry": RETRY},
				effect("b", seconds),
			],
		),
	]


def _definition(name: str, steps: list[dict[str, Any]], **rest: Any) -> dict[str, Any]:
	return {"name": name, "run_as": PERSON, "steps": steps, **rest}


def expected(run: str, workflow: str) -> list[str]:
	"""The names of the step runs that act in a run of one of the `definitions`."""
	steps = {
		"chain": ["a", "b", "c", "d"],
		"fan": ["a", "b0", "b1", "b2", "b3", "c"],
		"items": [*(f"each.{number}" for number in range(1, ITEMS + 1)), "then"],
		"desk": ["a", "b"],
		"sleeper": ["a", "b"],
	}
	return [f"{run}.{step}" for step in steps[workflow]]


@dataclass(frozen=True, slots=True)
class Count:
	"""What became of the work."""

	runs: int
	steps: int
	lost: int
	doubled: int
	left: dict[str, int]
	unsuccessful: dict[str, int]


class Load:
	"""Starts runs and counts what they did."""

	def __init__(self, site: Sandbox, *, seconds: float = 0.002, seed: int = 1) -> None:
		"""`seconds`: how long each step takes."""
		self.site = site
		self.orchestrator = Orchestrator(site)
		self.started: dict[str, str] = {}
		self._chance = Random(seed)
		self._names: list[str] = []
		self.orchestrator.register_agent("Desk", PERSON, [], 2)
		self.orchestrator.register_agent("Mail 1", PERSON, ["mail"], 1)
		self.orchestrator.register_agent("Mail 2", PERSON, ["mail"], 1)
		for definition in definitions(seconds):
			self.orchestrator.import_workflow(definition)
			self._names.append(definition["name"])
		site.database.commit()

	def start(self, runs: int, workflow: str | None = None) -> None:
		"""Start so many runs, each with a commit of its own, of one workflow or of all by chance."""
		for _ in range(runs):
			name = workflow or self._chance.choice(self._names)
			run = self.orchestrator.start_run(name)
			self.site.database.commit()
			self.started[run] = name

	@property
	def steps(self) -> int:
		"""How many effects the runs started so far must leave."""
		return sum(len(expected(run, workflow)) for run, workflow in self.started.items())

	def unfinished(self) -> int:
		"""How many runs have not ended."""
		marks = ", ".join(["%s"] * len(RUN_FINISHED))
		query = f"SELECT COUNT(*) FROM `tabDogan Workflow Run` WHERE status NOT IN ({marks})"
		return int(self.ask(query, tuple(RUN_FINISHED))[0][0])

	def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
		"""Rows as they are now."""
		self.site.database.rollback()
		rows = self.site.database.sql(query, values)
		self.site.database.rollback()
		return rows

	def tick(self) -> None:
		"""What a scheduler does once a minute, without waiting for the minute."""
		self.site.database.execute("DELETE FROM dogan_state WHERE name = 'tick'")
		self.site.database.commit()
		tick(self.site)

	def wait_until_done(self, seconds: float, meanwhile: Callable[[], object] = lambda: None) -> float:
		"""Wait until every run has ended; gives the seconds it took. Fails, saying what is left, when it takes longer."""
		began = time.monotonic()
		while left := self.unfinished():
			assert time.monotonic() - began < seconds, f"{left} runs have not ended: {self.describe()}"
			meanwhile()
			time.sleep(0.05)
		return time.monotonic() - began

	def describe(self) -> str:
		"""Where unfinished work stands."""
		query = (
			"SELECT r.name, r.workflow, r.status, r.ending, s.name, s.status, s.attempts FROM `tabDogan Workflow Run` r"
			" JOIN `tabDogan Step Run` s ON s.run = r.name WHERE r.status NOT IN ('Succeeded', 'Failed', 'Cancelled')"
			" ORDER BY r.name, s.position, s.item LIMIT 20"
		)
		rows = [str(row) for row in self.ask(query)]
		for table in ("ready", "lease", "line", "slot", "timer", "process"):
			rows.append(f"{table}: {self.ask(f'SELECT * FROM dogan_{table} LIMIT 10')}")
		return "\n".join(rows)

	def wanted(self) -> "Counter[str]":
		"""The effects that must be there."""
		return Counter(each for run, workflow in self.started.items() for each in expected(run, workflow))

	def count(self) -> Count:
		"""Compare what is there with what must be."""
		found = Counter(dict(self.ask("SELECT step_run, COUNT(*) FROM fault_effect GROUP BY step_run")))
		wanted = self.wanted()
		states = dict(self.ask("SELECT status, COUNT(*) FROM `tabDogan Workflow Run` GROUP BY status"))
		tables = ("ready", "lease", "line", "slot", "timer")
		left = {table: self.ask(f"SELECT COUNT(*) FROM dogan_{table}")[0][0] for table in tables}
		return Count(
			runs=sum(states.values()),
			steps=wanted.total(),
			lost=(wanted - found).total(),
			doubled=(found - wanted).total(),
			left={table: rows for table, rows in left.items() if rows},
			unsuccessful={status: runs for status, runs in states.items() if status != "Succeeded"},
		)

	def assert_right(self) -> Count:
		"""Every run succeeded, every effect is there once, and nothing is left in the queue, in line or in a slot."""
		count = self.count()
		assert count == Count(len(self.started), count.steps, 0, 0, {}, {}), count
		return count


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
	"""Wait for something to be so. Raises AssertionError after so many seconds."""
	until = time.monotonic() + seconds
	while not condition():
		assert time.monotonic() < until, "it did not come to this"
		time.sleep(0.02)
