"""Approvals and asks as they are kept: what is asked, of whom, and what they have decided.

Whoever changes one locks its run first, then its own row: the order of locks is run, steps, waits, approval. Those who are
asked, and the decisions, are numbered; how many there are stands in the approval's row, so that whoever holds its lock
finds them by their names and locks nothing beside them. `store.deciding` writes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Approver, Decision, Rules
from dogansystem.engine.errors import NotFound
from dogansystem.engine.forms import field_of
from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database
from dogansystem.store import dialect, names
from dogansystem.store.moment import as_text

APPROVAL, APPROVER, DECISION = "tabDogan Approval", "tabDogan Approver", "tabDogan Approval Decision"
KIND = "decision"  # of the wait that a decision, or its deadline, ends
REMINDER = "remind"  # of the wait that brings the next reminder

COLUMNS = (
	"name, kind, status, subject, message, workflow, run, step, item, step_run, reference_doctype, reference_name,"
	" asked_by, asked_at, deadline, at_deadline, escalation, escalated, remind, needs, rejects_all, comment_rule,"
	" not_by, form_fields, may_delegate, people, decided, settled_at, settled_by, reason, proposed"
)
_PLACE = "name, user, state, instead_of, passed_by, asked_at, ended_at, told, shared_with"
_DECISION = "name, by_user, decision, for_user, comment, given_values, decided_at, through"


@dataclass(frozen=True, slots=True)
class Approval:
	"""A row of Dogan Approval. Times are local text; `remind` is seconds, 0: never; `proposed`: see `people.proposed`."""

	name: str
	status: str
	subject: str
	message: str
	workflow: str
	run: str
	step: str
	item: int
	step_run: str
	document: tuple[str, str] | None
	asked_by: str
	asked_at: str
	deadline: str | None
	at_deadline: str
	escalation: Mapping[str, Any] | None
	escalated: bool
	remind: int
	rules: Rules
	people: int = 0
	decided: int = 0
	settled_at: str | None = None
	settled_by: str | None = None
	reason: str = ""
	proposed: Mapping[str, Any] | None = None

	@property
	def is_open(self) -> bool:
		"""Whether decisions are wanted."""
		return self.status == rules_of.OPEN


@dataclass(frozen=True, slots=True)
class Place:
	"""A row of Dogan Approver.

	Attributes:
		instead_of, passed_by: whose place it was before, and who gave it to them.
		told: who was told that a decision is wanted: the person, and who stands in for them.
		shared_with: with whom of them the document was shared for it.
	"""

	number: int
	user: str
	state: str
	instead_of: str | None
	passed_by: str | None
	asked_at: str | None
	ended_at: str | None
	told: tuple[str, ...] = ()
	shared_with: tuple[str, ...] = ()

	@property
	def is_asked(self) -> bool:
		"""Whether their decision is wanted."""
		return self.state == rules_of.ASKED


def lock(db: Database, name: str, seconds: int | None = None) -> Approval:
	"""An approval whose run and row are locked until the transaction ends. Raises NotFound.

	`seconds`: for how long it waits for others at most, and then raises a conflict; None: as long as the session does.
	"""
	db.begin()
	run, suffix = run_of(db, name), dialect.for_update(db, seconds)
	db.sql("SELECT name FROM `tabDogan Workflow Run` WHERE name = %s" + suffix, (run,))
	return _read(db, name, suffix)


def read(db: Database, name: str) -> Approval:
	"""An approval as this transaction sees it. Raises NotFound."""
	return _read(db, name, "")


def run_of(db: Database, name: str) -> str:
	"""The run of an approval, which never changes. Raises NotFound."""
	row = dialect.first(db.sql(f"SELECT run FROM `{APPROVAL}` WHERE name = %s", (name,)))
	if row is None:
		raise _unknown(name)
	return str(row[0])


def _read(db: Database, name: str, suffix: str) -> Approval:
	rows = db.sql(f"SELECT {COLUMNS} FROM `{APPROVAL}` WHERE name = %s{suffix}", (name,))
	if not rows:
		raise _unknown(name)
	return approval_of(rows[0])


def _unknown(name: str) -> NotFound:
	return NotFound(f"There is no approval {name!r}.")


def approval_of(row: Sequence[Any]) -> Approval:
	"""An approval out of its COLUMNS."""
	found = dict(zip(COLUMNS.replace(",", "").split(), row, strict=True))
	document = (found["reference_doctype"], found["reference_name"])
	return Approval(
		name=found["name"],
		status=found["status"],
		subject=found["subject"] or "",
		message=found["message"] or "",
		workflow=found["workflow"],
		run=found["run"],
		step=found["step"],
		item=int(found["item"] or 0),
		step_run=found["step_run"],
		document=document if document[0] and document[1] else None,
		asked_by=found["asked_by"] or "",
		asked_at=as_text(found["asked_at"]) or "",
		deadline=as_text(found["deadline"]),
		at_deadline=found["at_deadline"] or "expire",
		escalation=decode(found["escalation"]),
		escalated=bool(found["escalated"]),
		remind=int(found["remind"] or 0),
		rules=_rules(found),
		people=int(found["people"] or 0),
		decided=int(found["decided"] or 0),
		settled_at=as_text(found["settled_at"]),
		settled_by=found["settled_by"] or None,
		reason=found["reason"] or "",
		proposed=decode(found["proposed"]),
	)


def _rules(found: Mapping[str, Any]) -> Rules:
	return Rules(
		kind=str(found["kind"]).lower(),
		needs=int(found["needs"] or 0),
		rejects_all=bool(found["rejects_all"]),
		comment=found["comment_rule"] or rules_of.OPTIONAL,
		not_by=tuple(decode(found["not_by"]) or ()),
		fields=tuple(field_of(each) for each in decode(found["form_fields"]) or ()),
		may_delegate=bool(found["may_delegate"]),
	)


def places(db: Database, approval: Approval, *, locked: bool = False) -> list[Place]:
	"""Everybody who is or was asked, in their order."""
	rows = _of_approval(db, APPROVER, _PLACE, approval.name, approval.people, locked)
	return sorted(map(_place, rows), key=lambda each: each.number)


def _place(row: Sequence[Any]) -> Place:
	about = (row[1], row[2], row[3] or None, row[4] or None, as_text(row[5]), as_text(row[6]))
	return Place(_number(row[0]), *about, tuple(decode(row[7]) or ()), tuple(decode(row[8]) or ()))


def decisions(db: Database, approval: Approval, *, locked: bool = False) -> list[Decision]:
	"""What was decided, in its order."""
	rows = _of_approval(db, DECISION, _DECISION, approval.name, approval.decided, locked)
	return [_decision(row) for row in sorted(rows, key=lambda each: _number(each[0]))]


def _decision(row: Sequence[Any]) -> Decision:
	at, through = as_text(row[6]) or "", row[7] or ""
	return Decision(row[1], row[2], row[3] or None, row[4] or "", decode(row[5]) or {}, at, through)


def rows_of(db: Database, names: Sequence[str]) -> tuple[dict[str, list[Place]], dict[str, list[Decision]]]:
	"""Who is asked, and what was decided, of many approvals at once, by their names."""
	asked: dict[str, list[Place]] = {name: [] for name in names}
	made: dict[str, list[Decision]] = {name: [] for name in names}
	if names:
		for row in _of_approvals(db, APPROVER, _PLACE, names):
			asked[row[-1]].append(_place(row))
		for row in _of_approvals(db, DECISION, _DECISION, names):
			made[row[-1]].append(_decision(row))
	return asked, made


def _of_approvals(db: Database, table: str, columns: str, names: Sequence[str]) -> list[tuple[Any, ...]]:
	query = f"SELECT {columns}, approval FROM `{table}` WHERE approval IN ({dialect.marks(names)})"
	return sorted(db.sql(query, names), key=lambda row: _number(row[0]))


def _of_approval(
	db: Database, table: str, columns: str, approval: str, number: int, locked: bool
) -> list[tuple[Any, ...]]:
	if not locked:
		return db.sql(f"SELECT {columns} FROM `{table}` WHERE approval = %s", (approval,))
	keys = [numbered(approval, each) for each in range(1, number + 1)]
	if not keys:
		return []
	# Along the primary key: a look at the index of approvals would also lock the gap in which others write theirs.
	query = (
		f"SELECT {columns} FROM `{table}`{dialect.along(db, 'PRIMARY')} WHERE name IN ({dialect.marks(keys)})"
	)
	return db.sql(query + dialect.for_share(db), keys)


def approvers(places: Sequence[Place], is_enabled: Mapping[str, bool]) -> list[Approver]:
	"""Those who are or were asked, as the rules see them."""
	return [Approver(each.number, each.user, each.state, is_enabled.get(each.user, True)) for each in places]


def untold(db: Database, limit: int) -> list[str]:
	"""Approvals that are settled, and of whose end those who were asked do not know."""
	query = f"SELECT name FROM `{APPROVAL}` WHERE untold = 1 ORDER BY name LIMIT %s"
	return [row[0] for row in db.sql(query, (limit,))]


def wait_of(db: Database, approval: str) -> tuple[int, float] | None:
	"""The wait that a decision ends: its number, and when it is over (epoch seconds, NEVER: by no time).

	It begins with the approval and is there as long as that is open. It is found without a lock, which would also lock the
	gap beside it, and then read as it is now.
	"""
	query = "SELECT id FROM dogan_timer WHERE subject = %s AND kind = %s"
	if not (found := db.sql(query, (approval, KIND))):
		return None
	query = "SELECT id, due_at FROM dogan_timer WHERE id = %s" + dialect.for_share(db)
	row = dialect.first(db.sql(query, found[0]))
	return (int(row[0]), float(row[1])) if row else None


def numbered(approval: str, number: int) -> str:
	"""The name of one who is asked, or of a decision."""
	return f"{approval}.{number}"


def _number(name: str) -> int:
	return int(name.rpartition(".")[2])


def new_name(now: float) -> str:
	"""A name for an approval."""
	return names.new_run(now)


def delete_of_run(db: Database, run: str) -> None:
	"""Delete what was asked in a run, with the run: this is the only way in which decisions go."""
	if db.execute(f"DELETE FROM `{APPROVAL}` WHERE run = %s", (run,)):
		for table in (APPROVER, DECISION):
			db.execute(f"DELETE FROM `{table}` WHERE run = %s", (run,))
