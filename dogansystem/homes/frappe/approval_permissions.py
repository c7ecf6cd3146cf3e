"""Who may see approvals, who is asked, and decisions; and whose substitutes.

Managers see all approvals. Anybody else sees those they are or were asked, those of people for whom they stand in, those
they have asked for or whose run they have started, and those of workflows that are theirs: the same as `people.approvals.get`.
Nobody changes or deletes one: the DocTypes' permissions give that to no role, and their controllers refuse it to everybody.
"""

from typing import Any

import frappe
from frappe.utils import nowdate

from dogansystem.homes.frappe.permissions import is_manager, is_system_manager

APPROVAL = "Dogan Approval"
SUBSTITUTE = "Dogan Substitute"

_SEEN = """
	SELECT approval FROM `tabDogan Approver` WHERE user = {user} OR user IN (
		SELECT for_user FROM `tabDogan Substitute` WHERE by_user = {user}
		AND (from_date IS NULL OR from_date <= {today}) AND (until_date IS NULL OR until_date >= {today}))
	UNION SELECT name FROM `tabDogan Approval` WHERE asked_by = {user}
		OR run IN (SELECT name FROM `tabDogan Workflow Run` WHERE started_by = {user})
		OR workflow IN (SELECT name FROM `tabDogan Workflow` WHERE owner = {user})
"""


def approval_conditions(user: str | None = None) -> str:
	"""The SQL condition for the approvals that `user` may see."""
	return _conditions(APPROVAL, "name", user)


def approver_conditions(user: str | None = None) -> str:
	"""The SQL condition for who is asked, in the approvals that `user` may see."""
	return _conditions("Dogan Approver", "approval", user)


def decision_conditions(user: str | None = None) -> str:
	"""The SQL condition for the decisions on approvals that `user` may see."""
	return _conditions("Dogan Approval Decision", "approval", user)


def may_see_approval(doc: Any, ptype: str = "read", user: str | None = None, **_: Any) -> bool:
	"""Whether `user` may see an approval, within what roles allow."""
	return _sees(doc.get("name"), user)


def may_see_row(doc: Any, ptype: str = "read", user: str | None = None, **_: Any) -> bool:
	"""Whether `user` may see a row about an approval: who is asked, or a decision."""
	return _sees(doc.get("approval"), user)


def substitute_conditions(user: str | None = None) -> str:
	"""The SQL condition for the substitutes that `user` may see: their own, and whom they stand in for."""
	user = user or frappe.session.user
	if is_system_manager(user):
		return ""
	me = frappe.db.escape(user, percent=False)
	return f"(`tab{SUBSTITUTE}`.`for_user` = {me} OR `tab{SUBSTITUTE}`.`by_user` = {me})"


def may_use_substitute(doc: Any, ptype: str = "read", user: str | None = None, **_: Any) -> bool:
	"""Whether `user` may do `ptype` with a substitute: change their own, and see where they stand in for somebody."""
	user = user or frappe.session.user
	if is_system_manager(user):
		return True
	if ptype in ("read", "print", "email"):
		return user in (doc.get("for_user"), doc.get("by_user"))
	return doc.get("for_user") in (user, None, "")


def _conditions(doctype: str, field: str, user: str | None) -> str:
	user = user or frappe.session.user
	return "" if is_manager(user) else f"`tab{doctype}`.`{field}` IN ({_seen_by(user)})"


def _sees(approval: str | None, user: str | None) -> bool:
	user = user or frappe.session.user
	if is_manager(user):
		return True
	if not approval:
		return False
	name = frappe.db.escape(approval, percent=False)
	return bool(frappe.db.sql(f"SELECT 1 FROM ({_seen_by(user)}) seen WHERE approval = {name} LIMIT 1"))


def _seen_by(user: str) -> str:
	values = {"user": frappe.db.escape(user, percent=False), "today": frappe.db.escape(nowdate())}
	return " ".join(_SEEN.format(**values).split())
