"""A workflow that cannot be used hurts itself only: neither a person's save, nor other workflows, nor the schedules."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from dogansystem.engine.errors import UnreadableVersion
from dogansystem.store import versions
from dogansystem.tests.contract.home import PERSON, Home, step
from dogansystem.triggers import starting

TODO = {"doctype": "ToDo", "description": "contract isolation"}
NEWER = '{"format": 99, "anything": 1}'


class IsolationContract(Home):
	def on_todo(self, name: str, **rest: object) -> str:
		trigger = {"on": "document", "doctype": "ToDo", "event": "created", **rest}
		return self.save(name, [step("a")], triggers=[trigger])

	def scheduled(self, name: str) -> str:
		return self.save(name, [step("a")], triggers=[{"on": "schedule", "every": "10m"}])

	def disable(self, *workflows: str) -> None:
		for workflow in workflows:
			self.site.database.execute(
				"UPDATE `tabDogan Workflow` SET enabled = 0 WHERE name = %s", (workflow,)
			)
		self.site.touch("triggers")
		self.site.database.commit()

	def create(self) -> str:
		with self.site.acting_as(PERSON):
			name = str(self.site.documents.create("ToDo", TODO)["name"])
		self.site.database.commit()
		return name

	def runs(self, workflow: str) -> list[dict[str, Any]]:
		self.site.database.rollback()
		found = self.orchestrator.list_runs(workflow)
		self.site.database.rollback()
		return found

	def poison(self, workflow: str, definition: str | None) -> str:
		"""Give a workflow a version that cannot be used; None: one that is not there."""
		db = self.site.database
		version = f"{workflow}@9-{abs(hash((workflow, definition))):x}"
		if definition is not None:
			db.execute(
				"INSERT INTO `tabDogan Workflow Version` (name, creation, modified, owner, modified_by, workflow, version,"
				" definition, checksum, trusted) SELECT %s, creation, modified, owner, modified_by, workflow, 9, %s, 'x', 1"
				" FROM `tabDogan Workflow Version` WHERE workflow = %s LIMIT 1",
				(version, definition, workflow),
			)
		db.execute("UPDATE `tabDogan Workflow` SET current_version = %s WHERE name = %s", (version, workflow))
		self.site.touch("triggers")
		db.commit()
		return version

	@contextmanager
	def failing(self, workflow: str, fail: Callable[[], object]) -> Iterator[None]:
		"""Within the block, `fail` is called once a run of this workflow has been written."""
		real = starting.start_run

		def start_run(site: Any, db: Any, name: str, *arguments: Any, **rest: Any) -> str:
			run = real(site, db, name, *arguments, **rest)
			if name == workflow:
				fail()
			return run

		with patch.object(starting, "start_run", start_run):
			yield

	def _save_beside(self, broken: str, beside: str) -> None:
		name = self.create()
		self.assertEqual(self.runs(broken), [])
		self.assertEqual([run["document"]["name"] for run in self.runs(beside)], [name])
		self.site.database.rollback()
		with self.site.acting_as(PERSON):
			self.assertEqual(self.site.documents.get("ToDo", name)["description"], TODO["description"])

	def test_a_version_that_cannot_be_read_hurts_its_own_workflow_only(self):
		for number, definition in enumerate(("nonsense", NEWER, None)):
			broken = self.on_todo(f"contract-a-broken-{number}")
			beside = self.on_todo(f"contract-b-beside-{number}")
			version = self.poison(broken, definition)
			with self.assertRaises(UnreadableVersion) as caught:
				versions.load(self.site, version)
			self.assertIn(repr(version), str(caught.exception))
			self._save_beside(broken, beside)
			self.disable(broken, beside)

	def test_a_fault_of_ours_leaves_the_document_and_the_other_triggers_alone(self):
		def own_fault() -> None:
			raise RuntimeError("our own fault")

		def refused() -> None:
			self.site.database.execute("INSERT INTO no_such_table (a) VALUES (1)")

		for number, fail in enumerate((own_fault, refused)):
			broken = self.on_todo(f"contract-a-fault-{number}")
			beside = self.on_todo(f"contract-b-well-{number}")
			with self.failing(broken, fail), self.assertLogs("dogansystem", "ERROR") as log:
				self._save_beside(broken, beside)
			(line,) = (line for line in log.output if "trigger.failed" in line)
			for named in (broken, "ToDo", "created", "Traceback"):
				self.assertIn(named, line)
			self.disable(broken, beside)

	def test_triggers_that_cannot_be_read_keep_nobody_from_saving(self):
		with patch.object(type(self.site), "stamp", side_effect=RuntimeError("our own fault")):
			with self.assertLogs("dogansystem", "ERROR"):
				self.site.database.rollback()
				name = self.create()
		with self.site.acting_as(PERSON):
			self.assertEqual(self.site.documents.get("ToDo", name)["name"], name)
		self.site.database.rollback()

	def test_a_schedule_that_fails_does_not_stop_the_others(self):
		broken, faulty, beside = (
			self.scheduled(f"contract-{each}") for each in ("s-broken", "s-faulty", "s-well")
		)
		self.poison(broken, "nonsense")

		def fail() -> None:
			raise RuntimeError("our own fault")

		with self.failing(faulty, fail):
			for expected in (1, 2):
				self.advance(601)
				self.tick()
				self.drain()
				self.assertEqual(len(self.runs(beside)), expected)
		self.assertEqual((self.runs(broken), self.runs(faulty)), ([], []))
		self.advance(601)
		self.tick()
		self.drain()
		self.assertEqual(len(self.runs(faulty)), 1, "its next time has not been lost")
		self.disable(broken, faulty, beside)

	def test_the_schedule_of_a_version_that_could_not_be_read_goes_on(self):
		workflow = self.scheduled("contract-s-mended")
		self.site.database.rollback()
		((good,),) = self.site.database.sql(
			"SELECT current_version FROM `tabDogan Workflow` WHERE name = %s", (workflow,)
		)
		self.poison(workflow, None)
		self.advance(601)
		self.drain()
		self.site.database.execute(
			"UPDATE `tabDogan Workflow` SET current_version = %s WHERE name = %s", (good, workflow)
		)
		self.site.database.commit()
		self.advance(601)
		self.drain()
		self.assertEqual(len(self.runs(workflow)), 1)
		self.disable(workflow)

	def test_a_used_idempotency_key_gives_the_first_run_of_a_workflow_that_was_disabled_since(self):
		workflow = self.save("contract-key-disabled", [step("a")])
		first = self.start(workflow, idempotency_key="order 1")
		self.disable(workflow)
		self.assertEqual(self.start(workflow, idempotency_key="order 1"), first)

	def test_null_and_empty_text_are_no_key_of_a_limit(self):
		workflow = self.save(
			"contract-no-key", [step("a")], limits={"concurrent_runs": 5, "key": "{{ input.key }}"}
		)
		runs = [self.start(workflow, {"key": key}) for key in (None, "", 0, 0.5, "None", [1], {"a": 1})]
		self.site.database.rollback()
		marks = ", ".join(["%s"] * len(runs))
		rows = self.site.database.sql(
			f"SELECT name, limit_key FROM `tabDogan Workflow Run` WHERE name IN ({marks})", runs
		)
		keys = dict(rows)
		self.assertEqual([keys[runs[0]], keys[runs[1]]], ["", ""])
		self.assertEqual(len({keys[run] for run in runs[1:]}), 6)
		self.drain()
