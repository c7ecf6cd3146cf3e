"""`/api/method/dogansystem.api.approvals.…`: approvals and asks, for the people who are asked.

No role is needed: who is asked may decide, and nobody else. A decision that comes too late is status 409 and says who was
first and when; one without a comment or value that it needs is 422; somebody who is not asked gets 403.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import frappe
from frappe import _

from dogansystem.api.access import need_system_manager
from dogansystem.api.arguments import as_object, checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.api.rates import limit
from dogansystem.engine import errors
from dogansystem.homes.frappe.approval_ends import ends
from dogansystem.homes.frappe.main_fields import main_fields, title_of
from dogansystem.homes.frappe.permissions import is_manager
from dogansystem.homes.frappe.safe_html import message_html
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.translated import translated
from dogansystem.people import approvals, passing, seeing
from dogansystem.people.settling import repeated

READS = 240  # a minute, of one user: the desk asks with every form it opens
CHANGES = 60  # a minute, of one user


@frappe.whitelist()
@checked
def get(approval: str) -> dict[str, Any]:
	"""An approval that you may see: what is asked of whom, who has decided what, and whether you may decide.

	:return: `may_decide`, and `why_not` where you may not; `message_html`, the message without anything that could do harm;
	`document_title` and `document_fields` (`label`, `value`) of a document that you may read; `ended`, a sentence, once it is over.
	"""
	user = caller("read", READS)
	with answers(user):
		return seen_by(user, approval)


@frappe.whitelist()
@checked
def pending(doctype: str | None = None, name: str | None = None) -> list[dict[str, Any]]:
	"""What waits for your decision, the oldest first: your own, and what is asked of those for whom you stand in (`for`).

	:param doctype: with `name`, only what is about this document.
	"""
	user = caller("read", READS)
	with answers(user):
		found = seeing.pending(current_site(), user)
	about = {"doctype": doctype, "name": name}
	return [each for each in found if not doctype or each["document"] == about]


@frappe.whitelist(methods=["POST"])
@checked
def decide(
	approval: str, decision: str, comment: dict | str | None = None, values: dict | str | None = None
) -> dict[str, Any]:
	"""Decide an approval, or answer an ask, as one who is asked or who stands in for one.

	:param decision: `approved` or `rejected`; `answered` for an ask.
	:param comment: at most 2000 characters.
	:param values: of the fields asked, by name, as JSON.
	:return: the approval, as `get` does.
	"""
	user = caller("change", CHANGES)
	given = as_object(values, "values")
	with answers(user):
		through = "desk" if is_from_desk() else "api"
		_changed(approvals.decide, approval, user, decision, str(comment or ""), given, through)
		return seen_by(user, approval)


@frappe.whitelist(methods=["POST"])
@checked
def pass_on(approval: str, to: str) -> dict[str, Any]:
	"""Let somebody else be asked in your place.

	:param to: an enabled user.
	:return: the approval, as `get` does.
	"""
	user = caller("change", CHANGES)
	with answers(user):
		_changed(passing.pass_on, approval, user, to)
		return seen_by(user, approval)


@frappe.whitelist(methods=["POST"])
@checked
def reassign(approval: str, whose: str, to: str) -> dict[str, Any]:
	"""Let somebody else be asked in the place of a person who is asked. For System Managers.

	:param whose: who is asked now.
	:param to: an enabled user.
	:return: the approval, as `get` does.
	"""
	need_system_manager()
	user = caller("change", CHANGES)
	with answers(user):
		_changed(passing.reassign, approval, user, whose, to)
		return seen_by(user, approval)


def caller(what: str, times: int) -> str:
	"""Who calls. Raises PermissionError for guests, RateLimitExceededError for who calls too often."""
	user = frappe.session.user
	if user == "Guest":
		frappe.throw(_("Sign in to see what waits for you."), frappe.PermissionError)
	limit(f"approvals.{what}", times)
	return str(user)


def _changed(change: Callable[..., dict[str, Any]], *given: Any) -> None:
	"""Do what people ask for; again if it lost against another transaction: nobody is told of a deadlock."""
	site = current_site()
	repeated(site, partial(change, site, *given))


@contextmanager
def answers(user: str) -> Iterator[None]:
	"""The engine's errors as Frappe's. Only managers hear whether there is an approval of a name."""
	with as_frappe_errors():
		try:
			yield
		except errors.NotFound:
			if is_manager(user):
				raise
			raise errors.NotAllowed("There is no such approval, or it is nothing of yours.") from None


def seen_by(user: str, approval: str) -> dict[str, Any]:
	"""An approval as a person sees it: its message made harmless, the document if they may read it, and for whom they would
	decide (`for`). Raises the engine's NotFound if they have nothing to do with it."""
	site = current_site()
	found = seeing.get(site, approval, user)
	whose = site.people.stands_in_for(user, site.now()) if user not in found["asked"] else []
	about = found["document"]
	document = (about["doctype"], about["name"]) if about else None
	fields = main_fields(user, document) if document else None
	return {
		**found,
		"for": next((each for each in found["asked"] if each in whose), None),
		"message_html": message_html(found["message"], found["proposed"]),
		"document_title": title_of(document) if document and fields is not None else None,
		"document_fields": fields,
		"why_not": translated(found["why_not"] or ""),
		"ended": ends(found) if found["status"] != "Open" else None,
	}


def is_from_desk() -> bool:
	"""Whether a person pressed a button: the desk signs in by cookie, programs by token."""
	request = getattr(frappe.local, "request", None)
	return bool(request and request.headers.get("X-Frappe-CSRF-Token"))
