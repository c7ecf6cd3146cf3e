"""Batches: a run for each of many documents. workflow-format.md, the trigger `manual`."""

from typing import Any
from unittest.mock import patch

from dogansystem.engine.errors import InputError, NotFound, WrongState
from dogansystem.tests.contract.home import PERSON, Home, output, proves, step
from dogansystem.triggers import batch as batching

TEXT = "contract batch"


class BatchContract(Home):
	def make(self, name: str, number: int, **rest: Any) -> tuple[str, list[str]]:
		"""A workflow for ToDos, and so many of them."""
		triggers = [{"on": "manual", "doctype": "ToDo"}]
		steps = [
			step("a", params={"of": "{{ doc.name }}", "n": "{{ input.n }}", "batch": "{{ trigger.batch }}"})
		]
		workflow = self.save(f"contract-batch-{name}", steps, triggers=triggers, **rest)
		with self.site.acting_as(PERSON):
			made = [
				str(self.site.documents.create("ToDo", {"description": f"{TEXT} {name}"})["name"])
				for _ in range(number)
			]
		self.site.database.commit()
		return workflow, made

	def start_batch(self, workflow: str, names: list[str] | None = None, **rest: Any) -> str:
		with self.site.acting_as(PERSON):
			batch = self.orchestrator.batches.start(workflow, "ToDo", names, **{"input": {"n": 7}, **rest})
		self.site.database.commit()
		return batch

	def batch(self, batch: str) -> dict[str, Any]:
		self.site.database.rollback()
		found = self.orchestrator.batches.get(batch)
		self.site.database.rollback()
		return found

	def results(self, batch: str) -> list[dict[str, Any]]:
		self.site.database.rollback()
		found = self.orchestrator.batches.documents(batch, 1000)
		self.site.database.rollback()
		return found

	@proves("or for many chosen in its list (a batch: progress and a result for each)")
	def test_each_document_gets_a_run(self):
		workflow, made = self.make("each", 5)
		batch = self.start_batch(workflow, [*made, made[0]])
		found = self.batch(batch)
		self.assertEqual((found["status"], found["total"], found["started"]), ("Running", 5, 0))
		self.assertEqual({each["result"] for each in self.results(batch)}, {"Pending"})
		self.drain()
		found = self.batch(batch)
		self.assertEqual((found["status"], found["started"], found["refused"]), ("Completed", 5, 0))
		self.assertEqual((found["runs"], found["started_by"]), ({"Succeeded": 5}, PERSON))
		results = self.results(batch)
		self.assertEqual([each["document"] for each in results], made)
		for each in results:
			run = self.run_of(each["run"])
			self.assertEqual(
				(run["cause"], run["document"]["name"], run["started_by"]),
				("batch", each["document"], PERSON),
			)
			self.assertEqual(output(run, "a"), {"of": each["document"], "n": 7, "batch": batch})

	def test_filters_choose_what_the_person_may_list(self):
		workflow, made = self.make("filters", 3)
		batch = self.start_batch(workflow, filters={"description": f"{TEXT} filters"})
		self.drain()
		self.assertEqual(sorted(each["document"] for each in self.results(batch)), sorted(made))
		self.assertEqual(self.batch(batch)["runs"], {"Succeeded": 3})

	def test_starts_are_spread_over_transactions(self):
		workflow, made = self.make("spread", 7)
		with patch.object(batching, "CHUNK", 3):
			batch = self.start_batch(workflow, made)
			seen = []
			right = batching.batches.settle

			def settle(*given: Any) -> bool:
				seen.append(right(*given))
				return seen[-1]

			with patch.object(batching.batches, "settle", settle):
				while self.drain():
					pass
		self.assertEqual(seen, [True, True, False])
		self.assertEqual(self.batch(batch)["runs"], {"Succeeded": 7})

	def test_a_document_that_is_gone_has_a_reason_and_the_others_their_runs(self):
		workflow, made = self.make("gone", 3)
		batch = self.start_batch(workflow, [made[0], "contract-no-such-todo", made[1]])
		with self.site.acting_as("Administrator"):
			self.site.documents.delete("ToDo", made[1])
		self.site.database.commit()
		self.drain()
		found = self.batch(batch)
		self.assertEqual((found["status"], found["started"], found["refused"]), ("Completed", 1, 2))
		results = self.results(batch)
		self.assertEqual([each["result"] for each in results], ["Started", "Refused", "Refused"])
		self.assertIn("DoesNotExistError", results[1]["reason"])
		self.assertIn(made[1], results[2]["reason"])

	def test_where_no_run_can_start_each_document_says_why(self):
		workflow, made = self.make("refused", 2, limits={"concurrent_runs": 1, "when_full": "skip"})
		batch = self.start_batch(workflow, made)
		self.orchestrator.set_workflow_enabled(workflow, False)
		self.site.database.commit()
		self.drain()
		self.assertEqual(self.batch(batch)["refused"], 2)
		self.assertTrue(all("is disabled" in each["reason"] for each in self.results(batch)))

	def test_what_has_not_begun_is_cancelled_and_what_has_goes_on(self):
		workflow, made = self.make("cancelled", 5)
		with patch.object(batching, "CHUNK", 2):
			batch = self.start_batch(workflow, made)
			self.fire_once(batch)
		self.assertEqual(self.batch(batch)["started"], 2)
		self.assertEqual(self.orchestrator.batches.cancel(batch), 3)
		self.site.database.commit()
		self.drain()
		found = self.batch(batch)
		self.assertEqual((found["status"], found["started"], found["cancelled"]), ("Cancelled", 2, 3))
		self.assertEqual(found["runs"], {"Succeeded": 2})
		with self.assertRaisesRegex(WrongState, "Cancelled already"):
			self.orchestrator.batches.cancel(batch)
		self.site.database.rollback()

	def fire_once(self, batch: str) -> None:
		"""Let one chunk be started, as whichever process finds it due first does."""
		from dogansystem.store import queue
		from dogansystem.triggers import planning

		db = self.site.database
		(wait,) = [each for each in queue.due_waits(db, self.site.now(), 100) if each.subject == batch]

		def write(work: Any) -> Any:
			result = work(db)
			db.commit()
			return result

		self.assertTrue(planning.fire(self.site, wait, write))
		self.assertFalse(planning.fire(self.site, wait, write))  # another process comes second

	def test_a_process_that_dies_before_its_commit_leaves_the_documents_to_the_next(self):
		workflow, made = self.make("dies", 4)
		batch = self.start_batch(workflow, made)
		with patch.object(batching.batches, "settle", side_effect=KeyboardInterrupt):
			with self.assertRaises(KeyboardInterrupt):
				self.drain()
		self.site.database.rollback()
		self.assertEqual(self.batch(batch)["started"], 0)
		self.lose_and_drain()
		self.assertEqual(self.batch(batch)["runs"], {"Succeeded": 4})
		self.assertEqual(len(self.orchestrator.list_runs(workflow)), 4)
		self.site.database.rollback()

	def lose_and_drain(self) -> None:
		for _ in range(2):
			self.advance(120)
			self.tick()
			self.drain()

	def test_what_makes_no_batch_is_refused(self):
		workflow, made = self.make("refusals", 1)
		schema = {"type": "object", "required": ["n"]}
		asks = self.save("contract-batch-asks", [step("a")], input=schema)
		batches = self.orchestrator.batches
		for start, words in (
			(lambda: batches.start(workflow, "ToDo", []), "No ToDo was chosen"),
			(lambda: batches.start(workflow, "ToDo", ["x" * 141]), "at most 140 characters"),
			(lambda: batches.start(workflow, "ToDo"), "either the names"),
			(lambda: batches.start(workflow, "ToDo", made, {"name": "x"}), "either the names"),
			(lambda: batches.start(workflow, "User", ["x"]), "of type ToDo"),
			(lambda: batches.start(asks, "ToDo", made), "input.n"),
		):
			with self.subTest(words=words), self.assertRaisesRegex(InputError, words):
				start()
			self.site.database.rollback()
		for ask in (
			lambda: batches.start("contract-none", "ToDo", made),
			lambda: batches.get("x"),
			lambda: batches.cancel("x"),
		):
			with self.assertRaises(NotFound):
				ask()
			self.site.database.rollback()
