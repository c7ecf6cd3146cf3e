"""Named secrets for `http.request`. They are kept in the process or its environment, never in the database."""

import json
import os
from collections.abc import Mapping
from typing import Any

from dogansystem.homes.sandbox.errors import ValidationError

PREFIX = "DOGAN_CREDENTIAL_"  # environment variables with JSON, for the command line


class Credentials:
	"""Secrets by name."""

	def __init__(self) -> None:
		self._kept: dict[str, Mapping[str, Any]] = {}

	def keep(self, name: str, credential: Mapping[str, Any]) -> None:
		"""Remember a secret for as long as this process lives."""
		self._kept[name] = dict(credential)

	def get(self, name: str) -> Mapping[str, Any] | None:
		"""What was kept, else the JSON of the variable DOGAN_CREDENTIAL_<NAME>, else None."""
		return self._kept.get(name) or _from_environment(name)


def _from_environment(name: str) -> Mapping[str, Any] | None:
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
