"""Batches: runs of one workflow for many documents. A row for the batch, and one for each document with what became of it."""

from collections.abc import Sequence
from typing import Any

from dogansystem.engine.outputs import decode, encode
from dogansystem.engine.states import RUN_STATES
from dogansystem.protocol import Database
from dogansystem.store import dialect
from dogansystem.store.moment import Moment, as_text

TABLE = "tabDogan Batch"
RUNNING, COMPLETED, CANCELLED = "Running", "Completed", "Cancelled"
# What has become of a document.
PENDING, STARTED, REFUSED, DROPPED = range(4)
WORDS = ("Pending", "Started", "Refused", "Cancelled")
MAX_REASON = 1000  # characters
_COLUMNS = "name, workflow, document_type, status, started_by, started_at, finished_at, total, started, refused, cancelled, input"


def create(
	db: Database,
	batch: str,
	workflow: str,
	doctype: str,
	names: Sequence[str],
	given: Any,
	user: str,
	at: Moment,
) -> None:
	"""Write a batch and its documents."""
	values = {
		"name": batch,
		"workflow": workflow,
		"document_type": doctype,
		"status": RUNNING,
		"started_by": user,
		"started_at": at.text,
		"total": len(names),
		"input": encode(given, "The input"),
	}
	dialect.insert(db, TABLE, values, at, user)
	db.execute_many(
		"INSERT INTO dogan_batch_document (batch, document) VALUES (%s, %s)",
		[(batch, name) for name in names],
	)


def read(db: Database, batch: str, *, locked: bool = False) -> dict[str, Any] | None:
	"""A batch: its columns, times as text, the input as data; None if there is none. `locked`: until the transaction ends."""
	query = f"SELECT {_COLUMNS} FROM `{TABLE}` WHERE name = %s" + (dialect.for_update(db) if locked else "")
	row = dialect.first(db.sql(query, (batch,)))
	return _described(row) if row else None


def newest(db: Database, limit: int, user: str | None = None) -> list[dict[str, Any]]:
	"""The newest batches, of a user if one is given."""
	where, values = ("WHERE started_by = %s", [user]) if user else ("", [])
	rows = db.sql(f"SELECT {_COLUMNS} FROM `{TABLE}` {where} ORDER BY name DESC LIMIT %s", [*values, limit])
	return [_described(row) for row in rows]


def _described(row: Sequence[Any]) -> dict[str, Any]:
	found = dict(zip(_COLUMNS.split(", "), row, strict=True))
	found["batch"] = found.pop("name")
	times = {key: as_text(found[key]) for key in ("started_at", "finished_at")}
	return found | times | {"input": decode(found["input"])}


def pending(db: Database, batch: str, limit: int) -> list[tuple[int, str]]:
	"""The numbers and names of documents that nothing has become of yet, in the order in which they were given."""
	query = (
		"SELECT id, document FROM dogan_batch_document WHERE batch = %s AND state = %s ORDER BY id LIMIT %s"
	)
	return [(int(number), str(name)) for number, name in db.sql(query, (batch, PENDING, limit))]


def take(db: Database, number: int) -> bool:
	"""Take a document in the transaction that starts its run. False: something has become of it already."""
	query = "UPDATE dogan_batch_document SET state = %s WHERE id = %s AND state = %s"
	return bool(db.execute(query, (STARTED, number, PENDING)))


def note(db: Database, number: int, run: str | None, reason: str | None = None) -> None:
	"""Keep what became of a document that was taken: its run, or the reason why there is none."""
	db.execute(
		"UPDATE dogan_batch_document SET state = %s, run = %s, reason = %s WHERE id = %s",
		(STARTED if run else REFUSED, run, (reason or "")[:MAX_REASON] or None, number),
	)


def settle(db: Database, batch: str, at: Moment) -> bool:
	"""Count what has become of the documents. True: some are left."""
	counts: dict[int, int] = dict(
		db.sql("SELECT state, COUNT(*) FROM dogan_batch_document WHERE batch = %s GROUP BY state", (batch,))
	)
	left = bool(counts.get(PENDING))
	ended = CANCELLED if counts.get(DROPPED) else COMPLETED
	values = [counts.get(state, 0) for state in (STARTED, REFUSED, DROPPED)]
	db.execute(
		f"UPDATE `{TABLE}` SET started = %s, refused = %s, cancelled = %s, status = %s, finished_at = %s, modified = %s"
		" WHERE name = %s",
		(*values, RUNNING if left else ended, None if left else at.text, at.text, batch),
	)
	return left


def drop_pending(db: Database, batch: str) -> int:
	"""Let nothing become of the documents that are left; gives how many. Whoever has locked the batch does it."""
	query = "UPDATE dogan_batch_document SET state = %s WHERE batch = %s AND state = %s"
	return db.execute(query, (DROPPED, batch, PENDING))


def documents(db: Database, batch: str, limit: int, after: int = 0) -> list[dict[str, Any]]:
	"""Documents with what became of them: `number`, `document`, `result`, and `run` with its `status`, or the `reason`."""
	rows = db.sql(
		"SELECT d.id, d.document, d.state, d.run, r.status, d.reason FROM dogan_batch_document d"
		" LEFT JOIN `tabDogan Workflow Run` r ON r.name = d.run WHERE d.batch = %s AND d.id > %s ORDER BY d.id LIMIT %s",
		(batch, after, limit),
	)
	return [
		{
			"number": int(number),
			"document": document,
			"result": WORDS[state],
			"run": run,
			"status": status,
			"reason": reason,
		}
		for number, document, state, run, status, reason in rows
	]


def runs(db: Database, batch: str) -> dict[str, int]:
	"""How many of its runs are in each state."""
	rows = db.sql(
		"SELECT r.status, COUNT(*) FROM dogan_batch_document d JOIN `tabDogan Workflow Run` r ON r.name = d.run"
		" WHERE d.batch = %s GROUP BY r.status",
		(batch,),
	)
	found: dict[str, int] = dict(rows)
	return {state: int(found[state]) for state in RUN_STATES if state in found}


def forget(db: Database, batch: str) -> None:
	"""Delete the documents of a batch that is deleted."""
	db.execute("DELETE FROM dogan_batch_document WHERE batch = %s", (batch,))
