"""Idempotency keys as their columns hold them."""

import re
from hashlib import sha256

from dogansystem.engine.errors import half_a_character

ASKED = frozenset({"manual", "api"})  # causes whose idempotency keys come from callers
_PLAIN_KEY = re.compile(r"[a-z0-9._:/ -]{0,139}[a-z0-9._:/-]")  # equal in the column only if it is the same


def stored_key(workflow: str, key: str, cause: str) -> str:
	"""An idempotency key as its column holds it: any length fits, and only equal keys of one workflow meet.

	The column's collation takes `A1`, `a1`, `á1` and `a1 ` for equal, so what is not plain goes in as a hash. Callers do
	not meet the keys that triggers make: who could guess the one of a schedule's next run would keep it from starting.

	Raises InputError if it is no text that can be kept.
	"""
	asker = "" if cause in ASKED else f":{cause}"
	text = f"{workflow}{asker}/{key}"
	if _PLAIN_KEY.fullmatch(text):
		return text
	try:
		return sha256(text.encode()).hexdigest()
	except UnicodeEncodeError as error:
		raise half_a_character(error) from None
