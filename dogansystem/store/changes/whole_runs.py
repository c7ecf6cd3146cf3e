"""A whole run: written with its steps, counted once it has ended, deleted with all that belongs to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import dogansystem.store.changes.rows as rows
from dogansystem.engine.definition import Definition
from dogansystem.protocol import Database
from dogansystem.store import approvals, asks, dialect
from dogansystem.store.changes.statements import RUN, STEP_RUN
from dogansystem.store.moment import Moment


def insert_run(db: Database, run: str, values: Mapping[str, Any], definition: Definition, at: Moment) -> None:
	"""Write a run, `values` by column, and its steps, all Pending. Only inserts: no start waits for another."""
	filled = {"name": run, "creation": at.text, "modified": at.text, "queued_at": at.text, **values}
	columns = ", ".join(filled)
	db.execute(
		f"INSERT INTO `{RUN}` ({columns}) VALUES ({dialect.marks(tuple(filled))})", tuple(filled.values())
	)
	columns, steps = rows.of_steps(run, definition, definition.steps, at)
	db.execute_many(
		f"INSERT INTO `{STEP_RUN}` ({columns}) VALUES ({dialect.marks(columns.split(','))})", steps
	)


def delete_run(db: Database, run: str) -> None:
	"""Delete a run with all that belongs to it."""
	db.execute(f"DELETE FROM `{STEP_RUN}` WHERE run = %s", (run,))
	db.execute(f"DELETE FROM `{RUN}` WHERE name = %s", (run,))
	db.execute("DELETE FROM dogan_timer WHERE run = %s", (run,))
	db.execute("DELETE FROM dogan_taken WHERE run = %s", (run,))
	db.execute("DELETE FROM dogan_slot WHERE holder = %s", (run,))
	approvals.delete_of_run(db, run)
	asks.delete_of_run(db, run)


def set_counted(db: Database, runs: Sequence[str], counted: bool) -> None:
	"""Note whether runs are part of the sums of finished runs."""
	dialect.write_by_keys(db, RUN, "counted = %s", (int(counted),), runs)
