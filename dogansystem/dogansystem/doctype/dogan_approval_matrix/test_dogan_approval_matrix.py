"""What a matrix refuses, and what a step is given of it."""

from typing import Any

import frappe

from dogansystem.protocol import MatrixRow
from dogansystem.tests.asking import ApprovalTestCase
from dogansystem.tests.home import OTHER, USER

# Frappe would make records of these for the tests.
test_ignore = ["DocType", "Role", "User"]


class TestDoganApprovalMatrix(ApprovalTestCase):
	def matrix(self, *rows: dict[str, Any], **values: Any) -> Any:
		doc = {"doctype": "Dogan Approval Matrix", "matrix_name": "contract limits", "rows": list(rows)}
		return frappe.get_doc({**doc, **values}).insert()

	def test_a_row_that_cannot_be_meant_is_refused_and_named(self):
		good = {"user": USER}
		for bad, why in (
			({}, "user or a role"),
			({"user": USER, "role": "Dogan User"}, "user or a role"),
			({"user": USER, "from_amount": 10, "to_amount": 5}, "less than"),
			({"user": USER, "field": "territory"}, "both the field and the value"),
			({"user": USER, "field": "no_such_field", "value": "x"}, "no field"),
		):
			with (
				self.subTest(why=why, row=bad),
				self.assertRaisesRegex(frappe.ValidationError, f"Row 2: .*{why}"),
			):
				self.matrix(good, bad, document_type="Contact")

	def test_a_disabled_user_decides_nothing(self):
		frappe.db.set_value("User", OTHER, "enabled", 0)
		self.addCleanup(frappe.db.set_value, "User", OTHER, "enabled", 1)
		with self.assertRaisesRegex(frappe.ValidationError, "disabled"):
			self.matrix({"user": OTHER})

	def test_a_step_is_given_its_rows_in_their_order(self):
		self.matrix(
			{"user": USER, "to_amount": 1000, "company": "A", "field": "designation", "value": "Buyer"},
			{"role": "System Manager", "from_amount": 1000},
			document_type="Contact", amount_field="",
		)  # fmt: skip
		found = self.site.people.matrix("contract limits")
		self.assertEqual(found.doctype, "Contact")
		first = MatrixRow(0.0, 1000.0, {"company": "A", "designation": "Buyer"}, users=(USER,))
		self.assertEqual(found.rows, (first, MatrixRow(1000.0, None, {}, roles=("System Manager",))))
		self.assertIsNone(self.site.people.matrix("contract none"))
