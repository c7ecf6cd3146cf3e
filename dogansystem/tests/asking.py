"""What tests of approvals on a site have in common: something to decide, about a document that few may read."""

import re
from email import message_from_string
from typing import Any

import frappe

from dogansystem.tests.contract.home import PERSON, Home, step
from dogansystem.tests.home import OTHER, USER, SiteTestCase

APPROVAL = "Dogan Approval"
HARM = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"


class ApprovalTestCase(SiteTestCase, Home):
	"""A site with a Contact that only PERSON may read. What was asked, and told of it, is swept away after each test."""

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(forget_approvals)
		forget_approvals()
		self.mails_before = frappe.get_all("Email Queue", pluck="name")
		frappe.db.commit()

	def document(self, **values: Any) -> dict[str, str]:
		"""A document that USER and OTHER may not read."""
		with self.site.acting_as(PERSON):
			given = {"first_name": "contract approvals", "designation": "Buyer", **values}
			doc = frappe.get_doc(doctype="Contact", **given).insert()
		frappe.db.commit()
		return {"doctype": "Contact", "name": doc.name}

	def ask(self, to: Any = USER, action: str = "flow.approve", **params: Any) -> str:
		"""Start a run that asks, and work until it waits; gives the approval."""
		params = {"to": to, "subject": "May we buy it?", **params}
		return self.ask_all([step("ok", action, params=params)])[0]

	def ask_all(self, steps: list[dict[str, Any]], started_by: str = PERSON, **rest: Any) -> list[str]:
		"""The approvals that a run of these steps asks for."""
		self.save("contract-approvals", steps, triggers=[{"on": "manual"}], **rest)
		with self.site.acting_as(started_by):
			self.run = self.orchestrator.start_run("contract-approvals")
		frappe.db.commit()
		self.drain()
		frappe.db.rollback()
		found = frappe.get_all(APPROVAL, {"run": self.run}, pluck="name", order_by="name asc")
		self.assertTrue(found, frappe.get_all("Dogan Step Run", {"run": self.run}, ["status", "error"]))
		return found

	def ask_with_harm(self) -> tuple[dict[str, str], str]:
		"""An approval in which every text that somebody has written would do harm if it were HTML: its document, and its name."""
		about = self.document(designation=f"D{HARM}")
		approval = self.ask(
			[USER, OTHER], needs="all", subject=f"S{HARM}", message=f"M{HARM}", document=about,
			fields=[{"name": "f", "label": f"L{HARM}", "default": f"V{HARM}"[:100]}],
		)  # fmt: skip
		with self.site.acting_as(OTHER):
			self.orchestrator.decide(approval, "approved", comment=f"C{HARM}")
		frappe.db.commit()
		return about, approval

	def result(self) -> dict[str, Any]:
		"""The run, after all that can be done."""
		frappe.set_user("Administrator")
		self.drain()
		return self.run_of(self.run)

	def told(self, user: str) -> list[str]:
		"""The subjects of a user's notifications about approvals, the oldest first."""
		frappe.db.rollback()
		filters = {"for_user": user, "document_type": APPROVAL}
		return frappe.get_all("Notification Log", filters, pluck="subject", order_by="creation asc")

	def todos_of(self, user: str) -> list[str]:
		"""The states of a user's ToDos about approvals."""
		frappe.db.rollback()
		filters = {"allocated_to": user, "reference_type": APPROVAL}
		return frappe.get_all("ToDo", filters, pluck="status", order_by="creation asc")

	def mails_to(self, user: str) -> list[str]:
		"""What the mails that this test has queued to a user say in HTML, the oldest first."""
		frappe.db.rollback()
		rows = frappe.db.sql(
			"SELECT q.name, q.message FROM `tabEmail Queue` q JOIN `tabEmail Queue Recipient` r ON r.parent = q.name"
			" WHERE r.recipient = %s ORDER BY q.creation",
			user,
		)
		return [html_of(message) for name, message in rows if name not in self.mails_before]


def html_of(mail: str) -> str:
	"""The HTML part of a mail."""
	parts = (each for each in message_from_string(mail).walk() if each.get_content_type() == "text/html")
	return next(parts).get_payload(decode=True).decode()


def token_of(html: str) -> str:
	"""The token of the link in a mail."""
	return re.findall(r"/dogan-approval\?token=([\w.-]+)", html)[0]


def forget_approvals() -> None:
	"""Delete what stands beside approvals of tests, and their documents. Commits."""
	frappe.db.rollback()
	frappe.set_user("Administrator")
	for doctype, field in (
		("ToDo", "reference_type"),
		("Notification Log", "document_type"),
		("Comment", "reference_doctype"),
		("DocShare", "share_doctype"),
	):
		frappe.db.delete(doctype, {field: APPROVAL})
	for name in frappe.get_all("Email Queue", {"reference_doctype": APPROVAL}, pluck="name"):
		frappe.db.delete("Email Queue Recipient", {"parent": name})
		frappe.db.delete("Email Queue", {"name": name})
	for name in frappe.get_all("Contact", {"first_name": ["like", "contract%"]}, pluck="name"):
		frappe.delete_doc("Contact", name, force=True, ignore_permissions=True, delete_permanently=True)
	# Outside of its own tests Frappe leaves what hangs on a document to a background job.
	frappe.db.delete("DocShare", {"share_doctype": "Contact", "share_name": ["like", "contract%"]})
	frappe.db.delete("Dogan Substitute", {"for_user": ["in", [USER, OTHER, PERSON]]})
	for name in frappe.get_all("Dogan Approval Matrix", {"name": ["like", "contract%"]}, pluck="name"):
		frappe.delete_doc("Dogan Approval Matrix", name, force=True, delete_permanently=True)
	frappe.db.commit()
