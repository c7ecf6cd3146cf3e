"""The names of what has a limit: what a run or a step waits for, and who holds it."""

import re
from hashlib import sha256

from dogansystem.engine.definition import Step
from dogansystem.engine.errors import half_a_character

MAX_LENGTH = 140  # characters of a key's column
_PLAIN = re.compile(r"[a-z0-9._:/ -]{0,99}[a-z0-9._:/-]|")  # equal in a column only if it is the same
_SHOWN = 80  # characters of another key that stay readable


def resource_of_step(step: Step) -> str:
	"""The name of what a limited step waits for."""
	if step.agent:
		return f"agent:{step.agent}"
	# Who may go to few agents only must not stand in front of those who may go to all.
	return f"capability:{step.capability}" + (f":{step.only_as}" if step.only_as else "")


def resource_of_run(workflow: str, limit_key: str) -> str:
	"""The name of the limit that a run of this workflow waits for. `limit_key` is what `stored_limit_key` gave."""
	return f"workflow:{workflow}:{limit_key}"[:300]


def stored_limit_key(key: str) -> str:
	"""The value of `limits.key` as its column holds it: two values that differ stay different.

	A column's collation takes `Acme`, `acme`, `Acmé` and `acme ` for equal, and a column has an end; so what is not short
	and plain carries a hash. Raises InputError if it is no text that can be kept.
	"""
	if _PLAIN.fullmatch(key):
		return key
	try:
		digest = sha256(key.encode()).hexdigest()[:32]
	except UnicodeEncodeError as error:
		raise half_a_character(error) from None
	return f"{key[:_SHOWN]} #{digest}"
