"""What the operators and calls of a template do. They are Python's own; the ones that can blow up are charged first."""

import operator
import re
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from datetime import date, time
from decimal import Decimal
from functools import partial
from string import Formatter
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2.exceptions import SecurityError

from dogansystem.engine.templates import budget
from dogansystem.engine.templates.plain import to_json_value

MAX_WIDTH = 1000  # characters that one placeholder of a format may be padded to
SEARCHED = 20_000  # characters that are compared in the time of one operation
# Python searches forwards in linear time; these compare every place with every character in the worst case.
_SLOW = frozenset({"lstrip", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "strip"})
_PADDING = frozenset({"center", "ljust", "rjust", "zfill"})
_PLACEHOLDER = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|\d+)?(?:\.(\*|\d+))?")


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
	budget.spend()
	for side, times in ((left, right), (right, left)):
		if isinstance(side, str | list | tuple) and isinstance(times, int):
			budget.make(len(side) * max(times, 0))
	if isinstance(left, int) and isinstance(right, int):
		budget.within(
			left.bit_length() + right.bit_length(), 0, budget.MAX_BITS, "the product's size in bits"
		)
	return left * right


def _power(left: Any, right: Any) -> Any:
	budget.spend()
	if isinstance(left, int) and isinstance(right, int) and right > 0:
		budget.within(left.bit_length() * right, 0, budget.MAX_BITS, "the power's size in bits")
	if isinstance(left, Decimal):
		budget.within(int(abs(right)), 0, budget.MAX_BITS, "the exponent")
	return left**right


def _remainder(left: Any, right: Any) -> Any:
	budget.spend()
	return percent_format(left, right) if isinstance(left, str) else left % right


def _counted(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
	def count(left: Any, right: Any) -> Any:
		budget.spend()
		return operation(left, right)

	return count


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
	"+": add,
	"-": _counted(operator.sub),
	"*": _multiply,
	"/": _counted(operator.truediv),
	"//": _counted(operator.floordiv),
	"**": _power,
	"%": _remainder,
}


def text_of(value: Any) -> str:
	"""The text of a value in mixed text: nothing for null, dates as in JSON."""
	if value is None:
		return ""
	if isinstance(value, str | int | float | Decimal):
		return str(value)
	if isinstance(value, range | Iterator):
		value = items_of(value)
	budget.weigh(value)
	return str(to_json_value(value))


def items_of(value: Any) -> list[Any]:
	"""The items of anything that has some, each charged for."""
	return list(each(value))


def each(values: Any) -> Iterator[Any]:
	"""The items of anything that has some, one after another, each charged for."""
	for value in values:
		budget.spend()
		yield value


def joined(*values: Any) -> str:
	"""The texts of several values as one, as `~` gives it."""
	return join("", values)


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
	"""A side of a comparison. A date becomes its text, because a document's dates are text too."""
	budget.spend()
	return to_json_value(value) if isinstance(value, date) else budget.weigh(value)


def percent_format(text: str, values: Any) -> str:
	"""`text % values`, with placeholders of a sane width."""
	found = list(_PLACEHOLDER.finditer(text))
	for match in found:
		for width in match.groups():
			_check_width(width or "", match[0])
	given = list(values) if isinstance(values, tuple) else [values]
	if isinstance(values, Mapping):
		given = list(values.values())
	_check_result(text, len(found), given)
	return str(budget.made(text % values))


def brace_format(text: str, *args: Any, **kwargs: Any) -> str:
	"""`str.format` that reads nothing inside the values it is given, with fields of a sane width."""
	fields = 0
	for _literal, name, pattern, _conversion in Formatter().parse(text):
		if name is None:
			continue
		fields += 1
		if "." in name or "[" in name or "{" in (pattern or ""):
			raise SecurityError(f"the field {name!r} of a format reads inside a value; pass the value itself")
		_check_pattern(pattern or "")
	_check_result(text, fields, [*args, *kwargs.values()])
	values = {name: _formattable(value) for name, value in kwargs.items()}
	return str(budget.made(text.format(*map(_formattable, args), **values)))


def _formattable(value: Any) -> Any:
	return value if isinstance(value, int | float | Decimal | date | time) else text_of(value)


def _check_width(width: str, around: str) -> None:
	if width and (width == "*" or len(width) > 4 or int(width) > MAX_WIDTH):
		raise budget.Overrun(f"the placeholder {around[:20]!r} is wider than {MAX_WIDTH}; use less")


def _check_pattern(pattern: str) -> None:
	if len(pattern) > MAX_WIDTH or re.search(r"%[-_^#+]*\d", pattern):
		raise budget.Overrun(f"the format {pattern[:20]!r} is too wide; write plain fields such as %d.%m.%Y")
	for width in re.findall(r"\d+", pattern):
		_check_width(width, pattern)


def _check_result(text: str, placeholders: int, values: list[Any]) -> None:
	"""Raise Overrun if placeholders that each bring in the longest of the values would fill the memory."""
	budget.weigh(values)
	longest = max((len(each) if isinstance(each, str) else len(text_of(each)) for each in values), default=0)
	budget.spend(placeholders)
	budget.within(len(text) + placeholders * (MAX_WIDTH + longest), 0, budget.MAX_MADE, "the text's size")


def format_moment(moment: date | time, pattern: str) -> str:
	"""`strftime` without the C library's field widths, which can be endless."""
	_check_pattern(pattern)
	return str(budget.made(moment.strftime(pattern)))


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
		_check_method(owner, function.__name__, [*args, *kwargs.values()])
	elif isinstance(owner, list | tuple | range):
		budget.weigh(owner)
	result = function(*args, **kwargs)
	# A view is as long as its mapping each time it is searched, and none of that would be charged for.
	return budget.made(list(result) if isinstance(result, KeysView | ValuesView | ItemsView) else result)


def _check_method(text: str, name: str, values: list[Any]) -> None:
	budget.weigh(text)
	if name in _PADDING:
		budget.make(max(int(values[0]), len(text)))
	elif name == "replace":
		budget.make(replaced_size(text, *values))
	elif name in _SLOW:
		search(text, *values)


def search(text: str, *wanted: Any) -> None:
	"""Charge for comparing each place of a text with all of another one."""
	longest = max((len(each) for each in wanted if isinstance(each, str)), default=0)
	budget.spend(len(text) * longest // SEARCHED)


def replaced_size(text: str, old: str, new: str, count: int | None = None) -> int:
	"""How many characters `text.replace(old, new, count)` gives at most."""
	found = text.count(old)
	return len(text) + (found if count is None or count < 0 else min(count, found)) * len(new)
