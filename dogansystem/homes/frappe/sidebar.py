"""What stands beside a document in its form: comments, assignments, tags, shares."""

from collections.abc import Collection, Sequence

import frappe
import frappe.share
from frappe import _
from frappe.desk.doctype.tag.tag import DocTags
from frappe.desk.form import assign_to
from frappe.utils import escape_html

from dogansystem.engine import current
from dogansystem.homes.frappe import query
from dogansystem.homes.frappe.loaded import allowed, for_change
from dogansystem.protocol import Document


class Sidebar:
	"""A part of `Documents`."""

	def comment(self, doctype: str, name: str, text: str) -> Document:
		"""Comment on a document the user may read. What a workflow writes is signed by it, and not by the user alone."""
		return {"name": allowed(doctype, name, "read").add_comment("Comment", text + _signature()).name}

	def assign(self, doctype: str, name: str, user: str, description: str | None = None) -> Document:
		"""Assign a document to a user; an open assignment to the same user stands."""
		args = {"doctype": query.known_doctype(doctype), "name": name, "assign_to": [user]}
		assign_to.add(args | ({"description": description} if description else {}))
		about = {"reference_type": doctype, "reference_name": name}
		return {"name": frappe.db.get_value("ToDo", {**about, "allocated_to": user, "status": "Open"})}

	def unassign(self, doctype: str, name: str, user: str | None = None) -> list[str]:
		"""End a user's open assignments to a document the acting user may read, or everybody's; gives the users."""
		doc = allowed(doctype, name, "read")
		filters = {"reference_type": doctype, "reference_name": doc.name, "status": "Open"}
		open_ones = frappe.get_all(
			"ToDo",
			{**filters, **({"allocated_to": user} if user else {})},
			["name", "allocated_to"],
			order_by="creation",
		)
		for todo in open_ones:
			assign_to.set_status(doctype, doc.name, todo=todo.name, assign_to=todo.allocated_to)
		return list(dict.fromkeys(todo.allocated_to for todo in open_ones))

	def tag(self, doctype: str, name: str, tags: Sequence[str], *, remove: bool = False) -> list[str]:
		"""Add tags, or take them away. Tags that differ in case are one. Gives all tags that the document has then."""
		doc = for_change(doctype, name)
		doc.check_permission("write")
		if not frappe.db.has_column(doctype, "_user_tags"):
			frappe.throw(
				_("{0} has no column for tags yet: tag one of them in its list once.").format(doctype)
			)
		before = [each for each in (doc.get("_user_tags") or "").split(",") if each]
		given, known = ({each.lower() for each in names} for names in (tags, before))
		if remove:
			after = [each for each in before if each.lower() not in given]
		else:
			after = [*before, *(each for each in tags if each.lower() not in known)]
			for each in after[len(before) :]:
				_ensure_tag(each)
		DocTags(doctype).update(doc.name, after)
		return after

	def share(self, doctype: str, name: str, user: str, rights: Collection[str]) -> Document:
		"""Share a document. Frappe asks for the right to share only, with which users would give themselves the others."""
		doc = allowed(doctype, name, "share")
		for right in sorted(rights):
			doc.check_permission(right)
		for right in ("read", *sorted(rights)):
			frappe.share.set_permission(doctype, doc.name, user, right)
		filters = {"share_doctype": doctype, "share_name": doc.name, "user": user}
		return {"name": frappe.db.get_value("DocShare", filters)}


def _signature() -> str:
	"""What stands below the comment of a step, whose run is known while it acts; nothing for anybody else."""
	cause = current.current.get()
	workflow = cause and frappe.db.get_value("Dogan Workflow Run", cause.run, "workflow")
	if not workflow:
		return ""
	title = frappe.db.get_value("Dogan Workflow", workflow, "title") or workflow
	text = _("Written by the workflow {0}").format(escape_html(title))
	return f'\n\n<p class="text-muted small" data-workflow="{escape_html(workflow)}">{text}</p>'


def _ensure_tag(tag: str) -> None:
	if not frappe.db.exists("Tag", tag):
		frappe.get_doc({"doctype": "Tag", "name": tag}).insert(ignore_if_duplicate=True)
