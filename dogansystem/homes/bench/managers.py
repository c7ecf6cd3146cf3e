"""What the three process managers of a bench have in common: which files say how many workers there are, and what has
to be run to have that many."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dogansystem.engine.errors import DoganError
from dogansystem.homes.bench.bench_files import FileChange

# A process that was to be stopped does not run, or one to be started does: it came or went by itself.
_SO_ALREADY = ("ERROR (not running)", "ERROR (already started)")


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


class Manager:
	"""Procfile, supervisor or systemd, as far as workers of our queue go. `path`: its file, where it may be."""

	name: str
	path: Path | None
	is_live = True  # whether workers can be started and stopped while the others go on
	advice = ""  # what a person has to do where they cannot

	def __init__(self, bench: Path) -> None:
		self.bench = bench

	def file(self, wanted: int, room: int) -> FileChange:
		"""What its file says, and has to say to have `wanted` workers, with room for `room`. Raises ManagerError."""
		raise NotImplementedError

	def problem(self) -> str | None:
		"""Why its orders cannot be carried out from here, or None."""
		raise NotImplementedError

	def orders(self, wanted: int, room: int | None = None) -> list[Order]:
		"""What has to be run to have `wanted` workers: once its file is written with `room`, or without it for now, with
		neither files nor other workers touched. Raises ManagerError."""
		raise NotImplementedError

	def running(self) -> int | None:
		"""How many workers it runs, or None if it cannot say."""
		raise NotImplementedError

	def have(self, wanted: int) -> None:
		"""Have so many workers, as its file says it. Raises ManagerError."""
		for order in self.orders(wanted, wanted):
			self.carry_out(order)

	def carry_out(self, order: Order) -> None:
		"""Run an order to its end. Raises ManagerError with what the manager says."""
		with ThreadPoolExecutor(len(order.subjects)) as threads:
			for done in threads.map(lambda words: _run(words, self.bench), self._commands(order)):
				is_wrong = done.returncode or "ERROR" in done.stdout
				if is_wrong and not any(each in done.stdout for each in _SO_ALREADY):
					raise ManagerError(f"`{shlex.join(done.args)}` said: {done.stdout.strip()}")

	def begin(self, order: Order) -> None:
		"""Give an order and do not wait: to stop a worker takes as long as its step."""
		null = subprocess.DEVNULL
		for words in self._commands(order):
			subprocess.Popen(
				words, cwd=self.bench, stdin=null, stdout=null, stderr=null, start_new_session=True
			)

	def _commands(self, order: Order) -> list[list[str]]:
		return [[*self._sudo, *order.command, subject] for subject in order.subjects]

	@cached_property
	def _sudo(self) -> Sequence[str]:
		"""What stands before a command that needs root."""
		return ()


def ask(command: Sequence[str], folder: Path) -> str:
	"""What a command says, whatever its exit code; empty if there is no such program."""
	return "" if shutil.which(command[0]) is None else _run(command, folder).stdout


def sudo_for(command: Sequence[str], folder: Path) -> Sequence[str]:
	"""`sudo -n` where this user may run the command as root with it, without being asked for a password."""
	if os.geteuid() == 0 or shutil.which("sudo") is None:
		return ()
	return () if _run(["sudo", "-n", "-l", *command], folder).returncode else ("sudo", "-n")


def _run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
	null, pipe = subprocess.DEVNULL, subprocess.PIPE
	return subprocess.run(command, cwd=folder, stdin=null, stdout=pipe, stderr=subprocess.STDOUT, text=True)
