"""A person at a desk of their own: `python -m tests.faults.deciding.decider URL USER RECORD [signals]`.

They decide one thing after another that waits for them, and send the signal that runs wait for. What they are about to do
they write down before, and what they were told behind it: whoever is killed in between was told nothing. Whoever was told
nothing asks again, with another token.
"""

import json
import secrets
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from random import Random

import pymysql

from dogansystem import Orchestrator
from dogansystem.engine.errors import AlreadyDecided, DoganError
from dogansystem.homes.sandbox import Sandbox
from tests.faults.deciding import work
from tests.faults.deciding.judge import APPROVED, DECIDED, LATE, REJECTED, SIGNAL, Try

PAUSE = (0.0, 0.05)  # seconds between two decisions
WAIT = 0.2  # seconds before they ask again after they were told nothing
REJECTS = 0.3  # of the decisions
OPENS = 60.0  # seconds in which a database has to come back
ENDED = ("Succeeded", "Failed", "Cancelled")


class Decider:
	"""Decides until told to stop."""

	def __init__(self, site: Sandbox, user: str, record: Path, *, rejects: float = REJECTS) -> None:
		self._site, self._user, self._record = site, user, record
		self._rejects = rejects
		self._orchestrator = Orchestrator(site)
		self._chance = Random()
		self._sent: set[str] = set()
		self.is_stopping = False

	def run(self) -> None:
		"""Decide one thing after another."""
		while not self.is_stopping:
			self._unless_lost(self._decide_one)
			time.sleep(self._chance.uniform(*PAUSE))

	def run_sending(self) -> None:
		"""Send one signal after another."""
		while not self.is_stopping:
			self._unless_lost(self._send_one)
			time.sleep(self._chance.uniform(*PAUSE))

	def _unless_lost(self, act: Callable[[], None]) -> None:
		"""Do something; if the database is away, wait."""
		try:
			act()
		except Exception as error:
			self._may_be_lost(error)

	def _may_be_lost(self, error: Exception) -> None:
		"""Raises the error if it says anything else but that the database is away, or that another one was faster."""
		database = self._site.database
		if not (database.is_lost(error) or database.is_conflict(error)):
			raise error
		print(self._user, repr(error), flush=True)
		database.rollback()
		time.sleep(WAIT)

	# Deciding

	def _decide_one(self) -> None:
		found = self._orchestrator.pending_approvals(self._user)
		self._site.database.rollback()
		if not found:
			return time.sleep(WAIT / 2)
		one = self._chance.choice(found)
		if one["kind"] == "ask":
			self._until_told(one["approval"], "answered")
		else:
			decision = REJECTED if self._chance.random() < self._rejects else APPROVED
			self._until_told(one["approval"], decision)

	def _until_told(self, approval: str, decision: str) -> None:
		while not self.is_stopping:
			this = self._begin(approval, decision)
			if self._told(this, partial(self._decide, approval, decision, this.token)):
				return

	def _decide(self, approval: str, decision: str, token: str) -> str:
		about = {"values": {"token": token}} if decision == "answered" else {"comment": token}
		found = self._orchestrator.decide(approval, decision, user=self._user, **about)
		self._site.database.commit()
		return str(found["status"])

	# Signals

	def _send_one(self) -> None:
		runs = self._orchestrator.list_runs(work.SIGNALLED, limit=200)
		self._site.database.rollback()
		waiting = [
			each["run"] for each in runs if each["status"] not in ENDED and each["run"] not in self._sent
		]
		if not waiting:
			return time.sleep(WAIT / 2)
		run = self._chance.choice(waiting)
		this = self._begin(run, SIGNAL)
		if self._told(this, partial(self._send, run, this.token)):
			self._sent.add(run)

	def _send(self, run: str, token: str) -> str:
		sent = self._orchestrator.signal(work.PAID, run, {"token": token}, idempotency_key=run)
		self._site.database.commit()
		return str(sent)

	# What is written down

	def _begin(self, about: str, decision: str) -> Try:
		this = Try(about, self._user, decision, f"{self._user} {secrets.token_hex(6)}")
		self._write(this)
		return this

	def _told(self, this: Try, act: Callable[[], str]) -> bool:
		"""Do it, and write down what was told. False: nothing was."""
		try:
			self._write(replace(this, told=DECIDED, says=act()))
		except AlreadyDecided as error:
			self._site.database.rollback()
			self._write(replace(this, told=LATE, says=str(error)))
		except Exception as error:
			self._may_be_lost(error)
			return False
		return True

	def _write(self, this: Try) -> None:
		with self._record.open("a") as file:
			file.write(json.dumps(asdict(this)) + "\n")


def opened(url: str) -> Sandbox:
	"""The site, as soon as its database is there."""
	until = time.monotonic() + OPENS
	while True:
		try:
			return Sandbox(url)
		except (DoganError, pymysql.err.Error):
			if time.monotonic() > until:
				raise
			time.sleep(WAIT)


def read(*records: Path) -> list[Try]:
	"""What people tried, each with what they were told in the end."""
	found: dict[str, Try] = {}
	for record in records:
		for line in record.read_text().splitlines() if record.exists() else ():
			this = Try(**json.loads(line))
			found[this.token] = this
	return list(found.values())


if __name__ == "__main__":
	url, user, record, *more = sys.argv[1:]
	with opened(url) as site:
		person = Decider(site, user, Path(record))
		signal.signal(signal.SIGTERM, lambda *_: setattr(person, "is_stopping", True))
		person.run_sending() if "signals" in more else person.run()
