"""Moving in: what Frappe's own automation does is taken over as workflows, beside it, and switched when somebody says so."""

from collections.abc import Mapping
from typing import Any

import frappe

from dogansystem.homes.frappe.adopting import taking
from dogansystem.homes.frappe.adopting.base import Adopted
from dogansystem.tests.contract.home import PERSON, Home
from dogansystem.tests.home import OTHER, USER, SiteTestCase
from dogansystem.tests.test_frappe_site import make_mail_account

NAME = "contract adopted"
WORKFLOW = "Dogan Workflow"


class TestAdopting(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		self.clean()
		self.addCleanup(self.clean)
		self.addCleanup(frappe.set_user, "Administrator")

	def clean(self) -> None:
		frappe.db.rollback()
		frappe.set_user("Administrator")
		for kind in taking.READERS:
			frappe.db.delete(kind, {"name": ["like", "%contract adopted%"]})
		for child in (
			"Notification Recipient",
			"Webhook Header",
			"Assignment Rule User",
			"Assignment Rule Day",
		):
			frappe.db.delete(child, {"parent": ["like", "%contract adopted%"]})
		for name in frappe.get_all(WORKFLOW, {"name": ["like", "from-%"], "run_as": PERSON}, pluck="name"):
			frappe.db.delete("Dogan Workflow Run", {"workflow": name})
			frappe.db.delete("Dogan Step Run", {"workflow": name})
			frappe.delete_doc(WORKFLOW, name, force=True, delete_permanently=True)
		frappe.db.delete("Email Queue", {"message": ["like", "%contract adopted%"]})
		frappe.db.delete("Notification Log", {"subject": ["like", "%contract adopted%"]})
		frappe.db.commit()
		frappe.clear_cache()

	def make(self, kind: str, **values: Any) -> Any:
		doc = frappe.get_doc({"doctype": kind, **values})
		if doc.meta.autoname and "prompt" in str(doc.meta.autoname).lower():
			doc.name = values.get("name") or NAME
		doc.insert()
		frappe.db.commit()
		return doc

	def adopt(self, name: str) -> Adopted:
		"""Read it, and write its workflow."""
		(adopted,) = taking.found(self.orchestrator, PERSON, [name])
		taking.write(self.orchestrator, adopted)
		frappe.db.commit()
		return adopted

	def todo(self, user: str = USER, **values: Any) -> Any:
		with self.site.acting_as(user):
			doc = frappe.get_doc(
				{"doctype": "ToDo", "description": NAME, "allocated_to": user, **values}
			).insert()
		frappe.db.commit()
		return doc

	def ran(self, workflow: str) -> list[Mapping[str, Any]]:
		"""Its runs once all work is done, each with its steps."""
		while self.drain():
			pass
		frappe.db.rollback()
		runs = self.orchestrator.list_runs(workflow)
		return [self.run_of(run["run"]) for run in runs]

	def notification(self, **values: Any) -> Any:
		given = {
			"name": NAME,
			"subject": "contract adopted {{ doc.name }}",
			"message": "contract adopted {{ doc.description }}",
			"document_type": "ToDo",
			"event": "New",
			"channel": "System Notification",
			"enabled": 1,
			"recipients": [{"receiver_by_document_field": "allocated_to"}],
		}
		return self.make("Notification", **{**given, **values})

	def test_a_notification_is_written_beside_and_switched(self):
		doc = self.notification(condition='doc.priority == "High"')
		adopted = self.adopt(doc.name)
		self.assertEqual((adopted.refused, adopted.left_out), ([], []))
		self.assertEqual(frappe.db.get_value("Notification", doc.name, "enabled"), 1)
		self.assertEqual(frappe.db.get_value(WORKFLOW, adopted.workflow, "enabled"), 0)
		self.assertFalse(taking.write(self.orchestrator, adopted))  # somebody may have worked on it
		taking.switch(self.orchestrator, adopted)
		self.assertEqual(frappe.db.get_value("Notification", doc.name, "enabled"), 0)
		self.todo(priority="Low")
		todo = self.todo(priority="High")
		(run,) = self.ran(adopted.workflow)
		self.assertEqual((run["status"], run["document"]["name"]), ("Succeeded", todo.name), run["error"])
		told = frappe.get_all("Notification Log", {"subject": ["like", f"%{todo.name}%"]}, pluck="for_user")
		self.assertEqual(told, [USER])

	def test_a_mail_of_a_changed_value_sets_its_property_too(self):
		make_mail_account(self)
		doc = self.notification(
			event="Value Change",
			value_changed="status",
			channel="Email",
			recipients=[
				{"receiver_by_document_field": "allocated_to", "cc": OTHER},
				{"receiver_by_role": "Accounts User"},
			],
			set_property_after_alert="color",
			property_value="#ff0000",
		)
		adopted = self.adopt(doc.name)
		self.assertEqual(adopted.refused, [])
		self.assertTrue(any("Accounts User" in text for text in adopted.left_out), adopted.left_out)
		self.orchestrator.set_workflow_enabled(adopted.workflow, True)
		frappe.db.set_value("Notification", doc.name, "enabled", 0)
		frappe.db.commit()
		todo = self.todo(status="Open")
		self.ran(adopted.workflow)
		todo.reload()
		todo.status = "Closed"
		todo.save()
		frappe.db.commit()
		run = self.ran(adopted.workflow)[0]
		self.assertEqual(run["status"], "Succeeded", run["error"])
		self.assertEqual(frappe.db.get_value("ToDo", todo.name, "color"), "#ff0000")
		sent = frappe.get_all("Email Queue Recipient", {"creation": [">", todo.creation]}, pluck="recipient")
		self.assertLessEqual({USER, OTHER}, set(sent))

	def test_a_date_and_what_has_no_form_here(self):
		doc = self.notification(event="Days Before", date_changed="date", days_in_advance=3)
		adopted = self.adopt(doc.name)
		(trigger,) = adopted.source["triggers"]
		self.assertEqual((trigger["on"], trigger["field"], trigger["offset"]), ("date", "date", "-3d"))
		self.assertEqual(adopted.refused, [])
		frappe.delete_doc("Notification", doc.name, force=True)
		frappe.delete_doc(WORKFLOW, adopted.workflow, force=True)
		doc = self.notification(condition="frappe.utils.cstr(doc.priority).startswith('H')")
		adopted = self.adopt(doc.name)
		self.assertIn("no function", adopted.refused[0])
		self.assertFalse(frappe.db.exists(WORKFLOW, adopted.workflow))

	def test_without_a_user_nothing_is_written(self):
		doc = self.notification()
		(adopted,) = taking.found(self.orchestrator, None, [doc.name])
		self.assertIn("--run-as", adopted.refused[0])

	def test_a_webhook_becomes_a_request(self):
		doc = self.make(
			"Webhook",
			name=NAME,
			webhook_doctype="ToDo",
			webhook_docevent="after_insert",
			condition="doc.priority == 'High'",
			request_url="http://127.0.0.1:9/contract",
			request_method="POST",
			request_structure="JSON",
			webhook_json='{"todo": "{{ doc.name }}", "about": {"text": "{{ doc.description }}"}}',
			webhook_headers=[
				{"key": "X-Contract", "value": "yes"},
				{"key": "Authorization", "value": "secret"},
			],
			enable_security=1,
			webhook_secret="contract",
			enabled=1,
		)
		adopted = self.adopt(doc.name)
		self.assertEqual(adopted.refused, [])
		(step,) = adopted.source["steps"]
		self.assertEqual(step["params"]["headers"], {"X-Contract": "yes"})
		self.assertNotIn("secret", frappe.as_json(adopted.source))
		self.assertTrue(any("signature" in text for text in adopted.left_out))
		frappe.db.set_value("Webhook", doc.name, "enabled", 0)
		frappe.clear_cache()
		self.orchestrator.set_workflow_enabled(adopted.workflow, True)
		frappe.db.commit()
		self.todo(priority="High")
		(run,) = self.ran(adopted.workflow)
		self.assertIn("private", str(run["steps"][0]["error"]))  # it would have gone out

	def test_an_assignment_rule_assigns_and_takes_back(self):
		doc = self.make(
			"Assignment Rule",
			name=NAME,
			document_type="Note",
			description="contract adopted",
			assign_condition="doc.public == 1",
			unassign_condition="doc.public == 0",
			rule="Round Robin",
			users=[{"user": USER}],
			assignment_days=[
				{"day": each}
				for each in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
			],
		)
		adopted = self.adopt(doc.name)
		self.assertEqual((adopted.refused, adopted.left_out), ([], []))
		taking.switch(self.orchestrator, adopted)
		self.assertEqual(frappe.db.get_value("Assignment Rule", doc.name, "disabled"), 1)
		with self.site.acting_as(PERSON):
			note = frappe.get_doc(
				{"doctype": "Note", "title": f"{NAME} {frappe.generate_hash()}", "public": 1}
			).insert()
		frappe.db.commit()
		self.addCleanup(frappe.delete_doc, "Note", note.name, force=True)
		self.ran(adopted.workflow)
		about = {"reference_type": "Note", "reference_name": note.name}
		self.assertEqual(frappe.get_all("ToDo", {**about, "status": "Open"}, pluck="allocated_to"), [USER])
		for public in (1, 0):
			note.reload()
			note.public = public
			note.content = f"contract {public}"
			note.save()
			frappe.db.commit()
			runs = self.ran(adopted.workflow)
			self.assertEqual({run["status"] for run in runs}, {"Succeeded"}, [run["error"] for run in runs])
			self.assertEqual(len(frappe.get_all("ToDo", {**about, "status": "Open"})), public)

	def test_a_rule_that_takes_turns_is_refused_with_the_reason(self):
		days = [{"day": "Monday"}]
		doc = self.make("Assignment Rule", name=NAME, document_type="Note", assign_condition="doc.public", rule="Round Robin", users=[{"user": USER}, {"user": OTHER}], assignment_days=days)  # fmt: skip
		adopted = self.adopt(doc.name)
		self.assertIn("among 2 users", adopted.refused[0])

	def test_a_script_before_the_save_is_refused_and_one_after_it_has_a_step(self):
		script = {"script_type": "DocType Event", "reference_doctype": "ToDo", "script": "pass"}
		before = self.make(
			"Server Script", name=f"{NAME} before", doctype_event="Before Save", disabled=1, **script
		)
		after = self.make(
			"Server Script", name=f"{NAME} after", doctype_event="After Insert", disabled=1, **script
		)
		self.assertIn("before the document is saved", self.adopt(before.name).refused[0])
		adopted = self.adopt(after.name)
		self.assertEqual(adopted.refused, [])
		self.assertEqual(adopted.source["steps"][0]["params"]["script"], f"{after.name} (step)")
		self.assertTrue(any("make a Server Script of type API" in text for text in adopted.left_out))

	def test_a_switch_that_fails_changes_nothing(self):
		doc = self.notification()
		adopted = self.adopt(doc.name)
		frappe.db.set_value(
			"Notification", doc.name, "condition", "doc.(", update_modified=False
		)  # it cannot be saved
		frappe.db.commit()
		with self.assertRaises(frappe.ValidationError):
			taking.switch(self.orchestrator, adopted)
		self.assertEqual(frappe.db.get_value("Notification", doc.name, "enabled"), 1)
		self.assertEqual(frappe.db.get_value(WORKFLOW, adopted.workflow, "enabled"), 0)
