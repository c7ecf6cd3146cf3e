"""A client that starts runs and writes down what it was told: `python -m tests.faults.failover.client URL NAME RECORD`.

It asks for each run under a key of its own until it is told that the run is there, whatever happens meanwhile: a commit
without an answer may have arrived, and asking again must not start a second run. Only an answer is written down.
"""

import json
import os
import signal
import sys
import time
from itertools import count
from pathlib import Path
from random import Random

from dogansystem import Orchestrator
from dogansystem.engine.errors import DoganError
from tests.faults.failover import node, work
from tests.faults.failover.checker import Acknowledged

PAUSE = 0.05  # seconds between two runs
MOST = 40  # runs under way, above which it waits
SLOW = "DOGAN_TEST_SLOW"  # environment variable: one run in so many has slow steps; 0: none
ASKED = "DOGAN_TEST_ASKED"  # environment variable: one run in so many asks people; 0: none
WAIT = 0.2  # seconds before it asks again


class Client:
	"""Starts runs until it is told to stop."""

	def __init__(self, url: str, name: str, record: Path) -> None:
		self._name, self._record = name, record
		self._slow, self._asked = (int(os.environ.get(each, 0)) for each in (SLOW, ASKED))
		self._chance = Random(name)
		self._site = node.ListSandbox(url)
		self._orchestrator = Orchestrator(self._site)
		self.is_stopping = False

	def run(self) -> None:
		"""Start one run after another."""
		for number in count(1):
			if self.is_stopping:
				break
			self._start(f"{self._name}-{number}", self._workflow())
			time.sleep(PAUSE)

	def _workflow(self) -> str:
		if self._slow and self._chance.randrange(self._slow) == 0:
			return work.SLOW
		if self._asked and self._chance.randrange(self._asked) == 0:
			return work.ASKED
		return self._chance.choice(work.NAMES)

	def _start(self, key: str, workflow: str) -> None:
		while not self.is_stopping:
			try:
				if self._under_way() > MOST:
					time.sleep(WAIT)
					continue
				run = self._orchestrator.start_run(workflow, {"key": key}, idempotency_key=key)
				self._site.database.commit()
			except Exception as error:
				if isinstance(error, DoganError):
					raise
				print(key, repr(error), flush=True)
				self._site.database.rollback()
				time.sleep(WAIT)
			else:
				with self._record.open("a") as file:
					file.write(json.dumps({"key": key, "run": run, "workflow": workflow}) + "\n")
				return

	def _under_way(self) -> int:
		query = (
			"SELECT COUNT(*) FROM `tabDogan Workflow Run` WHERE status IN ('Queued', 'Running', 'Waiting')"
		)
		found = int(self._site.database.sql(query)[0][0])
		self._site.database.rollback()
		return found


def read(record: Path) -> list[Acknowledged]:
	"""What a client was told."""
	lines = record.read_text().splitlines() if record.exists() else []
	told = [json.loads(line) for line in lines]
	return [Acknowledged(each["key"], each["run"], work.promise(each["workflow"])) for each in told]


if __name__ == "__main__":
	client = Client(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
	signal.signal(signal.SIGTERM, lambda *_: setattr(client, "is_stopping", True))
	client.run()
