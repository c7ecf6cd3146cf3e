"""A site whose samples are made to measure: minutes in which so many workers did so many steps, by a clock of the test."""

from collections.abc import Mapping

from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.store import samples
from dogansystem.store.figures import Figures, Table

BEAT = 6  # seconds: a third of what workers write is enough here
TEN, TWENTY = {"n1": 10}, {"n1": 10, "n2": 10}
SATURATED = 5700  # steps of 100 ms that ten workers do in a minute: they are busy for 95 % of it


class Recorded:
	"""Lets minutes pass on a site, and writes down what its workers would have written."""

	def __init__(self, site: Sandbox, clock: TestClock) -> None:
		self.site, self.clock = site, clock
		clock.advance(60 - site.now() % 60)

	def minutes(
		self,
		number: int,
		steps: int,
		workers: Mapping[str, int],
		*,
		took: float = 0.1,
		waited: float = 1.0,
		ready: int = 0,
		busy: int | None = None,
		workflow: str = "quick",
		failed: int = 0,
		shares: Mapping[str, int] | None = None,
	) -> None:
		"""Minutes with `steps` in each, done by the workers of the nodes in equal shares, or in those given."""
		self._levels(workers, ready, sum(workers.values()) if busy is None else busy)
		per_node = _divided(steps, shares or workers)
		for _ in range(number):
			samples.observe(self.site.database, self.site.now())
			for beat in range(60 // BEAT):
				for node, count in per_node.items():
					wanted = count * (beat + 1) * BEAT // 60 - count * beat * BEAT // 60
					self._note(node, workflow, wanted, waited, took)
				self.clock.advance(BEAT)
			samples.fold(self.site.database, self.site.now())
			self._fail(failed, workflow)
		self.site.database.commit()

	def _note(self, node: str, workflow: str, count: int, waited: float, took: float) -> None:
		figures = Figures()
		figures.attempt("Succeeded", waited, took)
		for times in (figures.wait, figures.run):
			times.buckets, times.sum = dict.fromkeys(times.buckets, count), times.sum * count
		figures.outcomes["Succeeded"] = count
		if count:
			samples.note(self.site.database, self.site.now() + 1, _about(node, workflow, figures))

	def _fail(self, count: int, workflow: str) -> None:
		if count:
			figures = Figures({"Failed": count})
			samples.note(self.site.database, self.site.now() - 1, _about("n1", workflow, figures))

	def _levels(self, workers: Mapping[str, int], ready: int, busy: int) -> None:
		db, now = self.site.database, self.site.now()
		for table in ("dogan_process", "dogan_lease", "dogan_ready"):
			db.execute(f"DELETE FROM {table}")
		process = "INSERT INTO dogan_process (id, node, pid_space, pid, worker, started_at, beat_at) VALUES (%s, %s, 's', 1, 'w', %s, %s)"
		names = [node for node, count in workers.items() for _ in range(count)]
		db.execute_many(process, [(number, node, now, now) for number, node in enumerate(names, 1)])
		lease = "INSERT INTO dogan_lease (process, seq, lane, step_run, run, attempt, ready_at, begun_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
		db.execute_many(
			lease, [(number, 1, 4, f"r.{number}", "r", 1, now, now) for number in range(1, busy + 1)]
		)
		row = "INSERT INTO dogan_ready (lane, step_run, run, attempt, ready_at) VALUES (%s, %s, %s, %s, %s)"
		db.execute_many(row, [(4, f"q.{number}", "q", 1, now) for number in range(ready)])


def _about(node: str, workflow: str, figures: Figures) -> Table:
	return {
		("site", ""): figures,
		("node", node): figures,
		("priority", "5"): figures,
		("workflow", workflow): figures,
	}


def _divided(steps: int, shares: Mapping[str, int]) -> dict[str, int]:
	return {node: steps * count // sum(shares.values()) for node, count in shares.items()}
