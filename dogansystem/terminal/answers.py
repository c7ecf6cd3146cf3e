"""Answers that are given with `--answer`."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from dogansystem.agents.ai.providers.scripted import SAYS
from dogansystem.engine.definition import AGENT_ASK, ASKING, Definition
from dogansystem.proving.answers import Answer
from dogansystem.terminal import files

KEYS = frozenset({"decision", "by", "comment", "values"})
EXAMPLE = 'Write it as ok=\'{"decision": "approved", "by": "x@example.com"}\'.'


def read(texts: Iterable[str], definition: Definition, *, dry_run: bool = True) -> list[Answer]:
	"""The answers of `--answer`, each `STEP=JSON`. Raises FileError.

	What the model of an AI agent says can be given to a dry run only: else the model itself is asked.
	"""
	found = [_answer(text, definition) for text in texts]
	for each in found:
		if not dry_run and each.given.keys() & SAYS:
			raise files.FileError(
				f"--answer {each.step}: what a model says can be given with --dry-run or in a test only; else it is asked."
			)
	return found


def _answer(text: str, definition: Definition) -> Answer:
	step, is_there, given = text.partition("=")
	if not is_there or not step:
		raise files.FileError(f"--answer: {text!r} names no step. {EXAMPLE}")
	if step not in definition.by_id:
		near = get_close_matches(step, definition.by_id, 1)
		hint = f" (did you mean {near[0]!r}?)" if near else ""
		raise files.FileError(f"--answer: no step named {step!r}{hint}.")
	action = definition.by_id[step].action
	if action not in ASKING | {AGENT_ASK}:
		raise files.FileError(
			f"--answer: step {step!r} asks nobody; {', '.join(sorted(ASKING | {AGENT_ASK}))} do."
		)
	value = files.json_value(given, f"--answer {step}")
	# People decide a call that an AI agent wants to make; its model says something else.
	kinds = (KEYS, SAYS) if action == AGENT_ASK else (KEYS,)
	if not isinstance(value, Mapping) or not any(value.keys() <= kind for kind in kinds):
		allowed = ", or of ".join(", ".join(sorted(kind)) for kind in kinds)
		raise files.FileError(f"--answer {step}: must be a mapping of {allowed}. {EXAMPLE}")
	return Answer(step, value)
