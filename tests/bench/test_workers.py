"""Real RQ workers and the scheduler's path on a real site, and what is left when a worker is killed."""

import os
import time
from datetime import datetime
from inspect import signature
from typing import Any

import frappe
from frappe.utils import scheduler

from dogansystem.tests.contract.home import PERSON, Home, row, states, step
from dogansystem.tests.home import SiteTestCase
from dogansystem.worker.tick import tick
from tests.bench.processes import Worker, is_alive

TICK = "dogansystem.jobs.tick"
# A Server Script: makes a ToDo, then works until a moment has come, or until nobody holds this lock of MariaDB's.
SLOW = "contract_slow_todo"
MARK = "contract bench"
LOCK = "contract bench slow"
LONG = 280.0  # seconds, less than a step may take


class BenchTestCase(SiteTestCase, Home):
	is_alone = False
	has_processes = True
	settings = {"linger_seconds": 1}

	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		super().setUpClass()
		cls.addClassCleanup(frappe.db.commit)
		cls.addClassCleanup(frappe.delete_doc_if_exists, "Server Script", SLOW)
		frappe.get_doc(
			{
				"doctype": "Server Script",
				"name": SLOW,
				"script_type": "API",
				"api_method": SLOW,
				"script": f"""
frappe.get_doc(doctype="ToDo", description="{MARK} effect").insert()
if frappe.form_dict.sleep:
	frappe.db.sql("select sleep(%s)", frappe.form_dict.sleep)
moment = float(frappe.form_dict.until)
lock = frappe.form_dict.lock
while float(frappe.db.sql("select unix_timestamp(sysdate(6))")[0][0]) < moment:
	if lock and not frappe.db.sql("select is_used_lock(%s)", lock)[0][0]:
		break
	frappe.db.sql("select sleep(0.1)")
frappe.response["message"] = "done"
""",
			}
		).insert()
		frappe.db.commit()

	def finished(self, run: str, seconds: float = 30.0) -> dict[str, Any]:
		"""The run, once it has ended."""
		self.wait_for(lambda: self.has_ended(run), seconds)
		return self.run_of(run)

	def finished_by_ticks(self, run: str) -> dict[str, Any]:
		"""The run, once it has ended with nobody but the scheduler to wake workers. Its minutes are seconds here."""

		def ended_by_next_minute() -> bool:
			frappe.db.sql("DELETE FROM dogan_state WHERE name = 'tick'")
			frappe.db.commit()
			tick(self.site)
			time.sleep(1)
			frappe.db.rollback()
			return self.has_ended(run)

		self.wait_for(ended_by_next_minute, 60)
		return self.run_of(run)

	def has_ended(self, run: str) -> bool:
		return self.orchestrator.get_run(run)["status"] in ("Succeeded", "Failed", "Cancelled")

	def runs_of(self, workflow: str) -> list[dict[str, Any]]:
		return self.orchestrator.list_runs(workflow)


class TestWorkers(BenchTestCase):
	def slow_run(self) -> str:
		"""Start a run whose first step works until `let_go`, however slow the machine is."""
		self.holder = self.site.open_control()
		self.addCleanup(self.holder.close)
		self.holder.sql("SELECT GET_LOCK(%s, 0)", (LOCK,))
		slow = {"method": SLOW, "args": {"until": "{{ input.until }}", "lock": LOCK}}
		retry = {"attempts": 1, "delay": "1s"}
		workflow = self.save(
			"contract-bench-slow",
			[
				step("slow", "method.call", params=slow, retry=retry),
				step("then", params={"saw": "{{ steps.slow.output }}"}),
			],
		)
		return self.start(workflow, {"until": time.time() + LONG})

	def let_go(self) -> None:
		self.holder.sql("SELECT RELEASE_LOCK(%s)", (LOCK,))
		self.holder.rollback()

	def wait_for_effect(self) -> None:
		"""Wait until the step in hand has written its ToDo and not committed it."""
		beside = self.site.open_control()
		self.addCleanup(beside.close)
		beside.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
		self.wait_for(lambda: self.count(beside) == 1)
		frappe.db.rollback()
		self.assertEqual(self.todos(f"{MARK} effect"), [], "the effect must not be committed yet")

	def count(self, database: Any) -> int:
		found = database.sql("SELECT COUNT(*) FROM tabToDo WHERE description = %s", (f"{MARK} effect",))
		database.rollback()
		return found[0][0]

	def test_a_saved_document_starts_a_run_that_a_worker_executes(self):
		workflow = self.save(
			"contract-bench-document",
			[step("a", "document.comment", params={"doctype": "ToDo", "name": "{{ doc.name }}", "text": "seen"}), step("b")],
			triggers=[{"on": "document", "doctype": "ToDo", "event": "created", "if": f"{{{{ doc.description == '{MARK}' }}}}"}],
		)  # fmt: skip
		with Worker():
			self.wait_for(lambda: self.orchestrator.get_system_status()["workers"]["listening"] == 1)
			frappe.set_user(PERSON)
			todo = frappe.get_doc({"doctype": "ToDo", "description": MARK}).insert()
			frappe.db.commit()
			frappe.set_user("Administrator")
			(run,) = self.wait_for(lambda: self.runs_of(workflow))
			found = self.finished(run["run"])
		self.assertEqual((found["status"], found["cause"]), ("Succeeded", "document"))
		self.assertEqual(run["document"], {"doctype": "ToDo", "name": todo.name})
		comments = frappe.get_all(
			"Comment", {"reference_name": todo.name, "content": ["like", "seen%"]}, ["owner"]
		)
		self.assertEqual([each.owner for each in comments], [PERSON])
		self.assertNotIn(f":{os.getpid()}", row(found, "a")["worker"])

	def test_a_worker_killed_in_mid_step_leaves_its_effect_once(self):
		with Worker() as first:
			run = self.slow_run()
			self.wait_for_effect()
			first.kill()
			self.let_go()
		with Worker():
			found = self.finished_by_ticks(run)
		self.assertEqual(found["status"], "Succeeded")
		self.assertEqual(states(found), {"slow": "Succeeded", "then": "Succeeded"})
		self.assertEqual(row(found, "slow")["attempts"], 2)
		self.assertEqual(len(self.todos(f"{MARK} effect")), 1)

	def test_a_step_whose_worker_alone_is_killed_ends_right(self):
		with Worker() as first:
			run = self.slow_run()
			self.wait_for_effect()
			horse = first.kill_alone()
			self.addCleanup(lambda: is_alive(horse) and os.kill(horse, 9))
			self.let_go()
			self.wait_for(lambda: not is_alive(horse))
		with Worker():
			found = self.finished_by_ticks(run)
		self.assertEqual((found["status"], row(found, "slow")["attempts"]), ("Succeeded", 1))
		self.assertEqual(len(self.todos(f"{MARK} effect")), 1)

	def test_a_statement_that_sleeps_past_the_steps_timeout_is_ended(self):
		slow = {"method": SLOW, "args": {"until": 0, "sleep": 20}}
		only = step("slow", "method.call", params=slow, retry={"attempts": 1, "delay": "1s"}, timeout="1s")
		workflow = self.save("contract-bench-sleep", [only])
		with Worker():
			found = self.finished(self.start(workflow), 15)
		self.assertEqual((found["status"], found["error"].partition(":")[0]), ("Failed", "Timeout"), found)
		self.assertEqual(self.todos(f"{MARK} effect"), [])

	def test_a_worker_that_is_told_to_leave_finishes_its_step_and_gives_back_the_rest(self):
		with Worker() as first:
			run = self.slow_run()
			self.wait_for_effect()
			first.tell_to_leave()
			self.wait_for(first.is_leaving)
			self.let_go()
			seconds = first.wait()
		self.assertLess(seconds, 10)
		self.assertEqual(states(self.run_of(run)), {"slow": "Succeeded", "then": "Ready"})
		self.assertEqual(row(self.run_of(run), "slow")["attempts"], 1)
		with Worker():
			self.assertEqual(self.finished_by_ticks(run)["status"], "Succeeded")
		self.assertEqual(len(self.todos(f"{MARK} effect")), 1)


class TestScheduler(BenchTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(self.forget_jobs, frappe.utils.now_datetime())

	def forget_jobs(self, began: datetime) -> None:
		"""Jobs that ran, on a site that nobody has logged in to, have Frappe take it for dormant for a day."""
		frappe.db.delete("Scheduled Job Log", {"modified": [">=", began]})
		frappe.db.commit()
		self.assertTrue(scheduler.schedule_jobs_based_on_activity())

	def test_the_scheduler_has_a_worker_fire_a_schedule_that_is_due(self):
		workflow = self.save(
			"contract-bench-schedule",
			[step("a", params={"due": "{{ trigger.due }}"})],
			triggers=[{"on": "schedule", "every": "1h"}],
		)
		with Worker("default,dogansystem"):
			frappe.db.sql("UPDATE dogan_timer SET due_at = due_at - 3605")
			job = {"method": TICK}
			long_ago = frappe.utils.add_days(frappe.utils.now(), -1)
			before = frappe.db.get_value("Scheduled Job Type", job, "creation")
			self.addCleanup(frappe.db.set_value, "Scheduled Job Type", job, "creation", before)
			frappe.db.set_value("Scheduled Job Type", job, {"creation": long_ago, "last_execution": None})
			frappe.db.commit()
			given = (
				{"site": frappe.local.site}
				if "site" in signature(scheduler.enqueue_events).parameters
				else {}
			)
			self.assertIn(TICK, scheduler.enqueue_events(**given))  # Frappe 16 takes no site
			# All jobs that are due are in the queue, Frappe 16 mixes them.
			(run,) = self.wait_for(lambda: self.runs_of(workflow), 180)
			found = self.finished(run["run"])
			at = self.wait_for(lambda: frappe.db.get_value("Scheduled Job Type", job, "last_execution"))
			self.assertGreater(str(at), long_ago)
		self.assertEqual((found["status"], found["cause"]), ("Succeeded", "schedule"))
		frappe.db.rollback()
