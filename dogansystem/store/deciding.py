"""Writing approvals and asks, those who are asked, and what they decide. Whoever calls has locked the approval."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Decision
from dogansystem.engine.forms import as_json
from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database
from dogansystem.store import dialect
from dogansystem.store.approvals import APPROVAL, APPROVER, DECISION, Approval, numbered
from dogansystem.store.moment import Moment


def insert(db: Database, approval: Approval, at: Moment) -> None:
	"""Write what is asked; `add_place` writes of whom."""
	rules = approval.rules
	doctype, name = approval.document or (None, None)
	values = {
		"name": approval.name,
		"kind": rules.kind.capitalize(),
		"status": approval.status,
		"subject": approval.subject,
		"message": approval.message,
		"proposed": _json(approval.proposed) if approval.proposed else None,
		"workflow": approval.workflow,
		"run": approval.run,
		"step": approval.step,
		"item": approval.item,
		"step_run": approval.step_run,
		"reference_doctype": doctype,
		"reference_name": name,
		"asked_by": approval.asked_by,
		"asked_at": at.text,
		"deadline": approval.deadline,
		"at_deadline": approval.at_deadline,
		"escalation": _json(approval.escalation) if approval.escalation else None,
		"escalated": 0,
		"remind": approval.remind,
		"needs": rules.needs,
		"rejects_all": int(rules.rejects_all),
		"comment_rule": rules.comment,
		"not_by": _json(rules.not_by),
		"form_fields": _json([as_json(each) for each in rules.fields]),
		"may_delegate": int(rules.may_delegate),
		"people": 0,
		"decided": 0,
		"untold": 0,
	}
	dialect.insert(db, APPROVAL, values, at, approval.asked_by)


def add_place(
	db: Database,
	approval: str,
	number: int,
	user: str,
	run: str,
	at: Moment,
	*,
	instead_of: str | None = None,
	passed_by: str | None = None,
	told: Sequence[str] = (),
	shared_with: Sequence[str] = (),
) -> None:
	"""Let somebody be asked, as the `number`th. The approval's row is locked, or is of this transaction."""
	values = {
		"name": numbered(approval, number),
		"approval": approval,
		"run": run,
		"user": user,
		"state": rules_of.ASKED,
		"instead_of": instead_of,
		"passed_by": passed_by,
		"asked_at": at.text,
		"told": _json(told),
		"shared_with": _json(shared_with),
	}
	dialect.insert(db, APPROVER, values, at, user)
	db.execute(f"UPDATE `{APPROVAL}` SET people = %s WHERE name = %s", (number, approval))


def end_place(db: Database, approval: str, number: int, state: str, at: Moment) -> None:
	"""Somebody has decided, has passed it on, or is not asked any more."""
	_update(db, APPROVER, numbered(approval, number), {"state": state, "ended_at": at.text}, at)


def note_told(
	db: Database, approval: str, number: int, told: Sequence[str], shared_with: Sequence[str], at: Moment
) -> None:
	"""Note who was told that this place is asked, and with whom the document is shared for it."""
	values = {"told": _json(told), "shared_with": _json(shared_with)}
	_update(db, APPROVER, numbered(approval, number), values, at)


def add_decision(db: Database, approval: Approval, decision: Decision, at: Moment) -> None:
	"""Write a decision. The approval is locked: nobody else has written one since it was read."""
	number = approval.decided + 1
	values = {
		"name": numbered(approval.name, number),
		"approval": approval.name,
		"run": approval.run,
		"by_user": decision.by,
		"for_user": decision.whose,
		"decision": decision.decision,
		"comment": decision.comment,
		"given_values": _json(decision.values or {}),
		"decided_at": at.text,
		"through": decision.through,
	}
	dialect.insert(db, DECISION, values, at, decision.by)
	db.execute(f"UPDATE `{APPROVAL}` SET decided = %s WHERE name = %s", (number, approval.name))


def settle(
	db: Database, approval: str, status: str, at: Moment, by: str | None = None, reason: str = ""
) -> None:
	"""An approval has come to its end; those who were asked are told later."""
	values = {"status": status, "settled_at": at.text, "settled_by": by, "reason": reason, "untold": 1}
	_update(db, APPROVAL, approval, {**values, "next_reminder": None}, at)


def escalate(db: Database, approval: str, deadline: str | None, at: Moment) -> None:
	"""Others are asked from now on, until another deadline."""
	_update(db, APPROVAL, approval, {"escalated": 1, "deadline": deadline}, at)


def set_reminder(db: Database, approval: str, next_one: str | None, at: Moment) -> None:
	"""Note when those who have not decided are reminded, for people to see."""
	_update(db, APPROVAL, approval, {"next_reminder": next_one}, at)


def note_ended(db: Database, approval: str) -> bool:
	"""Note that those who were asked know that it is settled. False: another process has noted that, or has locked the row."""
	query = f"SELECT 1 FROM `{APPROVAL}` WHERE name = %s AND untold = 1"
	if not db.sql(query + dialect.for_update_skip_locked(db), (approval,)):
		return False
	query = f"UPDATE `{APPROVAL}` SET untold = 0 WHERE name = %s AND untold = 1"
	return bool(db.execute(query, (approval,)))


def _update(db: Database, table: str, name: str, values: Mapping[str, Any], at: Moment) -> None:
	each = dialect.update_of(table, name, {**values, "modified": at.text})
	db.execute(each.query, each.values)


def hand_over_share(db: Database, approval: Approval, user: str) -> bool:
	"""Let another open approval of the same document that was put to this user keep the share. False: there is none."""
	query = (
		f"SELECT p.name, p.told, p.shared_with FROM `{APPROVAL}` a JOIN `{APPROVER}` p ON p.approval = a.name"
		" WHERE a.reference_doctype = %s AND a.reference_name = %s AND a.status = 'Open' AND a.name <> %s"
		" AND p.state = 'Asked' ORDER BY p.name"
	)
	for name, told, shared_with in db.sql(query, (*(approval.document or ("", "")), approval.name)):
		if user in (decode(told) or ()):
			kept = _json(list(dict.fromkeys([*(decode(shared_with) or ()), user])))
			query = f"UPDATE `{APPROVER}` SET shared_with = %s WHERE name = %s AND state = 'Asked'"
			return bool(kept == shared_with or db.execute(query, (kept, name)))
	return False


def _json(value: Any) -> str:
	return json.dumps(value, ensure_ascii=False)
