"""Stamps say whether what a process keeps is still valid: rows that change in the transaction of what they stand for.

A transaction that sees a change sees its stamp, and no other one does: neither an older snapshot, nor anybody after a
rollback. A process that dies right after its commit has left nothing undone.
"""

import secrets

import frappe

from dogansystem.protocol import Database

BITS = 53  # what a DOUBLE holds exactly
TOUCHED = ""  # in place of the stamp of a subject that this transaction has changed


def stamp(database: Database, subject: str) -> str:
	"""The stamp of `subject` as this transaction sees it; read once in it.

	In a transaction that has changed the subject each call gives a new stamp: nobody may keep what only it can see.
	"""
	known = _known()
	if subject not in known:
		# The name stands in the statement, because the driver would escape a value in every transaction.
		rows = database.sql(f"SELECT value FROM dogan_state WHERE name = 'stamp {subject}'")
		known[subject] = str(int(rows[0][0])) if rows else "0"
	return known[subject] or secrets.token_hex(8)


def touch(database: Database, subject: str) -> None:
	"""Give `subject` another stamp with this transaction.

	The row is written at the very end, so that nobody waits for its lock while the transaction goes on.
	"""
	frappe.local.dogan_wanted = None
	if not is_touched(subject):
		_known()[subject] = TOUCHED
		frappe.local.db.before_commit.add(lambda: _write(database, subject))


def is_touched(subject: str) -> bool:
	"""Whether this transaction has changed the subject."""
	return (getattr(frappe.local, "dogan_stamps", None) or {}).get(subject) == TOUCHED


def forget() -> None:
	"""The transaction has ended: what it saw may have changed."""
	frappe.local.dogan_stamps = frappe.local.dogan_wanted = None


def _known() -> dict[str, str]:
	"""The stamps that are known for the length of this transaction."""
	known: dict[str, str] | None = getattr(frappe.local, "dogan_stamps", None)
	if known is None:
		known = frappe.local.dogan_stamps = {}
		db = frappe.local.db
		# A commit that fails has dropped the callbacks of a rollback: it is asked for again.
		db.before_commit.add(lambda: db.after_rollback.add(forget))
		db.after_commit.add(forget)
		db.after_rollback.add(forget)
	return known


def _write(database: Database, subject: str) -> None:
	database.execute(
		"INSERT INTO dogan_state (name, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value)",
		(f"stamp {subject}", float(secrets.randbits(BITS))),
	)
