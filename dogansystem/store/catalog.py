"""Workflows and agents as rows, for a home without Frappe. On a bench their DocTypes write the same columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.form import to_form
from dogansystem.engine.outputs import encode
from dogansystem.protocol import Database
from dogansystem.store import dialect, parameters, versions
from dogansystem.store.moment import Moment, as_text

_PLAIN = (str, int, float)
_WORKFLOW_TABLES = ("Dogan Workflow Step", "Dogan Workflow Trigger")


def save_workflow(
	db: Database,
	definition: Definition,
	enabled: bool | None,
	values: Mapping[str, Any] | None,
	at: Moment,
	user: str,
	note: str = "",
) -> str:
	"""Write a workflow and, if it changed, a new version; gives the version's name."""
	db.begin()
	version = versions.publish(db, definition, at, user, trusted=True, note=note)
	query = "SELECT enabled, enabled_since, parameter_values FROM `tabDogan Workflow` WHERE name = %s"
	was_enabled, since, kept = dialect.first(db.sql(query, (definition.name,))) or (0, None, None)
	enabled = bool(was_enabled) if enabled is None else enabled
	form = to_form(definition)
	rows = {table: form.pop(table) for table in ("steps", "triggers")}
	form |= {"name": definition.name, "enabled": int(enabled), "current_version": version}
	form["enabled_since"] = at.text if enabled and not was_enabled else as_text(since)
	form["parameter_values"] = kept if values is None else parameters.as_column(values)
	_remove(db, "Dogan Workflow", definition.name, _WORKFLOW_TABLES)
	_insert(db, "Dogan Workflow", form, at, user)
	for table, child in (("steps", "Dogan Workflow Step"), ("triggers", "Dogan Workflow Trigger")):
		for number, row in enumerate(rows[table], start=1):
			place = {"parent": definition.name, "parentfield": table, "parenttype": "Dogan Workflow"}
			name = f"{definition.name[:100]}.{table}.{number}"
			_insert(db, child, {**row, **place, "idx": number, "name": name}, at, user)
	return version


def keep_parameters(db: Database, workflow: str, values: Mapping[str, Any], at: Moment) -> None:
	"""Write the values of a workflow's parameters; there is no new version by it."""
	db.execute(
		"UPDATE `tabDogan Workflow` SET parameter_values = %s, modified = %s WHERE name = %s",
		(parameters.as_column(values), at.text, workflow),
	)


def delete_workflow(db: Database, name: str) -> None:
	"""Remove a workflow and its versions. Whether it has runs is for the caller to know."""
	db.begin()
	_remove(db, "Dogan Workflow", name, _WORKFLOW_TABLES)
	db.execute("DELETE FROM `tabDogan Workflow Version` WHERE workflow = %s", (name,))


def save_agent(
	db: Database,
	name: str,
	user: str,
	capabilities: Sequence[str],
	capacity: int,
	enabled: bool,
	at: Moment,
	rate: str = "",
) -> None:
	"""Write an agent with its capabilities."""
	db.begin()
	_remove(db, "Dogan Agent", name, ("Dogan Agent Capability",))
	values = {"name": name, "agent_name": name, "user": user, "capacity": capacity, "enabled": int(enabled)}
	values["rate"] = rate
	_insert(db, "Dogan Agent", values, at, user)
	for number, capability in enumerate(capabilities, start=1):
		place = {"parent": name, "parentfield": "capabilities", "parenttype": "Dogan Agent", "idx": number}
		child = {"name": f"{name[:120]}.{number}", "capability": capability, **place}
		_insert(db, "Dogan Agent Capability", child, at, user)


def save_record(
	db: Database, doctype: str, values: Mapping[str, Any], tables: Mapping[str, str], at: Moment, user: str
) -> None:
	"""Write a document of the app's own by its fields, over one of the same name. `tables`: its child tables by their fields."""
	db.begin()
	name = values["name"]
	_remove(db, doctype, name, tuple(tables.values()))
	_insert(db, doctype, {key: each for key, each in values.items() if key not in tables}, at, user)
	for field, child in tables.items():
		for number, row in enumerate(values.get(field) or (), start=1):
			place = {"parent": name, "parentfield": field, "parenttype": doctype, "idx": number}
			_insert(db, child, {**row, **place, "name": f"{name[:100]}.{field}.{number}"}, at, user)


def set_workflow_enabled(db: Database, name: str, enabled: bool, at: Moment) -> bool | None:
	"""Enable or disable a workflow; gives whether that changed it, None if there is none of that name."""
	was_enabled = _was_enabled(db, "Dogan Workflow", name)
	if was_enabled is None or was_enabled == enabled:
		return None if was_enabled is None else False
	since = ", enabled_since = %s" if enabled else ""
	db.execute(
		f"UPDATE `tabDogan Workflow` SET enabled = %s, modified = %s{since} WHERE name = %s",
		(int(enabled), at.text, *([at.text] if enabled else []), name),
	)
	return True


def set_agent_enabled(db: Database, name: str, enabled: bool, at: Moment) -> bool:
	"""Enable or disable an agent; False if there is none of that name."""
	# Asked first: MariaDB counts the rows that changed, not those that were found.
	if _was_enabled(db, "Dogan Agent", name) is None:
		return False
	db.execute(
		"UPDATE `tabDogan Agent` SET enabled = %s, modified = %s WHERE name = %s",
		(int(enabled), at.text, name),
	)
	return True


def _was_enabled(db: Database, doctype: str, name: str) -> bool | None:
	"""Whether a document is enabled, which nobody changes until the transaction ends; None if there is none."""
	db.begin()
	query = f"SELECT enabled FROM `tab{doctype}` WHERE name = %s" + dialect.for_update(db)
	row = dialect.first(db.sql(query, (name,)))
	return bool(row[0]) if row else None


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
