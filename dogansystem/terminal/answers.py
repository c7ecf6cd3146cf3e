"""Answers that are given with `--answer`."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from dogansystem.engine.definition import ASKING, Definition
from dogansystem.proving.answers import Answer as Answer
from dogansystem.proving.answers import Answers as Answers
from dogansystem.terminal import files

KEYS = frozenset({"decision", "by", "comment", "values"})
EXAMPLE = 'Write it as ok=\'{"decision": "approved", "by": "x@example.com"}\'.'


def read(texts: Iterable[str], definition: Definition) -> list[Answer]:
	"""The answers of `--answer`, each `STEP=JSON`. Raises FileError."""
	return [_answer(text, definition) for text in texts]


def _answer(text: str, definition: Definition) -> Answer:
	step, is_there, given = text.partition("=")
	if not is_there or not step:
		raise files.FileError(f"--answer: {text!r} names no step. {EXAMPLE}")
	if step not in definition.by_id:
		near = get_close_matches(step, definition.by_id, 1)
		hint = f" (did you mean {near[0]!r}?)" if near else ""
		raise files.FileError(f"--answer: no step named {step!r}{hint}.")
	if definition.by_id[step].action not in ASKING:
		raise files.FileError(f"--answer: step {step!r} asks nobody; {' and '.join(sorted(ASKING))} do.")
	value = files.json_value(given, f"--answer {step}")
	if not isinstance(value, Mapping) or value.keys() - KEYS:
		raise files.FileError(f"--answer {step}: must be a mapping of {', '.join(sorted(KEYS))}. {EXAMPLE}")
	return Answer(step, value)
