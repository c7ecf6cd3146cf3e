"""What becomes of a primary under load, and how another one takes its place. Each leaves both servers well."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.faults.failover.database import Database
from tests.faults.failover.node import LEASE
from tests.faults.failover.place import Place

NOTICED = (0.1, 1.5)  # seconds until somebody notices
AT_ONCE = (0.0, 0.1)
# Seconds for which the old primary stays where it is, cut off, while the new one works.
CUT = (0.5, LEASE * 1.75)
JUST = (0.4, 1.0)  # seconds since a step began: it is under way, and has most of its time before it
BETWEEN = (0.5, 1.5)  # seconds of work before the next one


@dataclass(slots=True)
class Seen:
	"""What was done, by kind, and how long nobody could write: from the outage until the address had moved (seconds)."""

	done: Counter[str] = field(default_factory=Counter)
	longest: float = 0.0


class Outages:
	"""Has primaries fail at a place."""

	def __init__(self, place: Place, seed: int = 1) -> None:
		self._place, self._cluster = place, place.cluster
		self._chance = Random(seed)
		self._noticed = NOTICED
		self.seen = Seen()

	def cause(self, kind: str) -> None:
		"""Have the primary fail in one way of `KINDS`, another take its place, and the old one return."""
		self._noticed = NOTICED
		time.sleep(self._chance.uniform(*BETWEEN))
		old, began = self._cluster.primary, time.monotonic()
		KINDS[kind](self, old)
		self.seen.done[kind] += 1
		self.seen.done[self._cluster.take_back()] += 1
		self.seen.longest = max(self.seen.longest, self._moved_at - began)

	def _fail_over(self, *, address_of: Database | None = None) -> None:
		time.sleep(self._chance.uniform(*self._noticed))
		self._cluster.promote()
		self._cluster.move_address(address_of.host if address_of else None)
		self._moved_at = time.monotonic()

	def kill(self, old: Database) -> None:
		"""The server dies; its machine tells its clients."""
		old.kill()
		self._fail_over(address_of=old)

	def cut_power(self, old: Database) -> None:
		"""The machine dies, and nobody is told."""
		old.host.unplug()
		old.kill()
		self._fail_over(address_of=old)
		old.host.plug()

	def cut_off(self, old: Database, *with_it: int, until: Callable[[], object] | None = None) -> None:
		"""The machine is cut off, goes on, and still has the address; and so do the nodes that were cut off `with_it`.

		They come back after a while, or when something is so.
		"""
		hosts = [old.host, *(self._place.nodes[each].host for each in with_it)]
		self._cluster.isolate(*hosts)
		self._fail_over()
		if until:
			self._place.wait_for(until)
		else:
			time.sleep(self._chance.uniform(*CUT))
		old.kill()  # before anybody can reach it again
		old.host.run("ip", "address", "flush", "dev", "eth0")
		old.host.run("ip", "address", "add", f"{old.host.address}/24", "dev", "eth0")
		self._cluster.connect(*hosts)

	def split(self, old: Database) -> None:
		"""The network falls in two: one half has the old primary, and workers and a client that go on with it."""
		self.cut_off(old, 0)

	def outlive(self, old: Database) -> None:
		"""The network falls in two in the middle of a step, and is one again when others have taken that step over."""
		begun: list[str] = []

		def has_begun() -> bool:
			begun[:] = [
				step for step, seconds in self._place.slow_steps(0).items() if JUST[0] < seconds < JUST[1]
			]
			return bool(begun)

		self._place.wait_for(has_begun)
		self._noticed = AT_ONCE  # or the step is over before others can have it
		self.cut_off(old, 0, until=lambda: begun[0] not in self._place.slow_steps(0))

	def stop(self, old: Database) -> None:
		"""The server stands still, loses the address, and goes on later as if nothing had been."""
		old.signal(signal.SIGSTOP)
		self._fail_over(address_of=old)
		old.signal(signal.SIGCONT)
		time.sleep(self._chance.uniform(*CUT))
		old.kill()

	def demote(self, old: Database) -> None:
		"""Somebody moves the primary on purpose: the old one is read-only at once, and keeps the address for a while."""
		old.ask("SET GLOBAL read_only = 1")
		self._fail_over(address_of=old)
		time.sleep(self._chance.uniform(*NOTICED))
		old.kill()


KINDS: dict[str, Callable[[Outages, Database], None]] = {
	"killed": Outages.kill,
	"power cut": Outages.cut_power,
	"cut off": Outages.cut_off,
	"split": Outages.split,
	"outlived": Outages.outlive,
	"stopped": Outages.stop,
	"demoted": Outages.demote,
}
