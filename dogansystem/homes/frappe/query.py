"""What a step may ask a list of documents for: names of fields, known functions and operators, and nothing else.

Frappe writes fields, orders and the names in filters into its SQL and rejects known attacks. A step's parameters may
come from anybody who fills in a form, so here only what is known to be harmless is accepted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import frappe
from frappe import _
from pymysql.constants import ER

from dogansystem.homes.frappe import compat

_NAME = r"`?[A-Za-z_][A-Za-z0-9_]{0,139}`?"
_COLUMN = rf"(?:`tab[\w .()-]{{1,140}}`\.|{_NAME}\.)?{_NAME}"
_FUNCTION = rf"(?:count|sum|avg|min|max|date|year|month|hour)\(\s*(?:\*|(?:distinct\s+)?{_COLUMN})\s*\)"
FIELD = re.compile(rf"\s*(?:\*|(?:{_COLUMN}|{_FUNCTION})(?:\s+as\s+{_NAME})?)\s*", re.ASCII | re.IGNORECASE)
ORDER = re.compile(rf"\s*(?:{_COLUMN}|{_FUNCTION})(?:\s+(?:asc|desc))?\s*", re.ASCII | re.IGNORECASE)
COLUMN = re.compile(_COLUMN, re.ASCII)
_NOT_UNDERSTOOD = frozenset({ER.BAD_FIELD_ERROR, ER.PARSE_ERROR, ER.SP_DOES_NOT_EXIST, ER.NO_SUCH_TABLE})
DOCTYPE = re.compile(r"(?:tab)?\w[\w .()-]{0,139}")
TREE = frozenset(
	{"descendants of", "ancestors of", "not descendants of", "not ancestors of", "descendants of (inclusive)"}
)
_CALL = re.compile(
	rf"\s*(?P<function>\w+)\(\s*(?P<of>\*|(?:distinct\s+)?{_COLUMN})\s*\)(?:\s+as\s+`?(?P<name>\w+)`?)?\s*",
	re.ASCII | re.IGNORECASE,
)
OPERATORS = TREE | {
	"=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between", "timespan", "previous", "next"
}  # fmt: skip


def known_doctype(doctype: str) -> str:
	"""The DocType, which is there. Raises DoesNotExistError; Frappe itself would look for a Python module of that name."""
	# To the database's collation, `todo` and `ToDo\0` are names of ToDo.
	if not isinstance(doctype, str) or frappe.db.exists("DocType", doctype, cache=True) != doctype:
		frappe.throw(_("There is no DocType {0}.").format(_shown(doctype)), frappe.DoesNotExistError)
	return doctype


def check(doctype: str, filters: Any, fields: Sequence[str] | None, order_by: str | None) -> None:
	"""Raise DataError naming the first part that is not known."""
	known_doctype(doctype)
	for field in fields or ():
		if not _fits(FIELD, field):
			text = _(
				"fields: {0} is not a field, a field as another name, or count, sum, avg, min or max of one."
			)
			_refuse(text, field)
	for part in order_by.split(",") if order_by else ():
		if not _fits(ORDER, part):
			_refuse(_("order_by: {0} is not a field and asc or desc, such as creation desc."), part)
	for given in _each(filters):
		_check_filter(doctype, given)


def as_calls(fields: Sequence[str], order_by: str | None) -> tuple[list[Any], str | None, dict[str, str]]:
	"""Fields and order as Frappe 16 takes them: functions are mappings, and an order names them by another name.

	Gives also what the caller calls those that were given a name here. Raises DataError for a function that Frappe 16
	does not take.
	"""
	found: list[Any] = []
	names: dict[str, str] = {}
	known: dict[str, str] = {}
	for number, field in enumerate(fields):
		call = _CALL.fullmatch(field)
		if not call:
			found.append(field)
			continue
		name = call["name"] or f"value_{number}"
		if not call["name"]:
			names[name] = field.strip()
		found.append({_function(call): call["of"], "as": name})
		known[_plain(f"{call['function']}({call['of']})")] = name
	parts = [_order(part, known) for part in order_by.split(",")] if order_by else []
	return found, ", ".join(parts) or None, names


def _function(call: re.Match[str]) -> str:
	function = call["function"].upper()
	if function not in (compat.LIST_FUNCTIONS or ()) or " " in call["of"]:
		text = _("fields: this version of Frappe does not take {0} in a list. Ask for the field itself.")
		_refuse(text, call[0].strip())
	return function


def _order(part: str, known: Mapping[str, str]) -> str:
	what, _bracket, direction = part.strip().partition(")")
	if "(" not in what:
		return part
	name = known.get(_plain(what + ")"))
	if name is None:
		_refuse(_("order_by: {0} has to be one of the fields too, on this version of Frappe."), part.strip())
	return f"{name} {direction.strip()}".strip()


def _plain(call: str) -> str:
	return re.sub(r"[\s`]", "", call).lower()


def _fits(pattern: re.Pattern[str], given: Any) -> bool:
	return isinstance(given, str) and pattern.fullmatch(given) is not None


@contextmanager
def explained(doctype: str) -> Iterator[None]:
	"""Within the block, an error of the database about the list becomes a DataError, which is not retried."""
	try:
		yield
	except (frappe.db.OperationalError, frappe.db.ProgrammingError) as error:
		if error.args[0] not in _NOT_UNDERSTOOD:
			raise
		frappe.throw(
			_("The list of {0} cannot be read: {1}").format(doctype, _shown(error.args[1])), frappe.DataError
		)


def _each(filters: Any) -> Iterator[Any]:
	"""The filters one by one, as `[field, operator, value]` or `[doctype, field, operator, value]`."""
	if isinstance(filters, Mapping):
		for field, value in filters.items():
			yield [field, *value] if isinstance(value, list | tuple) else [field, "=", value]
	elif isinstance(filters, list | tuple):
		for given in filters:
			yield from _each(given) if isinstance(given, Mapping) else [given]
	elif filters is not None:
		_refuse(_("filters: {0} is neither a mapping nor a list."), filters)


def _check_filter(of: str, given: Any) -> None:
	if not isinstance(given, list | tuple) or len(given) not in (3, 4):
		text = _('filters: {0} is not a field, an operator and a value, such as ["status", "=", "Open"].')
		_refuse(text, given)
	*doctypes, field, operator, value = given
	for doctype in doctypes:
		if not _fits(DOCTYPE, doctype):
			_refuse(_("filters: {0} is not the name of a DocType."), doctype)
	if not _fits(COLUMN, field):
		_refuse(_("filters: {0} is not the name of a field."), field)
	word = operator.strip().lower() if isinstance(operator, str) else None
	if word not in OPERATORS:
		_refuse(_("filters: {0} is not an operator, such as =, like or in."), operator)
	if word in TREE and not _is_tree([of, *doctypes][-1], field):
		_refuse(_("filters: {0} is for trees only."), operator)
	parts = value if isinstance(value, list | tuple) else ()
	if isinstance(value, Mapping) or any(isinstance(each, Mapping | list | tuple) for each in parts):
		_refuse(_("filters: {0} is neither a value nor a list of values."), value)


def _is_tree(doctype: str, field: str) -> bool:
	"""Whether a field names documents that form a tree: those of the list, or those that the field links to."""
	meta = frappe.get_meta(doctype.removeprefix("tab"))
	link = meta.get_field(field)
	return (frappe.get_meta(link.options) if link and link.fieldtype == "Link" else meta).is_nested_set()


def _refuse(text: str, given: Any) -> None:
	frappe.throw(text.format(_shown(given)), frappe.DataError)


def _shown(given: Any) -> str:
	return frappe.utils.escape_html(repr(given)[:100])
