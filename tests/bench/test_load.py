"""`load`, `scale` and `compare` with real RQ workers: what twice the workers do, and that nothing is left."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import frappe

from tests.bench.processes import Worker
from tests.bench.supervisord import supervised, why_not
from tests.bench.test_scale import RECORD, ROOT, ScaleTestCase

STEPS = 2
WAIT = "100ms"
RUNS_PER_WORKER = 40  # `compare` wants a hundred steps of each side


class TestLoad(ScaleTestCase):
	settings = ScaleTestCase.settings | {"linger_seconds": 5, "num_workers": 2}

	@contextmanager
	def two_workers(self) -> Iterator[Callable[[], object]]:
		"""Two workers, and what makes four of them: `scale` where there is a supervisor, else a test's own hands."""
		with ExitStack() as stack:
			if why_not() is None:
				self.addCleanup(RECORD.unlink, missing_ok=True)
				stack.enter_context(supervised(ROOT, 2))
				yield lambda: self.assertEqual(self.scaled("--workers", "4")["alive"], 4)
			else:
				more = lambda: [stack.enter_context(Worker()) for _ in range(2)]  # noqa: E731
				more()
				yield lambda: (self.set_settings(num_workers=4), more())

	def json_of(self, *arguments: str) -> Any:
		return json.loads(self.command(*arguments, "--json", shell=True).stdout)  # signals need a main thread

	def put_on(self, workers: int) -> None:
		runs = str(workers * RUNS_PER_WORKER)
		load = ("--steps", str(STEPS), "--wait", WAIT, "--record", f"contract {workers}")
		found = self.json_of("load", "--runs", runs, *load)
		self.assertEqual((found["steps"], found["failed"]), (workers * RUNS_PER_WORKER * STEPS, 0))

	def test_twice_the_workers_do_about_twice_as_much_of_what_waits(self):
		mails, todos = frappe.db.count("Email Queue"), frappe.db.count("ToDo")
		with self.two_workers() as make_four:
			self.put_on(2)
			make_four()
			self.put_on(4)
		found = self.json_of("compare", "contract 2", "--with", "contract 4")
		gained: dict[str, Any] = found["capacity"]
		print(f"\ntwice the workers: {found['title']}, {gained}", flush=True)
		self.assertAlmostEqual(gained["hoped"], 2, delta=0.2)
		self.assertGreater(gained["ratio"], 1.4, found["reasons"])
		self.assertIn({"what": "num_workers", "before": 2, "after": 4}, found["changes"])
		self.assertEqual(frappe.get_all("Dogan Workflow", {"name": "dogansystem-load"}), [])
		self.assertEqual(frappe.get_all("Dogan Workflow Run", {"workflow": "dogansystem-load"}), [])
		self.assertEqual((frappe.db.count("Email Queue"), frappe.db.count("ToDo")), (mails, todos))
