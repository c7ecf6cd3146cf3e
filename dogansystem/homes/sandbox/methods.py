"""Server methods of a sandbox: functions that a test or a demo has put on the list."""

from collections.abc import Callable, Mapping
from typing import Any

from dogansystem.engine.errors import NotFound


class Methods:
	"""Whitelisted functions by the dotted path that workflows call them by."""

	def __init__(self) -> None:
		self._functions: dict[str, Callable[..., Any]] = {}

	def add(self, name: str, function: Callable[..., Any]) -> None:
		"""Let workflows call `function` by `name`."""
		self._functions[name] = function

	def call(self, name: str, args: Mapping[str, Any]) -> Any:
		"""Call a function. Raises NotFound for one that nobody has put on the list."""
		function = self._functions.get(name)
		if function is None:
			known = ", ".join(sorted(self._functions)) or "none yet"
			raise NotFound(
				f"This sandbox has no server method {name!r} (known: {known})."
				f" Add it with sandbox.whitelist({name!r}, function), or run the workflow on a site that has it."
			)
		return function(**args)
