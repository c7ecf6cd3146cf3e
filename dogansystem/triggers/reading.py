"""Documents as triggers look at them: with the permissions of the user who acts."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.definitions.triggers.base import as_list
from dogansystem.engine.errors import error_names
from dogansystem.engine.templates.render import render, to_json_value
from dogansystem.protocol import Document, Site
from dogansystem.store import parameters
from dogansystem.store.moment import Moment

PAGE = 5000  # rows of one list
_GONE = frozenset({"DoesNotExistError", "PermissionError"})


def rows(
	site: Site,
	definition: Definition,
	trigger: Trigger,
	more: Sequence[Sequence[Any]],
	field: str,
	at: Moment,
) -> Iterator[tuple[str, Any, str]]:
	"""Name, value of `field`, and creation of the documents that fit the trigger's filters and `more`, by name."""
	keys = trigger.keys
	now = datetime.fromisoformat(at.text)
	values = {"now": now, "today": now.date(), "user": site.user}
	values["parameters"] = parameters.of_start(site.database, definition)
	given = to_json_value(render(keys.get("filters") or [], values, "filters"))
	wanted, last = [*as_list(given), *more], None
	while True:
		after: list[Any] = [] if last is None else [["name", ">", last]]
		found = site.documents.list(
			keys["doctype"], [*wanted, *after], ["name", field, "creation"], "name asc", PAGE
		)
		for row in found:
			yield row["name"], row.get(field), str(row.get("creation") or "")
		if len(found) < PAGE:
			return
		last = found[-1]["name"]


def digest(*parts: Any) -> str:
	"""A short text that stands for these, and for nothing else."""
	return sha256(json.dumps(parts, ensure_ascii=False).encode(errors="surrogatepass")).hexdigest()[:32]


def read(site: Site, doctype: str, name: str) -> Document | None:
	"""A document as the acting user may read it now; None: it is gone, or not theirs to see."""
	try:
		return site.documents.get(doctype, name)
	except Exception as error:
		if _GONE & set(error_names(error)):
			return None
		raise
