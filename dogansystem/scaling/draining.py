"""Emptying a node before it leaves: its workers finish the step in hand, give back the rest, and take nothing more."""

from dataclasses import dataclass

from dogansystem.engine.errors import NotFound
from dogansystem.protocol import Database
from dogansystem.store import nodes, processes, queue


@dataclass(frozen=True, slots=True)
class Left:
	"""What is left on a node: drainers that have not left, and how many of them have a step in hand."""

	workers: int
	busy: int

	@property
	def is_empty(self) -> bool:
		"""Whether the node may go."""
		return not self.workers


def drain(db: Database, node: str, now: float) -> None:
	"""Tell a node's workers to leave. Raises NotFound."""
	_set(db, node, now)


def undrain(db: Database, node: str) -> None:
	"""Let a node's workers work again. Raises NotFound."""
	_set(db, node, 0.0)


def left(db: Database, node: str) -> Left:
	"""What has not left a node yet. Those that died count until their steps were taken over."""
	mine = {each.id for each in processes.every(db) if each.node == node}
	at_work = queue.processes_at_work(db)
	return Left(len(mine), len({abs(number) for number in mine} & at_work))


def _set(db: Database, node: str, since: float) -> None:
	# A node has a row from its first minute on; before, its processes are what is known of it.
	nodes.seen(db, {name: at for name, at in processes.last_beats(db).items() if name == node})
	if not nodes.set_draining(db, node, since):
		known = ", ".join(each.name for each in nodes.every(db)) or "none"
		raise NotFound(f"There is no node named {node!r}. Those that were heard of within a day: {known}.")
