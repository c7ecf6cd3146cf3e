"""Workflows and agents as rows, for a home without Frappe. On a bench their DocTypes write the same columns."""

from collections.abc import Sequence

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.form import to_form
from dogansystem.engine.outputs import encode
from dogansystem.protocol import Database
from dogansystem.store import dialect, versions
from dogansystem.store.moment import Moment

_PLAIN = (str, int, float)
_WORKFLOW_TABLES = ("Dogan Workflow Step", "Dogan Workflow Trigger")


def save_workflow(db: Database, definition: Definition, enabled: bool | None, at: Moment, user: str) -> str:
	"""Write a workflow and, if it changed, a new version; gives the version's name."""
	db.begin()
	version = versions.publish(db, definition, at, user, trusted=True)
	known = db.sql("SELECT enabled FROM `tabDogan Workflow` WHERE name = %s", (definition.name,))
	if enabled is None:
		enabled = bool(known and known[0][0])
	form = to_form(definition)
	rows = {table: form.pop(table) for table in ("steps", "triggers")}
	form |= {"name": definition.name, "enabled": int(enabled), "current_version": version}
	_remove(db, "Dogan Workflow", definition.name, _WORKFLOW_TABLES)
	_insert(db, "Dogan Workflow", form, at, user)
	for table, child in (("steps", "Dogan Workflow Step"), ("triggers", "Dogan Workflow Trigger")):
		for number, row in enumerate(rows[table], start=1):
			place = {"parent": definition.name, "parentfield": table, "parenttype": "Dogan Workflow"}
			name = f"{definition.name[:100]}.{table}.{number}"
			_insert(db, child, {**row, **place, "idx": number, "name": name}, at, user)
	return version


def delete_workflow(db: Database, name: str) -> None:
	"""Remove a workflow and its versions. Whether it has runs is for the caller to know."""
	db.begin()
	_remove(db, "Dogan Workflow", name, _WORKFLOW_TABLES)
	db.execute("DELETE FROM `tabDogan Workflow Version` WHERE workflow = %s", (name,))


def save_agent(
	db: Database, name: str, user: str, capabilities: Sequence[str], capacity: int, enabled: bool, at: Moment
) -> None:
	"""Write an agent with its capabilities."""
	db.begin()
	_remove(db, "Dogan Agent", name, ("Dogan Agent Capability",))
	values = {"name": name, "agent_name": name, "user": user, "capacity": capacity, "enabled": int(enabled)}
	_insert(db, "Dogan Agent", values, at, user)
	for number, capability in enumerate(capabilities, start=1):
		place = {"parent": name, "parentfield": "capabilities", "parenttype": "Dogan Agent", "idx": number}
		child = {"name": f"{name[:120]}.{number}", "capability": capability, **place}
		_insert(db, "Dogan Agent Capability", child, at, user)


def set_enabled(db: Database, doctype: str, name: str, enabled: bool, at: Moment) -> bool:
	"""Enable or disable a `Dogan Workflow` or a `Dogan Agent`; False if there is none of that name."""
	db.begin()
	# Asked first: MariaDB counts the rows that changed, not those that were found.
	if not db.sql(f"SELECT 1 FROM `tab{doctype}` WHERE name = %s", (name,)):
		return False
	db.execute(
		f"UPDATE `tab{doctype}` SET enabled = %s, modified = %s WHERE name = %s",
		(int(enabled), at.text, name),
	)
	return True


def _remove(db: Database, doctype: str, name: str, children: Sequence[str]) -> None:
	db.execute(f"DELETE FROM `tab{doctype}` WHERE name = %s", (name,))
	for child in children:
		db.execute(f"DELETE FROM `tab{child}` WHERE parent = %s AND parenttype = %s", (name, doctype))


def _insert(db: Database, doctype: str, values: dict[str, object], at: Moment, user: str) -> None:
	filled = {
		column: value if isinstance(value, _PLAIN) else encode(value, column)
		for column, value in values.items()
		if value is not None
	}
	dialect.insert(db, f"tab{doctype}", filled, at, user)
