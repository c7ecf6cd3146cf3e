"""Advice on a bench with real RQ workers: what it reads of them, of MariaDB and Redis, and what it then says."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

import frappe

from dogansystem.scaling import bottleneck
from dogansystem.worker import identity
from tests.bench.processes import Worker
from tests.bench.test_scale import ScaleTestCase

WORKERS = 2
COMMAND = (sys.executable, "-W", "ignore", "-m", "frappe.utils.bench_helper", "frappe", "--site")
LOAD = ("--wait", "300ms", "--steps", "2", "--runs", "200", "--yes")


class TestAdvice(ScaleTestCase):
	settings = ScaleTestCase.settings | {"linger_seconds": 5, "num_workers": 4}

	def advice(self, *arguments: str) -> dict[str, Any]:
		found: dict[str, Any] = json.loads(self.command("advise", "--json", *arguments).stdout)
		return found

	def test_workers_that_are_too_few_are_seen_and_counted(self):
		self.set_settings(currency="EUR", node_hour_price=0.25, database_hour_price=0.05)
		self.addCleanup(self.set_settings, currency="", node_hour_price=0, database_hour_price=0)
		with ExitStack() as stack:
			for _ in range(WORKERS):
				stack.enter_context(Worker())
			load = subprocess.Popen(
				[*COMMAND, frappe.local.site, "dogansystem", "load", *LOAD], stdout=subprocess.DEVNULL
			)
			try:
				self.wait_for(self.has_steps, 60)
				time.sleep(3)  # a worker tells of its machine with its first beats
				found = self.advice("--target", "2x")
				print("\n" + self.command("advise", "--target", "5x", "--seconds", "1").stdout, flush=True)
			finally:
				load.terminate()
				load.wait()
		self.assertEqual(found["bottleneck"]["name"], bottleneck.WORKERS, found["bottleneck"])
		seen, plan = found["evidence"], found["plan"]
		self.assertEqual(seen["workers"]["listening"], {identity.node(): WORKERS})
		self.assertEqual(seen["workers"]["queue"], "dogansystem")
		self.assertGreater(seen["machines"][0]["cores"], 0)
		self.assertAlmostEqual(seen["recent"]["run"], 0.3, delta=0.2)
		self.assertEqual((plan["now"]["workers"], plan["then"]["workers"]), (WORKERS, 2 * WORKERS))
		self.assertAlmostEqual(
			plan["then"]["steps_per_second"], 2 * plan["now"]["steps_per_second"], delta=0.2
		)
		self.assertIn(
			f"bench --site {frappe.local.site} dogansystem scale --workers {2 * WORKERS}",
			[each["command"] for each in plan["commands"]],
		)
		self.assertGreater(seen["database"]["working_set"], 1_000_000)
		self.assertEqual({each["role"] for each in seen["redis"]}, {"queue", "cache"})
		self.assertEqual([each["problem"] for each in seen["redis"]], ["", ""])
		self.assertEqual(found["costs"]["per_hour_now"], 0.3)
		self.assertGreater(found["costs"]["per_1000_steps_now"], 0)

	def test_a_site_with_nothing_to_do_is_idle(self):
		with Worker():
			found = self.advice("--seconds", "0.5")
			text = self.command("advise", "--seconds", "0.5").stdout
		self.assertEqual(found["bottleneck"]["name"], bottleneck.IDLE)
		self.assertIn("Bottleneck: Idle: nothing waits", text)
		self.assertIn("innodb_buffer_pool_size", text)

	def has_steps(self) -> bool:
		frappe.db.rollback()
		minute = self.orchestrator.get_system_status()["throughput"]["last_minute"]
		return bool(minute["steps"] >= 20)
