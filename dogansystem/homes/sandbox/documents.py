"""The sandbox's documents: JSON with names and a docstatus, read and changed as the acting user may.

There are no DocType definitions here, so any field can hold anything; everything else is as users of Frappe know it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.homes.sandbox.ai import LOADED, load_ai
from dogansystem.homes.sandbox.errors import (
	CannotChangeConstantError,
	DocstatusTransitionError,
	DuplicateEntryError,
	TimestampMismatchError,
	UpdateAfterSubmitError,
	ValidationError,
)
from dogansystem.homes.sandbox.filters import check_field, parse_filters, parse_order, sort
from dogansystem.homes.sandbox.naming import amended_name, check_name, new_name
from dogansystem.homes.sandbox.permissions import Permissions
from dogansystem.homes.sandbox.shelf import Place, refuse_record
from dogansystem.homes.sandbox.values import plain
from dogansystem.protocol import Document
from dogansystem.store.moment import moment

Rows = list[Document]

DRAFT, SUBMITTED, CANCELLED = 0, 1, 2
STATES = ("a draft", "submitted", "cancelled")  # by docstatus
MAX_SKIPPED = 1000  # names of a series that were given by hand

# What every document has, in Frappe's order; a change may not touch the first four.
CONSTANT = ("doctype", "name", "owner", "creation")
STANDARD = (*CONSTANT, "modified", "modified_by", "docstatus", "idx")


class Records:
	"""Documents and what is done with them, apart from what stands beside them and from what becomes of them."""

	def __init__(self, site: Place, permissions: Permissions) -> None:
		self._site = site
		self._permissions = permissions

	def fields_of(self, doctype: str) -> None:
		"""Not known: a document of the sandbox has whatever fields it was given."""

	def exists(self, doctype: str, name: str) -> bool | None:
		"""Whether there is such a document. None: the sandbox has none of this type, so nobody knows which there would be."""
		found = self._site.shelf.find(doctype, name)
		if found is None:
			return False if self._site.shelf.all(doctype) else None
		return bool(found.get("enabled", 1)) if doctype == "User" else True

	def get(self, doctype: str, name: str, fields: Sequence[str] | None = None) -> Document:
		"""A document, or only its name and these fields. Raises DoesNotExistError, PermissionError."""
		self._permissions.check(doctype, "read")
		document = self._site.shelf.get(doctype, name)
		return _row(document, ["name", *fields]) if fields else document

	def seen_by(self, user: str, document: Document) -> Document | None:
		"""What another user may read of a document that is at hand, or None if it is not theirs to see."""
		return document if self._permissions.allows(user, document["doctype"], "read") else None

	def list(
		self,
		doctype: str,
		filters: Any = None,
		fields: Sequence[str] | None = None,
		order_by: str | None = None,
		limit: int = 1000,
	) -> list[Document]:
		"""Rows of the documents that match, as `frappe.get_list` gives them; limit 0 means all.

		Raises PermissionError, and ValidationError for what it cannot read.
		"""
		self._permissions.check(doctype, "read")
		order = parse_order(order_by)
		found = self._matching(doctype, filters)
		sort(found, order)
		return [_row(row, fields or ["name"]) for row in found[: limit or None]]

	def _matching(self, doctype: str, filters: Any) -> Rows:
		conditions = parse_filters(filters, doctype)
		rows = self._site.shelf.all(doctype, conditions)
		return [row for row in rows if all(condition.holds(row) for condition in conditions)]

	def count(self, doctype: str, filters: Any = None) -> int:
		"""How many documents match. Raises PermissionError, and ValidationError for what it cannot read."""
		self._permissions.check(doctype, "read")
		return len(self._matching(doctype, filters))

	def create(self, doctype: str, values: Mapping[str, Any]) -> Document:
		"""Insert a document, as a draft unless `values` has docstatus 1; gives it with its name.

		Raises PermissionError, DuplicateEntryError, ValidationError.
		"""
		given = _checked_values(doctype, values)
		is_submitted = _docstatus(given) == SUBMITTED
		for kind in ("create", "submit") if is_submitted else ("create",):
			self._permissions.check(doctype, kind)
		document = self._insert(doctype, given)
		if is_submitted:
			self._site.document_changed(document, "submitted", {**document, "docstatus": DRAFT})
		return document

	def _insert(self, doctype: str, given: Mapping[str, Any]) -> Document:
		"""Insert a document whatever the acting user may do, as Frappe does with comments and assignments."""
		refuse_record(doctype)
		self._site.database.begin()
		document = self._new(doctype, given)
		if document["name"]:
			self._site.shelf.insert(document)
		else:
			self._insert_under_new_name(document, given)
		self._site.document_changed(document, "created", None)
		return document

	def load(self, given: Mapping[str, Any]) -> None:
		"""Put a document in as it is, over one of the same name: no permissions, no events."""
		doctype, name = given.get("doctype"), given.get("name")
		if doctype in LOADED:
			return load_ai(self._site, given)
		if not isinstance(doctype, str) or not doctype or name in (None, ""):
			raise ValidationError(f"A document needs a doctype and a name; {str(given)[:80]} has not both.")
		refuse_record(doctype)
		checked = _checked_values(doctype, given)
		document = {**self._new(doctype, {**checked, "docstatus": DRAFT}), **checked}
		document["name"] = check_name(doctype, name)
		shelf = self._site.shelf
		if shelf.find(doctype, document["name"], for_update=True) is None:
			shelf.insert(document)
		else:
			shelf.replace(document)

	def _new(self, doctype: str, given: Mapping[str, Any]) -> Document:
		now, user = moment(self._site).text, self._site.user
		named = (check_name("DocType", doctype), self._given_name(doctype, given))
		standard = zip(STANDARD, (*named, user, now, now, user, _docstatus(given), 0), strict=True)
		return {**dict(standard), **{key: value for key, value in given.items() if key not in STANDARD}}

	def _given_name(self, doctype: str, given: Mapping[str, Any]) -> str:
		if given.get("name") not in (None, ""):
			return check_name(doctype, given["name"])
		if not given.get("amended_from"):
			return ""
		original = self._site.shelf.get(doctype, given["amended_from"])
		if original["docstatus"] != CANCELLED:
			raise ValidationError(
				f"{doctype} {original['name']!r} is not cancelled. Cancel it before you amend it."
			)
		return amended_name(original["name"], bool(original.get("amended_from")))

	def _insert_under_new_name(self, document: Document, given: Mapping[str, Any]) -> None:
		shelf, doctype = self._site.shelf, document["doctype"]
		today = self._site.local_time(self._site.now())
		for _ in range(MAX_SKIPPED):
			name = new_name(shelf.database, doctype, given, today)
			document["name"] = check_name(doctype, name)
			if shelf.find(doctype, name) is None:
				return shelf.insert(document)
		raise DuplicateEntryError(
			f"{doctype}: the next {MAX_SKIPPED} names of its series are taken. Give it a name."
		)

	def update(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document:
		"""Change fields of a draft; gives the document.

		Raises PermissionError, DoesNotExistError, UpdateAfterSubmitError, TimestampMismatchError (when `values` has
		a `modified` that is not the newest), ValidationError.
		"""
		given = _checked_values(doctype, values)
		previous = self._for_change(doctype, name, "write")
		if given.get("modified", previous["modified"]) != previous["modified"]:
			raise TimestampMismatchError(
				f"{doctype} {previous['name']!r} was changed at {previous['modified']}, after it was read."
				" Read it again, then repeat the change."
			)
		changed = {field: value for field, value in given.items() if previous.get(field) != value}
		_check_change(previous, changed)
		return self._save(previous, changed, "updated")

	def upsert(
		self, doctype: str, key: Mapping[str, Any], values: Mapping[str, Any]
	) -> tuple[Document, bool]:
		"""Change the document that the key finds, or create one. Raises ValidationError for a key that finds several."""
		self._site.database.begin()
		found = self.list(doctype, {field: ["=", value] for field, value in key.items()}, limit=2)
		if len(found) > 1:
			shown = ", ".join(f"{field} {value!r}" for field, value in key.items())
			raise ValidationError(
				f"There is more than one {doctype} with {shown}. Give a key that only one has."
			)
		if found:
			return self.update(doctype, found[0]["name"], values), False
		try:
			return self.create(doctype, {**key, **values}), True
		except DuplicateEntryError:
			if key.keys() != {"name"}:
				raise
			return self.update(doctype, key["name"], values), False  # another one has just made it

	def submit(self, doctype: str, name: str) -> Document:
		"""Submit a draft; gives its name and docstatus."""
		return self._move(doctype, name, "submit", DRAFT, "submitted: only a draft can be")

	def cancel(self, doctype: str, name: str) -> Document:
		"""Cancel a submitted document; gives its name and docstatus."""
		return self._move(doctype, name, "cancel", SUBMITTED, "cancelled: only a submitted document can be")

	def _move(self, doctype: str, name: str, kind: str, needed: int, words: str) -> Document:
		previous = self._for_change(doctype, name, kind)
		if previous["docstatus"] != needed:
			raise DocstatusTransitionError(
				f"{doctype} {previous['name']!r} cannot be {words}, and it is {STATES[previous['docstatus']]}."
			)
		moved = {"docstatus": needed + 1}
		return _state(self._save(previous, moved, words.partition(":")[0]))

	def delete(self, doctype: str, name: str) -> Document:
		"""Delete a draft or a cancelled document; gives its name and the docstatus it had."""
		previous = self._for_change(doctype, name, "delete")
		if previous["docstatus"] == SUBMITTED:
			raise ValidationError(
				f"{doctype} {previous['name']!r} is submitted and cannot be deleted. Cancel it first."
			)
		self._site.shelf.remove(previous)
		self._site.document_changed(previous, "deleted", previous)
		return _state(previous)

	def _for_change(self, doctype: str, name: str, kind: str) -> Document:
		self._permissions.check(doctype, kind)
		refuse_record(doctype)
		return self._site.shelf.get(doctype, name, for_update=True)

	def _save(self, previous: Document, changed: Mapping[str, Any], event: str) -> Document:
		stamp = {"modified": moment(self._site).text, "modified_by": self._site.user}
		document = {**previous, **changed, **stamp}
		self._site.shelf.replace(document)
		self._site.document_changed(document, event, previous)
		return document


def _checked_values(doctype: str, values: Mapping[str, Any]) -> dict[str, Any]:
	given = {check_field(field): plain(value, field) for field, value in values.items()}
	if given.get("doctype", doctype) != doctype:
		raise ValidationError(
			f"The values are of a {given['doctype']}, not of a {doctype}. Take doctype out."
		)
	return given


def _docstatus(given: Mapping[str, Any]) -> int:
	docstatus = given.get("docstatus") or DRAFT
	if docstatus not in (DRAFT, SUBMITTED):
		raise DocstatusTransitionError(
			f"A new document has docstatus 0 (draft) or 1 (submitted), not {docstatus!r}."
		)
	return int(docstatus)


def _check_change(previous: Document, changed: Mapping[str, Any]) -> None:
	what = f"{previous['doctype']} {previous['name']!r}"
	constant = [field for field in CONSTANT if field in changed]
	if constant:
		raise CannotChangeConstantError(
			f"{what}: {constant[0]} cannot be changed. Take it out of the values."
		)
	if "docstatus" in changed:
		raise DocstatusTransitionError(
			f"{what}: docstatus does not change by an update. Use document.submit or document.cancel."
		)
	if previous["docstatus"] == CANCELLED:
		raise ValidationError(f"{what} is cancelled and cannot be changed. Amend it.")
	if previous["docstatus"] == SUBMITTED and changed:
		raise UpdateAfterSubmitError(
			f"{what} is submitted: {', '.join(changed)} cannot be changed. Cancel and amend it."
		)


def _state(document: Document) -> Document:
	return {"name": document["name"], "docstatus": document["docstatus"]}


def _column(field: str) -> tuple[str, str]:
	"""A field and what it is called in a row; `*` is all of them."""
	words = field.replace("`", "").split() if isinstance(field, str) else [field]
	if words == ["*"]:
		return "*", "*"
	if len(words) == 3 and words[1].lower() == "as":
		return check_field(words[0]), check_field(words[2])
	return check_field(field), field


def _row(document: Document, fields: Sequence[str]) -> Document:
	row: Document = {}
	for field, alias in map(_column, fields):
		row.update(document if field == "*" else {alias: document.get(field)})
	return row
