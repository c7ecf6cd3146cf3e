"""Work for nodes to share: steps that wait, as a step waits for somebody else's server, and what became of them."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem import Orchestrator
from dogansystem.protocol import Site
from dogansystem.store.moment import moment
from dogansystem.worker.tick import tick
from tests.faults.actions import TABLES
from tests.faults.load import effect

SECONDS = 0.1  # that each step waits
ITEMS = 20
RUNS_TO_A_COMMIT = 50

# The steps of a run of each shape: alone, one after another, and side by side.
SHAPES = {"one": 1, "chain": 5, "items": ITEMS}


def definitions(user: str) -> list[dict[str, Any]]:
	"""A workflow for each shape."""
	steps = {
		"one": [effect("only", SECONDS)],
		"chain": [effect(f"step_{number}", SECONDS) for number in range(SHAPES["chain"])],
		"items": [effect("each", SECONDS, for_each=list(range(ITEMS)))],
	}
	return [{"name": f"wait-{shape}", "run_as": user, "steps": steps[shape]} for shape in SHAPES]


@dataclass(frozen=True, slots=True)
class Window:
	"""The steps that each node finished in some seconds."""

	seconds: float
	by_node: dict[str, int]

	@property
	def rate(self) -> float:
		"""Steps per second, of all nodes."""
		return sum(self.by_node.values()) / self.seconds

	@property
	def spread(self) -> float:
		"""How far the node with the most or the least is from an even share, as a part of it."""
		even = sum(self.by_node.values()) / len(self.by_node)
		return max(abs(count / even - 1) for count in self.by_node.values()) if even else 1.0


class Load:
	"""Starts runs on a site, and counts what they did. The site needs `fault.effect`."""

	def __init__(self, site: Site, user: str) -> None:
		self.site = site
		self.orchestrator = Orchestrator(site)
		self.started: Counter[str] = Counter()
		site.database.execute(TABLES["mariadb"])
		for definition in definitions(user):
			self.orchestrator.import_workflow(definition)
		site.database.commit()

	def start(self, shape: str) -> str:
		"""Start a run; gives its name. Commits."""
		run = self._start(shape)
		self.site.database.commit()
		return run

	def fill(self, steps: int) -> None:
		"""Start runs of all shapes until at least so many steps are left to do."""
		missing = steps - self.left()
		started = 0
		while missing > 0:
			shape = list(SHAPES)[started % len(SHAPES)]
			self._start(shape)
			missing -= SHAPES[shape]
			started += 1
			if started % RUNS_TO_A_COMMIT == 0:
				self.site.database.commit()
		self.site.database.commit()

	def _start(self, shape: str) -> str:
		self.started[shape] += 1
		return self.orchestrator.start_run(f"wait-{shape}")

	@property
	def steps(self) -> int:
		"""How many effects the runs started so far must leave."""
		return sum(SHAPES[shape] * runs for shape, runs in self.started.items())

	def left(self) -> int:
		"""How many steps have no effect yet."""
		return self.steps - int(self.ask("SELECT COUNT(DISTINCT step_run) FROM fault_effect")[0][0])

	def lost_and_doubled(self) -> tuple[int, int]:
		"""How many effects are missing, and how many are there once too often, when all runs have ended."""
		effects, steps = self.ask("SELECT COUNT(*), COUNT(DISTINCT step_run) FROM fault_effect")[0]
		return self.steps - int(steps), int(effects) - int(steps)

	def wait_until_done(self, seconds: float) -> None:
		"""Wait until every run has ended well, with a scheduler that ticks. Raises AssertionError after so many seconds."""
		until = time.monotonic() + seconds
		query = "SELECT status, COUNT(*) FROM `tabDogan Workflow Run` GROUP BY status"
		while (states := dict(self.ask(query))) != {"Succeeded": self.started.total()}:
			assert time.monotonic() < until, f"not all runs have ended: {states}\n{self._describe()}"
			tick(self.site)
			time.sleep(0.2)

	def _describe(self) -> str:
		tables = ("ready", "lease", "timer", "process")
		return "\n".join(f"{table}: {self.ask(f'SELECT * FROM dogan_{table} LIMIT 5')}" for table in tables)

	def window(self, nodes: Sequence[str], seconds: float) -> Window:
		"""Wait so long, and count what each of these nodes finished meanwhile."""
		begin = self.site.now()
		time.sleep(seconds)
		return self.between(nodes, begin, begin + seconds)

	def between(self, nodes: Sequence[str], begin: float, end: float) -> Window:
		"""What each of these nodes finished between two moments (epoch seconds)."""
		rows = self.ask(
			"SELECT SUBSTRING_INDEX(worker, ':', 1), COUNT(*) FROM `tabDogan Step Run`"
			" WHERE finished_at >= %s AND finished_at < %s AND status = 'Succeeded' AND (step <> 'each' OR item > 0)"
			" GROUP BY 1",
			(self.text(begin), self.text(end)),
		)
		counted = {str(node): int(count) for node, count in rows}
		return Window(end - begin, {node: counted.get(node, 0) for node in nodes})

	def text(self, at: float) -> str:
		"""A moment (epoch seconds) as the site writes it down."""
		return moment(self.site, at).text

	def ask(self, query: str, values: Sequence[Any] = ()) -> Sequence[Sequence[Any]]:
		"""Rows as they are now."""
		self.site.database.rollback()
		rows: Sequence[Sequence[Any]] = self.site.database.sql(query, values)
		self.site.database.rollback()
		return rows
