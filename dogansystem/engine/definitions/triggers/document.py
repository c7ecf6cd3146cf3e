"""`on: document`: what happens to a document, in the transaction that saves it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.problems import Problems, at
from dogansystem.engine.definitions.triggers.base import IN_START, Key, Kind
from dogansystem.engine.definitions.triggers.checks import field_value

EVENTS = ("created", "updated", "submitted", "cancelled", "deleted", "changed")
CHANGED = ("event", "changed")
FILTER = "Only when this is true; see [Templates](templates.md)."


class DocumentKind(Kind):
	"""A document was created, updated, submitted, cancelled, deleted, or a field of it changed."""

	on = "document"
	about = (
		"A document was saved. The run is written in the document's own transaction: both are kept, or neither is. "
		"Templates reach the document's values at that moment as `doc`. `trigger` has `event`, `doctype`, `name`; for "
		"`changed` also `field`, `before`, `after`."
	)
	rules: ClassVar[Mapping[str, Any]] = {
		"if": {"properties": {"event": {"const": "changed"}}, "required": ["event"]},
		"then": {"required": ["field"]},
	}
	keys: ClassVar[Mapping[str, Key]] = {
		"doctype": Key(values.label, "The document's type.", field="document_type", required=True),
		"event": Key(
			values.choice(*EVENTS),
			"What happened to it. `changed`: the field has another value than before; in a new document, than none.",
			field="document_event",
			required=True,
		),
		"field": Key(
			values.label,
			"The field to watch; with `event: changed` only, and needed there.",
			only_with=CHANGED,
			field_types=(),
		),
		"from": Key(
			field_value,
			"Only when the field had this value before. `''`: when it was empty. With `event: changed` only.",
			field="from_value",
			form="value",
			only_with=CHANGED,
		),
		"to": Key(
			field_value,
			"Only when the field has this value now. `''`: when it is empty. With `event: changed` only.",
			field="to_value",
			form="value",
			only_with=CHANGED,
		),
		"if": Key(values.condition, FILTER, field="condition", in_reach=IN_START),
	}

	def check(self, given: Mapping[str, Any], kept: Mapping[str, Any], path: str, problems: Problems) -> None:
		"""A change is one of a field, from one value to another one."""
		if given.get("event") == "changed" and "field" not in given:
			problems.add(at(path, "field"), "is missing; `event: changed` names the field to watch")
		super().check(given, kept, path, problems)
		if "from" in kept and kept["from"] == kept.get("to"):
			problems.add(at(path, "to"), "is the same as `from`, so it never comes; give another value")
