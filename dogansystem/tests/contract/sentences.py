"""Which sentence of the format a test proves: `@contract("…a part of it, word by word…")`. A bench needs no pytest for it."""

from collections.abc import Callable
from typing import Any

try:
	from pytest import mark
except ImportError:

	def contract(sentence: str) -> Callable[[Any], Any]:
		"""Leave the test as it is."""
		return lambda test: test

else:
	contract = mark.contract
