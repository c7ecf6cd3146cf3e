"""Supervisor's configuration as text: the program of our queue in it, and how many processes that has."""

import re
import shlex
from configparser import Error
from functools import cached_property
from pathlib import Path

from configupdater import ConfigUpdater, Section

from dogansystem.homes.bench.managers import ManagerError
from dogansystem.homes.frappe.queues import GRACE, QUEUE

_NAMES = "%(program_name)s-%(process_num)d"
_PROGRAM, _GROUP = "program:", "group:"


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
