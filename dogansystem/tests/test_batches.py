"""Batches on a site: documents are read as the person who asked, and a batch is theirs and the managers'."""

from typing import Any

import frappe

from dogansystem.api import batches
from dogansystem.homes.frappe.permissions import RUN
from dogansystem.tests.contract.home import PERSON, Home, proves, step
from dogansystem.tests.home import MANAGER, OTHER, USER, SiteTestCase

NAME = "contract-batch-site"


class TestBatchesOfPeople(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		triggers = [{"on": "manual", "doctype": "ToDo"}]
		self.save(NAME, [step("a", params={"of": "{{ doc.description }}"})], triggers=triggers)

	def todo(self, user: str) -> str:
		"""A ToDo that nobody but its owner, the one it is for and managers may read."""
		with self.site.acting_as(user):
			doc = frappe.get_doc(
				{"doctype": "ToDo", "description": "contract mine", "allocated_to": user}
			).insert()
		frappe.db.commit()
		return doc.name

	def start_as(self, user: str, **rest: Any) -> str:
		frappe.set_user(user)
		batch = batches.start_batch(NAME, "ToDo", **rest)["batch"]
		frappe.db.commit()
		frappe.set_user("Administrator")
		return batch

	@proves("or for many chosen in its list (a batch: progress and a result for each)")
	def test_each_document_is_read_as_the_person_who_asked(self):
		mine, theirs = self.todo(USER), self.todo(OTHER)
		batch = self.start_as(USER, names=frappe.as_json([mine, theirs]))
		self.drain()
		frappe.set_user(USER)
		found = batches.get_batch(batch)
		self.assertEqual((found["status"], found["started"], found["refused"]), ("Completed", 1, 1))
		(first, second) = batches.batch_documents(batch)
		self.assertEqual((first["document"], first["status"]), (mine, "Succeeded"))
		self.assertEqual((second["document"], second["run"]), (theirs, None))
		self.assertIn("PermissionError", second["reason"])
		self.assertEqual(frappe.get_list(RUN, {"workflow": NAME}, pluck="reference_name"), [mine])

	def test_filters_find_what_the_person_may_list(self):
		mine, _theirs = self.todo(USER), self.todo(OTHER)
		batch = self.start_as(USER, filters={"description": "contract mine"})
		self.drain()
		frappe.set_user(USER)
		self.assertEqual([each["document"] for each in batches.batch_documents(batch)], [mine])

	def test_a_batch_is_seen_and_cancelled_by_who_started_it_and_by_managers(self):
		batch = self.start_as(USER, names=[self.todo(USER)])
		for user in (USER, MANAGER, PERSON):
			frappe.set_user(user)
			self.assertEqual(batches.get_batch(batch)["total"], 1)
			self.assertIn(batch, [each["batch"] for each in batches.list_batches()])
			self.assertIn(batch, frappe.get_list("Dogan Batch", pluck="name", limit=0))
		frappe.set_user(OTHER)
		for ask in (batches.get_batch, batches.batch_documents, batches.cancel_batch):
			with self.assertRaises(frappe.PermissionError):
				ask(batch)
		self.assertEqual(
			(batches.list_batches(), frappe.get_list("Dogan Batch", pluck="name", limit=0)), ([], [])
		)
		frappe.set_user(USER)
		self.assertEqual(batches.cancel_batch(batch), {"cancelled": 1})
		frappe.db.commit()

	def test_who_may_not_start_the_workflow_starts_no_batch(self):
		self.save("contract-batch-closed", [step("a")])
		frappe.set_user(USER)
		with self.assertRaises(frappe.PermissionError):
			batches.start_batch("contract-batch-closed", "ToDo", [self.todo(USER)])
		frappe.set_user(USER)
		with self.assertRaises(frappe.PermissionError):
			batches.start_batch(NAME, "Note", ["x"])

	def test_nobody_writes_a_batch_by_hand_and_one_that_runs_is_not_deleted(self):
		batch = self.start_as(USER, names=[self.todo(USER)])
		frappe.set_user(PERSON)
		with self.assertRaises(frappe.ValidationError):
			frappe.get_doc("Dogan Batch", batch).save(ignore_permissions=True)
		with self.assertRaisesRegex(frappe.ValidationError, "cancel it before"):
			frappe.delete_doc("Dogan Batch", batch)
		frappe.db.rollback()
		frappe.set_user("Administrator")
		self.drain()
		frappe.set_user(PERSON)
		frappe.delete_doc("Dogan Batch", batch)
		self.assertEqual(frappe.db.sql("SELECT 1 FROM dogan_batch_document WHERE batch = %s", batch), ())
		frappe.db.commit()
