"""What the three process managers of a bench have in common: which files say how many workers there are, and what has
to be run to have that many."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dogansystem.engine.errors import DoganError
from dogansystem.homes.bench.bench_files import FileChange


class ManagerError(DoganError):
	"""The process manager cannot be asked, or did not do what it was told."""


@dataclass(frozen=True, slots=True)
class Order:
	"""A command for a process manager, and what it does in words. Each subject is ordered apart, all at the same time,
	because some managers stop one process after another, each as long as its step takes."""

	command: tuple[str, ...]
	subjects: tuple[str, ...]
	does: str

	def __str__(self) -> str:
		"""As it would be typed."""
		return shlex.join([*self.command, *self.subjects])

	def run(self, folder: Path, sudo: Sequence[str] = ()) -> None:
		"""Run it to its end. Raises ManagerError with what the manager says."""
		commands = [[*sudo, *self.command, subject] for subject in self.subjects]
		with ThreadPoolExecutor(max_workers=len(commands)) as threads:
			for done in threads.map(lambda command: _run(command, folder), commands):
				if (done.returncode or "ERROR" in done.stdout) and not _is_so_already(done.stdout):
					raise ManagerError(f"`{shlex.join(done.args)}` said: {done.stdout.strip()}")

	def begin(self, folder: Path, sudo: Sequence[str] = ()) -> None:
		"""Start it and leave it to itself."""
		for subject in self.subjects:
			subprocess.Popen(
				[*sudo, *self.command, subject],
				cwd=folder,
				stdin=subprocess.DEVNULL,
				stdout=subprocess.DEVNULL,
				stderr=subprocess.DEVNULL,
				start_new_session=True,
			)


class Manager(Protocol):
	"""Procfile, supervisor or systemd, as far as workers of our queue go."""

	name: str
	is_live: bool  # whether workers can be started and stopped while the others go on

	def file(self, wanted: int, room: int) -> FileChange:
		"""What its file says, and has to say to have `wanted` workers, with room for `room`. Raises ManagerError."""
		...

	def problem(self) -> str | None:
		"""Why its orders cannot be carried out from here, or None."""
		...

	def orders(self, wanted: int, room: int) -> list[Order]:
		"""What has to be run, once its file is written, to have `wanted` workers."""
		...

	def tune(self, wanted: int) -> list[Order]:
		"""What has to be run to have `wanted` workers for now, with neither files nor other workers touched."""
		...

	def carry_out(self, order: Order) -> None:
		"""Run an order to its end. Raises ManagerError."""
		...

	def begin(self, order: Order) -> None:
		"""Give an order and do not wait: to stop a worker takes as long as its step."""
		...

	def running(self) -> int | None:
		"""How many workers it runs, or None if it cannot say."""
		...

	def advice(self) -> str:
		"""What a person has to do where orders cannot be given."""
		...


def ask(command: Sequence[str], folder: Path) -> str:
	"""What a command says, whatever its exit code; empty if there is no such program."""
	if shutil.which(command[0]) is None:
		return ""
	return _run(command, folder).stdout


def may_sudo(command: Sequence[str], folder: Path) -> bool:
	"""Whether this user may run the command as root without being asked for a password."""
	if os.geteuid() == 0 or shutil.which("sudo") is None:
		return False
	return _run(["sudo", "-n", "-l", *command], folder).returncode == 0


def _is_so_already(said: str) -> bool:
	"""Whether a process that was to be stopped does not run, or one to be started does: it came or went by itself."""
	return "ERROR (not running)" in said or "ERROR (already started)" in said


def _run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
	return subprocess.run(
		command,
		cwd=folder,
		stdin=subprocess.DEVNULL,
		stdout=subprocess.PIPE,
		stderr=subprocess.STDOUT,
		text=True,
	)
