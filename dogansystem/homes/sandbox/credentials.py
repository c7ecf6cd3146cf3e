"""Named secrets for `http.request`. They are kept in the process or its environment, never in the database."""

import json
import os
from collections.abc import Mapping
from typing import Any

from dogansystem.homes.sandbox.errors import ValidationError

PREFIX = "DOGAN_CREDENTIAL_"  # environment variables with JSON, for the command line


def from_environment(name: str) -> Mapping[str, Any] | None:
	"""The JSON of the variable DOGAN_CREDENTIAL_<NAME>, or None. Raises ValidationError if it is no mapping."""
	variable = PREFIX + "".join(char if char.isalnum() else "_" for char in name.upper())
	text = os.environ.get(variable)
	if text is None:
		return None
	try:
		found = json.loads(text)
	except ValueError:
		found = None
	if not isinstance(found, dict):
		raise ValidationError(
			f'The variable {variable} holds no credential. Write {{"type": "bearer", "token": "…"}}.'
		)
	return found
