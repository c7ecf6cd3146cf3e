"""Work for real RQ workers to be disturbed at: every step makes a ToDo with a name of its own, so that they can be counted."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import frappe

from dogansystem.tests.contract.home import PERSON, step
from dogansystem.worker.tick import tick
from tests.bench.test_workers import BenchTestCase

MARK = "contract fault"
ITEMS = 8
RETRY = {"attempts": 50, "delay": "0s"}
STEPS = {
	"contract-chain": ["a", "b", "c"],
	"contract-items": [*(f"each.{number}" for number in range(ITEMS)), "then"],
	"contract-desk": ["a", "b"],
}


def makes(step_id: str, **rest: Any) -> dict[str, Any]:
	"""A step that makes a ToDo."""
	name = f"{step_id}.{{{{ index }}}}" if "for_each" in rest else step_id
	values = {"description": f"{MARK} {{{{ run.name }}}}.{name}"}
	params = {"doctype": "ToDo", "values": values}
	return step(step_id, "document.create", params=params, retry=RETRY, **rest)


class LoadTestCase(BenchTestCase):
	"""Starts runs, waits for them, and counts what they left."""

	settings = {"linger_seconds": 1, "lease_seconds": 3}

	def setUp(self) -> None:
		super().setUp()
		self.orchestrator.register_agent("contract desk", PERSON, ["contract"], 2)
		self.save("contract-chain", [makes("a"), makes("b"), makes("c")])
		self.save(
			"contract-items",
			[makes("each", for_each=list(range(ITEMS)), max_parallel=4), makes("then")],
		)
		self.save(
			"contract-desk",
			[makes("a", agent="contract desk"), makes("b")],
			limits={"concurrent_runs": 3},
		)
		self.started: dict[str, str] = {}

	def start_some(self, runs: int) -> None:
		"""Start so many runs, of each kind in turn."""
		for _ in range(runs):
			workflow = list(STEPS)[len(self.started) % len(STEPS)]
			self.started[self.start(workflow)] = workflow

	@property
	def steps(self) -> int:
		return sum(len(STEPS[workflow]) for workflow in self.started.values())

	def unfinished(self) -> int:
		frappe.db.rollback()
		return frappe.db.count(
			"Dogan Workflow Run", {"status": ["not in", ["Succeeded", "Failed", "Cancelled"]]}
		)

	def tick(self) -> None:
		"""What the scheduler does once a minute, without waiting for the minute."""
		frappe.db.rollback()
		frappe.db.sql("DELETE FROM dogan_state WHERE name = 'tick'")
		frappe.db.commit()
		tick(self.site)

	def wait_until_done(self, seconds: float, meanwhile: Callable[[], object] | None = None) -> float:
		"""Wait until all runs have ended, with a tick every second; gives the seconds it took."""
		began = time.monotonic()
		while left := self.unfinished():
			if time.monotonic() - began > seconds:
				self.fail(f"{left} runs have not ended: {self.describe()}")
			(meanwhile or self.tick)()
			time.sleep(1)
		return time.monotonic() - began

	def describe(self) -> str:
		frappe.db.rollback()
		tables = ("ready", "lease", "line", "slot", "timer", "process")
		lines = [f"{table}: {frappe.db.sql(f'SELECT * FROM dogan_{table} LIMIT 5')}" for table in tables]
		return "\n".join(lines)

	def assert_right(self, title: str, **figures: float) -> None:
		"""Every run succeeded, every effect is there once, nothing is left. Prints the figures."""
		frappe.db.rollback()
		rows = frappe.get_all("ToDo", {"description": ["like", f"{MARK} %"]}, pluck="description")
		found = Counter(each.removeprefix(f"{MARK} ") for each in rows)
		wanted = Counter(
			f"{run}.{each}" for run, workflow in self.started.items() for each in STEPS[workflow]
		)
		lost, doubled = (wanted - found).total(), (found - wanted).total()
		told = ", ".join(f"{name.replace('_', ' ')} {number:g}" for name, number in figures.items())
		print(f"\n{title}: {told}, steps {wanted.total()}, lost {lost}, doubled {doubled}", flush=True)
		self.assertEqual((lost, doubled), (0, 0))
		states = Counter(frappe.get_all("Dogan Workflow Run", pluck="status"))
		self.assertEqual(states, {"Succeeded": len(self.started)})
		for table in ("ready", "lease", "line", "slot", "timer"):
			self.assertEqual(frappe.db.sql(f"SELECT * FROM dogan_{table}"), (), table)
		self.assertEqual(
			frappe.get_all("ToDo", {"description": ["like", f"{MARK} %"], "owner": ["!=", PERSON]}), []
		)
