"""Document events of Frappe on their way to the triggers."""

from typing import Any
from unittest.mock import patch

import frappe

from dogansystem.engine.errors import TooDeep
from dogansystem.homes.frappe import events
from dogansystem.homes.frappe.site import current_site
from dogansystem.store import kept
from dogansystem.tests.contract.home import PERSON, proves, step
from dogansystem.tests.home import SiteTestCase
from dogansystem.triggers import document

DOCTYPE = "Contract Submittable"


class EventTestCase(SiteTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		if not frappe.db.exists("DocType", DOCTYPE):
			make_submittable()
		# Frappe keeps the table of a DocType that is deleted.
		cls.addClassCleanup(frappe.db.sql_ddl, f"DROP TABLE IF EXISTS `tab{DOCTYPE}`")
		cls.addClassCleanup(frappe.delete_doc, "DocType", DOCTYPE, force=True)
		cls.addClassCleanup(frappe.db.delete, "Error Log", {"method": ["like", f"%{DOCTYPE}%"]})

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def listen(self, event: str, doctype: str = DOCTYPE, name: str = "", **rest: Any) -> str:
		"""A workflow that wants an event; gives its name."""
		name = name or f"on-{event}"
		trigger = {"on": "document", "doctype": doctype, "event": event, **rest}
		source = {"name": name, "run_as": PERSON, "triggers": [trigger], "steps": [step("a")]}
		self.orchestrator.import_workflow(source)
		frappe.db.commit()
		return name

	def count(self, workflow: str) -> int:
		return frappe.db.count("Dogan Workflow Run", {"workflow": workflow})

	def new(self, **values: Any) -> Any:
		return frappe.get_doc({"doctype": DOCTYPE, "status": "Open", "amount": 1 / 3, **values})


class TestEvents(EventTestCase):
	@proves("`event`: created, updated, submitted, cancelled, deleted")
	def test_each_event_of_a_documents_life_is_told_once(self):
		workflows = {
			event: self.listen(event) for event in ("created", "updated", "submitted", "cancelled", "deleted")
		}
		doc = self.new().insert()
		doc.save()
		doc.submit()
		doc.cancel()
		doc.delete()
		self.assertEqual(
			{event: self.count(workflow) for event, workflow in workflows.items()},
			dict.fromkeys(workflows, 1),
		)

	def test_inserted_as_submitted_is_created_and_submitted(self):
		created, submitted, updated = (self.listen(event) for event in ("created", "submitted", "updated"))
		self.new(docstatus=1).insert()
		self.assertEqual([self.count(each) for each in (created, submitted, updated)], [1, 1, 0])

	def test_a_change_after_submitting_is_an_update(self):
		updated = self.listen("updated")
		doc = self.new(docstatus=1).insert().reload()
		doc.status = "Done"
		doc.save()
		self.assertEqual(self.count(updated), 1)

	@proves("deleted, changed; `field`")
	def test_a_field_written_without_a_save_is_a_change(self):
		changed = self.listen("changed", field="status")
		doc = self.new(status="").insert()
		self.assertEqual(self.count(changed), 0)
		doc.db_set("amount", 5)
		self.assertEqual(self.count(changed), 0)
		doc.db_set("status", "Done")
		self.assertEqual(self.count(changed), 1)
		doc.db_set("status", "Open")
		self.assertEqual(self.count(changed), 2)

	def test_a_change_is_told_once_however_many_events_one_save_has(self):
		changed = self.listen("changed", field="status")
		doc = self.new(status="").insert()
		doc.status = "Done"
		doc.submit()
		self.assertEqual(self.count(changed), 1)

	def test_saving_without_a_change_is_none(self):
		changed = self.listen("changed", field="amount")
		name = self.new(status="").insert().name
		self.assertEqual(self.count(changed), 1)
		frappe.db.commit()
		doc = frappe.get_doc(DOCTYPE, name)
		doc.amount = 1 / 3  # as computed anew: more digits than the database keeps
		doc.save()
		self.assertEqual(self.count(changed), 1)

	def test_the_run_remembers_who_did_it_and_what_it_was_like(self):
		workflow = self.listen("created")
		frappe.set_user(PERSON)
		doc = self.new(status="Done").insert()
		run = frappe.get_last_doc("Dogan Workflow Run", {"workflow": workflow})
		self.assertEqual((run.started_by, run.cause, run.reference_name), (PERSON, "document", doc.name))
		self.assertEqual(frappe.parse_json(run.doc_values)["status"], "Done")

	def test_a_rolled_back_document_leaves_no_run(self):
		workflow = self.listen("created")
		self.new().insert()
		self.assertEqual(self.count(workflow), 1)
		frappe.db.rollback()
		self.assertEqual(self.count(workflow), 0)

	def test_nothing_is_started_while_an_app_is_installed_or_migrated(self):
		workflow = self.listen("created")
		for flag in ("in_install", "in_migrate", "in_patch"):
			with patch.dict(frappe.local.flags, {flag: True}):
				self.new().insert()
		self.assertEqual(self.count(workflow), 0)

	def test_a_document_nobody_wants_is_not_even_read(self):
		self.listen("created")
		with patch.object(events, "plain") as read:
			frappe.get_doc({"doctype": "ToDo", "description": "contract unwanted"}).insert()
		read.assert_not_called()

	def test_a_disabled_workflow_is_forgotten_at_once(self):
		workflow = self.listen("created")
		self.orchestrator.set_workflow_enabled(workflow, False)
		frappe.db.commit()
		self.new().insert()
		self.assertEqual(self.count(workflow), 0)

	def test_a_document_with_runs_can_be_deleted(self):
		self.listen("created")
		doc = self.new().insert()
		doc.delete()
		self.assertFalse(frappe.db.exists(DOCTYPE, doc.name))


class TestFaults(EventTestCase):
	"""What goes wrong on our side is logged and never fails a person's save."""

	def setUp(self) -> None:
		super().setUp()
		frappe.cache.delete_keys("dogan_cache:reported")
		self.workflow = self.listen("created")

	def save_while(self, error: Exception) -> Any:
		"""Save a document while its triggers cannot be looked at."""

		def fail(site: Any, values: Any, *rest: Any) -> None:
			raise error

		with patch.object(document, "on_event", fail), self.assertLogs("dogansystem", "ERROR"):
			return self.new().insert()

	def test_the_document_is_saved(self):
		doc = self.save_while(KeyError("trigger"))
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(doc.delete)
		self.assertTrue(frappe.db.exists(DOCTYPE, doc.name))
		self.assertEqual(self.count(self.workflow), 0)

	def test_the_error_log_names_the_document_and_says_what_went_wrong_once(self):
		frappe.db.delete("Error Log", {"method": ["like", f"%{DOCTYPE}%"]})
		doc = self.save_while(KeyError("trigger"))
		self.save_while(KeyError("trigger"))
		(entry,) = frappe.get_all("Error Log", {"method": ["like", f"%{DOCTYPE}%"]}, ["method", "error"])
		self.assertIn(doc.name, entry.error)
		self.assertIn("KeyError", entry.method)
		self.assertIn("in fail", entry.error)

	def test_a_message_of_the_fault_is_not_shown_to_who_saves(self):
		def fail(*_: Any) -> None:
			frappe.throw("ours")

		frappe.local.message_log = []
		with patch.object(document, "on_event", fail):
			self.new().insert()
		self.assertEqual(frappe.local.message_log, [])

	def test_a_deadlock_and_a_run_that_starts_itself_for_ever_are_the_savers_business(self):
		for error in (frappe.QueryDeadlockError("1213"), TooDeep("too deep")):
			with self.subTest(error=error), self.assertRaises(type(error)):
				with patch.object(document, "on_event", side_effect=error):
					self.new().insert()

	def test_a_version_that_cannot_be_read_hurts_its_own_workflow_only(self):
		poisoned = self.listen("created", name="on-created-poisoned")
		version = frappe.db.get_value("Dogan Workflow", poisoned, "current_version")
		frappe.db.sql("UPDATE `tabDogan Workflow Version` SET definition = '{' WHERE name = %s", version)
		current_site().touch(document.STAMP)
		frappe.db.commit()
		for each in kept._every.values():
			each.forget(self.site)
		for key in frappe.cache.scan_iter(match=frappe.cache.make_key("dogan_cache:") + b"*"):
			frappe.cache.delete(key)
		self.new().insert()
		self.assertEqual((self.count(self.workflow), self.count(poisoned)), (1, 0))


def make_submittable() -> None:
	"""A DocType with a status and a number, made for these tests."""
	frappe.get_doc(
		{
			"doctype": "DocType",
			"name": DOCTYPE,
			"module": "Custom",
			"custom": 1,
			"is_submittable": 1,
			"autoname": "hash",
			"fields": [
				{"fieldname": "status", "fieldtype": "Data", "label": "Status", "allow_on_submit": 1},
				{"fieldname": "amount", "fieldtype": "Float", "label": "Amount"},
			],
			"permissions": [
				{
					"role": "System Manager",
					**dict.fromkeys(("read", "write", "create", "submit", "cancel", "delete"), 1),
				}
			],
		}
	).insert()
	frappe.db.commit()
