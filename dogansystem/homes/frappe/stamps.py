"""Stamps say whether what a process keeps is still valid: rows that change in the transaction of what they stand for.

A transaction that sees a change sees its stamp, and no other one does: neither an older snapshot, nor anybody after a
rollback. A process that dies right after its commit has left nothing undone.
"""

import secrets
from typing import Any

import frappe

from dogansystem.protocol import Database

BITS = 53  # what a DOUBLE holds exactly


class _Known:
	"""What is known for the length of one transaction."""

	def __init__(self) -> None:
		self.stamps: dict[str, str] = {}
		self.touched: set[str] = set()


def stamp(database: Database, subject: str) -> str:
	"""The stamp of `subject` as this transaction sees it; read once in it.

	In a transaction that has changed the subject each call gives a new stamp: nobody may keep what only it can see.
	"""
	known = _known()
	if subject in known.touched:
		return secrets.token_hex(8)
	if subject not in known.stamps:
		# The name stands in the statement, because the driver would escape a value in every transaction.
		rows = database.sql(f"SELECT value FROM dogan_state WHERE name = '{_row(subject)}'")
		known.stamps[subject] = str(int(rows[0][0])) if rows else "0"
	return known.stamps[subject]


def touch(database: Database, subject: str) -> None:
	"""Give `subject` another stamp with this transaction.

	The row is written at the very end, so that nobody waits for its lock while the transaction goes on.
	"""
	known = _known()
	_drop("dogan_wanted")
	if subject not in known.touched:
		known.touched.add(subject)
		frappe.local.db.before_commit.add(lambda: _write(database, subject))


def is_touched(subject: str) -> bool:
	"""Whether this transaction has changed the subject."""
	known = getattr(frappe.local, "dogan_stamps", None)
	return known is not None and subject in known.touched


def forget() -> None:
	"""The transaction has ended: what it saw may have changed."""
	_drop("dogan_stamps")
	_drop("dogan_wanted")


def _known() -> _Known:
	known: _Known | None = getattr(frappe.local, "dogan_stamps", None)
	if known is None:
		known = frappe.local.dogan_stamps = _Known()
		db = frappe.local.db
		# A commit that fails has dropped the callbacks of a rollback: it is asked for again.
		db.before_commit.add(lambda: db.after_rollback.add(forget))
		db.after_commit.add(forget)
		db.after_rollback.add(forget)
	return known


def _drop(name: str) -> None:
	if hasattr(frappe.local, name):
		delattr(frappe.local, name)


def _write(database: Database, subject: str) -> None:
	value: Any = float(secrets.randbits(BITS))
	database.execute(
		"INSERT INTO dogan_state (name, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value)",
		(_row(subject), value),
	)


def _row(subject: str) -> str:
	return f"stamp {subject}"
