"""Ends of runs that start others: the error workflow."""

from typing import Any

from dogansystem.engine.errors import DefinitionError
from dogansystem.tests.contract.home import PERSON, fails, output, proves, step
from dogansystem.tests.contract.started import Started
from dogansystem.triggers import webhook


class RunTriggerContract(Started):
	"""The error workflow."""

	def on_end(self, name: str, **keys: Any) -> str:
		steps = [step("a", params={"of": "{{ trigger.run }}"})]
		return self.save(name, steps, triggers=[{"on": "run", **keys}])

	def settle(self) -> None:
		"""Work until nothing follows from what has ended."""
		for _ in range(3):
			self.drain()

	@proves(
		"a run of another workflow ends so: the error workflow.",
		"`trigger.run` is that run, with `error`, `step`.",
	)
	def test_a_failed_run_starts_the_error_workflow_once(self):
		watched = self.save("contract-watched", [step("a"), fails("b")])
		errors = self.on_end("contract-errors", workflow=watched)
		run = self.start(watched)
		self.settle()
		(found,) = self.runs(errors)
		self.assertEqual((found["status"], found["cause"], found["started_by"]), ("Succeeded", "run", PERSON))
		about = output(found, "a")["of"]
		self.assertEqual((about["name"], about["workflow"], about["status"]), (run, watched, "Failed"))
		self.assertEqual((about["step"], about["error_type"]), ("b", "CheckFailed"))
		self.assertIn("b says no", about["error"])
		self.tick()
		self.settle()
		self.assertEqual(len(self.runs(errors)), 1)
		self.enable(errors, False)

	@proves("`status` (list, default Failed)")
	def test_only_ends_that_are_named_count(self):
		watched = self.save(
			"contract-watched-ends", [step("a", "flow.wait", params={"for": "{{ input.seconds }}s"})]
		)
		failed = self.on_end("contract-on-failed", workflow=watched)
		others = self.on_end("contract-on-others", workflow=watched, status=["Succeeded", "Cancelled"])
		self.start(watched, {"seconds": 0})
		cancelled = self.start(watched, {"seconds": 900})
		self.settle()
		self.act("cancel", cancelled)
		self.settle()
		self.assertEqual(self.runs(failed), [])
		ends = [output(run, "a")["of"]["status"] for run in self.runs(others)]
		self.assertEqual(sorted(ends), ["Cancelled", "Succeeded"])
		for workflow in (failed, others):
			self.enable(workflow, False)

	@proves("`workflow` (a name or `*`)", "A run that was started by `run` never starts another one by it")
	def test_a_star_means_all_others_and_no_end_goes_round(self):
		one = self.save("contract-all-errors", [fails("a")], triggers=[{"on": "run", "workflow": "*"}])
		two = self.save("contract-all-errors-2", [fails("a")], triggers=[{"on": "run", "workflow": "*"}])
		watched = self.save("contract-watched-by-all", [fails("a")])
		self.start(watched)
		self.settle()
		self.settle()
		self.assertEqual([len(self.runs(each)) for each in (one, two)], [1, 1])
		self.start(one)  # by hand: the other one hears of it, it itself does not
		self.settle()
		self.assertEqual([len(self.runs(each)) for each in (one, two)], [2, 2])
		for workflow in (one, two):
			self.enable(workflow, False)

	def test_if_decides_and_a_broken_one_leaves_a_failed_run(self):
		watched = self.save("contract-watched-if", [fails("a")])
		never = self.on_end("contract-end-if", workflow=watched, **{"if": "{{ trigger.run.step == 'z' }}"})
		broken = self.on_end(
			"contract-end-broken", workflow=watched, **{"if": "{{ trigger.run.nothing.there }}"}
		)
		self.start(watched)
		self.settle()
		self.assertEqual(self.runs(never), [])
		self.assertEqual([run["status"] for run in self.runs(broken)], ["Failed"])
		for workflow in (never, broken):
			self.enable(workflow, False)

	def test_each_end_counts_also_that_of_a_retry(self):
		watched = self.save("contract-watched-again", [fails("a")])
		errors = self.on_end("contract-errors-again", workflow=watched)
		run = self.start(watched)
		self.settle()
		self.act("retry", run)
		self.settle()
		self.assertEqual(len(self.runs(errors)), 2)
		self.enable(errors, False)

	def test_a_run_that_could_not_start_counts(self):
		self.save(
			"contract-no-start", [step("a")], triggers=[{"on": "run", "workflow": "contract-no-start-2"}]
		)
		self.keep_credential("contract-hook", type="hmac", secret="s3cret-of-the-contract")
		trigger = {"on": "webhook", "credential": "contract-hook", "if": "{{ trigger.body.nothing.there }}"}
		watched = self.save("contract-no-start-2", [step("a")], triggers=[trigger])
		webhook.deliver(self.site, watched, webhook.Delivery({"id": 1}))
		self.site.database.commit()
		self.settle()
		self.assertEqual(len(self.runs("contract-no-start")), 1)
		self.enable("contract-no-start", False)

	def test_a_disabled_one_hears_nothing_and_nothing_is_left(self):
		watched = self.save("contract-watched-deaf", [fails("a")])
		errors = self.on_end("contract-errors-deaf", workflow=watched)
		self.enable(errors, False)
		self.start(watched)
		self.settle()
		self.start(watched)
		self.settle()
		self.assertEqual(self.runs(errors), [])
		left = self.site.database.sql("SELECT COUNT(*) FROM dogan_timer WHERE kind = 'ended'")
		self.site.database.rollback()
		self.assertEqual(left[0][0], 0)

	def test_a_chain_of_ends_and_starts_comes_to_an_end(self):
		"""The error workflow starts the failing one again, by a document."""
		description = "contract chain of ends"
		watched = self.save(
			"contract-chain",
			[fails("a")],
			triggers=[{"on": "document", "doctype": "ToDo", "event": "created", "if": f"{{{{ doc.description == '{description}' }}}}"}],
		)  # fmt: skip
		make = step(
			"a", "document.create", params={"doctype": "ToDo", "values": {"description": description}}
		)
		errors = self.save("contract-chain-errors", [make], triggers=[{"on": "run", "workflow": watched}])
		self.start(watched)
		for _ in range(12):
			self.drain()
		self.assertLessEqual(len(self.runs(watched)), 9)
		self.assertLessEqual(len(self.runs(errors)), 9)
		self.enable(errors, False)
		self.enable(watched, False)

	def test_a_workflow_cannot_wait_for_its_own_ends(self):
		with self.assertRaisesRegex(DefinitionError, "itself"):
			self.on_end("contract-own-ends", workflow="contract-own-ends")
		with self.assertRaisesRegex(DefinitionError, "Failed"):
			self.on_end("contract-wrong-ends", workflow="*", status=["Fialed"])
