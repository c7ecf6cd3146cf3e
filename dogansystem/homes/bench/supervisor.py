"""A bench under supervisor: how many processes its program for our queue has, and starting and stopping them one by one.

bench puts the program into one group with all its other workers. Supervisor can start and stop single processes of a
group, but make more of them only by taking the whole group down and up again (`supervisorctl update GROUP`). So that is
done only when more are wanted than supervisor knows; `room` has it know more from the beginning.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dogansystem.homes.bench.bench_files import FileChange
from dogansystem.homes.bench.managers import Manager, ManagerError, Order, ask, sudo_for
from dogansystem.homes.bench.supervisor_file import SupervisorFile

FOLDER = Path("/etc/supervisor/conf.d")  # Debian's, where programs stand that no bench has written
CONTROL = "supervisorctl"

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
	def _file(self) -> SupervisorFile:
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
