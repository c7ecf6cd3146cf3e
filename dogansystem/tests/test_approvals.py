"""Approvals and asks on a site: from the step that asks, by the people who decide with what rights they have, to its end."""

from typing import Any

import frappe

from dogansystem.api import approvals
from dogansystem.api.errors import AlreadyDecided, DecisionIncomplete, NotAsked
from dogansystem.store import approvals as kept
from dogansystem.tests.asking import APPROVAL, ApprovalTestCase
from dogansystem.tests.contract.home import PERSON, output, proves, row
from dogansystem.tests.home import MANAGER, OTHER, USER
from dogansystem.tests.test_frappe_site import make_mail_account

HOUR = 3600.0


class TestDeciding(ApprovalTestCase):
	def setUp(self) -> None:
		super().setUp()
		make_mail_account(self)
		self.addCleanup(frappe.set_user, "Administrator")

	def as_user(self, user: str, method: Any, *given: Any, **more: Any) -> Any:
		"""What an API call of `user` gives, committed; rolled back if it is refused."""
		frappe.set_user(user)
		try:
			found = method(*given, **more)
		except BaseException:
			frappe.db.rollback()
			raise
		frappe.db.commit()
		return found

	@proves(
		"the document is shown with it and must be readable by who decides, or is shared with them for reading until they have decided"
	)
	def test_one_who_may_not_read_the_document_sees_it_until_they_have_decided(self):
		about = self.document()
		approval = self.ask(document=about, message="<b>Please</b>")
		shown = self.as_user(USER, approvals.get, approval)
		self.assertIn({"label": "Designation", "value": "Buyer"}, shown["document_fields"])
		self.assertTrue(frappe.has_permission(about["doctype"], "read", about["name"], user=USER))
		self.assertFalse(frappe.has_permission(about["doctype"], "read", about["name"], user=OTHER))
		self.as_user(USER, approvals.decide, approval, "approved", "as agreed")
		run = self.result()
		self.assertEqual((run["status"], row(run, "ok")["branch"]), ("Succeeded", "approved"))
		(decision,) = output(run, "ok")["decisions"]
		self.assertEqual(
			(decision["by"], decision["through"], decision["comment"]), (USER, "api", "as agreed")
		)
		self.settle_down()
		self.assertFalse(frappe.has_permission(about["doctype"], "read", about["name"], user=USER))
		self.assertEqual(self.todos_of(USER), ["Closed"])

	def settle_down(self) -> None:
		"""Let the chores tell of what has ended."""
		frappe.set_user("Administrator")
		self.tick()
		frappe.db.rollback()

	@proves("a decision that comes too late is the error `AlreadyDecided` that says who was first and when")
	def test_the_second_of_two_is_told_who_was_first(self):
		approval = self.ask([USER, OTHER])
		self.as_user(USER, approvals.decide, approval, "rejected")
		with self.assertRaisesRegex(AlreadyDecided, f"{USER}.*\\d{{4}}-\\d\\d-\\d\\d"):
			self.as_user(OTHER, approvals.decide, approval, "approved")
		self.assertEqual(AlreadyDecided.http_status_code, 409)
		self.settle_down()
		self.assertEqual(self.todos_of(OTHER), ["Cancelled"])
		self.assertIn("has rejected this", self.told(OTHER)[-1])
		self.assertIn("has rejected this", self.mails_to(OTHER)[-1])

	def test_whoever_comes_too_late_or_is_not_asked_is_told_in_their_language(self):
		approval = self.ask([USER, OTHER])
		self.as_user(USER, approvals.decide, approval, "rejected")
		self.addCleanup(setattr, frappe.local, "lang", "en")
		frappe.local.lang = "de"
		with self.assertRaisesRegex(AlreadyDecided, f"{USER} hat schon abgelehnt, am \\d{{4}}"):
			self.as_user(OTHER, approvals.decide, approval, "approved")
		with self.assertRaisesRegex(NotAsked, f"{MANAGER} wird nicht gefragt"):
			self.as_user(MANAGER, approvals.decide, approval, "approved")
		self.assertIn("hat schon", self.as_user(OTHER, approvals.get, approval)["why_not"])

	def test_nobody_else_may_decide_pass_on_or_reassign(self):
		approval = self.ask()
		for user in (OTHER, MANAGER, PERSON):
			for decision in ("approved", "rejected"):
				with self.subTest(user=user), self.assertRaises(NotAsked):
					self.as_user(user, approvals.decide, approval, decision)
			with self.subTest(user=user), self.assertRaises(frappe.PermissionError):
				self.as_user(user, approvals.pass_on, approval, user)
		for user in (USER, OTHER, MANAGER):
			with self.subTest(user=user), self.assertRaises(frappe.PermissionError):
				self.as_user(user, approvals.reassign, approval, USER, OTHER)

	@proves(
		"a person may pass an approval on to somebody else unless `delegate: false`",
		"a System Manager may reassign but decides only if asked",
	)
	def test_it_is_passed_on_and_reassigned_and_the_document_goes_with_it(self):
		about = self.document()
		approval = self.ask(document=about)
		document = (about["doctype"], about["name"])
		self.as_user(USER, approvals.pass_on, approval, OTHER)
		self.assertEqual([self.site.people.may_read(each, document) for each in (USER, OTHER)], [False, True])
		self.assertIn("passed this on to you", self.told(OTHER)[-1])
		with self.assertRaises(NotAsked):
			self.as_user(USER, approvals.decide, approval, "approved")
		self.as_user(PERSON, approvals.reassign, approval, OTHER, MANAGER)
		with self.assertRaises(NotAsked):
			self.as_user(OTHER, approvals.decide, approval, "approved")
		self.as_user(MANAGER, approvals.decide, approval, "approved")
		self.assertEqual(self.result()["status"], "Succeeded")

	def test_a_comment_or_a_field_that_is_missing_is_named(self):
		fields = [{"name": "limit", "label": "New limit", "type": "Float", "required": True}]
		approval = self.ask(fields=fields, comment="on_rejection")
		with self.assertRaisesRegex(DecisionIncomplete, "New limit"):
			self.as_user(USER, approvals.decide, approval, "approved")
		with self.assertRaisesRegex(DecisionIncomplete, "comment"):
			self.as_user(USER, approvals.decide, approval, "rejected")
		self.as_user(USER, approvals.decide, approval, "approved", values='{"limit": 5}')
		self.assertEqual(output(self.result(), "ok")["values"], {"limit": 5})

	@proves(
		"a substitute (Dogan Substitute: for whom, by whom, from, until) may decide for somebody, and it says so"
	)
	def test_a_substitute_decides_and_it_says_for_whom(self):
		frappe.get_doc(doctype="Dogan Substitute", for_user=USER, by_user=OTHER).insert()
		frappe.db.commit()
		about = self.document()
		approval = self.ask(document=about)
		self.assertEqual([each["for"] for each in self.as_user(OTHER, approvals.pending)], [USER])
		self.assertTrue(self.site.people.may_read(OTHER, (about["doctype"], about["name"])))
		self.assertEqual(len(self.mails_to(OTHER)), 1)
		self.as_user(OTHER, approvals.decide, approval, "approved")
		self.assertFalse(self.site.people.may_read(OTHER, (about["doctype"], about["name"])))
		(decision,) = output(self.result(), "ok")["decisions"]
		self.assertEqual((decision["by"], decision["for"]), (OTHER, USER))
		self.settle_down()
		self.assertEqual(self.todos_of(USER), ["Closed"])
		self.assertIn("has decided this for you", self.told(USER)[-1])
		self.assertFalse(self.site.people.may_read(OTHER, (about["doctype"], about["name"])))

	@proves("`not_by`")
	def test_the_substitute_of_one_who_is_excluded_may_not_decide_either(self):
		frappe.get_doc(doctype="Dogan Substitute", for_user=PERSON, by_user=OTHER).insert()
		frappe.db.commit()
		approval = self.ask([OTHER, USER, PERSON], not_by=["{{ run.started_by }}"])
		for user in (OTHER, PERSON):
			with self.subTest(user=user), self.assertRaises(NotAsked):
				self.as_user(user, approvals.decide, approval, "approved")
		self.as_user(USER, approvals.decide, approval, "approved")

	@proves("who may decide are enabled users only")
	def test_a_user_who_is_disabled_after_being_asked_decides_nothing(self):
		approval = self.ask([USER, OTHER])
		frappe.db.set_value("User", USER, "enabled", 0)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_value, "User", USER, "enabled", 1)
		frappe.db.commit()
		with self.assertRaises(NotAsked):
			self.as_user(USER, approvals.decide, approval, "approved")
		self.as_user(OTHER, approvals.decide, approval, "approved")

	def test_the_first_row_of_a_matrix_that_fits_says_who_is_asked(self):
		rows = [
			{"user": OTHER, "field": "designation", "value": "Seller"},
			{"user": USER, "field": "designation", "value": "Buyer"},
			{"user": OTHER},
		]
		frappe.get_doc(doctype="Dogan Approval Matrix", matrix_name="contract who", rows=rows).insert()
		frappe.db.commit()
		self.ask({"matrix": "contract who"}, document=self.document())
		self.assertEqual((self.todos_of(USER), self.todos_of(OTHER)), (["Open"], []))

	def test_the_deadline_decides_and_those_who_were_asked_hear_of_it(self):
		approval = self.ask(deadline="1h", at_deadline="approve")
		self.advance(HOUR + 1)
		run = self.result()
		self.assertEqual((run["status"], row(run, "ok")["branch"]), ("Succeeded", "approved"))
		with self.assertRaises(AlreadyDecided):
			self.as_user(USER, approvals.decide, approval, "rejected")
		self.settle_down()
		self.assertEqual(self.todos_of(USER), ["Cancelled"])

	def test_it_is_escalated_and_decided_by_who_is_asked_then(self):
		about = self.document()
		escalation = {"to": OTHER, "deadline": "1h"}
		approval = self.ask(
			deadline="1h", at_deadline="escalate", escalate_to=escalation, remind="20m", document=about
		)
		self.advance(HOUR / 2)
		self.drain()
		self.settle_down()
		self.assertIn("A reminder", self.told(USER)[-1])
		self.advance(HOUR)
		self.drain()
		self.settle_down()
		self.assertIn("now it is up to you", self.told(OTHER)[-1])
		self.as_user(OTHER, approvals.decide, approval, "rejected", "too late for that")
		self.assertEqual(row(self.result(), "ok")["branch"], "rejected")

	@proves("`flow.ask`")
	def test_somebody_fills_in_a_form(self):
		fields = [
			{"name": "when", "type": "Date", "required": True},
			{"name": "size", "type": "Select", "options": ["S", "L"]},
		]
		approval = self.ask(action="flow.ask", subject="When?", fields=fields)
		self.assertIn("Please fill in", self.told(USER)[-1])
		self.as_user(USER, approvals.decide, approval, "answered", values={"when": "2026-01-31", "size": "L"})
		given = output(self.result(), "ok")
		self.assertEqual(given, {"by": USER, "values": {"when": "2026-01-31", "size": "L"}})


class TestKept(ApprovalTestCase):
	"""Decisions are never changed or deleted, retention apart."""

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		self.approval = self.ask(USER)
		frappe.set_user(USER)
		approvals.decide(self.approval, "approved", "mine")
		frappe.db.commit()
		self.before = self.rows()

	def rows(self) -> list[Any]:
		frappe.db.rollback()
		query = "SELECT * FROM `tabDogan Approval Decision` WHERE approval = %s"
		return frappe.db.sql(query, self.approval, as_dict=True)

	@proves("Decisions are never changed or deleted, retention apart")
	def test_no_way_of_frappe_changes_or_deletes_a_decision(self):
		(name,) = frappe.get_all("Dogan Approval Decision", {"approval": self.approval}, pluck="name")
		forged = {
			"doctype": "Dogan Approval Decision",
			"approval": self.approval,
			"by_user": OTHER,
			"decision": "rejected",
		}

		def bulk_update() -> None:
			from frappe.desk.doctype.bulk_update.bulk_update import submit_cancel_or_update_docs

			failed = submit_cancel_or_update_docs(
				"Dogan Approval Decision", [name], "update", {"decision": "rejected"}
			)
			self.assertEqual(failed, [name])
			raise frappe.ValidationError

		attacks = (
			lambda: frappe.client.set_value("Dogan Approval Decision", name, "decision", "rejected"),
			lambda: frappe.client.save({**frappe.get_doc("Dogan Approval Decision", name).as_dict(), "comment": "x"}),
			lambda: frappe.client.insert(forged),
			lambda: frappe.client.insert({**forged, "name": f"{name}.9", "__islocal": 1}),
			lambda: frappe.client.delete("Dogan Approval Decision", name),
			lambda: frappe.delete_doc("Dogan Approval Decision", name, force=True),
			lambda: frappe.client.rename_doc("Dogan Approval Decision", name, "other"),
			lambda: frappe.rename_doc("Dogan Approval Decision", name, "other", force=True),
			lambda: frappe.client.delete(APPROVAL, self.approval),
			lambda: frappe.client.set_value(APPROVAL, self.approval, "status", "Rejected"),
			lambda: frappe.client.rename_doc(APPROVAL, self.approval, "other"),
			lambda: frappe.rename_doc(APPROVAL, self.approval, "other", force=True),
			lambda: frappe.client.insert({"doctype": "Dogan Approver", "name": "x.1", "approval": self.approval, "user": OTHER}),
			lambda: frappe.client.insert({"doctype": APPROVAL, "name": "forged", "subject": "x"}),
			bulk_update,
		)  # fmt: skip
		for user in ("Administrator", PERSON, MANAGER, USER):
			for number, attack in enumerate(attacks):
				frappe.set_user(user)
				with (
					self.subTest(user=user, attack=number),
					self.assertRaises((frappe.ValidationError, frappe.PermissionError)),
				):
					attack()
				self.assertEqual(self.rows(), self.before)
		self.assertFalse(frappe.db.exists(APPROVAL, "forged"))

	def test_decisions_go_with_their_run(self):
		frappe.set_user("Administrator")
		self.result()
		kept.delete_of_run(self.site.database, self.run)
		frappe.db.commit()
		self.assertEqual(self.rows(), [])
