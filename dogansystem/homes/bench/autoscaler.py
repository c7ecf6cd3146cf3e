"""A bench that has as many workers as there is work: looks, decides, and starts or stops workers one by one."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from dogansystem.homes.bench.bench_files import content_of, write
from dogansystem.homes.bench.scale import Bench, NotDone, Plan
from dogansystem.scaling.autoscale import Bounds, Demand, Memory, decide

REMEMBERED = Path("config") / "dogansystem-autoscale.json"


@dataclass(frozen=True, slots=True)
class Look:
	"""What a look has led to: from how many workers to how many, why, and what was run."""

	workers_before: int
	workers: int
	why: str
	orders: tuple[str, ...]


class Autoscaler:
	"""The autoscaler of one node. What it has to remember is in a file, so that cron may call it, too."""

	def __init__(self, bench: Bench, bounds: Bounds) -> None:
		self.bench, self.bounds, self.manager = bench, bounds, bench.manager()
		self.path = bench.root / REMEMBERED
		if not self.manager.is_live:
			raise NotDone(
				f"{bench.root} runs under a {self.manager.name}, whose workers cannot be more or fewer while it runs."
				" Put the bench under supervisor or systemd: `bench setup production`."
			)

	def preparation(self) -> Plan:
		"""What has to be so before workers can be started and stopped one by one: the ceiling stands in the configuration and
		in Workers per Node, and supervisor knows so many. The workers that run go on."""
		now = min(max(self.manager.running() or 0, self.bounds.floor), self.bounds.ceiling)
		return self.bench.plan(now, None, self.bounds.ceiling)

	def look(self, now: float, demand: Demand, dry_run: bool = False) -> Look:
		"""Decide, and do it. A worker that has to go is told so, and not waited for: it may have half an hour to do.

		Raises ManagerError.
		"""
		running = self.manager.running() or 0
		decision, memory = decide(now, running, demand, self.bounds, self._remembered())
		orders = self.manager.orders(decision.workers) if decision.workers != running else []
		if not dry_run:
			for order in orders:
				act = self.manager.begin if decision.workers < running else self.manager.carry_out
				act(order)
			write(self.path, json.dumps(asdict(memory)).encode())
		return Look(running, decision.workers, decision.why, tuple(map(str, orders)))

	def _remembered(self) -> Memory:
		try:
			known = json.loads(content_of(self.path) or b"{}")
			looks = tuple((float(at), int(wanted)) for at, wanted in known.get("wanted", ()))
			return Memory(looks, float(known.get("shrunk_at", "-inf")))
		except (ValueError, TypeError, AttributeError):
			return Memory()  # not ours, or half of it: the cooldown begins anew
