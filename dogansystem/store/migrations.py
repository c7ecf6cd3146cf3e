"""Changes of the internal tables, one step for each version of the schema. DocTypes' tables are Frappe's business, and in
the sandbox `schema.ensure` adds their columns.

Tables and columns keep their names as long as two releases may work on one database at the same time: a step adds, and
what it adds has a default that suits the release before.
"""

from collections.abc import Callable

from dogansystem.protocol import Database
from dogansystem.store import schema, state

NAME = "schema version"  # in dogan_state


def migrate(db: Database) -> int:
	"""Make the internal tables, or bring them to the newest version; gives that version. May be called again."""
	schema.ensure_internal(db)
	version = int(state.value(db, NAME))
	for number, step in STEPS.items():
		if number > version:
			step(db)
			state.set_value(db, NAME, number)
			db.commit()
	return max(STEPS)


def _machines_and_cordons_of_nodes(db: Database) -> None:
	schema.add_columns(
		db,
		"dogan_node",
		{
			"machine": "LONGTEXT",
			"machine_at": "DOUBLE NOT NULL DEFAULT 0",
			"draining_since": "DOUBLE NOT NULL DEFAULT 0",
		},
	)


STEPS: dict[int, Callable[[Database], None]] = {1: _machines_and_cordons_of_nodes}
