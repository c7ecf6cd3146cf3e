"""Versions over the API and from a shell: who sees them, who restores them, and what is kept of a reason."""

import json
from typing import Any

import frappe

from dogansystem.api import versions
from dogansystem.api.errors import InputError
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, USER

WORKFLOW = "Dogan Workflow"


class TestVersions(SecurityTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.save("told", step("a", params={"text": "one"}))
		frappe.db.commit()

	def change(self, text: str, note: str | None = None) -> Any:
		doc = frappe.get_doc(WORKFLOW, "told")
		doc.steps[0].params = json.dumps({"text": text})
		doc.change_note = note
		doc.save()
		return doc

	def test_a_reason_is_kept_with_its_version_and_with_no_later_one(self):
		doc = self.change("two", "The text was wrong")
		self.assertIsNone(doc.change_note)
		self.change("three")
		found = versions.history("told")
		self.assertEqual([each["note"] for each in found], ["", "The text was wrong", ""])
		self.assertEqual(found[0]["by_name"], frappe.utils.get_fullname(PERSON))
		self.assertIsNone(frappe.db.get_value(WORKFLOW, "told", "change_note"))

	def test_users_see_versions_and_do_not_restore_them(self):
		self.change("two")
		frappe.set_user(USER)
		self.assertEqual(len(versions.history("told")), 2)
		self.assertEqual(len(versions.compare("told", 1, 2)["changes"]), 1)
		self.assert_refused(lambda: versions.restore("told", 1))

	def test_who_may_not_change_the_steps_does_not_restore_them(self):
		"""They act as PERSON, whose permissions a Dogan Manager must not borrow."""
		self.change("two")
		frappe.set_user(MANAGER)
		self.assert_refused(lambda: versions.restore("told", 1))
		self.assertEqual(len(versions.history("told")), 2)

	def test_a_version_that_this_site_does_not_take_any_more_is_not_restored(self):
		old = frappe.db.get_value("Dogan Workflow Version", {"workflow": "told"}, "*", as_dict=True)
		of_an_app_that_is_gone = old.definition.replace("data.set", "data.gone")
		old.update({"name": "told@0-gone", "version": 0, "definition": of_an_app_that_is_gone})
		columns = ", ".join(f"`{each}`" for each in old)
		frappe.db.sql(
			f"INSERT INTO `tabDogan Workflow Version` ({columns}) VALUES ({', '.join(['%s'] * len(old))})",
			list(old.values()),
		)
		with self.assertRaisesRegex(frappe.ValidationError, "data.gone"):
			versions.restore("told", 0)

	def test_an_unknown_version_and_the_present_one_are_refused_in_words(self):
		with self.assertRaisesRegex(frappe.DoesNotExistError, "no version 9"):
			versions.compare("told", 1, 9)
		with self.assertRaisesRegex(InputError, "says now"):
			versions.restore("told", 1)


class TestPositions(SecurityTestCase):
	"""Where steps stand on the canvas is kept beside the workflow, and is no part of a version."""

	def setUp(self) -> None:
		super().setUp()
		self.save("told", step("a"), step("b"))
		frappe.db.commit()

	def place(self, positions: str) -> str | None:
		doc = frappe.get_doc(WORKFLOW, "told")
		doc.positions = positions
		doc.save()
		return frappe.db.get_value(WORKFLOW, "told", "positions")

	def test_positions_make_no_version_and_stay_with_an_import(self):
		self.assertEqual(json.loads(self.place('{"a": [10, -20.5]}') or ""), {"a": [10, -20.5]})
		self.assertEqual(len(versions.history("told")), 1)
		self.save("told", step("a"), step("b"), step("c"))
		self.assertEqual(json.loads(frappe.db.get_value(WORKFLOW, "told", "positions")), {"a": [10, -20.5]})
		self.assertNotIn("positions", self.orchestrator.export_workflow("told"))

	def test_what_is_no_position_of_a_step_is_not_kept(self):
		for text in (
			'{"gone": [1, 2]}',
			'{"a": [1]}',
			'{"a": ["1", "2"]}',
			'{"a": [NaN, 1]}',
			'{"a": [1e300, 1]}',
			'{"a": [true, 1]}',
			'{"a": {"x": 1}}',
			'["a"]',
			"7",
			"{",
			"<script>",
		):
			with self.subTest(text):
				self.assertIsNone(self.place(text))

	def test_a_manager_who_may_not_change_the_steps_may_put_them_somewhere_else(self):
		frappe.set_user(MANAGER)
		self.assertEqual(json.loads(self.place('{"a": [1, 2]}') or ""), {"a": [1, 2]})
