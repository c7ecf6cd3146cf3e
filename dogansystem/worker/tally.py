"""The tally of one process: what its attempts came to and how long they took, until the next heartbeat writes it down."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from dogansystem.engine.attempted import state_of
from dogansystem.engine.outcomes import Outcome
from dogansystem.store import figures, queue
from dogansystem.store.attempts import Finished
from dogansystem.store.figures import Figures, Table
from dogansystem.worker import identity
from dogansystem.worker.execute import Work


@dataclass(slots=True)
class Effort:
	"""What an attempt costs beside time, from when it began: `figures.Figures.costs`."""

	_began: float = field(default_factory=time.thread_time)
	_writing: float | None = None
	_conflicts: int = 0

	def writes(self) -> None:
		"""Its result is being written from now on."""
		self._writing = time.monotonic() - time.thread_time()

	def lost(self) -> None:
		"""Its transaction was lost against another one."""
		self._conflicts += 1

	def costs(self) -> dict[str, float]:
		"""What it has cost so far. Waiting uses no processor: what writing took beyond its processor time was waiting."""
		used = time.thread_time()
		waited = 0.0 if self._writing is None else max(0.0, time.monotonic() - used - self._writing)
		return {
			figures.CPU: used - self._began,
			figures.DATABASE: waited,
			figures.CONFLICTS: self._conflicts,
		}


_Key = tuple[int, str, str | None]  # lane, workflow, agent: attempts of one key count for the same subjects


class Tally:
	"""Counted by the main thread, taken by the heartbeat. A process that is killed loses the last two seconds of it."""

	def __init__(self) -> None:
		self._lock = threading.Lock()
		self._measured: dict[_Key, Figures] = {}
		self._put_back: Table = {}

	def add(
		self, work: Work, outcome: Outcome, finished: Finished, began: float, ended: float, effort: Effort
	) -> None:
		"""Count an attempt that began and ended at these times (epoch seconds)."""
		result = figures.RETRIED if finished.again else state_of(outcome)
		waited, took = max(0.0, began - work.lease.ready_at), max(0.0, ended - began)
		key = (work.lease.lane, work.definition.name, work.lease.agent)
		with self._lock:
			found = self._measured.get(key)
			if found is None:
				found = self._measured[key] = Figures()
			found.attempt(result, waited, took, effort.costs())

	def take(self) -> Table:
		"""What was counted since the last time, for each subject."""
		with self._lock:
			measured, self._measured = self._measured, {}
			taken, self._put_back = self._put_back, {}
		for key, found in measured.items():
			figures.add(taken, dict.fromkeys(_subjects(*key), found))
		return taken

	def put_back(self, taken: Table) -> None:
		"""Count again what could not be written down."""
		with self._lock:
			figures.add(self._put_back, taken)


def lost_attempt(node: str, workflow: str) -> Table:
	"""What is written of an attempt whose process died in the middle of it."""
	subjects = ((figures.SITE, ""), (figures.NODE, node), (figures.WORKFLOW, workflow))
	return {subject: Figures(Counter({figures.LOST: 1})) for subject in subjects}


def _subjects(lane: int, workflow: str, agent: str | None) -> list[tuple[str, str]]:
	found = [
		(figures.SITE, ""),
		(figures.NODE, identity.node()),
		(figures.PRIORITY, str(queue.priority(lane))),
		(figures.WORKFLOW, workflow),
	]
	if agent:
		found.append((figures.AGENT, agent))
	return found
