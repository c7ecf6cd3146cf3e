"""Changing the number of workers of a bench: what is different afterwards, in which files, settings and processes; and the
way back. All of it is changed, or nothing."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from dogansystem.engine.errors import DoganError
from dogansystem.homes.bench import bench_files
from dogansystem.homes.bench.bench_files import FileChange
from dogansystem.homes.bench.managers import Manager, Order
from dogansystem.homes.bench.procfile import Procfile
from dogansystem.homes.bench.scale_record import Entry, Record
from dogansystem.homes.bench.supervisor import Supervisor
from dogansystem.homes.bench.systemd import Systemd
from dogansystem.homes.frappe.queues import QUEUE, TIMEOUT

# In the order in which they are looked for: our unit, a supervisor's program for our queue, or a Procfile.
MANAGERS: dict[str, type[Manager]] = {"systemd": Systemd, "supervisor": Supervisor, "procfile": Procfile}
Values = Mapping[str, int]


class NotDone(DoganError):
	"""Nothing was changed; the text says why, and what to run."""


class Settings(Protocol):
	"""Dogan Settings of one site: `num_workers` and `max_agents`."""

	def read(self) -> dict[str, int]: ...

	def write(self, values: Values) -> None:
		"""Write and commit. Raises DoganError or Frappe's ValidationError."""
		...


@dataclass(frozen=True, slots=True)
class Plan:
	"""What has to be different, and what was before."""

	workers: int
	workers_before: int
	manager: Manager | None  # None: the workers stay as they are
	files: tuple[FileChange, ...] = ()
	settings: Values = field(default_factory=dict)
	settings_before: Values = field(default_factory=dict)
	orders: tuple[Order, ...] = ()  # what the process manager has to be told, once the files are written
	queue_is_new: bool = False  # the bench's other processes do not know the queue until they are restarted

	@property
	def is_empty(self) -> bool:
		"""Whether all is as it shall be."""
		return not self.lines()

	def lines(self) -> list[str]:
		"""What is to be done, a line each."""
		return self._lines(with_differences=False)

	def in_detail(self) -> list[str]:
		"""The same, and which lines of the files are different then."""
		return self._lines(with_differences=True)

	def _lines(self, with_differences: bool) -> list[str]:
		found = []
		for each in self.files:
			if each.is_needed:
				found.append(f"write {each.path}")
				found += [f"    {line}" for line in each.differences() if with_differences]
		found += [f"set {name} to {value} in Dogan Settings" for name, value in self.settings.items()]
		return found + [f"{order}: {order.does}" for order in self.orders]


class Bench:
	"""A bench whose workers are to be more or fewer. `say` hears each step as it is done."""

	def __init__(
		self, root: Path, site: str, settings: Settings, say: Callable[[str], None], under: str | None = None
	) -> None:
		self.root, self.site, self.settings, self.say, self._under = root, site, settings, say, under
		self.record = Record(root)
		self.config = root / "sites" / "common_site_config.json"

	def manager(self) -> Manager:
		"""What the bench runs under. Raises NotDone if it is nothing that workers can be started with."""
		there = (MANAGERS[self._under],) if self._under else MANAGERS.values()
		for manager in (kind(self.root) for kind in there):
			if self._under or (manager.path and manager.path.exists()):
				return manager
		raise NotDone(
			f"{self.root} runs under neither supervisor nor systemd, and has no Procfile. In containers, raise"
			" NUM_WORKERS or the number of replicas where the containers are described, and Workers per Node in"
			" Dogan Settings."
		)

	def plan(self, workers: int | None, agents: int | None = None, room: int | None = None) -> Plan:
		"""What has to change to have so many workers on this node and agents on the site; None: as they are.

		`room`: how many workers supervisor shall know, so that the rest can be started later without a restart.
		Raises NotDone.
		"""
		room = max(workers or 0, room or 0)
		wanted = {"num_workers": room if workers is not None else None, "max_agents": agents}
		before = self.settings.read()
		settings = {name: new for name, new in wanted.items() if new is not None and before[name] != new}
		kept = {name: before[name] for name in settings}
		queues = self._queues()
		known = int(queues.get(QUEUE, {}).get("background_workers", 0))
		if workers is None:
			return Plan(known, known, None, (), settings, kept)
		manager = self.manager()
		running = manager.running()
		return Plan(
			workers,
			known if running is None else running,
			manager,
			(self._config_change(queues, room), manager.file(workers, room)),
			settings,
			kept,
			tuple(manager.orders(workers, room)),
			queue_is_new=not known,
		)

	def undo_plan(self) -> Plan:
		"""What has to change for the last change to be taken back: byte for byte in files that are as it left them, else only
		the numbers. Raises NotDone."""
		entry = self.record.newest()
		if entry is None:
			raise NotDone(f"There is nothing to undo: {self.record.path} has no change.")
		if entry.site != self.site:
			raise NotDone(
				f"The last change was made for {entry.site}: `bench --site {entry.site} dogansystem scale --undo`."
			)
		now = self.settings.read()
		settings = {}
		for name, value in entry.settings.items():
			if now[name] == entry.settings_after[name] != value:
				settings[name] = value
			else:
				self.say(f"Dogan Settings: {name} stays {now[name]}, which somebody has set since.")
		plan = self._back_to(entry) if entry.manager else self.plan(None)
		return replace(plan, settings=settings, settings_before={name: now[name] for name in settings})

	def _back_to(self, entry: Entry) -> Plan:
		self._under = entry.manager
		plan = self.plan(entry.workers_before)
		kept, files = {each.path: each for each in entry.files}, []
		for now in plan.files:
			if now.path in kept and kept[now.path].after == now.before:
				files.append(replace(now, after=kept[now.path].before))
			else:
				self.say(f"{now.path} was changed since: only the number of workers in it is set back.")
				files.append(now)
		return replace(plan, files=tuple(files))

	def check_rights(self, plan: Plan, restart: bool) -> None:
		"""Raise NotDone if a part of the plan cannot be done by this process, with what to run instead."""
		record = [] if plan.is_empty else [FileChange(self.record.path, None, b"")]
		problems = [problem for each in (*plan.files, *record) if (problem := each.problem())]
		if problems:
			_refuse("Nothing was changed:", [*problems, "Run it as the bench's user, or as root."])
		problem = plan.manager.problem() if plan.manager and plan.manager.is_live and restart else None
		if problem and plan.orders:
			files_first = f"bench --site {self.site} dogansystem scale --workers {plan.workers} --no-restart"
			orders = [f"sudo {order}" for order in plan.orders]
			_refuse(f"Nothing was changed: {problem}. To be run, one after another:", [files_first, *orders])

	def apply(self, plan: Plan, restart: bool = True) -> None:
		"""Do what the plan says. When a part fails, what was done before it is taken back. Raises what failed."""
		told: list[Order] = []
		with ExitStack() as way_back:
			way_back.callback(self.say, "It failed, and what had been done was taken back.")
			way_back.callback(self._restore, plan, told)  # when the files are back
			for change in plan.files:
				if change.is_needed:
					change.apply()
					way_back.callback(self._go_back, change.revert)
					self.say(f"{change.path}: written")
			if plan.settings:
				self.settings.write(plan.settings)
				way_back.callback(self._go_back, self.settings.write, plan.settings_before)
				values = [
					f"{name} {plan.settings_before[name]} → {new}" for name, new in plan.settings.items()
				]
				self.say(f"Dogan Settings: {', '.join(values)}")
			for order in plan.orders if restart else ():
				assert plan.manager is not None
				self.say(f"{order}: {order.does} …")
				told.append(order)
				plan.manager.carry_out(order)
			way_back.pop_all()

	def _restore(self, plan: Plan, told: Sequence[Order]) -> None:
		if plan.manager and told:
			self._go_back(plan.manager.have, plan.workers_before)

	def _go_back(self, step: Callable[..., None], *given: Any) -> None:
		try:
			step(*given)
		except DoganError as error:
			self.say(f"Not taken back: {error}")

	def remember(self, plan: Plan, at: float) -> None:
		"""Keep what was before, for `undo_plan`."""
		when = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(at))
		manager = plan.manager.name.lower() if plan.manager else ""
		counts = (plan.workers, plan.workers_before)
		settings = (dict(plan.settings_before), dict(plan.settings))
		self.record.add(Entry(when, self.site, manager, *counts, plan.files, *settings))

	def _queues(self) -> dict[str, dict[str, int]]:
		"""What the bench's configuration says of queues of one's own."""
		try:
			found: dict[str, dict[str, int]] = json.loads(self.config.read_text()).get("workers") or {}
		except (OSError, ValueError) as error:
			raise NotDone(f"{self.config} cannot be read: {error}") from None
		return found

	def _config_change(self, queues: dict[str, dict[str, int]], workers: int) -> FileChange:
		ours = {"timeout": TIMEOUT, **queues.get(QUEUE, {}), "background_workers": max(workers, 1)}
		before = self.config.read_bytes()
		return FileChange(
			self.config, before, bench_files.with_values(before, {"workers": queues | {QUEUE: ours}})
		)


def _refuse(title: str, lines: Sequence[str]) -> None:
	raise NotDone("\n".join([title, *(f"  {line}" for line in lines)]))
