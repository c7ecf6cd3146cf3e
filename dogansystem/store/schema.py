"""The tables: DocTypes out of their JSON files, and the small internal ones the queue lives in.

On a bench Frappe makes the DocTypes' tables and `ensure_internal` adds ours, at install and at every migrate. The
sandbox has no Frappe, so `ensure` makes both; there is one description of each table for both homes.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dogansystem.engine.states import RUN_FINISHED
from dogansystem.protocol import Database
from dogansystem.store import ends, state

VERSION = "schema version"  # its name in dogan_state
OLDEST = "oldest code"  # the same of the version that code has to know to work on this database
DOCTYPE_FOLDER = Path(__file__).parent.parent / "dogansystem" / "doctype"

_COLUMN_TYPES = {
	"Check": "TINYINT NOT NULL DEFAULT 0",
	"Int": "INT NOT NULL DEFAULT 0",
	**dict.fromkeys(("Float", "Percent", "Currency"), "DECIMAL(21,9) NOT NULL DEFAULT 0"),
	"Datetime": "DATETIME(6)",
	"Date": "DATE",
	**dict.fromkeys(("Data", "Link", "Dynamic Link", "Select"), "VARCHAR(140)"),
	**dict.fromkeys(("Password", "Small Text", "Text"), "TEXT"),
	**dict.fromkeys(("Text Editor", "Long Text", "Code", "JSON"), "LONGTEXT"),
}

# Beyond what the DocTypes ask for, on both homes: the way from a run to its steps, to what is not counted yet, to what may be
# deleted, from a workflow to its last runs, from a user to the runs that they have started, from a document to its runs and to
# what is asked about it, to what a user has asked, to what they are asked, and to what nobody has settled but a deadline.
_EXTRA_INDEXES = (
	("tabDogan Step Run", "dogan_run_item", ("run", "item")),
	("tabDogan Workflow Run", "dogan_run_counted", ("counted", "status")),
	("tabDogan Workflow Run", "dogan_run_finished", ("status", "finished_at")),
	("tabDogan Workflow Run", "dogan_run_ended", ("workflow", "finished_at")),
	("tabDogan Workflow Run", "dogan_run_starter", ("started_by", "queued_at")),
	("tabDogan Workflow Run", "dogan_run_document", ("reference_doctype", "reference_name")),
	("tabDogan Approval", "dogan_approval_document", ("reference_doctype", "reference_name")),
	("tabDogan Approval", "dogan_approval_asker", ("asked_by", "asked_at", "status", "step_run")),
	("tabDogan Approval", "dogan_approval_settled", ("settled_by", "settled_at")),
	("tabDogan Approver", "dogan_approver_asked", ("user", "state", "approval")),
)

# {id} is the dialect's self-numbering key. Times are seconds since 1970 (UTC).
_INTERNAL = {
	# The ready queue. `lane` is 9 minus the priority, so that the key's own order is the order of work.
	"dogan_ready": """(
		{lane_key}
		step_run VARCHAR(140) NOT NULL, run VARCHAR(140) NOT NULL, attempt INT NOT NULL,
		agent VARCHAR(140), ready_at DOUBLE NOT NULL{lane_primary})""",
	# What a process has in hand. The key is the fencing token: who takes a step over writes another one.
	"dogan_lease": """(
		process BIGINT NOT NULL, seq BIGINT NOT NULL, lane INT NOT NULL,
		step_run VARCHAR(140) NOT NULL, run VARCHAR(140) NOT NULL, attempt INT NOT NULL,
		agent VARCHAR(140), ready_at DOUBLE NOT NULL, begun_at DOUBLE, PRIMARY KEY (process, seq))""",
	"dogan_process": """(
		{id}, node VARCHAR(140) NOT NULL, pid_space VARCHAR(140) NOT NULL, pid INT NOT NULL, worker VARCHAR(140) NOT NULL,
		started_at DOUBLE NOT NULL, beat_at DOUBLE NOT NULL, beats BIGINT NOT NULL DEFAULT 0,
		steps BIGINT NOT NULL DEFAULT 0, failures BIGINT NOT NULL DEFAULT 0, busy DOUBLE NOT NULL DEFAULT 0)""",
	# The wait queue: a run waits for its workflow's limit, a step for an agent.
	"dogan_line": """(
		{id}, resource VARCHAR(300) NOT NULL, lane INT NOT NULL, run VARCHAR(140) NOT NULL,
		step_run VARCHAR(140), attempt INT NOT NULL, since DOUBLE NOT NULL)""",
	# Capacity in use. The key keeps two holders from the same number, so a limit cannot be passed.
	"dogan_slot": """(
		resource VARCHAR(300) NOT NULL, number INT NOT NULL, holder VARCHAR(140) NOT NULL,
		PRIMARY KEY (resource, number))""",
	# When what has a rate has happened, the last times only.
	"dogan_rate": """(
		resource VARCHAR(300) NOT NULL, number BIGINT NOT NULL, at DOUBLE NOT NULL, PRIMARY KEY (resource, number))""",
	# Waits: what ends them, and when.
	"dogan_timer": """(
		{id}, due_at DOUBLE NOT NULL, kind VARCHAR(20) NOT NULL, run VARCHAR(140), step_run VARCHAR(140),
		subject VARCHAR(300), data LONGTEXT, since DOUBLE NOT NULL DEFAULT 0)""",
	# Signals, kept for a while; `state` is 0 until those who waited for it have it.
	"dogan_signal": """(
		{id}, subject VARCHAR(300) NOT NULL, name VARCHAR(140) NOT NULL, signal_key TEXT, data LONGTEXT NOT NULL,
		sent_at DOUBLE NOT NULL, sent_by VARCHAR(140) NOT NULL, run VARCHAR(140), step VARCHAR(140) NOT NULL DEFAULT '',
		depth INT NOT NULL DEFAULT 0, state INT NOT NULL DEFAULT 0,
		idempotency_key VARCHAR(140) UNIQUE)""",
	# Which signals a run has taken.
	"dogan_taken": "(run VARCHAR(140) NOT NULL, signal_id BIGINT NOT NULL, PRIMARY KEY (run, signal_id))",
	# Triggers that look at documents: since when, up to when they have looked, and as of when they are looking.
	"dogan_watch": """(
		workflow VARCHAR(140) NOT NULL, trigger_key VARCHAR(64) NOT NULL, enabled_at DOUBLE NOT NULL,
		looked_at DOUBLE NOT NULL, round_at DOUBLE NOT NULL DEFAULT 0, PRIMARY KEY (workflow, trigger_key))""",
	# The documents they have seen. `document` is a hash: names that differ in case are different ones.
	"dogan_match": """(
		workflow VARCHAR(140) NOT NULL, trigger_key VARCHAR(64) NOT NULL, document VARCHAR(64) NOT NULL,
		at DOUBLE NOT NULL, mark VARCHAR(140) NOT NULL DEFAULT '', PRIMARY KEY (workflow, trigger_key, document))""",
	# The documents of a batch, and what became of each.
	"dogan_batch_document": """(
		{id}, batch VARCHAR(140) NOT NULL, document VARCHAR(140) NOT NULL, state INT NOT NULL DEFAULT 0,
		run VARCHAR(140), reason TEXT)""",
	# What AI agents are asked. Costs are in billionths.
	"dogan_ask": """(
		{id}, run VARCHAR(140) NOT NULL, step_run VARCHAR(140) NOT NULL, agent VARCHAR(140) NOT NULL,
		version VARCHAR(64) NOT NULL, state VARCHAR(20) NOT NULL, given LONGTEXT, deadline DOUBLE,
		tokens BIGINT NOT NULL DEFAULT 0, cost BIGINT NOT NULL DEFAULT 0, began_at DOUBLE NOT NULL, ended_at DOUBLE,
		workflow VARCHAR(140) NOT NULL DEFAULT '')""",
	"dogan_agent_version": """(
		name VARCHAR(64) NOT NULL PRIMARY KEY, agent VARCHAR(140) NOT NULL, content LONGTEXT NOT NULL, kept_at DOUBLE NOT NULL)""",
	# What models have cost on a day, or may cost yet.
	"dogan_spending": """(
		subject VARCHAR(160) NOT NULL, day VARCHAR(10) NOT NULL, cost BIGINT NOT NULL, requests BIGINT NOT NULL,
		PRIMARY KEY (subject, day))""",
	"dogan_state": "(name VARCHAR(140) NOT NULL PRIMARY KEY, value DOUBLE NOT NULL)",
	# What processes have measured in the last minute or two, each a row with every beat.
	"dogan_tally": "({id}, at DOUBLE NOT NULL, figures LONGTEXT NOT NULL)",
	# The same, added up: by minute, by hour, and since the beginning (span 0). `at` is where a minute or an hour begins.
	"dogan_sample": """(
		span INT NOT NULL, at BIGINT NOT NULL, kind VARCHAR(20) NOT NULL, name VARCHAR(140) NOT NULL,
		changed_at DOUBLE NOT NULL, figures LONGTEXT NOT NULL, PRIMARY KEY (span, at, kind, name))""",
	# The nodes that were heard of lately. A node whose workers left by themselves is not lost.
	"dogan_node": """(
		name VARCHAR(140) NOT NULL PRIMARY KEY, seen_at DOUBLE NOT NULL, lost_at DOUBLE NOT NULL DEFAULT 0,
		machine LONGTEXT, machine_at DOUBLE NOT NULL DEFAULT 0, draining_since DOUBLE NOT NULL DEFAULT 0)""",
}

_INTERNAL_INDEXES = (
	("dogan_ready", "dogan_ready_run", ("run",)),
	("dogan_lease", "dogan_lease_run", ("run",)),
	("dogan_line", "dogan_line_order", ("resource", "lane", "id")),
	("dogan_line", "dogan_line_run", ("run",)),
	("dogan_slot", "dogan_slot_holder", ("holder",)),
	("dogan_timer", "dogan_timer_due", ("due_at",)),
	("dogan_timer", "dogan_timer_run", ("run",)),
	("dogan_timer", "dogan_timer_subject", ("subject",)),
	("dogan_signal", "dogan_signal_subject", ("subject",)),
	("dogan_signal", "dogan_signal_state", ("state",)),
	("dogan_ask", "dogan_ask_step_run", ("step_run",)),
	("dogan_ask", "dogan_ask_run", ("run",)),
	("dogan_ask", "dogan_ask_state", ("state",)),
	("dogan_ask", "dogan_ask_ended", ("ended_at",)),
	("dogan_tally", "dogan_tally_at", ("at",)),
	("dogan_batch_document", "dogan_batch_state", ("batch", "state")),
)

_MARIADB_OPTIONS = "ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci"


def ensure(db: Database) -> None:
	"""Make every table that is missing, DocTypes included: for a home without Frappe. May be called again."""
	for doctype in doctypes():
		for statement in _doctype_statements(db, doctype):
			db.execute(statement)
	_create(
		db,
		"tabSingles",
		"(doctype VARCHAR(140) NOT NULL, field VARCHAR(140) NOT NULL, value LONGTEXT, PRIMARY KEY (doctype, field))",
	)
	ensure_internal(db)


def ensure_internal(db: Database) -> None:
	"""Make the internal tables and the indexes that are missing. May be called again."""
	for table, body in _INTERNAL.items():
		_create(db, table, body)
	for table, index, columns in (*_INTERNAL_INDEXES, *_EXTRA_INDEXES):
		_create_index(db, table, index, columns)
	_make_switches(db)
	db.commit()


def _make_switches(db: Database) -> None:
	"""The numbers that say whether ends of runs are noted. Where one is not there, MariaDB locks the place that it would have,
	and nobody could ever add it."""
	for name in map(ends.name_of, sorted(RUN_FINISHED)):
		if not db.sql("SELECT 1 FROM dogan_state WHERE name = %s", (name,)):
			db.execute("INSERT INTO dogan_state (name, value) VALUES (%s, 0)", (name,))


def migrate(db: Database) -> int:
	"""Make the internal tables, or bring them to the newest version; gives that version. May be called again.

	Tables and columns keep their names as long as two releases may work on one database at the same time: a step adds, and
	what it adds has a default that suits the release before. Where that cannot be, the step is in BREAKING: before it
	begins, code that does not know it is told to stay away.
	"""
	ensure_internal(db)
	version = int(state.value(db, VERSION))
	for number, step in STEPS.items():
		if number > version:
			if number in BREAKING:
				state.set_value(db, OLDEST, number)
				db.commit()
			step(db)
			state.set_value(db, VERSION, number)
			db.commit()
	return max(STEPS)


def known() -> int:
	"""The version of the tables that this code knows."""
	return max(STEPS)


def oldest(db: Database) -> int:
	"""The version of the tables that code has to know to work on this database; 0: any code may."""
	return int(state.value(db, OLDEST))


def internal_tables() -> list[str]:
	"""The names of the internal tables."""
	return list(_INTERNAL)


def drop_internal(db: Database) -> None:
	"""Remove the internal tables and all that waits in them: for uninstalling."""
	for table in _INTERNAL:
		db.execute(f"DROP TABLE IF EXISTS `{table}`")


@cache
def doctypes() -> tuple[dict[str, Any], ...]:
	"""The app's DocTypes as their JSON files describe them, Singles left out (their values are in tabSingles)."""
	found = [json.loads(path.read_text()) for path in sorted(DOCTYPE_FOLDER.glob("*/*.json"))]
	return tuple(each for each in found if each.get("doctype") == "DocType" and not each.get("issingle"))


def _create(db: Database, table: str, body: str) -> None:
	if db.dialect == "mariadb":
		filled = body.format(
			id="id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
			lane_key="lane INT NOT NULL, id BIGINT NOT NULL AUTO_INCREMENT,",
			# The claim reads along the primary key: nothing to sort, and no second index that a purge leaves behind.
			lane_primary=", PRIMARY KEY (lane, id), KEY dogan_ready_id (id)",
		)
		db.execute(f"CREATE TABLE IF NOT EXISTS `{table}` {filled} {_MARIADB_OPTIONS}")
	else:
		filled = body.format(
			id="id INTEGER PRIMARY KEY AUTOINCREMENT",
			lane_key="lane INT NOT NULL, id INTEGER PRIMARY KEY AUTOINCREMENT,",
			lane_primary="",
		)
		db.execute(f"CREATE TABLE IF NOT EXISTS `{table}` {filled}")
		if table == "dogan_ready":
			_create_index(db, table, "dogan_ready_lane", ("lane", "id"))


def _create_index(db: Database, table: str, index: str, columns: tuple[str, ...]) -> None:
	names = ", ".join(f"`{column}`" for column in columns)
	db.execute(f"CREATE INDEX IF NOT EXISTS `{index}` ON `{table}` ({names})")


def _columns(db: Database, table: str) -> set[str]:
	query = f"SHOW COLUMNS FROM `{table}`" if db.dialect == "mariadb" else f"PRAGMA table_info(`{table}`)"
	return {row[0 if db.dialect == "mariadb" else 1] for row in db.sql(query)}


def _doctype_statements(db: Database, doctype: dict[str, Any]) -> Iterator[str]:
	table = f"tab{doctype['name']}"
	columns = ["`name` VARCHAR(140) NOT NULL PRIMARY KEY"]
	columns += ["`creation` DATETIME(6)", "`modified` DATETIME(6)"]
	columns += ["`modified_by` VARCHAR(140)", "`owner` VARCHAR(140)"]
	columns += ["`docstatus` TINYINT NOT NULL DEFAULT 0", "`idx` INT NOT NULL DEFAULT 0"]
	if doctype.get("istable"):
		columns += [f"`{name}` VARCHAR(140)" for name in ("parent", "parentfield", "parenttype")]
	fields = [field for field in doctype["fields"] if field["fieldtype"] in _COLUMN_TYPES]
	columns += [f"`{field['fieldname']}` {_COLUMN_TYPES[field['fieldtype']]}" for field in fields]
	options = _MARIADB_OPTIONS if db.dialect == "mariadb" else ""
	yield f"CREATE TABLE IF NOT EXISTS `{table}` ({', '.join(columns)}) {options}"
	known = _columns(db, table)
	for column in columns:
		if column.split("`")[1] not in known:  # the table was made by an earlier version
			yield f"ALTER TABLE `{table}` ADD COLUMN {column}"
	indexed = [field for field in fields if field.get("search_index") or field.get("unique")]
	for field in indexed:
		kind = "UNIQUE INDEX" if field.get("unique") else "INDEX"
		index = f"{doctype['name'].lower().replace(' ', '_')}_{field['fieldname']}"
		yield f"CREATE {kind} IF NOT EXISTS `{index}` ON `{table}` (`{field['fieldname']}`)"


# Changes of the internal tables, one for each version of the schema


def _add_columns(db: Database, table: str, columns: dict[str, str]) -> None:
	known = _columns(db, table)
	for column, kind in columns.items():
		if column not in known:
			db.execute(f"ALTER TABLE `{table}` ADD COLUMN `{column}` {kind}")


def _machines_and_cordons_of_nodes(db: Database) -> None:
	_add_columns(
		db,
		"dogan_node",
		{
			"machine": "LONGTEXT",
			"machine_at": "DOUBLE NOT NULL DEFAULT 0",
			"draining_since": "DOUBLE NOT NULL DEFAULT 0",
		},
	)


def _since_when_steps_wait(db: Database) -> None:
	"""Beside the new tables, which `ensure_internal` has made."""
	_add_columns(db, "dogan_timer", {"since": "DOUBLE NOT NULL DEFAULT 0"})


def _figures_of_agents(db: Database) -> None:
	"""All that the page of an agent counts stands in the index. What was asked before is of no workflow."""
	_add_columns(db, "dogan_ask", {"workflow": "VARCHAR(140) NOT NULL DEFAULT ''"})
	_create_index(db, "dogan_ask", "dogan_ask_agent", ("agent", "state", "began_at", "workflow", "tokens"))


STEPS: dict[int, Callable[[Database], None]] = {
	1: _machines_and_cordons_of_nodes,
	2: _since_when_steps_wait,
	3: _figures_of_agents,
}
BREAKING: frozenset[int] = frozenset()  # those of STEPS that the release before cannot work with
