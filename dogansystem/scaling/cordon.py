"""Cordoning a node: its workers finish the step in hand, give back the rest, and take nothing more."""

from dogansystem.engine.errors import NotFound
from dogansystem.protocol import Database
from dogansystem.store import nodes, processes, queue


def cordon(db: Database, node: str, since: float) -> None:
	"""Have a node take no further work; with `since` 0 let its workers work again. Raises NotFound."""
	# A node has a row from its first minute on; before, its processes are what is known of it.
	nodes.seen(db, {name: at for name, at in processes.last_beats(db).items() if name == node})
	if not nodes.set_draining(db, node, since):
		known = ", ".join(each.name for each in nodes.every(db)) or "none"
		raise NotFound(f"There is no node named {node!r}. Those that were heard of within a day: {known}.")


def left(db: Database, node: str) -> tuple[int, int]:
	"""The workers of a node that have not left, and how many of them have a step in hand. Those that died count until
	their steps were taken over."""
	mine = {abs(each.id) for each in processes.every(db) if each.node == node}
	return len(mine), len(mine & queue.processes_at_work(db))
