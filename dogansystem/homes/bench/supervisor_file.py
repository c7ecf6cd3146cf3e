"""Supervisor's configuration as text: the section of our program, and the one line in it that says how many."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dogansystem.homes.bench.managers import ManagerError
from dogansystem.homes.frappe.queues import GRACE, QUEUE

_SECTION = re.compile(
	r"^\[(?P<kind>program|group):(?P<name>[^\]\n]+)\][^\n]*\n(?P<body>(?:(?!\[).*\n?)*)", re.MULTILINE
)
_NAMES = "process_name=%(program_name)s-%(process_num)d"


@dataclass(frozen=True)
class Section:
	"""`[program:NAME]` or `[group:NAME]`, and where its lines stand in the text."""

	kind: str
	name: str
	body: str
	start: int
	end: int

	def value(self, key: str) -> str | None:
		"""What stands behind `key=`."""
		found = re.search(rf"^{key}\s*=\s*(.*?)\s*$", self.body, re.MULTILINE)
		return found[1] if found else None

	def with_value(self, key: str, value: str) -> str:
		"""The section's lines with `key=value` in them."""
		line = re.compile(rf"^{key}\s*=.*$", re.MULTILINE)
		if line.search(self.body):
			return line.sub(f"{key}={value}", self.body, count=1)
		lines = self.body.rstrip("\n")
		return f"{lines}\n{key}={value}{self.body[len(lines) :] or chr(10)}"


@dataclass(frozen=True)
class SupervisorFile:
	"""The text of one configuration file, and what of it is about our queue on this bench."""

	path: Path
	bench: Path
	text: str

	@classmethod
	def read(cls, path: Path, bench: Path) -> "SupervisorFile":
		"""Raises ManagerError where there is none."""
		try:
			return cls(path, bench, path.read_bytes().decode())
		except FileNotFoundError:
			raise ManagerError(f"There is no {path}: write it with `bench setup supervisor`.") from None

	@cached_property
	def _ours(self) -> list[Section]:
		return [each for each in self._sections() if each.kind == "program" and self._is_ours(each)]

	@property
	def has_program(self) -> bool:
		"""Whether it has a program for our queue."""
		return bool(self._ours)

	@property
	def program(self) -> str:
		"""The program's name: the one there is, or the one that bench would give it."""
		return self._ours[0].name if self._ours else self._model.name.replace("-long-", f"-{QUEUE}-")

	@property
	def group(self) -> str:
		"""The group the program is in; without one it is a group by itself."""
		member = self.program if self._ours else self._model.name
		for each in self._sections():
			if each.kind == "group" and member in re.split(r"\s*,\s*", each.value("programs") or ""):
				return each.name
		return self.program

	def with_processes(self, number: int) -> str:
		"""The text with that many processes in our program, and nothing else changed; the program is added if there is none."""
		if len(self._ours) > 1:
			names = ", ".join(each.name for each in self._ours)
			raise ManagerError(f"{self.path} has several programs on the queue {QUEUE}: {names}. Keep one.")
		if not self._ours:
			return self._with_program(number)
		(ours,) = self._ours
		if "worker-pool" in shlex.split(ours.value("command") or ""):
			raise ManagerError(
				f"{self.path}: {ours.name} runs `worker-pool`, whose processes supervisor cannot start and stop."
				f" Have it run `worker --queue {QUEUE}`."
			)
		return self._with_body(ours, _with_number(ours, number))

	def _with_program(self, number: int) -> str:
		"""As `bench setup supervisor` would add it: like the program of the queue `long`, in the same group."""
		model, name = self._model, self.program
		body = re.sub(r"(--queue[= ])\S+", rf"\g<1>{QUEUE}", model.body, count=1)
		ours = Section("program", name, body, 0, 0)
		ours = Section("program", name, ours.with_value("stopwaitsecs", str(GRACE)), 0, 0)
		added = f"[program:{name}]\n{_with_number(ours, number)}"
		text = self.text[: model.end] + added + self.text[model.end :]
		joined = SupervisorFile(self.path, self.bench, text)
		for each in joined._sections():
			if each.kind == "group" and each.name == self.group:
				return joined._with_body(
					each, each.with_value("programs", f"{each.value('programs')},{name}")
				)
		return text

	def _with_body(self, section: Section, body: str) -> str:
		return self.text[: section.start] + body + self.text[section.end :]

	@cached_property
	def _model(self) -> Section:
		for each in self._sections():
			if each.kind == "program" and "long" in _queues(each) and each.name.count("-long-") == 1:
				return each
		raise ManagerError(
			f"{self.path} has no program on the queue {QUEUE}, nor one like those that bench writes."
			" Write it anew with `bench setup supervisor`."
		)

	def _is_ours(self, section: Section) -> bool:
		place = Path(section.value("directory") or self.bench)
		return QUEUE in _queues(section) and (place == self.bench or self.bench in place.parents)

	def _sections(self) -> Iterator[Section]:
		for each in _SECTION.finditer(self.text):
			yield Section(
				each["kind"], each["name"].strip(), each["body"], each.start("body"), each.end("body")
			)


def _with_number(section: Section, number: int) -> str:
	body = section.with_value("numprocs", str(number))
	if section.value("process_name") is None:
		body = Section("", "", body, 0, 0).with_value(*_NAMES.split("=", 1))
	return body


def _queues(section: Section) -> list[str]:
	"""The queues that a program's command names."""
	try:
		words = shlex.split((section.value("command") or "").replace("--queue=", "--queue "))
	except ValueError:
		return []
	is_worker = "worker" in words or "worker-pool" in words
	return words[words.index("--queue") + 1].split(",") if is_worker and "--queue" in words[:-1] else []
