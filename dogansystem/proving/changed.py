"""How documents differ, field by field, the rows of their child tables included. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dogansystem.protocol import Changed

# What changes with every save, or says where a row stands: nobody asks for it.
UNSAID = frozenset(
	{
		*("name", "modified", "modified_by", "creation", "owner", "idx", "doctype", "docstatus"),
		*("parent", "parentfield", "parenttype", "_comments", "_assign", "_liked_by", "_seen"),
	}
)
EMPTY: tuple[Any, ...] = (None, "", 0, [], {})  # a field that nobody has filled in


def as_json(changed: Changed) -> dict[str, Any]:
	"""A document that was written: `doctype`, `name`, `events`, `fields`, or `hidden` where it is not to be read.

	Of `fields` each has `field`, `label`, `before` and `after`; of a child table also the `row`, counted from 1. Of a new
	document, and of one that is deleted, they are those that are filled in.
	"""
	found = {"doctype": changed.doctype, "name": changed.name, "events": list(changed.events)}
	if changed.hidden:
		return found | {"hidden": True, "fields": []}
	before, after = changed.before or {}, changed.after or {}
	fields = [*_name(before, after), *_differences(before, after, changed.labels, "")]
	return found | {"fields": fields}


def _name(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
	old, new = before.get("name"), after.get("name")
	if old and new and old != new:
		yield {"field": "name", "label": "Name", "before": old, "after": new}


def _differences(
	before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, str], inside: str
) -> Iterator[dict[str, Any]]:
	for field in dict.fromkeys([*before, *after]):
		if field in UNSAID:
			continue
		old, new = before.get(field), after.get(field)
		path = f"{inside}{field}"
		if _is_table(old) or _is_table(new):
			yield from _rows(old or [], new or [], labels, path)
		elif old != new and not (old in EMPTY and new in EMPTY):
			yield {"field": path, "label": labels.get(path, field), "before": old, "after": new}


def _rows(
	before: Sequence[Mapping[str, Any]],
	after: Sequence[Mapping[str, Any]],
	labels: Mapping[str, str],
	path: str,
) -> Iterator[dict[str, Any]]:
	"""The rows that differ, those of one name beside each other; rows without names by their places."""
	old, new = _by_name(before), _by_name(after)
	for name in dict.fromkeys([*new, *old]):
		(place, one), (place_after, other) = old.get(name, (0, {})), new.get(name, (0, {}))
		what = {} if name in old and name in new else {"event": "added" if name in new else "removed"}
		table = labels.get(path, path)
		for each in _differences(one, other, labels, f"{path}."):
			yield {**each, "table": table, "row": place_after or place, **what}


def _by_name(rows: Sequence[Mapping[str, Any]]) -> dict[Any, tuple[int, Mapping[str, Any]]]:
	return {each.get("name") or number: (number, each) for number, each in enumerate(rows, start=1)}


def _is_table(value: Any) -> bool:
	return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)
