"""`/api/method/dogansystem.api.inbox.…`: the page My Approvals. What waits for the caller, with all that they need to decide it;
many decided at once; what was decided lately; who stands in for whom.

No role is needed, as in `approvals`: each sees what they are asked, and what they have decided.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_fullname, nowdate

from dogansystem.api import approvals as api
from dogansystem.api.arguments import as_texts, checked
from dogansystem.api.errors import InputError
from dogansystem.api.rates import limit
from dogansystem.engine import errors
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.translated import translated
from dogansystem.people import approvals, inbox, seeing
from dogansystem.people.settling import repeated

PAGE = 10  # approvals, or decisions, in one answer
MANY = 50  # approvals that are decided in one call
MANY_CALLS = 20  # a minute, of one user
DECISION = "Dogan Approval Decision"
SUBSTITUTE = "Dogan Substitute"
ROUTE = "dogan-inbox"


@frappe.whitelist()
@checked
def waiting(start: int = 0, number: int = PAGE) -> dict[str, Any]:
	"""What waits for your decision, the oldest first, with what you need to decide it.

	:param start: how many to pass over.
	:param number: how many to give; at most 10.
	:return: `total` of all that wait, at most 500 are counted; `names` of all these, in their order; `items`: each as `one`
	gives it; `people`: the full names of those who are named.
	"""
	user = api.caller("read", api.READS)
	with api.answers(user):
		names = [each["approval"] for each in seeing.pending(current_site(), user)]
		chosen = names[max(start, 0) : max(start, 0) + min(max(number, 0), PAGE)]
		items = [_seen(user, name) for name in chosen]
	return {"total": len(names), "names": names, "items": items, "people": _people(items)}


@frappe.whitelist()
@checked
def one(approval: str) -> dict[str, Any]:
	"""An approval that you may see: what `approvals.get` gives, and how it came to you (`role`, `passed_by`), the workflow's title,
	and for each decision the titles of the steps that it lets go on (`goes_on`).

	:return: `item`, and `people`: the full names of those who are named.
	"""
	user = api.caller("read", api.READS)
	with api.answers(user):
		item = _seen(user, approval)
	return {"item": item, "people": _people([item])}


@frappe.whitelist(methods=["POST"])
@checked
def decide_many(approvals: list | str, decision: str, comment: dict | str | None = None) -> dict[str, Any]:
	"""Decide many approvals in the same way, each in a transaction of its own: one that is refused does not keep the others.

	:param approvals: their names, as a JSON list; at most 50.
	:param decision: `approved` or `rejected`.
	:param comment: the same for all of them.
	:return: `results`: for each, in their order, `approval` and `error`: why it was refused; None: it was decided.
	"""
	user = api.caller("change", api.CHANGES)
	limit("approvals.many", MANY_CALLS)
	names = list(dict.fromkeys(as_texts(approvals, "approvals")))
	if len(names) > MANY:
		frappe.throw(_("At most {0} can be decided at once: choose fewer.").format(MANY), InputError)
	through = "desk" if api.is_from_desk() else "api"
	said = str(comment or "")
	return {"results": [_decide(user, each, decision, said, through) for each in names]}


@frappe.whitelist()
@checked
def decided(start: int = 0) -> dict[str, Any]:
	"""What you have decided, and what others have decided for you, the newest first.

	:param start: how many to pass over.
	:return: `items`: `approval`, `subject`, `document`, `status` of the whole approval now, `decision`, `by`, `for`, `comment`, `at`,
	`through`; `more`: whether there are others; `people`: full names.
	"""
	user = api.caller("read", api.READS)
	rows = _decisions_of(user, max(start, 0))
	items = [_decided(each) for each in rows[:PAGE]]
	everybody = {name for each in items for name in (each["by"], each["for"]) if name}
	return {"items": items, "more": len(rows) > PAGE, "people": _full_names(everybody)}


@frappe.whitelist()
@checked
def substitutes() -> dict[str, Any]:
	"""Who stands in for you, and for whom you do, now or later.

	:return: `mine` and `for_others`: lists of `name`, `user`, `from_date`, `until_date`, `is_now`; `people`: full names.
	"""
	user = api.caller("read", api.READS)
	mine, others = _substitutes("for_user", "by_user", user), _substitutes("by_user", "for_user", user)
	people = _full_names(each["user"] for each in (*mine, *others))
	return {"mine": mine, "for_others": others, "people": people}


@frappe.whitelist()
@checked
def card(filters: dict | list | str | None = None) -> dict[str, Any]:
	"""The number card of the workspace: how many approvals wait for the caller, and where it leads."""
	user = api.caller("read", api.READS)
	number = len(seeing.pending(current_site(), user))
	return {"value": number, "fieldtype": "Int", "route": [ROUTE]}


def _seen(user: str, approval: str) -> dict[str, Any]:
	found = api.seen_by(user, approval)
	try:
		return found | inbox.around(current_site(), found, user)
	except (errors.UnreadableVersion, errors.NotFound):  # it can be decided all the same
		return found | {"workflow_title": found["workflow"], "role": None, "passed_by": None, "goes_on": {}}


def _decide(user: str, approval: str, decision: str, comment: str, through: str) -> dict[str, Any]:
	site = current_site()
	work = partial(approvals.decide, site, approval, user, decision, comment, None, through)
	try:
		repeated(site, work)
		frappe.db.commit()
	except errors.NotFound:  # which nobody but managers hears of an approval that is not theirs
		frappe.db.rollback()
		return {"approval": approval, "error": _("There is no such approval, or it is nothing of yours.")}
	except errors.DoganError as error:
		frappe.db.rollback()
		return {"approval": approval, "error": translated(error)}
	return {"approval": approval, "error": None}


def _decisions_of(user: str, start: int) -> list[Any]:
	"""One more than a page of them. Each half is read along its own index: an OR would be read along none."""
	columns = "name, approval, decision, by_user, for_user, comment, decided_at, through"
	half = f"(SELECT {columns} FROM `tab{DECISION}` WHERE {{0}} = %(user)s ORDER BY decided_at DESC LIMIT %(last)s)"
	query = f"{half.format('by_user')} UNION {half.format('for_user')}"
	return list(
		frappe.db.sql(
			f"SELECT d.*, a.subject, a.status, a.reference_doctype, a.reference_name FROM ({query}) d"
			" JOIN `tabDogan Approval` a ON a.name = d.approval ORDER BY d.decided_at DESC, d.name DESC"
			" LIMIT %(number)s OFFSET %(start)s",
			{"user": user, "last": start + PAGE + 1, "start": start, "number": PAGE + 1},
			as_dict=True,
		)
	)


def _decided(row: Any) -> dict[str, Any]:
	document = {"doctype": row.reference_doctype, "name": row.reference_name} if row.reference_name else None
	same = {key: row[key] for key in ("approval", "subject", "status", "decision", "comment", "through")}
	return {
		**same,
		"document": document,
		"by": row.by_user,
		"for": row.for_user or None,
		"at": str(row.decided_at),
	}


def _substitutes(whose: str, wanted: str, user: str) -> list[dict[str, Any]]:
	today = nowdate()
	rows = frappe.get_all(
		SUBSTITUTE,
		filters={whose: user},
		or_filters=[["until_date", "is", "not set"], ["until_date", ">=", today]],
		fields=["name", f"{wanted} as user", "from_date", "until_date", "reason"],
		order_by="from_date asc",
		limit=0,
	)
	return [each | {"is_now": not each.from_date or str(each.from_date) <= today} for each in rows]


def _people(items: Sequence[dict[str, Any]]) -> dict[str, str]:
	found: set[str | None] = set()
	for item in items:
		found |= {item["asked_by"], item["for"], item["passed_by"], *item["asked"]}
		for each in item["approvers"]:
			found |= {each["user"], each["instead_of"], each["passed_by"]}
		for each in item["decisions"]:
			found |= {each["by"], each["for"]}
	return _full_names(each for each in found if each)


def _full_names(users: Iterable[str]) -> dict[str, str]:
	return {user: get_fullname(user) for user in users}
