"""Changing the number of workers of a bench: what is different afterwards, in which files, settings and processes; and the
way back. All of it is changed, or nothing."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from dogansystem.engine.errors import DoganError
from dogansystem.homes.bench import bench_files
from dogansystem.homes.bench.bench_files import FileChange
from dogansystem.homes.bench.managers import Manager, Order
from dogansystem.homes.bench.procfile import Procfile
from dogansystem.homes.bench.scale_record import Entry, Record
from dogansystem.homes.bench.supervisor import Supervisor
from dogansystem.homes.bench.systemd import Systemd
from dogansystem.homes.frappe.queues import QUEUE, TIMEOUT

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
	room: int
	manager: Manager | None  # None: the workers stay as they are
	files: tuple[FileChange, ...] = ()
	settings: Values = field(default_factory=dict)
	settings_before: Values = field(default_factory=dict)
	orders: tuple[Order, ...] = ()  # what the process manager has to be told, once the files are written
	queue_is_new: bool = False  # the bench's other processes do not know the queue until they are restarted

	@property
	def is_empty(self) -> bool:
		"""Whether all is as it shall be."""
		return not (any(each.is_needed for each in self.files) or self.settings or self.orders)

	def lines(self) -> list[str]:
		"""What is to be done, a line each."""
		found = [f"write {each.path}" for each in self.files if each.is_needed]
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
		name = self._under or manager_of(self.root)
		if name is None:
			raise NotDone(
				f"{self.root} runs under neither supervisor nor systemd, and has no Procfile. In containers, raise"
				" NUM_WORKERS or the number of replicas where the containers are described, and Workers per Node in"
				" Dogan Settings."
			)
		return MANAGERS[name](self.root)

	def workers(self) -> int | None:
		"""How many workers the configuration has for our queue; None: it does not have the queue."""
		found = self._read_config().get("workers", {}).get(QUEUE, {})
		return int(found["background_workers"]) if "background_workers" in found else None

	def plan(self, workers: int | None, agents: int | None = None, room: int | None = None) -> Plan:
		"""What has to change to have so many workers on this node and agents on the site; None: as they are.

		`room`: how many workers supervisor shall know, so that the rest can be started later without a restart.
		Raises NotDone.
		"""
		room = max(workers or 0, room or 0)
		wanted = {"num_workers": room if workers is not None else None, "max_agents": agents}
		before = self.settings.read()
		settings = {
			name: value for name, value in wanted.items() if value is not None and before[name] != value
		}
		kept = {name: before[name] for name in settings}
		known = self.workers()
		if workers is None:
			return Plan(known or 0, known or 0, known or 0, None, (), settings, kept)
		manager = self.manager()
		running = manager.running()
		return Plan(
			workers=workers,
			workers_before=(known or 0) if running is None else running,
			room=room,
			manager=manager,
			files=(self._config_change(room), manager.file(workers, room)),
			settings=settings,
			settings_before=kept,
			orders=tuple(manager.orders(workers, room)),
			queue_is_new=known is None,
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
		files = []
		for now in plan.files:
			kept = next((each for each in entry.files if each.path == now.path), None)
			if kept and kept.after == now.before:
				files.append(FileChange(now.path, now.before, kept.before))
			else:
				self.say(f"{now.path} was changed since: only the number of workers in it is set back.")
				files.append(now)
		return replace(plan, files=tuple(files))

	def check_rights(self, plan: Plan, restart: bool) -> None:
		"""Raise NotDone if a part of the plan cannot be done by this process, with what to run instead."""
		problems = [problem for each in plan.files if (problem := each.problem())]
		if not plan.is_empty and FileChange(self.record.path, None, b"").problem():
			problems.append(f"{self.record.path.parent} is a folder in which this user may not write")
		if problems:
			raise NotDone(
				_as_list("Nothing was changed:", [*problems, "Run it as the bench's user, or as root."])
			)
		problem = plan.manager.problem() if plan.manager and plan.manager.is_live and restart else None
		if problem and plan.orders:
			files_first = [
				f"bench --site {self.site} dogansystem scale --workers {plan.workers} --no-restart"
			]
			orders = [f"sudo {order}" for order in plan.orders]
			raise NotDone(
				_as_list(
					f"Nothing was changed: {problem}. To be run, one after another:", files_first + orders
				)
			)

	def apply(self, plan: Plan, restart: bool = True) -> None:
		"""Do what the plan says. When a part fails, what was done before it is taken back. Raises what failed."""
		way_back: list[Callable[[], None]] = []
		try:
			for change in plan.files:
				if change.is_needed:
					change.apply()
					way_back.append(change.revert)
					self.say(f"{change.path}: written")
			if plan.settings:
				self.settings.write(plan.settings)
				way_back.append(lambda: self.settings.write(plan.settings_before))
				values = [
					f"{name} {plan.settings_before[name]} → {value}" for name, value in plan.settings.items()
				]
				self.say(f"Dogan Settings: {', '.join(values)}")
			if restart:
				self._give_orders(plan, way_back)
		except BaseException:
			self._go_back(way_back)
			raise

	def _give_orders(self, plan: Plan, way_back: list[Callable[[], None]]) -> None:
		manager = plan.manager
		for order in plan.orders if manager else ():
			assert manager is not None
			self.say(f"{order}: {order.does} …")
			# Last of all, when the files are back.
			way_back.insert(0, lambda: _restore_workers(manager, plan.workers_before))
			manager.carry_out(order)

	def _go_back(self, way_back: Sequence[Callable[[], None]]) -> None:
		for step in reversed(way_back):
			try:
				step()
			except DoganError as error:
				self.say(f"Not taken back: {error}")
		if way_back:
			self.say("It failed, and what had been done was taken back.")

	def remember(self, plan: Plan, at: float) -> None:
		"""Keep what was before, for `undo_plan`."""
		when = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(at))
		manager = next((name for name, kind in MANAGERS.items() if isinstance(plan.manager, kind)), "")
		counts = (plan.workers, plan.workers_before)
		settings = (dict(plan.settings_before), dict(plan.settings))
		self.record.add(Entry(when, self.site, manager, *counts, plan.files, *settings))

	def _config_change(self, workers: int) -> FileChange:
		before = bench_files.content_of(self.config)
		if before is None:
			raise NotDone(f"{self.config} is not there: this is no bench's folder.")
		known = self._read_config()
		queues = dict(known.get("workers") or {})
		ours = dict(queues.get(QUEUE) or {})
		queues[QUEUE] = {"timeout": TIMEOUT, **ours, "background_workers": max(workers, 1)}
		return FileChange(self.config, before, bench_files.with_values(before, {"workers": queues}))

	def _read_config(self) -> dict[str, dict[str, dict[str, int]]]:
		try:
			found: dict[str, dict[str, dict[str, int]]] = json.loads(self.config.read_text())
		except (OSError, ValueError) as error:
			raise NotDone(f"{self.config} cannot be read: {error}") from None
		return found


def manager_of(root: Path) -> str | None:
	"""What a bench runs under, by what is there: our unit, a supervisor program for our queue, or a Procfile."""
	if Systemd(root).path:
		return "systemd"
	if Supervisor(root).path.exists():
		return "supervisor"
	return "procfile" if Procfile(root).path.exists() else None


def _restore_workers(manager: Manager, number: int) -> None:
	for order in manager.orders(number, number):
		manager.carry_out(order)


def _as_list(title: str, lines: Sequence[str]) -> str:
	return "\n".join([title, *(f"  {line}" for line in lines)])
