"""What the operators and calls of a template do. They are Python's own; the ones that can blow up are charged first."""

import operator
import re
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from datetime import date, time
from decimal import Decimal
from functools import partial
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2.exceptions import SecurityError

from dogansystem.engine.templates import budget
from dogansystem.engine.templates.plain import to_json_value

SEARCHED = 20_000  # characters that are compared in the time of one operation
# Python searches forwards in linear time; these compare every place with every character in the worst case.
_SLOW = frozenset({"lstrip", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "strip"})
_PADDING = frozenset({"center", "ljust", "rjust", "zfill"})
# Placeholders that are padded to 1,000 characters or more, or to as many as a value says.
_WIDE_PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +.\d]*(?:\d{4}|\*)")
_WIDE_BRACE = re.compile(r"\{[^{}]*(?:\d{4}|%[-_^#+]*\d)")
_WIDE_MOMENT = re.compile(r"%[-_^#+]*\d")
_READS_INSIDE = re.compile(r"\{[^{}:!]*[.\[]|\{[^{}]+\{")


def numbers(*arguments: int) -> range:
	"""`range`, with no more numbers than a template may have."""
	found = range(*arguments)
	budget.make(len(found))
	return found


def add(left: Any, right: Any) -> Any:
	"""`left + right`."""
	budget.spend()
	if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
		budget.make(len(left) + len(right))
	return budget.made(left + right)


def _multiply(left: Any, right: Any) -> Any:
	for side, times in ((left, right), (right, left)):
		if isinstance(side, str | list | tuple) and isinstance(times, int):
			budget.make(len(side) * max(times, 0))
	if isinstance(left, int) and isinstance(right, int):
		bits = left.bit_length() + right.bit_length()
		budget.within(bits, 0, budget.MAX_BITS, "the product's size in bits")
	return left * right


def _power(left: Any, right: Any) -> Any:
	if isinstance(left, int) and isinstance(right, int) and right > 0:
		budget.within(left.bit_length() * right, 0, budget.MAX_BITS, "the power's size in bits")
	if isinstance(left, Decimal):
		budget.within(int(abs(right)), 0, budget.MAX_BITS, "the exponent")
	return left**right


def _counted(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
	def count(left: Any, right: Any) -> Any:
		budget.spend()
		return operation(left, right)

	return count


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
	"+": add,
	"-": _counted(operator.sub),
	"*": _counted(_multiply),
	"/": _counted(operator.truediv),
	"//": _counted(operator.floordiv),
	"**": _counted(_power),
	"%": _counted(lambda left, right: percent_format(left, right) if isinstance(left, str) else left % right),
}


def text_of(value: Any) -> str:
	"""The text of a value in mixed text: nothing for null, dates as in JSON."""
	if value is None:
		return ""
	if isinstance(value, str | int | float | Decimal):
		return str(value)
	if isinstance(value, range | Iterator):
		value = list(each(value))
	budget.weigh(value)
	return str(to_json_value(value))


def each(values: Any) -> Iterator[Any]:
	"""The items of anything that has some, one after another, each charged for."""
	for value in values:
		budget.spend()
		yield value


def join(separator: str, values: Any) -> str:
	"""The texts of `values` with `separator` between them."""
	texts: list[str] = []
	size = 0
	for value in each(values):
		texts.append(text_of(value))
		size += len(texts[-1]) + len(separator)
		if size > budget.MAX_RESULT:
			break
	budget.make(size)
	return separator.join(texts)


def comparable(value: Any) -> Any:
	"""A side of a comparison. A date becomes its text: a document's dates are text too."""
	budget.spend()
	return to_json_value(value) if isinstance(value, date) else budget.weigh(value)


def percent_format(text: str, values: Any) -> str:
	"""`text % values`, with placeholders of a sane width."""
	given = list(values.values()) if isinstance(values, Mapping) else values
	_check_format(text, "%", _WIDE_PERCENT, list(given) if isinstance(given, tuple | list) else [given])
	return str(budget.made(text % values))


def brace_format(text: str, *args: Any, **kwargs: Any) -> str:
	"""`str.format` that reads nothing inside the values it is given, with fields of a sane width."""
	if inside := _READS_INSIDE.search(text.replace("{{", "").replace("}}", "")):
		message = f"the field {inside[0]!r} of a format reads inside a value; pass the value itself"
		raise SecurityError(message)
	_check_format(text, "{", _WIDE_BRACE, [*args, *kwargs.values()])

	def plain(value: Any) -> Any:
		return value if isinstance(value, int | float | Decimal | date | time) else text_of(value)

	values = {name: plain(value) for name, value in kwargs.items()}
	return str(budget.made(text.format(*map(plain, args), **values)))


def format_moment(moment: date | time, pattern: str) -> str:
	"""`strftime` without the C library's field widths, which can be endless."""
	_check_format(pattern, "%", _WIDE_MOMENT, [])
	return str(budget.made(moment.strftime(pattern)))


def _check_format(text: str, mark: str, wide: re.Pattern[str], values: list[Any]) -> None:
	"""Raise Overrun if a placeholder is too wide, or if placeholders that each bring in the longest value are too long."""
	if found := wide.search(text):
		raise budget.Overrun(f"the placeholder {found[0][:20]!r} is too wide; write one of at most 999")
	budget.weigh(values)
	longest = max((len(each) if isinstance(each, str) else len(text_of(each)) for each in values), default=0)
	placeholders = text.count(mark)
	budget.spend(placeholders)
	budget.within(len(text) + placeholders * (1000 + longest), 0, budget.MAX_MADE, "the text's size")


def method(value: Any, name: str) -> Any:
	"""An attribute of a value as a template may use it."""
	if name == "format" and isinstance(value, str):
		return partial(brace_format, value)
	if name == "strftime" and isinstance(value, date | time):
		return partial(format_moment, value)
	return getattr(value, name)


def may_call(function: Any) -> bool:
	"""Whether a template may call this: the methods it can reach, and the functions it is given."""
	return (
		function is numbers
		or function is dict
		or isinstance(function, BuiltinMethodType | MethodType)
		or (isinstance(function, partial) and function.func in (brace_format, format_moment))
	)


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
	"""Call a function that `may_call` allows, once it is known that the call ends soon."""
	budget.spend()
	for value in (*args, *kwargs.values()):
		budget.weigh(value)
	owner = getattr(function, "__self__", None)
	if isinstance(owner, str):
		if function.__name__ == "join":
			return join(owner, *args, **kwargs)
		_check_text(owner, function.__name__, *args, **kwargs)
	elif isinstance(owner, list | tuple | range):
		budget.weigh(owner)
	result = function(*args, **kwargs)
	# A view is as long as its mapping each time it is searched, and none of that would be charged for.
	return budget.made(list(result) if isinstance(result, KeysView | ValuesView | ItemsView) else result)


def _check_text(text: str, name: str, *args: Any, **kwargs: Any) -> None:
	budget.weigh(text)
	if name in _PADDING:
		budget.make(max(int(args[0]), len(text)))
	elif name == "replace":
		budget.make(replaced_size(text, *args, **kwargs))
	elif name in _SLOW:
		search(text, *args, *kwargs.values())


def search(text: str, *wanted: Any) -> None:
	"""Charge for comparing each place of a text with all of another one."""
	longest = max((len(each) for each in wanted if isinstance(each, str)), default=0)
	budget.spend(len(text) * longest // SEARCHED)


def replaced_size(text: str, old: Any, new: Any, count: int | None = None) -> int:
	"""How many characters `text.replace(old, new, count)` gives at most."""
	found = text.count(str(old))
	return len(text) + (found if count is None or count < 0 else min(count, found)) * len(str(new))
