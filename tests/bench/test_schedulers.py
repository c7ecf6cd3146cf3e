"""Schedulers of several nodes on one site: processes that tick at the same moment fire each due time once."""

import os
import subprocess
import sys
import time

import frappe

from dogansystem.tests import own
from dogansystem.tests.contract.home import Home, step
from dogansystem.tests.home import SiteTestCase
from tests import scale

SCHEDULERS = 4
WORKFLOWS = scale.of(5, 20)
ROUNDS = scale.of(3, 10)
MISSED = 3  # hours that were missed before each round

# The job as the scheduler's worker runs it, at a moment that all have agreed on, as if a minute had passed each time.
TICKS = """
import sys, time
import frappe
from dogansystem.jobs import tick
frappe.init(site=sys.argv[1])
frappe.connect()
time.sleep(max(0, float(sys.argv[2]) - time.time()))
for _ in range(5):
	tick()
	try:
		frappe.db.sql("DELETE FROM dogan_state WHERE name = 'tick'")
		frappe.db.commit()
	except frappe.QueryDeadlockError:  # another one has just put it there
		frappe.db.rollback()
"""


class TestSchedulers(SiteTestCase, Home):
	has_processes = True

	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		super().setUpClass()
		cls.addClassCleanup(frappe.db.commit)

	def test_ticks_of_several_nodes_at_the_same_moment_fire_each_due_time_once(self):
		for number in range(WORKFLOWS):
			trigger = {"on": "schedule", "every": "1h", "missed": "all"}
			self.save(
				f"contract-due-{number}", [step("a", "flow.wait", params={"for": "1d"})], triggers=[trigger]
			)
		lost = doubled = 0
		for _ in range(ROUNDS):
			frappe.db.sql(
				"UPDATE dogan_timer SET due_at = due_at - 3600 * %s WHERE kind = 'schedule'", MISSED
			)
			frappe.db.commit()
			self.tick_everywhere()
			frappe.db.rollback()
			fired = frappe.get_all("Dogan Workflow Run", {"cause": "schedule"}, ["workflow", "trigger_data"])
			once = {(run.workflow, run.trigger_data) for run in fired}
			lost, doubled = lost + WORKFLOWS * MISSED - len(once), doubled + len(fired) - len(once)
			own.sweep_runs()  # the next round has the same hours
		due = WORKFLOWS * ROUNDS * MISSED
		print(
			f"\nbench: ticks at the same moment: schedulers {SCHEDULERS}, due {due}, lost {lost}, doubled {doubled}",
			flush=True,
		)
		self.assertEqual((lost, doubled), (0, 0))
		timers = frappe.db.sql("SELECT COUNT(*) FROM dogan_timer WHERE kind = 'schedule'")
		self.assertEqual(timers, ((WORKFLOWS,),))

	def tick_everywhere(self) -> None:
		"""Have all schedulers tick at a moment by when all have started."""
		moment = time.time() + 6 + SCHEDULERS
		command = [sys.executable, "-c", TICKS, frappe.local.site, str(moment)]
		nodes = [subprocess.Popen(command) for _ in range(SCHEDULERS)]
		for node in nodes:
			self.assertEqual(node.wait(120), 0)
