"""Mails and files as ways out: second headers in a mail, files that are not the step's to send."""

from email import message_from_string
from typing import Any

import frappe

from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import OTHER, USER
from dogansystem.tests.test_frappe_site import make_mail_account

EVIL = "evil@example.com"
LINES = (
	"\r\nBcc: ",
	"\nBcc: ",
	"\rBcc: ",
	"\r\n\r\nBcc: ",
	"%0d%0aBcc: ",
	"\u2028Bcc: ",
	"\x0bBcc: ",
	"\x85Bcc: ",
)


class TestMail(SecurityTestCase):
	def setUp(self) -> None:
		super().setUp()
		make_mail_account(self)
		frappe.db.delete("Email Queue")
		frappe.db.delete("Email Queue Recipient")
		frappe.db.commit()
		frappe.set_user(USER)

	def send(self, **given: Any) -> bool:
		"""Whether a mail is queued; an attack may also be refused."""
		try:
			self.site.people.send_email(**{"to": [OTHER], "subject": "s", "message": "m", **given})
		except frappe.ValidationError:
			return False
		return True

	def test_a_mail_has_no_room_for_a_second_header(self):
		tried = queued = 0
		for line in LINES:
			for given in (
				{"subject": f"s{line}{EVIL}"},
				{"to": [f"{OTHER}{line}{EVIL}"]},
				{"cc": [f"{OTHER}{line}{EVIL}"]},
				{"message": f"m{line}{EVIL}"},
				{"attachments": [{"fname": f"a{line}{EVIL}.txt", "fcontent": f"x{line}{EVIL}"}]},
			):
				tried += 1
				with self.subTest(given=given):
					queued += self.send(**given)
		self.assertGreater(queued, 10)
		recipients = frappe.get_all("Email Queue Recipient", pluck="recipient")
		self.assertEqual([each for each in recipients if each == EVIL], [])
		for text in frappe.get_all("Email Queue", pluck="message"):
			mail = message_from_string(text)
			self.assertEqual((mail.get_all("Bcc"), mail.defects), (None, []))
			self.assertTrue(EVIL not in (mail["To"] or "") or OTHER in mail["To"])
			self.assertTrue(mail.is_multipart())
		print(f"\nmails with a second header: tried {tried}, sent to somebody else 0", flush=True)

	def test_only_files_that_the_user_may_read_are_sent(self):
		frappe.set_user(PERSON)
		file = frappe.get_doc(
			{"doctype": "File", "file_name": "contract.txt", "content": "contract secret", "is_private": 1}
		).insert()
		self.addCleanup(frappe.delete_doc, "File", file.name, force=True, ignore_permissions=True)
		frappe.set_user(USER)
		for given in (
			file.name, file.file_url, "/private/files/../../site_config.json", "/files/../../../etc/passwd", "../site_config.json",
			"/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "", "%", "' OR 1=1 -- ", "/private/files/", "Home", "Home/Attachments",
		):  # fmt: skip
			with self.subTest(given=given), self.undone():
				with self.assertRaises(Exception) as failure:
					self.site.people.send_email(to=[OTHER], subject="s", message="m", attachments=[given])
				self.assertIn(
					type(failure.exception).__name__,
					(
						"PermissionError",
						"NotFound",
						"DoesNotExistError",
						"FileNotFoundError",
						"ValidationError",
					),
				)
		self.assertEqual(frappe.db.count("Email Queue"), 0)
