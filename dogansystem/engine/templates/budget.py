"""What one rendering may use: a template is written by people and must never hold up or fill a worker.

Counted per thread from `start`, and charged by every loop, call, filter and operator of a template, before the work
is done wherever one of them can blow up.
"""

import threading
from collections.abc import Mapping
from typing import Any

from dogansystem.engine.errors import TemplateError

MAX_OPERATIONS = 300_000  # steps of loops, calls, filters, operators: under a second
MAX_RESULT = 1024 * 1024  # characters, or items, that one operation or one whole rendering gives
MAX_MADE = 16 * 1024 * 1024  # characters and items made on the way in one rendering
MAX_BITS = 4096  # of a whole number

CONTAINERS = frozenset({list, tuple, dict, set, frozenset})


class Overrun(TemplateError):
	"""A template asks for more time or memory than a rendering has."""


class _Left(threading.local):
	operations = MAX_OPERATIONS
	made = MAX_MADE


_left = _Left()


def start(operations: int = MAX_OPERATIONS) -> None:
	"""Begin a rendering, or something else that is counted, in this thread with a full budget."""
	_left.operations = operations
	_left.made = MAX_MADE


def spend(operations: int = 1) -> None:
	"""Charge for work. Raises Overrun when a rendering has done too much of it."""
	_left.operations -= operations
	if _left.operations < 0:
		raise Overrun(
			f"takes more than {MAX_OPERATIONS:,} operations; loop over less, or do it in a step of its own"
		)


def make(size: int) -> None:
	"""Charge for something with `size` characters or items, before it is made. Raises Overrun when it is too much."""
	if size > MAX_RESULT:
		raise Overrun(f"makes {size:,} characters or items at once; {MAX_RESULT:,} are allowed")
	_left.made -= size
	if _left.made < 0:
		raise Overrun(f"makes more than {MAX_MADE:,} characters and items; do less in one template")


def made(value: Any) -> Any:
	"""Charge for a value that an operation gave; give it back."""
	kind = type(value)
	if kind is int:
		if value.bit_length() > MAX_BITS:
			raise Overrun(f"makes a number of more than {MAX_BITS} bits; use smaller numbers")
	elif kind in CONTAINERS or isinstance(value, str):
		make(len(value))
	return value


def weigh(value: Any) -> Any:
	"""Charge for all that is in a value, as often as it is in there; give it back.

	A list that holds another twice, which holds another twice, is small in memory and endless to walk through: what
	compares, hashes, sorts or prints a container weighs it first.
	"""
	kind = type(value)
	if kind is str:
		if len(value) > 1000:
			spend(len(value) // 256)
	elif kind in CONTAINERS or isinstance(value, Mapping):
		_weigh_items(value)
	elif kind is range:
		spend(len(value) // 8)  # a text is looked for in every number of it
	return value


def _weigh_items(container: Any) -> None:
	pending = [container]
	while pending:
		current = pending.pop()
		spend(1 + len(current) // 4)
		# One pass at the speed of C tells whether there is anything to go into.
		inner = list(current.values()) if isinstance(current, Mapping) else current
		if not CONTAINERS.isdisjoint(map(type, inner)):
			pending += [each for each in inner if type(each) in CONTAINERS]
