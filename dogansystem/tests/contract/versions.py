"""Versions of a workflow: who made each and why, in what they differ, and an old one made anew."""

from typing import Any

from dogansystem.engine.errors import InputError, NotFound
from dogansystem.tests.contract.home import PERSON, Home, output, step

NAME = "contract-versions"


class VersionContract(Home):
	def publish(self, text: str, note: str = "") -> None:
		"""Save the workflow with a step that says `text`."""
		source = {"name": NAME, "run_as": PERSON, "steps": [step("say", params={"text": text})]}
		with self.site.acting_as(PERSON):
			self.site.catalog.save_workflow(self.orchestrator.check(source), True, None, note)
		self.site.database.commit()

	def restore(self, version: int, note: str = "") -> int:
		with self.site.acting_as(PERSON):
			made = self.orchestrator.restore_version(NAME, version, note)
		self.site.database.commit()
		return int(made["version"])

	def listed(self) -> list[tuple[Any, ...]]:
		return [
			(each["version"], each["by"], each["note"], each["is_current"])
			for each in self.orchestrator.list_versions(NAME)
		]

	def said(self) -> Any:
		run = self.start(NAME)
		self.drain()
		return output(self.run_of(run), "say")

	def test_each_version_keeps_who_made_it_and_why(self):
		self.publish("one", "It begins")
		self.publish("two")
		self.publish("two", "Nothing is changed by this")
		self.assertEqual(self.listed(), [(2, PERSON, "", True), (1, PERSON, "It begins", False)])
		self.assertEqual([each["version"] for each in self.orchestrator.list_versions(NAME, before=2)], [1])
		self.assertEqual(len(self.orchestrator.list_versions(NAME, limit=1)), 1)

	def test_two_versions_are_compared_either_way(self):
		self.publish("one")
		self.publish("two")
		found = self.orchestrator.compare_versions(NAME, 2, 1)
		self.assertEqual(
			[each["sentence"] for each in found["changes"]],
			["Step say: Text was changed from “two” to “one”"],
		)
		self.assertEqual(self.orchestrator.compare_versions(NAME, 1, 1)["changes"], [])
		with self.assertRaisesRegex(NotFound, "no version 3"):
			self.orchestrator.compare_versions(NAME, 1, 3)

	def test_a_restored_version_is_a_new_one_and_the_others_stay_as_they_were(self):
		self.publish("one")
		self.publish("two")
		before = self.orchestrator.list_versions(NAME)
		self.assertEqual(self.restore(1), 3)
		after = self.orchestrator.list_versions(NAME)
		self.assertEqual((after[0]["note"], after[0]["is_current"]), ("Version 1 restored", True))
		self.assertEqual([each["name"] for each in after[1:]], [each["name"] for each in before])
		self.assertEqual(self.said(), {"text": "one"})
		self.assertEqual(self.orchestrator.compare_versions(NAME, 1, 3)["changes"], [])

	def test_a_workflow_stays_enabled_or_disabled_when_a_version_is_restored(self):
		self.publish("one")
		self.publish("two")
		with self.site.acting_as(PERSON):
			self.orchestrator.set_workflow_enabled(NAME, False)
		self.restore(1)
		with self.assertRaisesRegex(Exception, "disabled"):
			self.start(NAME)

	def test_what_the_workflow_says_now_is_not_restored(self):
		self.publish("one")
		with self.assertRaisesRegex(InputError, "what the workflow .* says now"):
			self.restore(1)
		with self.assertRaisesRegex(NotFound, "no version 7"):
			self.restore(7)
		with self.assertRaisesRegex(NotFound, "no workflow named 'nobody'"):
			self.orchestrator.list_versions("nobody")
