"""The report Dogan Decisions: who decided what, when, through what, for whom; and who may see it."""

from typing import Any

import frappe
from frappe.desk import query_report
from frappe.utils import add_days, nowdate

from dogansystem.api import approvals
from dogansystem.dogansystem.report.dogan_decisions import dogan_decisions
from dogansystem.tests.asking import ApprovalTestCase
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER, OTHER, USER

REPORT = "Dogan Decisions"
HOUR = 3600.0


class TestDecisionsReport(ApprovalTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def decide(self, user: str, approval: str, decision: str, comment: str = "", **more: Any) -> None:
		frappe.set_user(user)
		approvals.decide(approval, decision, comment, **more)
		frappe.db.commit()
		frappe.set_user("Administrator")

	def rows(self, **filters: Any) -> list[dict[str, Any]]:
		frappe.db.rollback()
		return dogan_decisions.execute(filters)[1]

	def shown(self, **filters: Any) -> list[tuple[Any, ...]]:
		keys = ("decision", "by_user", "for_user", "through")
		return [
			tuple(row[key] for key in keys) for row in self.rows(workflow="contract-approvals", **filters)
		]

	def test_a_decision_a_substitutes_and_a_deadlines(self):
		about = self.document()
		self.decide(USER, self.ask(document=about), "approved", "fine")
		frappe.get_doc(doctype="Dogan Substitute", for_user=USER, by_user=OTHER).insert()
		frappe.db.commit()
		self.decide(OTHER, self.ask(document=about), "rejected")
		self.ask(deadline="1h", at_deadline="approve")
		self.advance(HOUR + 1)
		self.drain()
		mine = ("approved", USER, None, "API")
		theirs = ("rejected", OTHER, USER, "API")
		late = ("approved", None, None, "Deadline")
		self.assertCountEqual(self.shown(), [mine, theirs, late])
		self.assertCountEqual(self.shown(person=USER), [mine, theirs])
		self.assertEqual(self.shown(person=OTHER), [theirs])
		self.assertEqual(self.shown(through="deadline"), [late])
		self.assertCountEqual(self.shown(through="api"), [mine, theirs])
		document = {"document_type": about["doctype"], "document": about["name"]}
		self.assertCountEqual(self.shown(**document), [mine, theirs])
		tomorrow = add_days(nowdate(), 1)
		self.assertEqual(self.shown(from_date=add_days(tomorrow, 1)), [])
		self.assertEqual(self.shown(to_date=add_days(nowdate(), -1)), [])
		self.assertEqual(len(self.shown(from_date=nowdate(), to_date=tomorrow)), 3)
		(first,) = self.rows(person=USER, **document, through="api")[1:]
		self.assertEqual((first["comment"], first["reference_name"]), ("fine", about["name"]))

	def test_values_that_were_given_are_shown_and_what_was_dropped_is_no_decision(self):
		approval = self.ask(action="flow.ask", fields=[{"name": "size", "type": "Data"}])
		self.decide(USER, approval, "answered", values={"size": "L"})
		self.ask()
		self.act("cancel", self.run)
		(row,) = self.rows(workflow="contract-approvals")
		self.assertEqual((row["decision"], row["given"]), ("answered", "size: L"))

	def test_the_newest_are_shown_as_many_as_are_wanted(self):
		approved = [self.ask() for _ in range(2)]
		self.ask(deadline="1h", at_deadline="approve")
		for approval in approved:
			self.decide(USER, approval, "approved")
		self.advance(HOUR + 1)
		self.drain()
		frappe.db.rollback()
		filters = {"workflow": "contract-approvals"}
		whole = dogan_decisions.execute(filters)
		self.assertEqual((len(whole[1]), whole[2]), (3, None))
		self.assertEqual(whole[1][0]["through"], "Deadline")
		for number in (1, 2):
			found = dogan_decisions.execute({**filters, "rows": number})
			self.assertEqual(found[1], whole[1][:number])
			self.assertIn(f"Only the newest {number} are shown", found[2])
		for number in (0, -1, None, "", dogan_decisions.MAX_ROWS + 1):
			self.assertEqual(dogan_decisions.execute({**filters, "rows": number}), whole)

	def test_managers_see_it_and_nobody_else(self):
		for user, sees in ((PERSON, True), (MANAGER, True), (USER, False), (OTHER, False), ("Guest", False)):
			frappe.set_user(user)
			with self.subTest(user=user):
				if sees:
					self.assertTrue(query_report.run(REPORT, filters={})["columns"])
				else:
					with self.assertRaises(frappe.PermissionError):
						query_report.run(REPORT, filters={})

	def test_it_is_exported_with_what_is_shown(self):
		self.decide(USER, self.ask(), "approved", "as agreed")
		frappe.set_user(MANAGER)
		frappe.local.form_dict = frappe._dict(
			report_name=REPORT,
			file_format_type="CSV",
			filters=frappe.as_json({"workflow": "contract-approvals"}),
			visible_idx="[0]",
			include_indentation=0,
		)
		query_report.export_query()
		self.assertIn("as agreed", str(frappe.response["filecontent"]))
