"""Marks that say whether what a process has kept is still valid: rows that change in the transaction of what they mark.

So whoever sees a change sees its mark, and nobody else does: in a snapshot of before, after a rollback, or when the
process that made the change dies between its commit and anything it would have done then.
"""

import secrets
from typing import Any

import frappe

from dogansystem.homes.frappe import relied
from dogansystem.protocol import Database

BITS = 53  # what a DOUBLE holds exactly


def stamp(database: Database, subject: str) -> str:
	"""The mark of `subject` as this transaction sees it; read once in it.

	Where the transaction has changed the subject itself, each answer is a new one: what it sees is for nobody to keep.
	"""
	known = _known()
	if subject in known.touched:
		return secrets.token_hex(8)
	if subject not in known.marks:
		# Once in every transaction that saves a document: without values the driver has nothing to escape.
		rows = database.sql(_READ[subject] if subject in _READ else _read(subject))
		known.marks[subject] = str(int(rows[0][0])) if rows else "0"
	return known.marks[subject]


def touch(database: Database, subject: str, adds: bool) -> None:
	"""Give `subject` another mark with this transaction. It is written at its very end, so that nobody waits for the row
	while the transaction goes on. Where it `adds` something, the commit waits for those who rely on its absence."""
	known = _known()
	_forget_wanted()
	if subject not in known.touched:
		known.touched.add(subject)
		frappe.local.db.before_commit.add(lambda: _write(database, subject))
	if adds and not known.adds:
		known.adds = True
		frappe.local.db.after_commit.add(relied.wait_out)


def is_touched(subject: str) -> bool:
	"""Whether this transaction has changed the subject."""
	known = getattr(frappe.local, "dogan_stamps", None)
	return known is not None and subject in known.touched


_READ: dict[str, str] = {}


def _read(subject: str) -> str:
	"""The statement that reads a mark. Subjects are names in the code."""
	if not subject.isidentifier():
		raise ValueError(f"{subject!r} is no subject: it has to be a name.")
	return _READ.setdefault(subject, f"SELECT value FROM dogan_state WHERE name = '{_row(subject)}'")


class _Known:
	"""What is known for the length of one transaction."""

	def __init__(self) -> None:
		self.marks: dict[str, str] = {}
		self.touched: set[str] = set()
		self.adds = False


def _known() -> _Known:
	known = getattr(frappe.local, "dogan_stamps", None)
	if known is None:
		known = frappe.local.dogan_stamps = _Known()
		db = frappe.local.db
		db.before_commit.add(_commits)
		db.after_commit.add(forget)
		db.before_rollback.add(relied.note_end)
		db.after_rollback.add(forget)
	return known


def _commits() -> None:
	relied.note_end()
	frappe.local.db.after_rollback.add(forget)  # a commit that fails has dropped this callback


def forget() -> None:
	"""The transaction has ended: what it saw may have changed."""
	relied.note_ended()
	_drop("dogan_stamps")
	_forget_wanted()


def _forget_wanted() -> None:
	_drop("dogan_wanted")


def _drop(name: str) -> None:
	if hasattr(frappe.local, name):
		delattr(frappe.local, name)


def _write(database: Database, subject: str) -> None:
	mark: Any = float(secrets.randbits(BITS))
	database.execute(
		"INSERT INTO dogan_state (name, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value)",
		(_row(subject), mark),
	)


def _row(subject: str) -> str:
	return f"stamp {subject}"
