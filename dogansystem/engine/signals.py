"""Signals: what a step, or a trigger, waits for by a name and a key. Source: workflow-format.md, semantics 14."""

import re
from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.engine.limits import stored_limit_key

RECEIVED, EXPIRED = "received", "expired"  # the branches of a step that waits for one
NAME = r"^[A-Za-z][A-Za-z0-9_.-]{0,99}$"
KEYS = (str, int, float)  # what a key may be, beside nothing


def subject_of(name: str, key: Any = None) -> str:
	"""The text by which a signal and those who wait for it find each other: equal only if name and key are.

	A number is the same key as its text. Raises InputError.
	"""
	if not isinstance(name, str) or not re.fullmatch(NAME, name):
		raise InputError(
			f"{name!r} is not the name of a signal: use letters, digits, '_', '-', '.', a letter first, at most 100."
		)
	if key is not None and (isinstance(key, bool) or not isinstance(key, KEYS)):
		raise InputError(f"The key of the signal {name!r} must be a text or a number, not {key!r}.")
	return f"{stored_limit_key(name)}:{stored_limit_key('' if key is None else str(key))}"
