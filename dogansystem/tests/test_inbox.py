"""My Approvals: what the page is told of what waits, many decisions in one call, what was decided, who stands in."""

from typing import Any
from unittest.mock import patch

import frappe
from frappe.utils import add_days, nowdate

from dogansystem.api import approvals, inbox
from dogansystem.api.errors import InputError
from dogansystem.store import open_approvals
from dogansystem.tests.asking import ApprovalTestCase
from dogansystem.tests.contract.home import PERSON, output, step
from dogansystem.tests.home import OTHER, USER


class TestInbox(ApprovalTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def ask_many(self, number: int, **params: Any) -> list[str]:
		given = {"to": USER, "subject": "May we?", **params}
		steps = [step(f"ok{each}", "flow.approve", params=given, after=[]) for each in range(number)]
		return self.ask_all(steps)

	def as_user(self, user: str, method: Any, *given: Any, **more: Any) -> Any:
		frappe.db.rollback()
		frappe.set_user(user)
		found = method(*given, **more)
		frappe.db.commit()
		return found

	def test_it_says_what_is_asked_how_it_came_and_what_a_decision_lets_go_on(self):
		about = self.document()
		steps = [
			step("ok", "flow.approve", params={"to": USER, "subject": "May we?", "document": about}),
			step("buy", title="Buy it", after=["ok.approved"]),
			step("tell", title="Say no", after=["ok.rejected", "ok.expired"]),
			step("note", title="Note it", after=["ok"]),
			step("mend", title="Mend", after=["ok"], when="failed"),
		]
		(approval,) = self.ask_all(steps, title="Buying")
		found = self.as_user(USER, inbox.waiting)
		(item,) = found["items"]
		self.assertEqual((found["total"], found["names"], item["approval"]), (1, [approval], approval))
		self.assertEqual(
			item["goes_on"], {"approved": ["Buy it", "Note it"], "rejected": ["Say no", "Note it"]}
		)
		self.assertEqual((item["workflow_title"], item["may_decide"]), ("Buying", True))
		self.assertIn({"label": "Designation", "value": "Buyer"}, item["document_fields"])
		self.assertEqual(self.as_user(OTHER, inbox.waiting)["total"], 0)

	def test_the_oldest_is_first_whoever_is_asked(self):
		steps = [
			step(f"ok{number}", "flow.approve", params={"to": to, "subject": "May we?"}, after=[])
			for number, to in enumerate((PERSON, USER, [USER, PERSON], PERSON, OTHER))
		]
		names = self.ask_all(steps)
		frappe.get_doc(doctype="Dogan Substitute", for_user=PERSON, by_user=USER).insert()
		frappe.db.commit()
		of_user = [
			frappe.db.get_value("Dogan Approver", {"approval": each, "user": ["in", (USER, PERSON)]})
			for each in names
		]
		expected = [name for name, place in zip(names, of_user, strict=True) if place]
		self.assertEqual(len(expected), 4)
		found = self.as_user(USER, inbox.waiting)
		self.assertEqual((found["names"], found["total"]), (expected, 4))
		with patch.object(open_approvals, "MAX_SHOWN", 2):
			self.assertEqual(self.as_user(USER, inbox.waiting)["names"], expected[:2])
		self.as_user(USER, approvals.decide, expected[0], "approved")
		self.assertEqual(self.as_user(USER, inbox.waiting)["names"], expected[1:])

	def test_a_role_a_substitute_and_who_passed_it_on_are_named(self):
		approval = self.ask({"role": "Dogan User"}, not_by=[OTHER])
		(item,) = self.as_user(USER, inbox.waiting)["items"]
		self.assertEqual((item["role"], item["for"], item["passed_by"]), ("Dogan User", None, None))
		self.as_user(USER, approvals.pass_on, approval, PERSON)
		frappe.set_user("Administrator")
		frappe.get_doc(doctype="Dogan Substitute", for_user=PERSON, by_user=OTHER).insert()
		frappe.db.commit()
		(mine,) = self.as_user(PERSON, inbox.waiting)["items"]
		self.assertEqual(mine["passed_by"], USER)
		approval = self.ask(PERSON)
		found = self.as_user(OTHER, inbox.waiting)
		self.assertEqual([(each["approval"], each["for"]) for each in found["items"]], [(approval, PERSON)])
		self.assertTrue(found["people"][PERSON])

	def test_it_is_paged_through(self):
		names = self.ask_many(inbox.PAGE + 3)
		first = self.as_user(USER, inbox.waiting)
		rest = self.as_user(USER, inbox.waiting, start=inbox.PAGE)
		found = [each["approval"] for each in (*first["items"], *rest["items"])]
		self.assertEqual((first["total"], found), (len(names), names))

	def test_many_are_decided_each_with_its_own_result(self):
		first, second, third = self.ask_many(3)
		needs_why = self.ask(comment="required")
		others = self.ask(OTHER)
		self.as_user(USER, approvals.decide, second, "rejected")
		given = [first, second, third, needs_why, others, "no such approval"]
		results = self.as_user(USER, inbox.decide_many, given, "approved")["results"]
		self.assertEqual([each["approval"] for each in results], given)
		done = [each["error"] is None for each in results]
		self.assertEqual(done, [True, False, True, False, False, False])
		self.assertIn(USER, results[1]["error"])
		self.assertIn("comment", results[3]["error"])
		self.assertNotIn(OTHER, results[4]["error"])
		frappe.db.rollback()
		kept = {name: frappe.db.get_value("Dogan Approval", name, "status") for name in given[:5]}
		self.assertEqual(list(kept.values()), ["Approved", "Rejected", "Approved", "Open", "Open"])
		results = self.as_user(USER, inbox.decide_many, [needs_why], "approved", "I have looked")["results"]
		self.assertEqual(results, [{"approval": needs_why, "error": None}])

	def test_more_than_fit_into_one_call_are_refused_as_a_whole(self):
		approval = self.ask()
		names = [approval, *(f"x{number}" for number in range(inbox.MANY))]
		with self.assertRaises(InputError):
			self.as_user(USER, inbox.decide_many, names, "approved")
		self.assertEqual(frappe.db.get_value("Dogan Approval", approval, "status"), "Open")

	def test_what_i_have_decided_and_what_was_decided_for_me_the_newest_first(self):
		first, second = self.ask_many(2)
		frappe.set_user("Administrator")
		frappe.get_doc(doctype="Dogan Substitute", for_user=USER, by_user=OTHER).insert()
		frappe.db.commit()
		self.as_user(USER, approvals.decide, first, "approved", "good")
		self.as_user(OTHER, approvals.decide, second, "rejected")
		mine = self.as_user(USER, inbox.decided)["items"]
		shown = [(each["approval"], each["decision"], each["by"], each["for"]) for each in mine[:2]]
		self.assertEqual(shown, [(second, "rejected", OTHER, USER), (first, "approved", USER, None)])
		self.assertEqual(
			(mine[1]["comment"], mine[1]["status"], mine[1]["through"]), ("good", "Approved", "api")
		)
		theirs = self.as_user(OTHER, inbox.decided)["items"]
		self.assertIn(second, [each["approval"] for each in theirs])
		self.assertNotIn(first, [each["approval"] for each in theirs])

	def test_substitutes_of_now_and_later_are_shown_to_both_and_past_ones_are_not(self):
		today = nowdate()
		for from_date, until_date in (
			(None, None),
			(add_days(today, 3), add_days(today, 5)),
			(add_days(today, -5), add_days(today, -1)),
		):
			frappe.get_doc(
				doctype="Dogan Substitute", for_user=USER, by_user=OTHER, from_date=from_date, until_date=until_date
			).insert()  # fmt: skip
		frappe.db.commit()
		mine = self.as_user(USER, inbox.substitutes)
		self.assertEqual(
			[(each["user"], each["is_now"]) for each in mine["mine"]], [(OTHER, True), (OTHER, False)]
		)
		self.assertEqual(
			[each["user"] for each in self.as_user(OTHER, inbox.substitutes)["for_others"]], [USER] * 2
		)
		nobody = self.as_user(PERSON, inbox.substitutes)
		self.assertEqual((nobody["mine"], nobody["for_others"]), ([], []))

	def test_the_card_of_the_workspace_counts_what_waits_for_whoever_looks(self):
		self.ask_many(2)
		self.assertEqual(self.as_user(USER, inbox.card)["value"], 2)
		self.assertEqual(self.as_user(OTHER, inbox.card)["value"], 0)

	def test_the_bell_leads_to_the_page_while_it_waits_and_to_the_form_afterwards(self):
		approval = self.ask([USER, OTHER])
		self.as_user(USER, approvals.decide, approval, "approved")
		frappe.set_user("Administrator")
		self.tick()
		frappe.db.rollback()
		links = frappe.get_all(
			"Notification Log",
			{"for_user": OTHER, "document_name": approval},
			pluck="link",
			order_by="creation asc",
		)
		self.assertEqual([bool(each) for each in links], [True, False])
		self.assertTrue(links[0].endswith(f"dogan-inbox/{approval}"))

	def test_only_who_may_see_an_approval_is_told_of_it(self):
		approval = self.ask()
		self.assertEqual(self.as_user(USER, inbox.one, approval)["item"]["approval"], approval)
		with self.assertRaises(frappe.PermissionError):
			self.as_user(OTHER, inbox.one, approval)
		for method in (inbox.waiting, inbox.decided, inbox.substitutes, inbox.card):
			with self.subTest(method=method.__name__), self.assertRaises(frappe.PermissionError):
				self.as_user("Guest", method)

	def test_a_decision_of_many_lets_the_run_go_on(self):
		(approval,) = self.ask_many(1)
		self.as_user(USER, inbox.decide_many, [approval], "approved", "all fine")
		run = self.result()
		self.assertEqual((run["status"], output(run, "ok0")["comment"]), ("Succeeded", "all fine"))
