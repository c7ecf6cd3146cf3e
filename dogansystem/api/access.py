"""Who may call: checked first, before anything is read."""

import frappe
from frappe import _

from dogansystem.homes.frappe.permissions import RUN, is_manager, is_system_manager, may_change_run
from dogansystem.protocol.people import MANAGERS, SYSTEM_MANAGER, USER_ROLE


def need_user() -> str:
	"""The caller, who must have a role of the app. Raises PermissionError."""
	user = frappe.session.user
	if not is_manager(user) and USER_ROLE not in frappe.get_roles(user):
		_refuse(_("You need the role {0} for this.").format(_(USER_ROLE)))
	return user


def need_manager() -> str:
	"""The caller, who must be a Dogan Manager or System Manager. Raises PermissionError."""
	user = frappe.session.user
	if not is_manager(user):
		_refuse(_("You need one of these roles for this: {0}.").format(", ".join(sorted(MANAGERS))))
	return user


def need_system_manager() -> str:
	"""The caller, who must be a System Manager. Raises PermissionError."""
	user = frappe.session.user
	if not is_system_manager(user):
		_refuse(_("You need the role {0} for this.").format(_(SYSTEM_MANAGER)))
	return user


def need_run(run: str, *, to_change: bool = False) -> str:
	"""The caller, who must be allowed to see a run, or to change it. Raises PermissionError or DoesNotExistError."""
	user = need_user()
	doc = frappe.get_doc(RUN, run)
	if not doc.has_permission("read"):
		_refuse(_("You may not see the run {0}.").format(run))
	if to_change and not may_change_run(run, user):
		_refuse(_("The run {0} was started by somebody else: ask them, or a Dogan Manager.").format(run))
	return user


def need_start(workflow: str, doctype: str | None = None) -> str:
	"""The caller, who must be allowed to start the workflow, or to start it on a document of type `doctype`. Raises
	PermissionError or DoesNotExistError.

	Managers may start every workflow. Others may start one that has a `manual` trigger, if they have the trigger's role
	or it names none, and the document is of the trigger's type or it names none.
	"""
	user = need_user()
	if not _may_start(workflow, user, doctype):
		if not frappe.db.exists("Dogan Workflow", workflow):  # these users see them all
			frappe.throw(_("There is no workflow named {0}.").format(workflow), frappe.DoesNotExistError)
		_refuse(_("You may not start the workflow {0}.").format(workflow))
	return user


def may_use_current(workflow: str, user: str) -> bool:
	"""Whether `user` may let what the workflow says now be done: managers always, others while they may start it."""
	if is_manager(user):
		return True
	return bool(frappe.db.get_value("Dogan Workflow", workflow, "enabled")) and _may_start(workflow, user)


def need_current(run: str, user: str) -> None:
	"""`user` must be allowed to let a run go on with the version saved now. Raises PermissionError."""
	workflow = frappe.db.get_value(RUN, run, "workflow")
	if not may_use_current(workflow, user):
		text = _(
			"You may not start the workflow {0} now, so its runs do not go on with the version saved now."
		)
		_refuse(text.format(workflow))


def startable(doctype: str, user: str) -> list[str]:
	"""The enabled workflows whose manual triggers let `user` start them on a document of this type."""
	rows = frappe.get_all(
		"Dogan Workflow Trigger",
		{"kind": "manual", "document_type": doctype, "parenttype": "Dogan Workflow"},
		["parent", "role"],
		order_by="parent asc",
		limit=0,
	)
	roles = None if is_manager(user) else frappe.get_roles(user)
	fitting = dict.fromkeys(row.parent for row in rows if roles is None or not row.role or row.role in roles)
	return [name for name in fitting if frappe.db.get_value("Dogan Workflow", name, "enabled")]


def _may_start(workflow: str, user: str, doctype: str | None = None) -> bool:
	if is_manager(user):
		return True
	rows = frappe.get_all(
		"Dogan Workflow Trigger",
		{"parent": workflow, "kind": "manual"},
		["role", "document_type"],
		limit=0,
	)
	roles = frappe.get_roles(user)
	return any(
		(not row.role or row.role in roles) and (not doctype or row.document_type in (None, "", doctype))
		for row in rows
	)


def _refuse(text: str) -> None:
	frappe.throw(text, frappe.PermissionError, title=_("Not Permitted"))
