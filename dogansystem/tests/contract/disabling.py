"""A run's failures are somebody's to know: a workflow whose runs fail one after the other is disabled."""

from typing import Any

from dogansystem.engine.errors import WrongState
from dogansystem.tests.contract.home import Home, fails, step
from dogansystem.tests.contract.sentences import contract

CHECK = step("check", "data.check", params={"that": "{{ input.ok }}", "message": "no"})


class DisablingContract(Home):
	def save_failing(
		self, name: str, after: int | None = 3, steps: list[dict[str, Any]] | None = None
	) -> str:
		limits = {} if after is None else {"disable_after": after}
		return self.save(name, steps or [CHECK], limits=limits)

	def run_one(self, workflow: str, ok: bool = False) -> str:
		self.advance(1)
		run = self.start(workflow, {"ok": ok})
		self.drain()
		return run

	def is_enabled(self, workflow: str) -> bool:
		self.site.database.rollback()
		query = "SELECT enabled FROM `tabDogan Workflow` WHERE name = %s"
		((found,),) = self.site.database.sql(query, (workflow,))
		self.site.database.rollback()
		return bool(found)

	@contract("so many runs in a row failed: the workflow is disabled")
	def test_so_many_failed_runs_in_a_row_disable_the_workflow(self):
		workflow = self.save_failing("contract-fails-on")
		for _ in range(2):
			self.run_one(workflow)
			self.assertTrue(self.is_enabled(workflow))
		self.run_one(workflow)
		self.assertFalse(self.is_enabled(workflow))
		with self.assertRaisesRegex(WrongState, "enable it"):
			self.start(workflow, {"ok": True})
		self.site.database.rollback()

	@contract("`limits.disable_after: 20` (default 20, 0 never)")
	def test_by_default_twenty_do_and_with_0_none_does(self):
		usual, never = self.save_failing("contract-twenty", None), self.save_failing("contract-never", 0)
		for workflow in (usual, never):
			for _ in range(19):
				self.start(workflow, {"ok": False})
		self.drain()
		self.assertTrue(self.is_enabled(usual))
		for workflow in (usual, never):
			self.run_one(workflow)
		self.assertEqual([self.is_enabled(usual), self.is_enabled(never)], [False, True])

	def test_a_run_that_succeeds_lets_the_count_begin_again(self):
		workflow = self.save_failing("contract-succeeds")
		for ok in (False, False, True, False, False):
			self.run_one(workflow, ok)
		self.assertTrue(self.is_enabled(workflow))
		self.run_one(workflow)
		self.assertFalse(self.is_enabled(workflow))

	def test_cancelled_runs_do_not_count(self):
		stop = step("stop", "flow.stop", params={"status": "Cancelled"}, **{"if": "input.ok"})
		workflow = self.save_failing("contract-cancels", 2, [stop, fails("b", when="done")])
		self.run_one(workflow)
		self.run_one(workflow, True)
		self.assertTrue(self.is_enabled(workflow))
		self.run_one(workflow)
		self.assertFalse(self.is_enabled(workflow))

	def test_runs_count_in_the_order_in_which_they_end(self):
		wait = step("w", "flow.wait", params={"for": "1h"}, **{"if": "input.ok"})
		workflow = self.save_failing("contract-order", 2, [wait, {**CHECK, "when": "done"}])
		self.advance(1)
		slow = self.start(workflow, {"ok": True})
		self.run_one(workflow)
		self.advance(3601)
		self.drain()
		self.assertEqual(self.run_of(slow)["status"], "Succeeded")
		self.run_one(workflow)
		self.assertTrue(self.is_enabled(workflow))
		self.run_one(workflow)
		self.assertFalse(self.is_enabled(workflow))

	def test_a_workflow_that_is_enabled_again_starts_counting_anew(self):
		workflow = self.save_failing("contract-anew", 2)
		for _ in range(2):
			self.run_one(workflow)
		self.assertFalse(self.is_enabled(workflow))
		self.advance(1)
		self.orchestrator.set_workflow_enabled(workflow, True)
		self.site.database.commit()
		self.run_one(workflow)
		self.assertTrue(self.is_enabled(workflow))
		self.save_failing(workflow, 2)  # it was enabled, so this begins nothing anew
		self.run_one(workflow)
		self.assertFalse(self.is_enabled(workflow))

	def test_a_run_counts_whichever_way_it_fails(self):
		ways: dict[str, list[dict[str, Any]]] = {
			"items": [fails("each", for_each=[1, 2, 3])],
			"stop": [step("stop", "flow.stop", params={"status": "Failed", "message": "enough"})],
			"output": [step("a")],
		}
		for way, steps in ways.items():
			more = {"output": "{{ steps.a.output.none }}"} if way == "output" else {}
			workflow = self.save(f"contract-way-{way}", steps, limits={"disable_after": 1}, **more)
			self.run_one(workflow)
			with self.subTest(way=way):
				self.assertFalse(self.is_enabled(workflow))

	def test_a_run_that_no_worker_ended_counts_too(self):
		wait = step("w", "flow.wait", params={"for": "1h"})
		limits = {"disable_after": 1, "run_timeout": "1m"}
		workflow = self.save("contract-way-timeout", [wait], limits=limits)
		self.start(workflow)
		self.drain()
		self.advance(61)
		self.drain()
		self.advance(30)
		self.tick()
		self.assertFalse(self.is_enabled(workflow))

	def test_a_disabled_workflow_has_no_schedule_any_more(self):
		workflow = self.save(
			"contract-silent",
			[fails("a")],
			limits={"disable_after": 2},
			triggers=[{"on": "schedule", "every": "1h"}],
		)
		for _ in range(4):
			self.advance(3601)
			self.tick()
			self.drain()
		self.site.database.rollback()
		self.assertEqual(len(self.orchestrator.list_runs(workflow)), 2)
