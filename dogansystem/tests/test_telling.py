"""How a Frappe site tells people of approvals, and shares documents with them for as long as it takes."""

import re
from typing import Any

import frappe

from dogansystem.homes.frappe import approval_links
from dogansystem.protocol import Asked
from dogansystem.tests.asking import APPROVAL, HARM, ApprovalTestCase, token_of
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import OTHER, USER
from dogansystem.tests.test_frappe_site import make_mail_account

NAME = "contract-approval"


class TestTelling(ApprovalTestCase):
	def setUp(self) -> None:
		super().setUp()
		make_mail_account(self)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, APPROVAL, {"name": NAME})
		frappe.db.delete(APPROVAL, {"name": NAME})
		frappe.get_doc(doctype=APPROVAL, name=NAME, subject="s", status="Open").db_insert()
		frappe.db.commit()
		frappe.set_user("Guest")  # who acts in a worker between steps

	def tell(self, user: str, what: Any, by: str = "", comment: str = "", **about: Any) -> None:
		values = {"kind": "approve", "workflow": "w", "run": "r", "subject": "Buy & sell", "asked_by": PERSON}
		self.site.people.tell(user, what, Asked(NAME, **{**values, **about}), by, comment)

	def link_to(self, user: str) -> str:
		"""The token of the last mail to a user."""
		return token_of(self.mails_to(user)[-1])

	def set_notifications(self, user: str, **values: int) -> None:
		if not frappe.db.exists("Notification Settings", user):
			frappe.get_doc(doctype="Notification Settings", name=user).insert(ignore_permissions=True)
		for field, value in values.items():
			self.addCleanup(frappe.db.set_value, "Notification Settings", user, field, 1)
			frappe.db.set_value("Notification Settings", user, field, value)

	def test_who_is_asked_has_a_todo_a_notification_and_a_mail_until_it_is_over(self):
		self.tell(USER, "asked", deadline=self.site.now() + 3600)
		self.assertEqual(self.site.user, "Guest")
		frappe.db.commit()
		self.assertEqual(self.todos_of(USER), ["Open"])
		self.assertEqual(self.told(USER), ["Your approval is wanted: Buy &amp; sell"])
		self.assertEqual(approval_links.holder(self.link_to(USER)), (NAME, USER))
		self.tell(USER, "reminded")
		frappe.db.commit()
		self.assertEqual(self.todos_of(USER), ["Open"])
		self.assertEqual(len(self.mails_to(USER)), 2)
		self.tell(USER, "no longer asked", by=OTHER, comment="too dear", status="Rejected")
		frappe.db.commit()
		self.assertEqual(self.todos_of(USER), ["Cancelled"])
		self.assertIn("has rejected this", self.told(USER)[-1])
		self.assertIn("too dear", self.mails_to(USER)[-1])
		self.assertNotIn("token=", self.mails_to(USER)[-1])

	def test_what_is_rolled_back_was_never_told(self):
		self.tell(USER, "asked")
		frappe.db.rollback()
		self.assertEqual((self.todos_of(USER), self.told(USER), self.mails_to(USER)), ([], [], []))

	def test_who_has_decided_is_done_and_hears_no_more_of_it(self):
		self.tell(USER, "asked")
		self.tell(USER, "decided", status="Approved")
		frappe.db.commit()
		self.assertEqual(self.todos_of(USER), ["Closed"])
		self.assertEqual((len(self.told(USER)), len(self.mails_to(USER))), (1, 1))

	def test_the_notification_settings_of_a_person_count(self):
		self.set_notifications(USER, enabled=0)
		self.set_notifications(OTHER, enable_email_assignment=0)
		for user in (USER, OTHER):
			self.tell(user, "asked")
		frappe.db.commit()
		self.assertEqual((len(self.told(USER)), len(self.mails_to(USER))), (0, 1))
		self.assertEqual((len(self.told(OTHER)), len(self.mails_to(OTHER))), (1, 0))
		self.assertEqual((self.todos_of(USER), self.todos_of(OTHER)), (["Open"], ["Open"]))

	def test_without_a_mail_account_people_are_asked_on_the_desk(self):
		frappe.db.set_value("Email Account", {"enable_outgoing": 1}, "enable_outgoing", 0)
		self.addCleanup(frappe.db.set_value, "Email Account", {"name": "Contract"}, "enable_outgoing", 1)
		frappe.flags.mute_emails, before = False, frappe.flags.mute_emails
		self.addCleanup(frappe.flags.update, {"mute_emails": before})
		self.tell(USER, "asked")
		frappe.db.commit()
		self.assertEqual((self.todos_of(USER), len(self.told(USER))), (["Open"], 1))

	def test_nothing_that_others_have_written_becomes_a_tag(self):
		self.tell(USER, "passed on", by=OTHER, comment=HARM, subject=HARM, message=HARM + "<b>bold</b>")
		frappe.db.commit()
		(log,) = frappe.get_all(
			"Notification Log", {"for_user": USER, "document_type": APPROVAL}, ["subject", "email_content"]
		)
		(todo,) = frappe.get_all("ToDo", {"allocated_to": USER, "reference_type": APPROVAL}, ["description"])
		mail = self.mails_to(USER)[-1]
		for text in (log.subject, log.email_content, todo.description, mail):
			self.assertNotRegex(text, r"<script|<img[^>]*onerror", text)
		self.assertIn("<b>bold</b>", mail)

	def test_a_link_is_for_one_person_and_one_approval_and_nothing_else_is_one(self):
		tokens = [approval_links.issue(NAME, user) for user in (USER, OTHER, USER)]
		self.assertEqual(
			[approval_links.holder(each) for each in tokens], [(NAME, USER), (NAME, OTHER), (NAME, USER)]
		)
		kept_text = frappe.db.get_value(APPROVAL, NAME, "link_hashes")
		self.assertFalse([each for each in tokens if each.partition(".")[2] in kept_text])
		hashed = re.findall(r"[0-9a-f]{64}", kept_text)[0]
		secret = tokens[0].partition(".")[2]
		for forged in (
			"", ".", NAME, f"{NAME}.", f"{NAME}.{hashed}", f"other.{secret}", tokens[0][:-1], tokens[0] + "A",
			tokens[0].upper(), f"{NAME}.{'A' * 43}", None, ["x"], "x" * 5000, f"{NAME}'--.{secret}", "\ud800.x",
		):  # fmt: skip
			with self.subTest(forged=forged):
				self.assertIsNone(approval_links.holder(forged))


class TestSharing(ApprovalTestCase):
	def test_a_document_is_shared_for_reading_and_taken_back_unless_more_was_given_since(self):
		about = self.document()
		document, people = (about["doctype"], about["name"]), self.site.people
		self.assertFalse(people.may_read(USER, document))
		self.assertTrue(people.share(USER, document))
		self.assertTrue(people.may_read(USER, document))
		self.assertFalse(frappe.has_permission(*document[:1], "write", document[1], user=USER))
		self.assertFalse(people.share(USER, document))  # it is there
		people.unshare(USER, document)
		self.assertFalse(people.may_read(USER, document))
		people.share(USER, document)
		frappe.share.add_docshare(*document, USER, write=1, flags={"ignore_share_permission": True})
		people.unshare(USER, document)
		self.assertTrue(people.may_read(USER, document))

	def test_nobody_may_read_what_is_not_there(self):
		for document in (("Contact", "no such contact"), ("No Such DocType", "x")):
			self.assertFalse(self.site.people.may_read(PERSON, document))
			self.site.people.unshare(USER, document)
