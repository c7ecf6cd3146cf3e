"""`bench … dogansystem drain` with real RQ workers on two nodes: one is emptied under load, and comes back."""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

import frappe
import redis

from dogansystem.homes.frappe.alive import WORKERS
from tests.bench.load import MARK, LoadTestCase
from tests.bench.processes import BENCH, Worker

STAYS, LEAVES = "node-stays", "node-leaves"
RUNS = 12
PATIENCE = 180.0  # seconds, on a machine that others use as well


class TestDrain(LoadTestCase):
	def setUp(self) -> None:
		super().setUp()
		if os.geteuid() != 0:
			self.skipTest("only root can have two nodes on one machine")
		self.began = self.site.now()
		stack = ExitStack()
		self.addCleanup(stack.close)
		nodes = (STAYS, STAYS, LEAVES, LEAVES)
		workers = [stack.enter_context(Worker(node=node)) for node in nodes]
		# RQ knows a worker of another machine that was killed for eight minutes more, and so would the tests behind.
		self.addCleanup(lambda: [each.terminate() for each in workers])

	def command(self, *arguments: str) -> dict[str, Any]:
		"""Run `drain`; gives what it prints."""
		site = ("--site", frappe.local.site, "dogansystem", "drain", *arguments, "--json")
		done = subprocess.run([sys.executable, "-W", "ignore", *BENCH, *site], capture_output=True, text=True)
		self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
		frappe.db.rollback()
		return json.loads(done.stdout)

	def nodes_at_work(self, since: float | None = None) -> set[str]:
		"""The nodes on which a step has begun since then, else since the test began."""
		frappe.db.rollback()
		begun = {"worker": ["is", "set"], "started_at": [">", self.site.local_time(since or self.began)]}
		return {each.split(":")[0] for each in frappe.get_all("Dogan Step Run", begun, pluck="worker")}

	def jobs_of(self, node: str) -> int:
		"""The RQ jobs that a node's workers have finished."""
		connection = redis.from_url(frappe.conf.redis_queue, decode_responses=True)
		rows = [
			connection.hmget(key, "hostname", "successful_job_count") for key in connection.smembers(WORKERS)
		]
		return sum(int(count or 0) for name, count in rows if name == node)

	def keep_busy(self, until: Any, seconds: float = PATIENCE) -> None:
		"""Start runs, a few at a time, until something is so.

		It ticks, as the scheduler does: a ring is lost where a worker of the test before was killed while it listened.
		"""
		deadline = time.monotonic() + seconds
		while not until():
			self.assertLess(time.monotonic(), deadline, self.describe())
			self.start_some(max(0, RUNS // 2 - self.unfinished()))
			self.tick()
			time.sleep(0.2)

	def state_of(self, node: str) -> str:
		frappe.db.rollback()
		return self.orchestrator.get_system_status()["nodes"][node]["state"]

	def test_a_node_is_emptied_under_load_and_comes_back(self):
		self.keep_busy(lambda: self.nodes_at_work() == {STAYS, LEAVES})
		self.start_some(RUNS)
		began = time.monotonic()
		found = self.command(LEAVES)
		took = time.monotonic() - began
		self.assertEqual((found["empty"], self.state_of(LEAVES)), (True, "drained"))
		self.assertEqual(frappe.db.sql("SELECT 1 FROM dogan_process WHERE node = %s", LEAVES), ())

		drained_at = self.site.now()
		jobs = self.jobs_of(LEAVES)
		self.start_some(RUNS)
		self.wait_until_done(PATIENCE)
		self.assertEqual(self.nodes_at_work(drained_at), {STAYS})
		passed_on = self.jobs_of(LEAVES) - jobs
		self.assertLessEqual(passed_on, 2, "rings went round in circles")

		self.assertFalse(frappe.db.sql("SELECT 1 FROM dogan_process WHERE node = %s", LEAVES))
		self.command(LEAVES, "--undo")
		self.keep_busy(lambda: self.nodes_at_work(drained_at) == {STAYS, LEAVES})
		self.wait_until_done(PATIENCE)
		self.assertEqual(frappe.db.count("Dogan Step Run", {"attempts": [">", 1]}), 0)
		self.assert_right(
			"bench: drain a node", seconds_with_the_command=round(took, 1), rings_passed_on=passed_on
		)

	def test_where_all_nodes_are_drained_work_waits_and_nobody_spins(self):
		self.keep_busy(lambda: self.nodes_at_work() == {STAYS, LEAVES})
		self.wait_until_done(PATIENCE)
		for node in (STAYS, LEAVES):
			self.command(node)
		self.start_some(3)
		jobs = sum(self.jobs_of(node) for node in (STAYS, LEAVES))
		time.sleep(5)  # each of the four workers has been called, and stands by
		self.assertLessEqual(sum(self.jobs_of(node) for node in (STAYS, LEAVES)) - jobs, 1)
		self.assertGreater(self.unfinished(), 0)
		drained_at = self.site.now()
		self.command(STAYS, "--undo")
		self.wait_until_done(
			PATIENCE, meanwhile=lambda: None
		)  # no tick: those who stand by see it themselves
		self.assertEqual(self.nodes_at_work(drained_at), {STAYS})
		self.assertEqual(frappe.db.count("ToDo", {"description": ["like", f"{MARK} %"]}), self.steps)
