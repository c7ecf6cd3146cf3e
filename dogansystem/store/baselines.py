"""Baselines: what the system did once, kept under a name, to be compared with what it does later."""

import json
from collections.abc import Mapping
from typing import Any

from dogansystem.protocol import Database
from dogansystem.store import dialect
from dogansystem.store.moment import Moment, as_text

TABLE = "tabDogan Baseline"
MAX_NAME = 140  # characters: the name of a document

# What a list shows without reading the measurement itself. Frappe's Float columns have no NULL: 0 is unknown.
SHOWN = (
	"recorded_at", "source", "begins_at", "ends_at", "steps", "steps_per_second", "capacity", "workers", "nodes",
	"utilisation", "wait_p95", "run_p95", "failed",
)  # fmt: skip


def keep(
	db: Database, name: str, at: Moment, user: str, shown: Mapping[str, Any], measurement: Mapping[str, Any]
) -> None:
	"""Write a baseline. `shown` has a value for each of `SHOWN` but `recorded_at`. The name must be free."""
	text = json.dumps(measurement, separators=(",", ":"))
	dialect.insert(db, TABLE, {"name": name, "recorded_at": at.text, **shown, "measurement": text}, at, user)


def exists(db: Database, name: str) -> bool:
	"""Whether there is one of that name."""
	return bool(db.sql(f"SELECT 1 FROM `{TABLE}` WHERE name = %s", (name,)))


def newest(db: Database) -> str | None:
	"""The name of the one that was recorded last."""
	found = every(db, 1)
	return found[0]["name"] if found else None


def measurement(db: Database, name: str) -> dict[str, Any] | None:
	"""What was measured, as plain data; None if there is no baseline of that name."""
	row = dialect.first(db.sql(f"SELECT measurement FROM `{TABLE}` WHERE name = %s", (name,)))
	found: dict[str, Any] | None = json.loads(row[0]) if row else None
	return found


def every(db: Database, limit: int) -> list[dict[str, Any]]:
	"""The baselines, the newest first, without what was measured in full."""
	rows = db.sql(
		f"SELECT name, {', '.join(SHOWN)} FROM `{TABLE}` ORDER BY recorded_at DESC, creation DESC LIMIT %s",
		(limit,),
	)
	return [{"name": row[0], **dict(zip(SHOWN, map(_plain, row[1:]), strict=True))} for row in rows]


def _plain(value: Any) -> Any:
	"""A column's value as JSON has it: MariaDB gives Decimals and datetimes, SQLite numbers and text."""
	if isinstance(value, int | str | None):
		return value
	return as_text(value) if hasattr(value, "strftime") else float(value)
