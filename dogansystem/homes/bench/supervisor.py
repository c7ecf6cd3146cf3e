"""A bench under supervisor: how many processes its program for our queue has, and starting and stopping them one by one.

bench puts the program into one group with all its other workers. Supervisor can start and stop single processes of a
group, but make more of them only by taking the whole group down and up again (`supervisorctl update GROUP`). So that is
done only when more are wanted than supervisor knows; `room` has it know more from the beginning.
"""

import re
import shlex
import shutil
from collections.abc import Sequence
from configparser import Error
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from configupdater import ConfigUpdater, Section

from dogansystem.homes.bench.bench_files import FileChange
from dogansystem.homes.bench.managers import Manager, ManagerError, Order, ask, sudo_for
from dogansystem.homes.frappe.queues import GRACE, QUEUE

FOLDER = Path("/etc/supervisor/conf.d")  # Debian's, where programs stand that no bench has written
CONTROL = "supervisorctl"
_NAMES = "%(program_name)s-%(process_num)d"
_PROGRAM, _GROUP = "program:", "group:"

# `GROUP:PROCESS   STATE   …`; a group of one process of the same name is shown as that name alone.
_STATUS = re.compile(r"^(?P<name>\S+)\s+(?P<state>[A-Z]{5,})\b", re.MULTILINE)
_RUNS = frozenset({"RUNNING", "STARTING", "BACKOFF"})


@dataclass(frozen=True, slots=True)
class Known:
	"""A process that supervisor knows: its full name, its number in the program, whether it runs, and whether it was told
	to leave and still finishes its step."""

	name: str
	number: int
	runs: bool
	leaves: bool = False


class Supervisor(Manager):
	"""The workers of one bench's queue under supervisor."""

	name = "supervisor"

	def __init__(self, bench: Path, folder: Path = FOLDER) -> None:
		super().__init__(bench)
		self.path: Path = _file_with_program(bench, folder) or bench / "config" / "supervisor.conf"

	@property
	def _file(self) -> "SupervisorFile":
		return SupervisorFile.read(self.path, self.bench)

	def file(self, wanted: int, room: int) -> FileChange:
		before = self._file
		after = before.with_processes(max(wanted, room, 1))
		return FileChange(self.path, before.text.encode(), after.encode())

	def problem(self) -> str | None:
		if shutil.which(CONTROL) is None:
			return f"there is no {CONTROL} here"
		said = self._status().strip()
		if not said or _STATUS.search(said):
			return None  # it answers, maybe that it has no programs yet
		return f"{CONTROL} says: {said.splitlines()[0]}"

	def orders(self, wanted: int, room: int | None = None) -> list[Order]:
		file, processes = self._file, self._known()
		room = len(processes) if room is None else max(wanted, room)
		return orders(processes, wanted, room, file.group, file.program)

	def running(self) -> int | None:
		return sum(each.runs for each in self._known())

	def _known(self) -> list[Known]:
		return known(self._status(), self._file.group, self._file.program)

	def _status(self) -> str:
		return ask([*self._sudo, CONTROL, "status"], self.bench)

	@cached_property
	def _sudo(self) -> Sequence[str]:
		"""bench asks in the same way: by itself, and where the socket is root's, by sudo."""
		status = [CONTROL, "status"]
		return sudo_for(status, self.bench) if "Permission" in ask(status, self.bench) else ()


def known(status: str, group: str, program: str) -> list[Known]:
	"""The processes of a program out of what `supervisorctl status` says, by their numbers."""
	found = []
	for each in _STATUS.finditer(status):
		within, _, process = each["name"].rpartition(":")
		number = re.fullmatch(rf"{re.escape(program)}(?:[-_:](\d+))?", process)
		if number and within in ("", group):
			state = each["state"]
			found.append(Known(each["name"], int(number[1] or 0), state in _RUNS, state == "STOPPING"))
	return sorted(found, key=lambda one: one.number)


def orders(processes: Sequence[Known], wanted: int, room: int, group: str, program: str) -> list[Order]:
	"""What brings supervisor from the processes it knows to `wanted` that run, and room for `room`.

	Those that run go on, other than when there are too few of them: then the whole group is made anew.
	"""
	found, missing = [], []
	if room > len(processes):
		does = (
			f"restart the group {group} with {room} processes in {program}; each finishes what it has in hand"
		)
		found.append(Order((CONTROL, "update"), (group,), does))
		running = [f"{group}{':' if group else ''}{program}-{number}" for number in range(room)]
	else:
		running = [each.name for each in processes if each.runs]
		# One that is leaving cannot be started before it has left.
		others = sorted((each for each in processes if not each.runs), key=lambda each: each.leaves)
		missing = [each.name for each in others[: max(0, wanted - len(running))]]
	for word, names, rest in (("stop", running[wanted:], "; each finishes its step"), ("start", missing, "")):
		if names:
			does = f"{word} {len(names)} worker{'' if len(names) == 1 else 's'}{rest}"
			found.append(Order((CONTROL, word), tuple(names), does))
	return found


def _file_with_program(bench: Path, folder: Path) -> Path | None:
	"""The file in which our program stands: the bench's own, else one that somebody has written."""
	for path in (bench / "config" / "supervisor.conf", *sorted(folder.glob("*.conf"))):
		try:
			if SupervisorFile.read(path, bench).has_program:
				return path
		except (OSError, ManagerError):
			continue
	return None


# Its configuration as text


class SupervisorFile:
	"""One configuration file, and what of it is about our queue on this bench. Raises ManagerError for what is none."""

	def __init__(self, path: Path, bench: Path, text: str) -> None:
		self.path, self.bench, self.text = path, bench, text
		self._sections = list(self._parsed(text).iter_sections())
		self._ours = [each.name for each in self._sections if QUEUE in _queues(each) and self._is_here(each)]

	@classmethod
	def read(cls, path: Path, bench: Path) -> "SupervisorFile":
		"""Raises ManagerError where there is none."""
		try:
			return cls(path, bench, path.read_bytes().decode())
		except FileNotFoundError:
			raise ManagerError(f"There is no {path}: write it with `bench setup supervisor`.") from None

	def _parsed(self, text: str) -> ConfigUpdater:
		found = ConfigUpdater(strict=False, delimiters=("=",), space_around_delimiters=False)
		found.optionxform = str  # type: ignore[method-assign, assignment]
		try:
			found.read_string(text, str(self.path))
		except Error as error:
			raise ManagerError(f"{self.path} cannot be read: {error}") from None
		return found

	@cached_property
	def _model(self) -> str:
		"""The section of bench's own program on the queue `long`."""
		for each in self._sections:
			if "long" in _queues(each) and each.name.count("-long-") == 1:
				return each.name
		raise ManagerError(
			f"{self.path} has no program on the queue {QUEUE}, nor one like those that bench writes."
			" Write it anew with `bench setup supervisor`."
		)

	@property
	def has_program(self) -> bool:
		"""Whether it has a program for our queue."""
		return bool(self._ours)

	@property
	def program(self) -> str:
		"""The program's name: the one there is, or the one that bench would give it."""
		section = self._ours[0] if self._ours else self._model.replace("-long-", f"-{QUEUE}-")
		return section.removeprefix(_PROGRAM)

	@property
	def group(self) -> str:
		"""The group the program is in; without one it is a group by itself."""
		member = (self._ours[0] if self._ours else self._model).removeprefix(_PROGRAM)
		for each in self._sections:
			members = (_value(each, "programs") or "").split(",")
			if each.name.startswith(_GROUP) and member in map(str.strip, members):
				return each.name.removeprefix(_GROUP)
		return self.program

	def with_processes(self, number: int) -> str:
		"""The text with that many processes in our program, and nothing else changed; the program is added if there is none."""
		if len(self._ours) > 1:
			names = ", ".join(each.removeprefix(_PROGRAM) for each in self._ours)
			raise ManagerError(f"{self.path} has several programs on the queue {QUEUE}: {names}. Keep one.")
		found = self._parsed(self.text)
		section = found[self._ours[0]] if self._ours else self._added(found)
		if "worker-pool" in shlex.split(_value(section, "command") or ""):
			raise ManagerError(
				f"{self.path}: {self.program} runs `worker-pool`, whose processes supervisor cannot start and stop."
				f" Have it run `worker --queue {QUEUE}`."
			)
		section.set("numprocs", str(number))
		if "process_name" not in section:
			section.set("process_name", _NAMES)
		return str(found)

	def _added(self, found: ConfigUpdater) -> Section:
		"""As `bench setup supervisor` would add it: like the program of the queue `long`, in the same group."""
		name, model, group = _PROGRAM + self.program, found[self._model], _GROUP + self.group
		copied = self._parsed(str(model).replace(f"[{self._model}]", f"[{name}]", 1))
		model.add_after.section(copied[name].detach())
		command = re.sub(r"(--queue[= ])\S+", rf"\g<1>{QUEUE}", _value(model, "command") or "", count=1)
		found[name].set("command", command)
		found[name].set("stopwaitsecs", str(GRACE))
		if group in found:
			found[group].set("programs", f"{_value(found[group], 'programs')},{self.program}")
		return found[name]

	def _is_here(self, section: Section) -> bool:
		return Path(_value(section, "directory") or self.bench).is_relative_to(self.bench)


def _value(section: Section, key: str) -> str | None:
	"""What stands behind `key=`."""
	return section[key].value if key in section else None


def _queues(section: Section) -> list[str]:
	"""The queues that a program's command names."""
	try:
		words = shlex.split((_value(section, "command") or "").replace("--queue=", "--queue "))
	except ValueError:
		return []
	is_worker = section.name.startswith(_PROGRAM) and ("worker" in words or "worker-pool" in words)
	return words[words.index("--queue") + 1].split(",") if is_worker and "--queue" in words[:-1] else []
