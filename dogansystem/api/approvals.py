"""`/api/method/dogansystem.api.approvals.…`: approvals and asks, for the people who are asked.

No role is needed: who is asked may decide, and nobody else. A decision that comes too late is status 409 and says who was
first and when; one without a comment or value that it needs is 422; somebody who is not asked gets 403.
"""

from typing import Any

import frappe

from dogansystem.api.access import need_system_manager
from dogansystem.api.arguments import as_object, checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.api.rates import limit
from dogansystem.homes.frappe.main_fields import main_fields, title_of
from dogansystem.homes.frappe.safe_html import cleaned
from dogansystem.homes.frappe.site import current_site
from dogansystem.people import approvals

READS = 240  # a minute, of one user: the desk asks with every form it opens
CHANGES = 60  # a minute, of one user


@frappe.whitelist()
@checked
def get(approval: str) -> dict[str, Any]:
	"""An approval that you may see: what is asked of whom, who has decided what, and whether you may decide.

	:return: `may_decide`, and `why_not` where you may not; `message_html`, the message without anything that could do harm;
	`document_title` and `document_fields` (`label`, `value`) of a document that you may read.
	"""
	limit("approvals.read", READS)
	with as_frappe_errors():
		return seen_by(frappe.session.user, approval)


@frappe.whitelist()
@checked
def pending(doctype: str | None = None, name: str | None = None) -> list[dict[str, Any]]:
	"""What waits for your decision, the oldest first: your own, and what is asked of those for whom you stand in (`for`).

	:param doctype: with `name`, only what is about this document.
	"""
	limit("approvals.read", READS)
	with as_frappe_errors():
		found = approvals.pending(current_site(), frappe.session.user)
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
	user = frappe.session.user
	limit("approvals.change", CHANGES)
	given = as_object(values, "values")
	with as_frappe_errors():
		through = "desk" if is_from_desk() else "api"
		approvals.decide(current_site(), approval, user, decision, str(comment or ""), given, through)
		return seen_by(user, approval)


@frappe.whitelist(methods=["POST"])
@checked
def pass_on(approval: str, to: str) -> dict[str, Any]:
	"""Let somebody else be asked in your place.

	:param to: an enabled user.
	:return: the approval, as `get` does.
	"""
	limit("approvals.change", CHANGES)
	user = frappe.session.user
	with as_frappe_errors():
		approvals.pass_on(current_site(), approval, user, to)
		return seen_by(user, approval)


@frappe.whitelist(methods=["POST"])
@checked
def reassign(approval: str, whose: str, to: str) -> dict[str, Any]:
	"""Let somebody else be asked in the place of a person who is asked. For System Managers.

	:param whose: who is asked now.
	:param to: an enabled user.
	:return: the approval, as `get` does.
	"""
	user = need_system_manager()
	limit("approvals.change", CHANGES)
	with as_frappe_errors():
		approvals.reassign(current_site(), approval, user, whose, to)
		return seen_by(user, approval)


def seen_by(user: str, approval: str) -> dict[str, Any]:
	"""An approval as a person sees it: its message made harmless, the document if they may read it, and for whom they would
	decide (`for`). Raises the engine's NotFound if they have nothing to do with it."""
	site = current_site()
	found = approvals.get(site, approval, user)
	whose = site.people.stands_in_for(user, site.now()) if user not in found["asked"] else []
	about = found["document"]
	document = (about["doctype"], about["name"]) if about else None
	fields = main_fields(user, document) if document else None
	return {
		**found,
		"for": next((each for each in found["asked"] if each in whose), None),
		"message_html": cleaned(found["message"]),
		"document_title": title_of(document) if document and fields is not None else None,
		"document_fields": fields,
	}


def is_from_desk() -> bool:
	"""Whether a person pressed a button: the desk signs in by cookie, programs by token."""
	request = getattr(frappe.local, "request", None)
	return bool(request and request.headers.get("X-Frappe-CSRF-Token"))
