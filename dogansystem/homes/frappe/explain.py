"""Frappe's errors in words that help whoever looks at a failed run: the user, the label, the parameter, the remedy.

Frappe's own text was made for a person in front of a form. It stays below ours, for those who know it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from typing import Any

import frappe
from frappe import _
from frappe.utils import strip_html

from dogansystem.protocol import Act

# What an action on documents needs; others need to read.
PERMISSIONS = {
	"document.create": "create",
	"document.update": "write",
	"document.submit": "submit",
	"document.cancel": "cancel",
	"document.delete": "delete",
	"document.upsert": "write",
	"document.amend": "amend",
	"document.rename": "write",
	"document.transition": "write",
	"document.tag": "write",
	"document.share": "share",
	"document.attach": "write",
	"document.print": "print",
	"email.send": "print",
}
_MANDATORY = re.compile(r"\[(.+?), .*\]: (.+)", re.DOTALL)
_INSUFFICIENT = re.compile(r"Insufficient Permission for (.+) \((\w+)\)")
_DUPLICATE = re.compile(r"Duplicate entry '(.*)' for key '(?:\w+\.)?(\w+)'", re.DOTALL)
_LINE_ENDS = re.compile(r"<br\s*/?>|</?(?:p|li|ul|ol|div|tr|table|h\d)\b[^>]*>", re.IGNORECASE)


def put_into_words(error: Exception) -> None:
	"""Give an error the text that a person would have read: Frappe often keeps it elsewhere, and in HTML."""
	if not (error.args and str(error)):
		last = frappe.local.message_log[-1] if frappe.local.message_log else ""
		text = frappe.local.flags.error_message or (last.get("message") if isinstance(last, dict) else last)
		if text:
			error.args = (text,)
	if len(error.args) == 1 and isinstance(error.args[0], str) and hasattr(error, "http_status_code"):
		error.args = (_plain(error.args[0]),)


def explain(error: BaseException, act: Act) -> str | None:
	"""What an error means for whoever looks at the run, and what to do; None where Frappe's own text is all there is."""
	if getattr(error, "is_explained", False):
		return None
	words = next((words for kind, words in _WORDS.items() if isinstance(error, kind)), None)
	return words(error, act) if words else None


def _plain(text: str) -> str:
	if "<" not in text and "&" not in text:
		return text
	lines = unescape(strip_html(_LINE_ENDS.sub("\n", text))).splitlines()
	return "\n".join(line.strip() for line in lines if line.strip())


def _permission(error: BaseException, act: Act) -> str:
	doctype, name = act.params.get("doctype"), act.params.get("name")
	needed = PERMISSIONS.get(act.action, "read")
	if named := _INSUFFICIENT.search(str(error)):
		if named[1] != doctype:
			doctype, name = named[1], None
		needed = named[2]
	another = _("or let another user do the step: by run_as of the workflow, or by an agent.")
	if not _is_doctype(doctype):
		said = act.params.get("method") or act.action
		text = _("The user {0} may not do this ({1}). Give the user what it needs, {2}")
		return text.format(act.user, said, another)
	what = " ".join(str(each) for each in (_(doctype), name) if each)
	text = _("The user {0} has no permission to {1} {2}.").format(act.user, _(needed), what)
	if frappe.has_permission(doctype, needed, user=act.user):
		remedy = _(
			"A role allows it in general: a User Permission, a share or another rule keeps this document from the user. "
			"Change that, {0}"
		)
	else:
		remedy = _("Give the user a role that has it, in the Role Permissions Manager, {0}")
	return f"{text} {remedy.format(another)}"


def _mandatory(error: BaseException, act: Act) -> str | None:
	found = _MANDATORY.match(str(error))
	if not found or not _is_doctype(found[1]):
		return None
	fields = [_field(found[1], field.strip(), act, is_missing=True) for field in found[2].split(",")]
	return _("{0} needs a value in {1}. Give it one.").format(_(found[1]), ", ".join(fields))


def _missing_link(error: BaseException, act: Act) -> str | None:
	doctype, values = act.params.get("doctype"), act.params.get("values")
	if not isinstance(doctype, str):
		return None
	wrong = [
		_("{0} names the {1} {2}, which does not exist.").format(where, _(target), repr(value))
		for where, target, value in _links(doctype, values)
		if not frappe.db.exists(target, value)
	]
	return " ".join([*wrong, _("Name one that does, or create it in an earlier step.")]) if wrong else None


def _does_not_exist(error: BaseException, act: Act) -> str | None:
	doctype, name = act.params.get("doctype"), act.params.get("name")
	if isinstance(doctype, str) and not _is_doctype(doctype):
		text = _("There is no document type {0} on this site (params.doctype). Check how it is written.")
		return text.format(repr(doctype))
	if not isinstance(doctype, str) or name is None or str(name) not in str(error):
		return None
	text = _("There is no {0} named {1} (params.name). Check the name, or create it in an earlier step.")
	return text.format(_(doctype), repr(name))


def _duplicate(error: BaseException, act: Act) -> str | None:
	if len(error.args) < 2:
		return None
	text = _("There is a {0} named {1} already. Give the new one another name, or change the one there is.")
	return text.format(_(str(error.args[0])), repr(error.args[1]))


def _not_unique(error: BaseException, act: Act) -> str | None:
	found = _DUPLICATE.search(str(error))
	if not found or not frappe.get_meta(error.args[0]).has_field(found[2]):
		return None
	text = _("Another {0} has the value {1} in {2}, and it has to be unique. Give it another value.")
	return text.format(_(error.args[0]), repr(found[1]), _field(error.args[0], found[2], act))


def _is_doctype(name: Any) -> bool:
	return isinstance(name, str) and bool(frappe.db.exists("DocType", name, cache=True))


def _field(doctype: str, field: str, act: Act, is_missing: bool = False) -> str:
	"""A field by its label, with the parameter that gives it its value, as far as the step has one.

	One that `is_missing` is a row's if only rows need it: Frappe names the fields of both together.
	"""
	meta = frappe.get_meta(doctype)
	own = act.params.get("doctype") == doctype and "values" in act.params
	rows = ((table, frappe.get_meta(table.options).get_field(field)) for table in meta.get_table_fields())
	in_row = next(((table, of_row) for table, of_row in rows if of_row), None)
	of_document = meta.get_field(field)
	if of_document and not (is_missing and in_row and in_row[1].reqd and not of_document.reqd):
		return _labelled(of_document, f"params.values.{field}" if own else field)
	if in_row:
		table, of_row = in_row
		path = f"params.values.{table.fieldname}[].{field}" if own else f"{table.fieldname}.{field}"
		return _labelled(of_row, path)
	return field


def _labelled(field: Any, path: str) -> str:
	return f"{_(field.label or field.fieldname)} ({path})"


def _links(doctype: str, values: Any, at: str = "params.values") -> Iterator[tuple[str, str, Any]]:
	"""The links among a step's values: where each is, the DocType it leads to, and what it names."""
	if not isinstance(values, Mapping):
		return
	for field in frappe.get_meta(doctype).get("fields"):
		value = values.get(field.fieldname)
		path = f"{at}.{field.fieldname}"
		if isinstance(value, list) and field.fieldtype in ("Table", "Table MultiSelect"):
			for number, row in enumerate(value):
				yield from _links(field.options, row, f"{path}[{number}]")
		elif value and field.fieldtype in ("Link", "Dynamic Link"):
			target = field.options if field.fieldtype == "Link" else values.get(field.options)
			if target:
				yield _labelled(field, path), target, value


# The first that fits: of kinds that come from each other the narrower one stands above.
_WORDS: dict[type[BaseException], Callable[[Any, Act], str | None]] = {
	frappe.PermissionError: _permission,
	frappe.MandatoryError: _mandatory,
	frappe.LinkValidationError: _missing_link,
	frappe.DoesNotExistError: _does_not_exist,
	frappe.DuplicateEntryError: _duplicate,
	frappe.UniqueValidationError: _not_unique,
}
