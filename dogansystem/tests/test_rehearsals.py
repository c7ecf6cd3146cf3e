"""Rehearsals on a site: asked over the API, done by the background job, and nothing of them stays but their own document."""

import json
from typing import Any
from unittest.mock import patch

import frappe

from dogansystem import jobs
from dogansystem.api import rehearsals as api
from dogansystem.homes.frappe import rehearsals
from dogansystem.proving import rehearsal
from dogansystem.tests.contract.home import PERSON, Home, step
from dogansystem.tests.home import MANAGER, USER, SiteTestCase
from dogansystem.tests.keeping import rows

OWN = ("Dogan Rehearsal", "Dogan Workflow", "Dogan Workflow Version")


class TestRehearsals(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Dogan Rehearsal", {"started_by": ["in", [PERSON, MANAGER]]})
		self._patch(rehearsal, "REST", 0.0)
		self.names = {}
		for priority in ("Low", "Medium", "High"):
			for number in range(3):
				doc = frappe.get_doc(
					doctype="ToDo", description=f"contract rehearsed {number}", priority=priority
				)
				self.names[doc.insert().name] = priority
		frappe.db.commit()

	def definition(self, wanted: str, text: str = "noted") -> dict[str, Any]:
		note = {
			"doctype": "ToDo",
			"name": "{{ doc.name }}",
			"values": {"description": f"contract {text} {{{{ doc.name }}}}"},
		}
		return {
			"name": "contract-rehearsed",
			"run_as": PERSON,
			"triggers": [
				{
					"on": "document",
					"doctype": "ToDo",
					"event": "created",
					"if": f"{{{{ doc.priority in {wanted} }}}}",
				}
			],
			"steps": [step("note", "document.update", params=note)],
		}

	def rehearse(self, definition: dict[str, Any], **given: Any) -> dict[str, Any]:
		filters = {"description": ["like", "contract rehearsed%"]}
		frappe.set_user(PERSON)
		name = api.rehearse(definition=json.dumps(definition), filters=json.dumps(filters), **given)[
			"rehearsal"
		]
		frappe.db.commit()
		frappe.set_user("Administrator")
		jobs.rehearse(name)
		frappe.set_user(PERSON)
		return api.get_rehearsal(name)

	def test_a_changed_version_names_the_documents_that_behave_differently(self):
		self.site.database.rollback()
		frappe.set_user(PERSON)
		self.save_definition(self.definition("['Low', 'Medium']"))
		frappe.db.commit()
		before = rows()
		found = self.rehearse(self.definition("['Medium', 'High']"))
		self.assertEqual(found["status"], "Completed", found["error"])
		differing = {each["document"]["name"] for each in found["result"]["results"] if each["differences"]}
		self.assertEqual(differing, {name for name, priority in self.names.items() if priority != "Medium"})
		self.assertEqual(found["result"]["summary"]["start"], 6)
		self.assertIn("6 behave differently", found["markdown"])
		after = rows()
		changed = {each.split(".")[-1] for each in after if before.get(each) != after[each]}
		self.assertEqual(changed, {"tabDogan Rehearsal"})

	def save_definition(self, definition: dict[str, Any]) -> None:
		from dogansystem.orchestrator import Orchestrator

		with self.site.acting_as(PERSON):
			Orchestrator(self.site).import_workflow(definition, True)

	def test_what_fails_comes_first_with_its_error(self):
		definition = self.definition("['Low', 'High']")
		definition["steps"].insert(
			0, step("ok", "data.check", params={"that": "{{ doc.priority == 'High' }}", "message": "too low"})
		)
		result = self.rehearse(definition)["result"]
		self.assertEqual(
			[each["new"]["status"] for each in result["results"] if each["new"]["starts"]],
			["Failed"] * 3 + ["Succeeded"] * 3,
		)
		self.assertIn("too low", result["results"][0]["new"]["error"])
		changes = result["results"][3]["new"]["changes"]
		self.assertEqual([each["events"] for each in changes], [["updated"]])

	def test_it_is_for_those_who_may_try_the_workflow_and_shown_to_who_asked(self):
		for user in (USER, MANAGER):  # who may not lend PERSON's permissions
			frappe.set_user(user)
			with self.assertRaises(frappe.PermissionError):
				api.rehearse(definition=json.dumps(self.definition("['Low']")))
		found = self.rehearse(self.definition("['Low']"))
		frappe.set_user(MANAGER)
		with self.assertRaises(frappe.PermissionError):
			api.get_rehearsal(found["rehearsal"])

	def test_who_may_not_list_the_documents_is_told_so(self):
		definition = self.definition("['Low']")
		doctype = "Customer" if frappe.db.exists("DocType", "Customer") else "Blog Post"
		definition["triggers"] = [{"on": "document", "doctype": doctype, "event": "created"}]
		definition["steps"] = [step("a", "data.set", params={"x": 1})]
		frappe.set_user(PERSON)
		name = api.rehearse(definition=json.dumps(definition))["rehearsal"]
		frappe.db.commit()
		jobs.rehearse(name)
		frappe.set_user(PERSON)
		found = api.get_rehearsal(name)
		self.assertEqual(found["status"], "Failed")
		self.assertIn(f"{PERSON} may not list", found["error"])

	def test_it_stops_when_asked_and_is_done_once(self):
		def stop_after_two(name: str) -> Any:
			def progress(done: int, of: int) -> None:
				if done == 2:
					rehearsals.stop(name)

			return progress

		with patch.object(rehearsals, "_progress", stop_after_two):
			found = self.rehearse(self.definition("['Low']"))
		self.assertEqual(found["status"], "Stopped")
		self.assertEqual(len(found["result"]["results"]), 2)
		with patch.object(rehearsal, "rehearse", side_effect=AssertionError):
			jobs.rehearse(found["rehearsal"])

	def test_old_ones_are_deleted(self):
		found = self.rehearse(self.definition("['Low']"), limit=1)
		frappe.db.set_value(
			"Dogan Rehearsal", found["rehearsal"], "creation", "2020-01-01", update_modified=False
		)
		frappe.get_doc("Dogan Rehearsal", found["rehearsal"]).clear_old_logs(30)
		self.assertFalse(frappe.db.exists("Dogan Rehearsal", found["rehearsal"]))
