"""What a Frappe site knows of those who decide: substitutes, matrices, who may read a document, shares that end again."""

import json

import frappe
from frappe.share import add_docshare

from dogansystem.homes.frappe import permissions
from dogansystem.homes.frappe.moments import day
from dogansystem.homes.frappe.telling import Telling
from dogansystem.protocol import Matrix, MatrixRow

SUBSTITUTE = "Dogan Substitute"
MATRIX = "Dogan Approval Matrix"
_MORE_RIGHTS = ("write", "submit", "share")  # than reading
_UNCHECKED = {"ignore_share_permission": True}


class Deciders(Telling):
	"""The part of `People` that approvals and asks need; see the protocol."""

	def substitutes_of(self, user: str, at: float) -> list[str]:
		"""Who stands in for `user` at that moment (epoch seconds), enabled or not."""
		return _substitutes("by_user", "for_user", user, at)

	def stands_in_for(self, user: str, at: float) -> list[str]:
		"""For whom `user` stands in at that moment (epoch seconds)."""
		return _substitutes("for_user", "by_user", user, at)

	def matrix(self, name: str) -> Matrix | None:
		"""The Dogan Approval Matrix of that name, if there is one."""
		if not frappe.db.exists(MATRIX, name):
			return None
		doc = frappe.get_doc(MATRIX, name)
		rows = tuple(_row(each) for each in doc.rows)
		return Matrix(doc.name, doc.document_type or "", doc.amount_field or "", rows)

	def may_read(self, user: str, document: tuple[str, str]) -> bool:
		"""Whether `user` may read a document now; False if it is not there."""
		doctype, name = document
		return bool(frappe.db.exists("DocType", doctype)) and permissions.may_read(user, doctype, name)

	def share(self, user: str, document: tuple[str, str]) -> bool:
		"""Share a document with `user` for reading. True: there was no such share before."""
		doctype, name = document
		found = _share_of(user, document)
		if found and found.read:
			return False
		if found:
			frappe.db.set_value("DocShare", found.name, "read", 1)
		else:
			add_docshare(doctype, name, user, read=1, flags=_UNCHECKED)
		return True

	def unshare(self, user: str, document: tuple[str, str]) -> None:
		"""Take back a share that `share` made, unless somebody has given it more rights since."""
		found = _share_of(user, document)
		if found and not any(found[right] for right in _MORE_RIGHTS):
			frappe.delete_doc(
				"DocShare", found.name, ignore_permissions=True, flags=_UNCHECKED, delete_permanently=True
			)


def take_back_shares() -> None:
	"""Take back every share that was made for a decision which is still open: there will be none, the app goes."""
	rows = frappe.db.sql(
		"SELECT p.shared_with, a.reference_doctype, a.reference_name FROM `tabDogan Approver` p"
		" JOIN `tabDogan Approval` a ON a.name = p.approval WHERE p.state = 'Asked' AND p.shared_with LIKE '[_%'"
	)
	for users, *document in rows:
		for user in json.loads(users):
			Deciders().unshare(user, tuple(document))


def _substitutes(wanted: str, given: str, user: str, at: float) -> list[str]:
	return frappe.db.sql_list(
		f"SELECT DISTINCT `{wanted}` FROM `tab{SUBSTITUTE}` WHERE `{given}` = %(user)s"
		" AND (from_date IS NULL OR from_date <= %(day)s) AND (until_date IS NULL OR until_date >= %(day)s)"
		f" ORDER BY `{wanted}`",
		{"user": user, "day": day(at)},
	)


def _row(row: "frappe.model.document.Document") -> MatrixRow:
	conditions = {field: row.get(field) for field in ("company", "department") if row.get(field)}
	if row.field:
		conditions[row.field] = row.value
	return MatrixRow(
		from_amount=row.from_amount or 0.0,
		to_amount=row.to_amount or None,
		conditions=conditions,
		users=(row.user,) if row.user else (),
		roles=(row.role,) if row.role else (),
	)


def _share_of(user: str, document: tuple[str, str]) -> "frappe._dict | None":
	doctype, name = document
	filters = {"user": user, "share_doctype": doctype, "share_name": name}
	return frappe.db.get_value("DocShare", filters, ["name", "read", *_MORE_RIGHTS], as_dict=True)
