"""What a sandbox is told: Dogan Settings, as rows of `tabSingles` as Frappe stores every Single, and credentials."""

import json
import os
from collections.abc import Mapping
from typing import Any

from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.protocol import Settings

DOCTYPE = "Dogan Settings"
PREFIX = "DOGAN_CREDENTIAL_"  # environment variables with JSON, for the command line

# Fieldname of the DocType: attribute of Settings.
FIELDS: Mapping[str, str] = {
	"max_agents": "max_agents",
	"num_workers": "num_workers",
	"lease_seconds": "lease",
	"linger_seconds": "linger",
	"time_budget_seconds": "time_budget",
	"allow_private_network": "allow_private_network",
	"keep_finished_days": "keep_finished_days",
	"keep_failed_days": "keep_failed_days",
	"signal_retention": "signal_retention",
	"database_memory_gb": "database_memory",
	"ai_cost_per_day": "ai_cost_per_day",
	"ai_retention": "ai_retention",
	"ai_keep_texts": "ai_keep_texts",
	"currency": "currency",
	"node_hour_price": "node_price",
	"spot_node_hour_price": "spot_node_price",
	"database_hour_price": "database_price",
}


def read_settings(database: Connection) -> Settings:
	"""The settings as they are stored; what is not set has its default."""
	rows = database.sql("SELECT field, value FROM `tabSingles` WHERE doctype = %s", (DOCTYPE,))
	stored = {FIELDS[field]: value for field, value in rows if field in FIELDS and value not in (None, "")}
	return Settings(**{name: _convert(name, value) for name, value in stored.items()})


def write_settings(database: Connection, values: Mapping[str, Any]) -> None:
	"""Store some settings by their field names. Raises ValidationError for an unknown or impossible one."""
	for field, value in values.items():
		if field not in FIELDS:
			raise ValidationError(f"{DOCTYPE} has no field {field!r}; it has {', '.join(FIELDS)}.")
		number = _convert(FIELDS[field], value)
		if not isinstance(number, str) and number < 0:
			raise ValidationError(f"{DOCTYPE}: {field} is {value!r}; it cannot be negative.")
		row = (DOCTYPE, field, _stored(number))
		database.execute("DELETE FROM `tabSingles` WHERE doctype = %s AND field = %s", row[:2])
		database.execute("INSERT INTO `tabSingles` (doctype, field, value) VALUES (%s, %s, %s)", row)


def _stored(value: Any) -> str:
	if isinstance(value, str):
		return value
	return f"{value:.12g}" if isinstance(value, float) else str(int(value))


def _convert(name: str, value: Any) -> Any:
	kind = type(getattr(Settings(), name))
	if kind is str:
		return str(value)
	try:
		number = float(value)
	except (TypeError, ValueError):
		raise ValidationError(f"{DOCTYPE}: {name} is {value!r}; it takes a number.") from None
	return kind(number)


def from_environment(name: str) -> Mapping[str, Any] | None:
	"""A secret for `http.request`: the JSON of the variable DOGAN_CREDENTIAL_<NAME>, or None; never in the database.

	Raises ValidationError if it is no mapping.
	"""
	variable = PREFIX + "".join(char if char.isalnum() else "_" for char in name.upper())
	text = os.environ.get(variable)
	if text is None:
		return None
	try:
		found = json.loads(text)
	except ValueError:
		found = None
	if not isinstance(found, dict):
		raise ValidationError(
			f'The variable {variable} holds no credential. Write {{"type": "bearer", "token": "…"}}.'
		)
	return found
