"""Who may see approvals, who is asked, and decisions; and whose substitutes.

Managers see all approvals. Anybody else sees those they are or were asked, those of people for whom they stand in, those
they have asked for or whose run they have started, and those of workflows that are theirs: the same as `people.seeing.get`.
Nobody changes or deletes one: the DocTypes' permissions give that to no role, and their controllers refuse it to everybody.
"""

from collections.abc import Sequence
from typing import Any

import frappe
from frappe.utils import nowdate

from dogansystem.homes.frappe.permissions import is_manager, is_system_manager

APPROVAL = "Dogan Approval"
SUBSTITUTE = "Dogan Substitute"

_STANDS_IN_FOR = """
	SELECT for_user FROM `tabDogan Substitute` WHERE by_user = {user}
	AND (from_date IS NULL OR from_date <= {today}) AND (until_date IS NULL OR until_date >= {today})
"""
_ASKED = "SELECT approval FROM `tabDogan Approver` WHERE user IN ({people})"
# Of each approval. As a union of names, MariaDB would look all of it up for each.
_OWN = """
	`tabDogan Approval`.asked_by = {user}
	OR `tabDogan Approval`.run IN (SELECT name FROM `tabDogan Workflow Run` WHERE started_by = {user})
"""


def approval_conditions(user: str | None = None) -> str:
	"""The SQL condition for the approvals that `user` may see."""
	user = user or frappe.session.user
	return "" if is_manager(user) else f"({_seen_by(user)})"


def approver_conditions(user: str | None = None) -> str:
	"""The SQL condition for who is asked, in the approvals that `user` may see."""
	return _about_seen("Dogan Approver", user)


def decision_conditions(user: str | None = None) -> str:
	"""The SQL condition for the decisions on approvals that `user` may see."""
	return _about_seen("Dogan Approval Decision", user)


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


def _about_seen(doctype: str, user: str | None) -> str:
	user = user or frappe.session.user
	if is_manager(user):
		return ""
	return f"`tab{doctype}`.`approval` IN (SELECT name FROM `tabDogan Approval` WHERE {_seen_by(user)})"


def _sees(approval: str | None, user: str | None) -> bool:
	user = user or frappe.session.user
	if is_manager(user):
		return True
	if not approval:
		return False
	name = frappe.db.escape(approval, percent=False)
	return bool(
		frappe.db.sql(f"SELECT 1 FROM `tabDogan Approval` WHERE name = {name} AND ({_seen_by(user)})")
	)


def _seen_by(user: str) -> str:
	"""The SQL condition for the approvals that a user may see, without what is not so for anybody: most people are asked nothing
	and own no workflow."""
	me, today = frappe.db.escape(user, percent=False), frappe.db.escape(nowdate())
	others = frappe.db.sql_list(_STANDS_IN_FOR.format(user=me, today=today))
	asked = _ASKED.format(people=_listed([user, *others]))
	seen = [" ".join(_OWN.format(user=me).split())]
	if frappe.db.sql(f"{asked} LIMIT 1"):
		seen.append(f"`tabDogan Approval`.name IN ({asked})")
	if workflows := frappe.get_all("Dogan Workflow", filters={"owner": user}, pluck="name"):
		seen.append(f"`tabDogan Approval`.workflow IN ({_listed(workflows)})")
	return " OR ".join(seen)


def _listed(values: Sequence[str]) -> str:
	return ", ".join(frappe.db.escape(each, percent=False) for each in values)
