"""The approvals that wait for people: whose, on which document, of which run."""

from collections.abc import Sequence
from typing import Any

from dogansystem.protocol import Database
from dogansystem.store import approvals, dialect
from dogansystem.store.approvals import APPROVAL, APPROVER, Approval

MAX_SHOWN = 500  # in one list


def open_ones(db: Database, users: Sequence[str] | None = None) -> list[Approval]:
	"""The open approvals for which a decision of one of these users is wanted, the oldest first; None: all."""
	if users is None:
		query = f"SELECT {approvals.COLUMNS} FROM `{APPROVAL}` WHERE status = 'Open' ORDER BY name LIMIT %s"
		return [approvals.approval_of(row) for row in db.sql(query, (MAX_SHOWN,))]
	names = sorted({name for user in users for name in _asked(db, user)})[:MAX_SHOWN]
	if not names:
		return []
	query = (
		f"SELECT {approvals.COLUMNS} FROM `{APPROVAL}` WHERE name IN ({dialect.marks(names)}) ORDER BY name"
	)
	return [approvals.approval_of(row) for row in db.sql(query, names)]


def _asked(db: Database, user: str) -> list[str]:
	"""The oldest open approvals that a user is asked, along an index that has them in this order: of many, few are read."""
	query = (
		f"SELECT p.approval FROM `{APPROVER}` p WHERE p.user = %s AND p.state = 'Asked'"
		f" AND EXISTS (SELECT 1 FROM `{APPROVAL}` a WHERE a.name = p.approval AND a.status = 'Open')"
		" ORDER BY p.approval LIMIT %s"
	)
	return [row[0] for row in db.sql(query, (user, MAX_SHOWN))]


def open_of_run(db: Database, run: str) -> list[Approval]:
	"""What a run's steps wait for people to decide."""
	query = f"SELECT {approvals.COLUMNS} FROM `{APPROVAL}` WHERE run = %s AND status = 'Open' ORDER BY name"
	return [approvals.approval_of(row) for row in db.sql(query, (run,))]


def asked_of_run(db: Database, run: str) -> dict[str, dict[str, Any]]:
	"""Of each open approval of a run, by its name: `subject`, and the users who are `asked`."""
	query = (
		f"SELECT a.name, a.subject, p.user FROM `{APPROVAL}` a LEFT JOIN `{APPROVER}` p ON p.approval = a.name"
		" AND p.state = 'Asked' WHERE a.run = %s AND a.status = 'Open' ORDER BY a.name, p.name"
	)
	found: dict[str, dict[str, Any]] = {}
	for approval, subject, user in db.sql(query, (run,)):
		about = found.setdefault(approval, {"subject": subject, "asked": []})
		about["asked"] += [user] if user else []
	return found


def users_asked(db: Database) -> dict[str, list[str]]:
	"""Every user whose decision is wanted, and for which approvals."""
	found: dict[str, list[str]] = {}
	query = (
		f"SELECT p.user, p.approval FROM `{APPROVAL}` a JOIN `{APPROVER}` p ON p.approval = a.name"
		" WHERE a.status = 'Open' AND p.state = 'Asked'"
	)
	for user, approval in db.sql(query):
		found.setdefault(user, []).append(approval)
	return found


def with_excluded(db: Database) -> list[str]:
	"""The open approvals that some may not decide: who stands in for whom may change meanwhile."""
	query = f"SELECT name FROM `{APPROVAL}` WHERE status = 'Open' AND not_by <> '[]'"
	return [row[0] for row in db.sql(query)]
