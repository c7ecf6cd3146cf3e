"""Who decides in a sandbox: substitutes and matrices are documents that were loaded, and what people are told is recorded.

A `Dogan Substitute` and a `Dogan Approval Matrix` have the fields of the DocTypes of the same names. Whoever writes them by
hand may also say `for`, `by`, `from`, `until`, and in a row of a matrix `from`, `to`, `who`; its other fields are conditions.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date
from typing import Any

from dogansystem.engine.approvals import same
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.homes.sandbox.shelf import Place
from dogansystem.protocol import Asked, Document, Matrix, MatrixRow, Told
from dogansystem.store.moment import moment

SUBSTITUTE, MATRIX, SHARE = "Dogan Substitute", "Dogan Approval Matrix", "DocShare"
APPROVAL = "approval"  # the kind of what people are told of approvals
_WORDS: Mapping[str, str] = {
	"asked": "",
	"passed on": "Passed on to you: ",
	"escalated": "Escalated to you: ",
	"reminded": "Reminder: ",
	"no longer asked": "No longer asked: ",
}
_AMOUNTS = ("from_amount", "to_amount", "from", "to")
_WHO = ("user", "users", "role", "roles", "who")
_ROW = frozenset(
	{*_AMOUNTS, *_WHO, "field", "value", "name", "idx", "doctype", "parent", "parentfield", "parenttype"}
)


class Deciders(ABC):
	"""A `protocol.Deciders`; a part of the sandbox's people."""

	_site: Place

	@abstractmethod
	def exists(self, user: str) -> bool:
		"""Whether `user` may act."""

	@abstractmethod
	def _record(self, kind: str, content: Mapping[str, Any]) -> None: ...

	def substitutes_of(self, user: str, at: float) -> list[str]:
		"""Who stands in for a user at that moment (epoch seconds)."""
		return [by for whose, by in self._substitutes(at) if same(whose, user)]

	def stands_in_for(self, user: str, at: float) -> list[str]:
		"""For whom a user stands in at that moment (epoch seconds)."""
		return [whose for whose, by in self._substitutes(at) if same(by, user)]

	def _substitutes(self, at: float) -> list[tuple[str, str]]:
		day = self._site.local_time(at).date()
		found = []
		for each in self._site.shelf.all(SUBSTITUTE):
			whose, by = _first(each, "for_user", "for"), _first(each, "by_user", "by", "substitute")
			begins, ends = _day(each, "from_date", "from"), _day(each, "until_date", "until")
			if whose and by and (begins or day) <= day <= (ends or day):
				found.append((str(whose), str(by)))
		return found

	def matrix(self, name: str) -> Matrix | None:
		"""The matrix of that name, if it was loaded."""
		found = self._site.shelf.find(MATRIX, name)
		if found is None:
			return None
		rows = tuple(_row(each) for each in found.get("rows") or [])
		return Matrix(name, str(found.get("document_type") or ""), str(found.get("amount_field") or ""), rows)

	def may_read(self, user: str, document: tuple[str, str]) -> bool:
		"""Whether a user may read a document: by the rules for its type, or by a share."""
		found = self._site.shelf.find(*document)
		if found is None:
			return False
		return (
			self._site.documents.seen_by(user, found) is not None or self._share(user, document) is not None
		)

	def share(self, user: str, document: tuple[str, str]) -> bool:
		"""Write down a share; False if there is one."""
		if self._share(user, document) is not None or self._site.shelf.find(*document) is None:
			return False
		of = {"share_doctype": document[0], "share_name": document[1], "user": user}
		rights = {"read": 1, "write": 0, "submit": 0, "share": 0}
		now, by = moment(self._site).text, self._site.user
		standard = {
			"owner": by,
			"creation": now,
			"modified": now,
			"modified_by": by,
			"docstatus": 0,
			"idx": 0,
		}
		key = hashlib.sha256("\n".join((*document, user)).encode()).hexdigest()[:20]
		self._site.shelf.insert(
			{"doctype": SHARE, "name": key, **standard, **of, **rights}
		)  # no event: nobody has asked for it
		return True

	def unshare(self, user: str, document: tuple[str, str]) -> None:
		"""Take back a share that gives nothing but reading."""
		found = self._share(user, document)
		if found and not any(found.get(right) for right in ("write", "submit", "share")):
			self._site.shelf.remove(found)

	def _share(self, user: str, document: tuple[str, str]) -> Document | None:
		shares = self._site.shelf.all(SHARE)
		of = (*document, user)
		return next(
			(
				each
				for each in shares
				if (each.get("share_doctype"), each.get("share_name"), each.get("user")) == of
			),
			None,
		)

	def tell(
		self, user: str, what: Told, asked: Asked, by: str = "", comment: str = "", instead_of: str = ""
	) -> None:
		"""Record what a user is told; who has decided knows it."""
		if what == "decided" or not self.exists(user):
			return
		about = {"doctype": asked.document[0], "name": asked.document[1]} if asked.document else None
		content = {"to": [user], "subject": _WORDS[what] + asked.subject, "message": asked.message}
		more = {"reference": about, "approval": asked.name, "what": what, "status": asked.status}
		people = {"by": by, "comment": comment, "instead_of": instead_of}
		self._record(APPROVAL, {**content, **more, **{key: value for key, value in people.items() if value}})


def _first(document: Mapping[str, Any], *fields: str) -> Any:
	return next((document[each] for each in fields if document.get(each) not in (None, "")), None)


def _day(document: Mapping[str, Any], *fields: str) -> date | None:
	value = _first(document, *fields)
	if value is None:
		return None
	try:
		return date.fromisoformat(str(value)[:10])
	except ValueError:
		raise ValidationError(
			f"{SUBSTITUTE} {document['name']!r}: {value!r} is not a day. Write 2026-01-31."
		) from None


def _row(row: Mapping[str, Any]) -> MatrixRow:
	conditions = {key: value for key, value in row.items() if key not in _ROW and value not in (None, "")}
	if row.get("field"):
		conditions[str(row["field"])] = row.get("value")
	users, roles = _names(row, "user", "users"), _names(row, "role", "roles")
	for who in _names(row, "who"):
		if isinstance(who, Mapping):
			roles.append(str(who.get("role")))
		else:
			(users if "@" in str(who) else roles).append(who)
	ends = _first(row, "to_amount", "to")
	return MatrixRow(
		float(_first(row, "from_amount", "from") or 0),
		float(ends) if ends else None,
		conditions,
		tuple(map(str, users)),
		tuple(map(str, roles)),
	)


def _names(row: Mapping[str, Any], *fields: str) -> list[Any]:
	found = []
	for each in fields:
		value = row.get(each)
		found += value if isinstance(value, list) else [value] if value not in (None, "") else []
	return found
