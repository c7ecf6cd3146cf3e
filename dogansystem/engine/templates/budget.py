"""What one rendering may use. People write templates, and no template may hold up or fill a worker.

The budget is counted per thread from `start`. Every loop, call, filter and operator of a template charges it. An
operation that could blow up is charged before it is done.
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
_ATOMS = frozenset({bool, int, float, type(None)})


class Overrun(TemplateError):
	"""A template asks for more time or memory than a rendering has."""


class _Left(threading.local):
	operations = MAX_OPERATIONS
	made = MAX_MADE


_left = _Left()


def start(operations: int = MAX_OPERATIONS) -> None:
	"""Give this thread a full budget: a rendering, or another check that is counted, begins."""
	_left.operations = operations
	_left.made = MAX_MADE


def spend(operations: int = 1) -> None:
	"""Charge for work. Raises Overrun when the rendering has done too much."""
	_left.operations -= operations
	if _left.operations < 0:
		raise Overrun(
			f"takes more than {MAX_OPERATIONS:,} operations; loop over less, or do it in a step of its own"
		)


def make(size: int) -> None:
	"""Charge for a value of `size` characters or items before it is made. Raises Overrun when it is too much."""
	if size > MAX_RESULT:
		raise Overrun(f"makes {size:,} characters or items at once; {MAX_RESULT:,} are allowed")
	_left.made -= size
	if _left.made < 0:
		raise Overrun(f"makes more than {MAX_MADE:,} characters and items; do less in one template")


def made(value: Any) -> Any:
	"""Charge for a value that an operation gave, and return it."""
	kind = type(value)
	if kind is int:
		if value.bit_length() > MAX_BITS:
			raise Overrun(f"makes a number of more than {MAX_BITS} bits; use smaller numbers")
	elif kind in CONTAINERS or isinstance(value, str):
		make(len(value))
	return value


def within(given: int, least: int, most: int, what: str) -> int:
	"""`given`, if it lies between the two bounds. Raises Overrun, which names `what`, if not."""
	if not least <= given <= most:
		raise Overrun(f"{what} is {str(given)[:20]}; give one from {least} to {most}")
	return given


def weigh(value: Any) -> Any:
	"""Charge for everything in a value, as often as it occurs, and return the value.

	A list that holds another twice, which holds another twice, is small in memory and endless to walk through.
	Whatever compares, hashes, sorts or prints a container weighs it first.
	"""
	kind = type(value)
	if kind is str:
		if len(value) > 1000:
			spend(len(value) // 256)
	elif kind in _ATOMS:
		pass
	elif kind in CONTAINERS or isinstance(value, Mapping):
		_weigh_items(value)
	elif kind is range:
		spend(len(value) // 8)  # a text is compared with every number of it
	return value


def _weigh_items(container: Any) -> None:
	pending = [container]
	while pending:
		current = pending.pop()
		spend(1 + len(current) // 4)
		# One pass at the speed of C shows whether there is anything to go into.
		inner = list(current.values()) if isinstance(current, Mapping) else current
		if not CONTAINERS.isdisjoint(map(type, inner)):
			pending += [each for each in inner if type(each) in CONTAINERS]
