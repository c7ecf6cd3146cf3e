"""Names of documents: given, of a series, of an amendment, or random, as Frappe makes them."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox.errors import (
	CharacterLengthExceededError,
	InvalidNameError,
	ValidationError,
)

MAX_LENGTH = 140  # characters of a name or of a DocType's. Source: Frappe's `name` column
SERIES_DIGITS = "#" * 5
HASH_BYTES = 5  # 10 hexadecimal digits, as long as Frappe's
# DocTypes of Frappe core whose documents have no name that means anything.
UNNAMED = frozenset(
	{"Comment", "Communication", "Custom DocPerm", "File", "Notification Log", "ToDo", "Version"}
)
_DATE_PARTS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "WW": "%V"}


def check_name(doctype: str, name: Any) -> str:
	"""A name that a document can have, without spaces around it."""
	text = str(name).strip() if isinstance(name, str | int) and not isinstance(name, bool) else ""
	if not text:
		raise InvalidNameError(
			f"{doctype}: {name!r} is no name. Give a text, or leave it out to have one made."
		)
	if len(text) > MAX_LENGTH:
		raise CharacterLengthExceededError(
			f"{doctype}: the name {text[:30]}… has {len(text)} characters; at most {MAX_LENGTH} fit."
		)
	if "<" in text or ">" in text:
		raise InvalidNameError(f"{doctype}: the name {text!r} contains < or >, which names cannot.")
	return text


def new_name(database: Connection, doctype: str, values: Mapping[str, Any], today: datetime) -> str:
	"""A name for a document that was given none. The caller checks whether it is taken."""
	if values.get("naming_series"):
		return _from_series(database, str(values["naming_series"]), values, today)
	if doctype in UNNAMED:
		return secrets.token_hex(HASH_BYTES)
	prefix = re.sub(r"[^A-Z0-9]+", "-", doctype.upper()).strip("-")
	return _from_series(database, f"{prefix}-.{SERIES_DIGITS}", values, today)


def amended_name(original: str, is_amendment: bool) -> str:
	"""`SINV-1-1` for an amendment of `SINV-1`, `SINV-1-2` for an amendment of that."""
	base, dash, number = original.rpartition("-")
	if is_amendment and dash and number.isdecimal():
		return f"{base}-{int(number) + 1}"
	return f"{original}-1"


def _from_series(database: Connection, series: str, values: Mapping[str, Any], today: datetime) -> str:
	"""The next name of a series such as `SINV-.YYYY.-.#####`. Without `#`, five digits follow."""
	name = ""
	for part in (series if "#" in series else f"{series}.{SERIES_DIGITS}").split("."):
		if part.startswith("#"):
			name += str(_next_number(database, name)).zfill(len(part))
		else:
			name += _series_part(part, values, today)
	return name


def _series_part(part: str, values: Mapping[str, Any], today: datetime) -> str:
	if part in _DATE_PARTS:
		return today.strftime(_DATE_PARTS[part])
	field = part.strip("{}")
	if part.startswith("{") or field in values:
		value = values.get(field)
		if value in (None, ""):
			raise ValidationError(f"naming_series asks for the field {field!r}, which is empty. Fill it in.")
		return str(value)
	return part


def _next_number(database: Connection, prefix: str) -> int:
	"""Count on in a series. Another transaction that does so waits for the end of this one, so there are no gaps."""
	again = (
		"ON CONFLICT (prefix) DO UPDATE SET" if database.dialect == "sqlite" else "ON DUPLICATE KEY UPDATE"
	)
	database.execute(
		f"INSERT INTO sandbox_series (prefix, current) VALUES (%s, 1) {again} current = current + 1",
		(prefix,),
	)
	((number,),) = database.sql("SELECT current FROM sandbox_series WHERE prefix = %s", (prefix,))
	return int(number)
