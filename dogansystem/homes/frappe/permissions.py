"""Who may see and change runs, and the rows of a workflow's form.

Dogan Managers and System Managers see and change all. Anybody else with the role Dogan User sees the runs they started
and the runs about documents they may read, and may change the ones they started. Steps follow their run.
"""

from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.agents.ai.shown import MayRead
from dogansystem.homes.frappe import compat
from dogansystem.protocol.people import MANAGERS, SYSTEM_MANAGER, USER_ROLE

RUN = "Dogan Workflow Run"
FEW = 1000  # documents of a DocType whose runs are looked up one by one


def is_manager(user: str) -> bool:
	"""Whether `user` may do everything with workflows, agents and runs."""
	return user == "Administrator" or not MANAGERS.isdisjoint(frappe.get_roles(user))


def run_conditions(user: str | None = None) -> str:
	"""The SQL condition for the runs that `user` may see: their own, and those about documents they may read."""
	user = user or frappe.session.user
	if is_manager(user):
		return ""
	return f"({' OR '.join([_own(user), *_about_readable(user)])})"


def parts_of_runs(user: str) -> list[str]:
	"""SQL conditions for the runs that `user` may see, to be asked one after another: no run is found by two of them.

	To count, MariaDB goes through every run for all of them in one, as `run_conditions` has it.
	"""
	if is_manager(user):
		return ["1 = 1"]
	others = f"NOT (`tab{RUN}`.`started_by` <=> {_quoted(user)})"
	return [_own(user), *(f"{others} AND {each}" for each in _about_readable(user))]


def _own(user: str) -> str:
	return f"`tab{RUN}`.`started_by` = {_quoted(user)}"


def _about_readable(user: str) -> Iterator[str]:
	"""For each DocType, the condition for the runs about documents that `user` may read: where these are few, by their names,
	which an index leads to. Else it must not follow an index: that would fetch every run about the DocType, one by one."""
	for doctype, query in _readable(user):
		names = frappe.db.sql_list(f"SELECT name FROM ({query}) found LIMIT {FEW + 1}")
		this, about = f"`tab{RUN}`.`reference_doctype`", f"`tab{RUN}`.`reference_name`"
		if len(names) > FEW:
			yield f"(CONCAT({this}) = {_quoted(doctype)} AND {about} IN ({query}))"
		elif names:
			yield f"({this} = {_quoted(doctype)} AND {about} IN ({', '.join(map(_quoted, names))}))"


def _quoted(text: Any) -> str:
	"""A text in SQL, without a percent sign: Frappe 17 fills values into the query that it becomes a part of."""
	if "%" in str(text):
		return f"_utf8mb4 0x{str(text).encode().hex()}"
	return str(frappe.db.escape(str(text)))


def step_run_conditions(user: str | None = None) -> str:
	"""The SQL condition for the step runs of runs that `user` may see."""
	return _of_runs("Dogan Step Run", user)


def turn_conditions(user: str | None = None) -> str:
	"""The SQL condition for the turns of AI agents in runs that `user` may see."""
	return _of_runs("Dogan Agent Turn", user)


def _of_runs(doctype: str, user: str | None) -> str:
	runs = run_conditions(user)
	return runs and f"`tab{doctype}`.`run` IN (SELECT `tab{RUN}`.`name` FROM `tab{RUN}` WHERE {runs})"


def may_see_run(doc: Any, ptype: str = "read", user: str | None = None, **_: Any) -> bool:
	"""Whether `user` may do `ptype` with a run, within what roles allow."""
	user = user or frappe.session.user
	if is_manager(user) or doc.get("started_by") == user:
		return True
	doctype, name = doc.get("reference_doctype"), doc.get("reference_name")
	return bool(doctype and name) and may_read(user, doctype, name)


def may_read(user: str, doctype: str, name: str) -> bool:
	"""Whether there is such a document, and `user` may read it."""
	return bool(frappe.db.exists(doctype, name)) and frappe.has_permission(doctype, "read", name, user=user)


def reader(user: str) -> MayRead | None:
	"""Whether a user may read a document, asked once for each; None: all of them, or they could give themselves the right."""
	if is_system_manager(user):
		return None
	known: dict[tuple[str, str | None], bool] = {}

	def may(doctype: str, name: str | None) -> bool:
		key = (doctype, name)
		if key not in known:
			known[key] = _may_read(user, doctype, name)
		return known[key]

	return may


def _may_read(user: str, doctype: str, name: str | None) -> bool:
	if not frappe.db.exists("DocType", doctype, cache=True):
		return False
	if frappe.get_meta(doctype).istable:
		return True  # a row is read with its document
	return (
		bool(frappe.has_permission(doctype, "read", user=user))
		if name is None
		else may_read(user, doctype, name)
	)


def may_see_step_run(doc: Any, ptype: str = "read", user: str | None = None, **_: Any) -> bool:
	"""Whether `user` may do `ptype` with a step run, or a turn of one: what they may do with its run."""
	fields = ["started_by", "reference_doctype", "reference_name"]
	run = frappe.db.get_value(RUN, doc.get("run"), fields, as_dict=True)
	return bool(run) and may_see_run(run, ptype, user)


def may_change_run(run: str, user: str) -> bool:
	"""Whether `user` may pause, resume, cancel and retry a run."""
	return is_manager(user) or (
		USER_ROLE in frappe.get_roles(user) and frappe.db.get_value(RUN, run, "started_by") == user
	)


def _readable(user: str) -> Iterator[tuple[str, str]]:
	"""Of each DocType that runs are about and the user may read, the query of the user's own list, so that roles, user
	permissions, shares and other apps' rules all count."""
	doctypes = frappe.db.sql_list(
		f"SELECT DISTINCT reference_doctype FROM `tab{RUN}` WHERE reference_doctype IS NOT NULL"
	)
	for doctype in doctypes:
		is_there = frappe.db.exists("DocType", doctype, cache=True)
		if is_there and frappe.has_permission(doctype, "read", user=user):
			yield doctype, compat.readable(doctype, user)


def is_system_manager(user: str) -> bool:
	"""Whether `user` has every permission on this site, or can give it to themselves."""
	return user == "Administrator" or SYSTEM_MANAGER in frappe.get_roles(user)


def check_may_act_as(user: str, what: str) -> None:
	"""Raise unless the acting user may let steps run with the permissions of `user`, and `user` is enabled.

	Everybody may use their own permissions. Only a System Manager may use those of somebody else.
	"""
	if user != frappe.session.user and not is_system_manager(frappe.session.user):
		frappe.throw(
			_("Only a System Manager may choose another user than themselves as {0}.").format(what),
			frappe.PermissionError,
		)
	if not frappe.db.get_value("User", user, "enabled"):
		frappe.throw(_("User {0}, {1}, is disabled or does not exist.").format(user, what))


class Row(Document):
	"""A row that is only ever written with the document it belongs to.

	Frappe lets a user who may write a document write its rows one by one, without the checks of the document. The next
	System Manager who saves the document would publish such a row in their own name.
	"""

	def validate(self) -> None:
		"""Raise: a row is not saved or deleted alone. Saving its document does not call this."""
		frappe.throw(
			_("A row is saved with its document: change {0} {1}.").format(_(self.parenttype), self.parent),
			frappe.PermissionError,
		)

	on_trash = validate
