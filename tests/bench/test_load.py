"""`load`, `baseline` and `compare` with real RQ workers: what twice the workers do, and that nothing is left."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import frappe

from tests.bench.processes import Worker
from tests.bench.test_workers import BenchTestCase

STEPS = 2
WAIT = "250ms"
RUNS_PER_WORKER = 40


class TestLoad(BenchTestCase):
	settings = {"linger_seconds": 5}

	def command(self, *arguments: str) -> Any:
		"""What `bench --site SITE dogansystem … --json` prints."""
		done = subprocess.run(
			[
				*(sys.executable, "-W", "ignore", "-m", "frappe.utils.bench_helper", "frappe"),
				*("--site", frappe.local.site, "dogansystem", *arguments, "--json"),
			],
			cwd=os.path.abspath(frappe.local.sites_path),
			capture_output=True,
			text=True,
			check=False,
		)
		self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
		frappe.db.rollback()
		return json.loads(done.stdout)

	def put_on(self, workers: int) -> None:
		load = ("--steps", str(STEPS), "--wait", WAIT, "--record", f"contract {workers}")
		found = self.command("load", "--runs", str(workers * RUNS_PER_WORKER), *load)
		self.assertEqual((found["steps"], found["failed"]), (workers * RUNS_PER_WORKER * STEPS, 0))

	def test_twice_the_workers_do_about_twice_as_much_of_what_waits(self):
		mails, todos = frappe.db.count("Email Queue"), frappe.db.count("ToDo")
		with ExitStack() as stack:
			for workers in (2, 4):
				for _ in range(2):
					stack.enter_context(Worker())
				self.put_on(workers)
		found = self.command("compare", "contract 2", "--with", "contract 4")
		gained = found["capacity"]
		print(f"\ntwice the workers: {found['title']}, {gained}", flush=True)
		self.assertAlmostEqual(gained["hoped"], 2, delta=0.2)
		self.assertGreater(gained["ratio"], 1.4, found["reasons"])
		self.assertEqual(frappe.get_all("Dogan Workflow", {"name": "dogansystem-load"}), [])
		self.assertEqual(frappe.db.count("Dogan Workflow Run"), 0)
		self.assertEqual((frappe.db.count("Email Queue"), frappe.db.count("ToDo")), (mails, todos))
