"""In what two definitions differ, in words."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST = 80  # characters of a value that is shown
_BY = {"steps": "id"}  # lists whose rows have a name


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
	"""A line for each value that was added, taken away or changed: `steps[mail].params.subject: "a" -> "b"`."""
	if isinstance(before, Mapping) and isinstance(after, Mapping):
		for key in dict.fromkeys((*before, *after)):
			yield from _of_key(before, after, key, f"{path}.{key}".removeprefix("."))
	elif isinstance(before, list) and isinstance(after, list):
		name = _BY.get(path, "")
		old, new = _named(before, name), _named(after, name)
		for key in dict.fromkeys((*old, *new)):
			yield from _of_key(old, new, key, f"{path}[{key}]")
		if name and list(old) != list(new) and set(old) == set(new):
			yield f"{path}: in another order"
	elif before != after or isinstance(before, bool) is not isinstance(after, bool):
		yield f"{path}: {_shown(before)} -> {_shown(after)}"


def _of_key(before: Mapping[Any, Any], after: Mapping[Any, Any], key: Any, path: str) -> Iterator[str]:
	if key not in before:
		yield f"{path}: added, {_shown(after[key])}"
	elif key not in after:
		yield f"{path}: taken away, it was {_shown(before[key])}"
	else:
		yield from differences(before[key], after[key], path)


def _named(rows: list[Any], name: str) -> dict[Any, Any]:
	return {row[name]: row for row in rows} if name else dict(enumerate(rows))


def _shown(value: Any) -> str:
	text = json.dumps(value, ensure_ascii=False)
	return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
