"""People as processes of their own, killed at any moment and at their commits, each replaced when they are gone."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from dogansystem.homes.sandbox.doorbell import VARIABLE
from tests.faults.deciding import work
from tests.faults.deciding.decider import Decider, opened
from tests.faults.workers import kill_at_commit

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.workers", "tests.faults.deciding.people"])

SENDER = "sender@example.com"


@dataclass(frozen=True, slots=True)
class Desk:
	"""Who sits there, and the commit, counted from 1, at which they are killed, or stopped, `by` a signal; 0: at none.
	`after`: when it is done. `redis`:
	the doorbell's."""

	user: str = ""
	dies_at: int = 0
	after: bool = False
	by: signal.Signals = signal.SIGKILL
	redis: str | None = None


class People:
	"""Two desks for each person, and one that sends signals."""

	def __init__(self, url: str, record: Path, desk: Callable[[Random], Desk]) -> None:
		"""`desk`: how the next one who sits down differs from one whom nobody kills."""
		self._url, self._record = url, record
		self._chance, self._desk = Random(1), desk
		self.is_safe = False  # nobody who sits down from now on dies at a commit
		self.killed = self.killed_at_commit = 0
		self._desks = [self._sit(user) for user in (*work.PEOPLE, *work.PEOPLE[:2], SENDER)]

	def _sit(self, user: str) -> tuple[str, "multiprocessing.process.BaseProcess"]:
		desk = replace(self._desk(self._chance), user=user)
		if self.is_safe:
			desk = replace(desk, dies_at=0)
		return user, sit_down(self._url, self._record, desk)

	def kill_one(self) -> None:
		"""`kill -9` of one, and another one at the desk."""
		number = self._chance.randrange(len(self._desks))
		user, process = self._desks[number]
		process.kill()
		process.join()
		self.killed += 1
		self._desks[number] = self._sit(user)

	def replace(self) -> None:
		"""Let somebody else sit where one has gone."""
		for number, (user, process) in enumerate(self._desks):
			if not process.is_alive():
				process.join()
				assert process.exitcode == -signal.SIGKILL, f"{user} has left with {process.exitcode}"
				self.killed_at_commit += 1
				self._desks[number] = self._sit(user)

	def leave(self) -> None:
		"""Everybody finishes what they are about to do, and leaves."""
		for _, process in self._desks:
			process.terminate()
		until = time.monotonic() + 60
		for _, process in self._desks:
			process.join(max(0.0, until - time.monotonic()))

	def end(self) -> None:
		"""Let nobody survive."""
		for _, process in self._desks:
			process.kill()
			process.join()


@contextmanager
def deciding(
	url: str, record: Path, desk: Callable[[Random], Desk] = lambda chance: Desk()
) -> Iterator[People]:
	"""People who decide until the block is left."""
	people = People(url, record, desk)
	try:
		yield people
	finally:
		people.end()


def sit_down(url: str, record: Path, desk: Desk) -> "multiprocessing.process.BaseProcess":
	"""One person, whom nobody replaces."""
	process = _context.Process(target=_decide, args=(url, str(record), desk), daemon=True)
	process.start()
	return process


def at_any_commit(chance: Random) -> Desk:
	"""Some of the next twenty commits, before or after it."""
	return Desk(dies_at=chance.randint(1, 20), after=chance.random() < 0.5)


def _decide(url: str, record: str, desk: Desk) -> None:
	if desk.redis:
		os.environ[VARIABLE] = desk.redis
	with opened(url) as site:
		person = Decider(site, desk.user, Path(record))
		signal.signal(signal.SIGTERM, lambda *_: setattr(person, "is_stopping", True))
		if desk.dies_at:
			kill_at_commit(site, desk.dies_at, after=desk.after, number=desk.by)
		person.run_sending() if desk.user == SENDER else person.run()
