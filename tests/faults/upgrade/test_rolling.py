"""Two releases on one database, node by node to the new one and back: nothing is lost, doubled or stuck."""

import time
from pathlib import Path
from random import Random

from tests import scale
from tests.conftest import Tell
from tests.faults.upgrade.ask import Database
from tests.faults.upgrade.nodes import CHECKOUT, Desk, Node, checked_out, ending
from tests.faults.upgrade.work import Work

PHASE = scale.of(2.5, 60.0)  # seconds of load in each phase
KILL_EVERY = 1.0  # seconds
WORKERS = 2  # of each release
IN_FLIGHT = scale.of(12, 40)  # runs
STARTS = 30.0  # seconds a process may take to come and to do its first step
ALL_END = scale.of(60.0, 600.0)  # seconds


class Load:
	"""Keeps runs under way and kills a worker now and then."""

	def __init__(self, work: Work) -> None:
		self.work = work
		self.kills = 0
		self._chance = Random(3)

	def phase(self, desks: list[Desk], nodes: list[Node], seconds: float = PHASE) -> None:
		"""Keep it up for some seconds, and until each of the nodes has done something."""
		began, kill_at = time.monotonic(), time.monotonic() + KILL_EVERY / 2
		before = {node: steps_of(self.work.database, node) for node in nodes}
		while time.monotonic() < began + seconds or not self._has_worked(before):
			assert time.monotonic() < began + seconds + STARTS, "a node has done nothing"
			self.work.act(desks, max(0, min(4, IN_FLIGHT - self.work.database.unfinished())))
			if kill_at < time.monotonic() < began + seconds:
				kill_at += KILL_EVERY
				for node in nodes:
					node.kill(self._chance.randrange(len(node.workers)))
					self.kills += 1
			time.sleep(0.05)

	def _has_worked(self, before: dict[Node, int]) -> bool:
		return all(steps_of(self.work.database, node) > steps for node, steps in before.items())


def steps_of(database: Database, node: Node) -> int:
	"""How many steps a node has finished, of those that were finished there last."""
	query = "SELECT COUNT(*) FROM `tabDogan Step Run` WHERE worker LIKE %s AND status = 'Succeeded'"
	return int(database.number(query, (f"{node.name}:%",)))


def test_a_site_goes_node_by_node_to_the_next_release_and_back(new_url: str, tmp_path: Path, tell: Tell):
	before = checked_out(tmp_path / "before")
	database = Database(new_url)
	with ending() as started:

		def desk(tree: Path) -> Desk:
			started.append(Desk(tree, new_url))
			return started[-1]

		def node(tree: Path, name: str, elsewhere: bool) -> Node:
			# What a killed one had in hand is missed at once, or, from another machine, when its lease is over.
			started.append(Node(tree, new_url, name, WORKERS, elsewhere=elsewhere))
			return started[-1]

		old_desk = desk(before)
		work = Work(database)
		work.set_up(old_desk)
		load = Load(work)
		old = node(before, "old", elsewhere=False)
		load.phase([old_desk], [old])
		new_desk = desk(CHECKOUT)  # brings the tables to its release while the old one works
		both = [old_desk, new_desk]
		new = node(CHECKOUT, "new", elsewhere=True)
		load.phase(both, [old, new])
		old.leave()
		load.phase([new_desk], [new])
		back = node(before, "back", elsewhere=True)
		load.phase(both, [new, back])
		new.leave()
		load.phase([old_desk], [back])
		work.finish(both, ALL_END)
		assert database.ask("SELECT name FROM `tabDogan Workflow Version` WHERE format = 1"), (
			"none by the new one"
		)
	count = work.assert_right()
	tell(
		"two releases on one database, there and back",
		runs=count.runs,
		effects=count.effects,
		kills=load.kills,
		calls=work.calls.total(),
		lost=count.lost,
		doubled=count.doubled,
	)
