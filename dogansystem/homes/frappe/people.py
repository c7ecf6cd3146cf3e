"""Telling people of a Frappe site something: mails by its queue, notifications on the desk."""

from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe.utils import add_to_date, create_batch, escape_html
from frappe.utils.user import get_users_with_role

from dogansystem.engine.current import current
from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.channels import Channels
from dogansystem.homes.frappe.deciders import Deciders
from dogansystem.homes.frappe.files import readable
from dogansystem.homes.frappe.permissions import may_read
from dogansystem.homes.frappe.scope import acting_as

# More in one mail make Frappe hand it to a background job at once, whether or not the step commits.
MAX_RECIPIENTS = 100


class People(Deciders, Channels):
	"""The users of the site, and the world behind its mail accounts."""

	def send_email(
		self,
		*,
		to: Sequence[str],
		subject: str,
		message: str,
		template: str | None = None,
		values: Mapping[str, Any] | None = None,
		cc: Sequence[str] = (),
		attachments: Sequence[Any] = (),
		print_of: Mapping[str, Any] | None = None,
		in_reply_to: str | None = None,
		reference: tuple[str, str] | None = None,
	) -> list[str]:
		"""Put a mail into the Email Queue: it is sent if the step commits, and only then."""
		doctype, name = reference or (None, None)
		everybody = [*to, *cc]
		answered = _answered(in_reply_to) if in_reply_to else None
		files = [*map(_attachment, attachments), *([_print(**print_of)] if print_of else [])]
		if template:
			of = frappe.get_doc("Email Template", template)
			of.check_permission("read")
			message = of.get_formatted_response(dict(values or {}))
		for batch in create_batch(list(to), MAX_RECIPIENTS):
			frappe.sendmail(
				recipients=batch,
				cc=list(cc),
				subject=subject,
				message=message,
				attachments=files,
				reference_doctype=doctype,
				reference_name=name,
				in_reply_to=answered,
				add_unsubscribe_link=0,
				expose_recipients="header",
			)
			cc = ()  # one copy
		return everybody

	def notify(
		self, users: Sequence[str], subject: str, message: str = "", document: tuple[str, str] | None = None
	) -> list[str]:
		"""Show a notification on the desk of those of `users` who are enabled and want notifications."""
		reached = self._reached(users)
		for user in reached:
			_show(user, subject, message, document)
		return reached

	def notice(
		self, users: Sequence[str], subject: str, message: str, documents: Sequence[tuple[str, str]]
	) -> list[str]:
		"""Tell users something about the workflows themselves. Each is led to the first of `documents` they may read."""
		reached = self._reached(users)
		with acting_as("Administrator"):  # nobody acts in a worker between steps
			for user in reached:
				readable = (each for each in documents if may_read(user, *each))
				_show(user, escape_html(subject), escape_html(message), next(readable, None))
		return reached

	def _reached(self, users: Sequence[str]) -> list[str]:
		return [user for user in users if self.exists(user) and compat.wants_notifications(user)]

	def users_with_role(self, role: str) -> list[str]:
		"""Enabled users who have the role; Administrator, who has all, is left out."""
		return get_users_with_role(role)

	def exists(self, user: str) -> bool:
		"""Whether `user` is an enabled user of this site."""
		# Not by `get_value`: each drain job asks this, and Frappe's query builder takes 5 ms at its first use in a process.
		found = frappe.db.sql("SELECT enabled FROM `tabUser` WHERE name = %s", (user,))
		return bool(found and found[0][0])

	def roles(self, user: str) -> set[str]:
		"""The roles of a user."""
		return set(frappe.get_roles(user))

	def is_own_address(self, address: str) -> bool:
		"""Whether it is that of an Email Account."""
		return bool(address and frappe.db.exists("Email Account", {"email_id": address}))

	def mails_sent_to(self, address: str, seconds: float) -> int:
		"""How many mails to an address were put into the Email Queue."""
		since = add_to_date(None, seconds=-seconds)
		filters = {"recipient": ["like", f"%{address}%"], "creation": [">", since]}
		return frappe.db.count("Email Queue Recipient", filters)


def say_automatic(mail: Any) -> None:
	"""Frappe's hook for a mail that is being written: one of a step says that it is automatic, so that programs which answer
	mails do not answer it (RFC 3834)."""
	if current.get():
		mail.set_header("Auto-Submitted", "auto-generated")


def _show(user: str, subject: str, message: str, document: tuple[str, str] | None) -> None:
	"""Put a notification on a user's desk."""
	doctype, name = document or (None, None)
	frappe.get_doc(
		doctype="Notification Log",
		type="Alert",
		for_user=user,
		from_user=frappe.session.user,
		subject=subject,
		email_content=message,
		document_type=doctype,
		document_name=name,
	).insert(ignore_permissions=True)


def _attachment(given: Any) -> dict[str, Any]:
	"""A File by name or URL that the acting user may read, or a file made of text."""
	if not isinstance(given, str):
		return {"fname": given["fname"], "fcontent": given["fcontent"]}
	return {"fid": readable(given).name}


def _answered(communication: str) -> str | None:
	"""What `frappe.sendmail` takes for the Communication that a mail answers; None: it has no Message-ID."""
	doc = frappe.get_doc("Communication", communication)
	doc.check_permission("read")
	message_id = (doc.message_id or "").strip("<> \t\r\n")
	if not message_id:
		return None
	return communication if compat.replies_by_name() else f"<{message_id}>"


def _print(doctype: str, name: str, format: str | None = None) -> dict[str, Any]:
	"""A document as it is printed at this moment."""
	doc = frappe.get_doc(doctype, name)
	doc.check_permission("print")
	with compat.access_log_later():
		return frappe.attach_print(doctype, name, doc=doc, print_format=format)
