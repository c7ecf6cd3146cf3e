"""How much is tried: a short form in every run, all of it with `script/test --all` (DOGAN_TEST_ALL=1)."""

import os
from typing import TypeVar

ALL = bool(os.environ.get("DOGAN_TEST_ALL"))

Value = TypeVar("Value")


def of(short: Value, everything: Value) -> Value:
	"""The first in a usual run, the second with --all."""
	return everything if ALL else short
