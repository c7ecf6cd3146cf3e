"""Real processes on a real site: RQ workers, a warm shutdown, SIGTERM, and kill -9 in the middle of a step."""

import os
import signal
import subprocess
import sys
import time
from typing import Any, ClassVar

import frappe
import psutil
from frappe.utils.background_jobs import get_queues_timeout

from dogansystem.tests.contract.home import PERSON, row, states, step
from dogansystem.tests.home import SiteTestCase

DRAIN = (
	"import sys, frappe; frappe.init(site=sys.argv[1]); frappe.connect();"
	" from dogansystem.jobs import drain; drain(); frappe.destroy()"
)
SCRIPT = "contract_slow"
# Writes a document, then sleeps in the database until somebody lets it go on.
SLOW = """
frappe.get_doc({"doctype": "ToDo", "description": "contract slow"}).insert()
if not frappe.db.exists("ToDo", {"description": "contract go"}):
	frappe.db.sql("select sleep(%s)" % float(frappe.form_dict.seconds))
"""


# A worker of a queue that nobody else works on, with one drain job in it.
WORK = """
import sys, frappe
from rq import Queue, Worker
from frappe.utils.background_jobs import execute_job, get_redis_conn
frappe.init(site=sys.argv[1])
queue = Queue(sys.argv[2], connection=get_redis_conn())
job = dict(site=sys.argv[1], method="dogansystem.jobs.drain", event=None, job_name="drain", kwargs={})
queue.enqueue_call(execute_job, kwargs=job, timeout=600)
Worker([queue], connection=get_redis_conn()).work(burst=True)
"""


class ProcessTestCase(SiteTestCase):
	has_processes: ClassVar[bool] = True

	def setUp(self) -> None:
		super().setUp()
		self.processes: list[subprocess.Popen[bytes]] = []
		self.addCleanup(self.end_processes)

	def save(self, name: str, steps: list[dict[str, Any]], **rest: Any) -> str:
		self.orchestrator.import_workflow({"name": name, "run_as": PERSON, "steps": steps, **rest})
		frappe.db.commit()
		return name

	def start(self, workflow: str) -> str:
		with self.site.acting_as(PERSON):
			run = self.orchestrator.start_run(workflow)
		frappe.db.commit()
		return run

	def run_of(self, run: str) -> dict[str, Any]:
		frappe.db.rollback()
		return self.orchestrator.get_run(run)

	def launch(self, *command: str) -> subprocess.Popen[bytes]:
		process = subprocess.Popen(
			[sys.executable, *command],
			cwd=os.path.abspath(frappe.local.sites_path),
			stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
			start_new_session=True,
		)
		self.processes.append(process)
		return process

	def launch_bench_worker(self) -> subprocess.Popen[bytes]:
		"""A worker of this bench, as a process manager starts it, until its queues are empty."""
		queues = "dogansystem,long" if "dogansystem" in get_queues_timeout() else "long"
		command = ("frappe", "worker", "--queue", queues, "--burst")
		return self.launch("-m", "frappe.utils.bench_helper", *command)

	def launch_drainer(self) -> subprocess.Popen[bytes]:
		return self.launch("-c", DRAIN, frappe.local.site)

	def end_processes(self) -> None:
		"""With their children: RQ gives the process of a job a group of its own."""
		for process in self.processes:
			if process.poll() is None:
				for each in (*psutil.Process(process.pid).children(recursive=True), process):
					each.kill()
			process.wait()


# What bench reads of each app, in a process that was called with these words.
LOAD = """
import sys
sys.argv = ["bench", "frappe", *sys.argv[1:]]
import dogansystem.commands
sys.exit("dogansystem.jobs" not in sys.modules)
"""


class TestLoaded(ProcessTestCase):
	is_alone: ClassVar[bool] = False

	def loads(self, *words: str) -> bool:
		return self.launch("-c", LOAD, *words).wait() == 0

	def test_a_worker_has_loaded_what_its_jobs_need_and_other_commands_have_not(self):
		self.assertTrue(self.loads("worker", "--queue", "dogansystem"))
		self.assertTrue(self.loads("--site", "all", "worker-pool"))
		self.assertFalse(self.loads("--site", "all", "migrate"))


class TestDoorbellOnRQ(ProcessTestCase):
	is_alone: ClassVar[bool] = False

	def test_a_saved_document_is_worked_off_by_an_rq_worker(self):
		workflow = self.save(
			"contract-rq",
			[step("a", params={"of": "{{ doc.name }}"}), step("b")],
			triggers=[{"on": "document", "doctype": "ToDo", "event": "created"}],
		)
		todo = frappe.get_doc({"doctype": "ToDo", "description": "contract rq"}).insert()
		frappe.db.commit()
		self.launch_bench_worker()
		run = self.wait_for(lambda: self.orchestrator.list_runs(workflow, "Succeeded"))[0]
		self.assertEqual(run["document"], {"doctype": "ToDo", "name": todo.name})
		found = self.run_of(run["run"])
		self.assertEqual(row(found, "a")["output"], {"of": todo.name})
		self.assertNotEqual(row(found, "a")["worker"].split(":")[1], str(os.getpid()))


class TestShutdown(ProcessTestCase):
	def test_a_warm_shutdown_is_not_held_up_by_a_drainer_that_lingers(self):
		self.set_settings(linger_seconds=120)
		run = self.start(self.save("contract-warm", [step("a")]))
		worker = self.launch("-c", WORK, frappe.local.site, "contract-warm")
		self.wait_for(lambda: self.run_of(run)["status"] == "Succeeded")
		asked = time.monotonic()
		worker.send_signal(signal.SIGTERM)
		worker.wait(30)
		self.assertLess(time.monotonic() - asked, 20)
		self.wait_for(lambda: not frappe.db.sql("SELECT 1 FROM dogan_process"))


class TestSignals(ProcessTestCase):
	def setUp(self) -> None:
		super().setUp()
		if not frappe.conf.server_script_enabled:
			self.skipTest("needs server_script_enabled in common_site_config.json")
		frappe.delete_doc("Server Script", SCRIPT, ignore_missing=True, force=True)
		frappe.get_doc(
			{
				"doctype": "Server Script",
				"name": SCRIPT,
				"script_type": "API",
				"api_method": SCRIPT,
				"script": SLOW,
			}
		).insert()
		frappe.db.commit()
		self.addCleanup(self.remove_script)

	def remove_script(self) -> None:
		frappe.db.rollback()
		frappe.delete_doc("Server Script", SCRIPT, ignore_missing=True, force=True)
		frappe.db.commit()

	def slow(self, seconds: float) -> dict[str, Any]:
		return step("slow", "method.call", params={"method": SCRIPT, "args": {"seconds": seconds}})

	def wait_until_it_sleeps(self) -> None:
		self.wait_for(
			lambda: frappe.db.sql(
				"SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'select sleep%%' AND DB = DATABASE()"
			)
		)

	def count_effects(self) -> int:
		frappe.db.rollback()
		return frappe.db.count("ToDo", {"description": "contract slow"})

	def test_killed_in_mid_step_the_run_ends_right_and_the_effect_is_there_once(self):
		run = self.start(self.save("contract-kill", [self.slow(20), step("b")]))
		process = self.launch_drainer()
		self.wait_until_it_sleeps()
		process.kill()
		process.wait()
		self.assertEqual(self.count_effects(), 0)
		frappe.get_doc({"doctype": "ToDo", "description": "contract go"}).insert()
		frappe.db.commit()
		for _ in range(3):
			self.advance(60)
			self.drain()
		found = self.run_of(run)
		self.assertEqual((found["status"], row(found, "slow")["attempts"]), ("Succeeded", 2))
		self.assertEqual(self.count_effects(), 1)

	def test_sigterm_lets_the_step_in_hand_finish_and_gives_back_the_rest(self):
		run = self.start(self.save("contract-term", [self.slow(4), step("b")]))
		process = self.launch_drainer()
		self.wait_until_it_sleeps()
		process.terminate()
		process.wait(30)
		self.assertEqual(process.returncode, 0)
		self.assertEqual(states(self.run_of(run))["slow"], "Succeeded")
		self.assertEqual(self.count_effects(), 1)
		self.drain()
		self.wait_for(lambda: self.run_of(run)["status"] == "Succeeded")  # here, or by a worker of the bench
		found = self.run_of(run)
		self.assertEqual(row(found, "slow")["attempts"], 1)
		self.assertNotEqual(row(found, "b")["worker"], row(found, "slow")["worker"])

	def test_a_step_over_its_timeout_is_ended_in_mid_statement_and_rolled_back(self):
		slow = self.slow(20) | {"timeout": "1s"}
		run = self.start(self.save("contract-time-up", [slow]))
		started = time.monotonic()
		self.drain()
		self.assertLess(time.monotonic() - started, 10)
		found = self.run_of(run)
		self.assertEqual(found["status"], "Failed")
		self.assertIn("Timeout", found["error"])
		self.assertEqual(self.count_effects(), 0)

	def drain(self) -> None:
		from dogansystem.worker.drainer import Drainer

		frappe.db.rollback()
		Drainer(self.site, until=lambda: True).run()
