"""The probe of containers beside a worker that `bench worker` has started."""

import signal
import subprocess
import sys
import time
import unittest

from dogansystem.homes.frappe.queues import QUEUE
from tests.bench.processes import Worker

SOON = 20.0  # seconds


class TestAlive(unittest.TestCase):
	def probe(self) -> int:
		command = [sys.executable, "-m", "dogansystem.homes.frappe.alive", "--sites", "."]
		return subprocess.run(command, stdout=subprocess.DEVNULL).returncode

	def becomes(self, code: int) -> None:
		deadline = time.monotonic() + SOON
		while self.probe() != code:
			self.assertLess(time.monotonic(), deadline)
			time.sleep(0.2)

	def test_the_probe_tells_a_worker_that_works_from_one_that_does_not(self):
		self.assertEqual(self.probe(), 1)
		with Worker("default"), Worker(QUEUE) as worker:
			self.becomes(0)
			worker.process.send_signal(signal.SIGSTOP)
			self.becomes(1)
			worker.process.send_signal(signal.SIGCONT)
			self.becomes(0)
			worker.terminate()
			# The worker of the other queue still runs.
			self.assertEqual(self.probe(), 1)
