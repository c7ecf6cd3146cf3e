"""Telling people of a Frappe site that their decision is wanted, or is not wanted any more.

Frappe's own things carry it: a ToDo is what there is to do, a Notification Log is the bell, the Email Queue takes a mail
with a link. All of them are rows of the transaction that asks, so that nobody hears of what has not happened. Each
person is told in their own language, and as their Notification Settings say.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _
from frappe.utils import escape_html, get_fullname, get_url, strip_html

from dogansystem.homes.frappe import approval_links, compat
from dogansystem.homes.frappe.moments import day, local
from dogansystem.homes.frappe.safe_html import message_html
from dogansystem.homes.frappe.scope import acting_as
from dogansystem.protocol import Asked, Told

APPROVAL = "Dogan Approval"
WANTED = frozenset({"asked", "passed on", "escalated", "reminded"})
MAX_SUBJECT = 140  # characters of a mail's subject
INBOX_CHANGED = "dogan_inbox_changed"  # what the page My Approvals hears of
INBOX = "/app/dogan-inbox"


class Telling:
	"""The part of `People` that tells of approvals and asks; see the protocol."""

	def tell(
		self, user: str, what: Told, asked: Asked, by: str = "", comment: str = "", instead_of: str = ""
	) -> None:
		"""Tell a user of an approval. `instead_of`: for whom they stand in, if they do."""
		sender = asked.asked_by if frappe.db.exists("User", asked.asked_by) else "Administrator"
		with acting_as(sender), _in_language_of(user):
			sentence = sentence_of(what, asked, by)
			_keep_todo(user, what, asked, sentence)
			frappe.publish_realtime(INBOX_CHANGED, user=user, after_commit=True)
			is_news = what != "decided" or by not in ("", user)
			if is_news and frappe.db.get_value("User", user, "enabled"):
				_ring(user, what, asked, sentence, comment)
				_mail(user, what, asked, sentence, comment, instead_of)


def sentence_of(what: Told, asked: Asked, by: str) -> str:
	"""What a person is told, in the language that is spoken now. Plain text."""
	texts = _wanted(asked) if what in WANTED else _ended(asked) if by else _ended_by_itself(asked)
	text = texts.get(what) or texts.get(asked.status) or _("This is not asked of you any more: {subject}")
	subject = " ".join(asked.subject.split())
	return str(text.format(subject=subject, by=get_fullname(by) if by else ""))


def _wanted(asked: Asked) -> dict[str, str]:
	if asked.kind == "ask":
		first = _("Please fill in: {subject}")
	else:
		first = _("Your approval is wanted: {subject}")
	return {
		"asked": first,
		"passed on": _("{by} has passed this on to you: {subject}"),
		"escalated": _("Nobody has decided in time, now it is up to you: {subject}"),
		"reminded": _("A reminder, this still waits for you: {subject}"),
	}


def _ended(asked: Asked) -> dict[str, str]:
	return {
		"decided": _("{by} has decided this for you: {subject}"),
		"Approved": _("{by} has approved this, you need not decide: {subject}"),
		"Rejected": _("{by} has rejected this, you need not decide: {subject}"),
		"Answered": _("{by} has filled this in, you need not: {subject}"),
		**_ended_by_itself(asked),
	}


def _ended_by_itself(asked: Asked) -> dict[str, str]:
	late = _("The deadline has passed, you need not decide: {subject}")
	return {"Expired": late, "Cancelled": _("This is not asked any more: {subject}")}


@contextmanager
def _in_language_of(user: str) -> Iterator[None]:
	before = frappe.local.lang
	frappe.local.lang = frappe.db.get_value("User", user, "language") or before
	try:
		yield
	finally:
		frappe.local.lang = before


def _keep_todo(user: str, what: Told, asked: Asked, sentence: str) -> None:
	"""There is one open ToDo while the decision is wanted, and none afterwards."""
	of_user = {"reference_type": APPROVAL, "reference_name": asked.name, "allocated_to": user}
	found = frappe.get_all("ToDo", {**of_user, "status": "Open"}, pluck="name", limit=0)
	if what not in WANTED:
		for name in found:
			todo = frappe.get_doc("ToDo", name)
			todo.status = "Closed" if what == "decided" else "Cancelled"
			todo.save(ignore_permissions=True)
	elif not found:
		frappe.get_doc(
			doctype="ToDo",
			description=escape_html(sentence),
			assigned_by=frappe.session.user,
			date=day(asked.deadline) if asked.deadline else None,
			**of_user,
		).insert(ignore_permissions=True)


def _ring(user: str, what: Told, asked: Asked, sentence: str, comment: str) -> None:
	"""Put it on the bell. What waits is decided in the inbox; how it has ended stands in the approval's own form."""
	if compat.wants_notifications(user):
		frappe.get_doc(
			doctype="Notification Log",
			type="Alert",
			for_user=user,
			from_user=frappe.session.user,
			subject=escape_html(sentence),
			email_content=escape_html(comment or strip_html(asked.message)),
			document_type=APPROVAL,
			document_name=asked.name,
			link=f"{INBOX}/{asked.name}" if what in WANTED else None,
		).insert(ignore_permissions=True)


def _mail(user: str, what: Told, asked: Asked, sentence: str, comment: str, instead_of: str) -> None:
	"""Queue a mail, with a link for this person if something is wanted of them. Without a mail account there is none."""
	address = frappe.db.get_value("User", user, "email")
	if not address or not compat.wants_mail_of_assignments(user) or not compat.can_send_mail(APPROVAL):
		return
	is_wanted = what in WANTED
	link = get_url(approval_links.path(approval_links.issue(asked.name, user))) if is_wanted else None
	frappe.sendmail(
		recipients=[address],
		subject=sentence[:MAX_SUBJECT],
		template="dogan_approval",
		args={
			"sentence": sentence,
			"message": message_html(asked.message, asked.proposed) if is_wanted else "",
			"comment": comment,
			"instead_of": get_fullname(instead_of) if instead_of else "",
			"deadline": asked.deadline and shown_moment(asked.deadline),
			"is_ask": asked.kind == "ask",
			"link": link,
		},
		reference_doctype=APPROVAL,
		reference_name=asked.name,
		add_unsubscribe_link=0,
	)


def shown_moment(at: float) -> str:
	"""A moment (epoch seconds) as the site's people read it."""
	return str(frappe.utils.format_datetime(local(at)))
