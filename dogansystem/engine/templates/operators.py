"""What the operators and calls of a template do: Python's own, with the ones that can blow up measured first."""

import operator
import re
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from datetime import date, time
from decimal import Decimal
from string import Formatter
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2.exceptions import SecurityError

from dogansystem.engine.templates import budget
from dogansystem.engine.templates.plain import to_json_value

MAX_WIDTH = 1000  # characters that one placeholder of a format may be padded to
SEARCHED = 20_000  # characters that are compared in the time of one operation
# Searches forwards are linear in Python; these compare every place with every character in the worst case.
_SLOW = frozenset({"lstrip", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "strip"})

COMPARISONS = {
	"eq": "==",
	"ne": "!=",
	"gt": ">",
	"gteq": ">=",
	"lt": "<",
	"lteq": "<=",
	"in": "in",
	"notin": "not in",
}

_PLACEHOLDER = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|\d+)?(?:\.(\*|\d+))?")


def numbers(*arguments: int) -> range:
	"""`range`, with as many numbers as a template may have."""
	found = range(*arguments)
	budget.make(len(found))
	return found


def add(left: Any, right: Any) -> Any:
	budget.spend()
	if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
		budget.make(len(left) + len(right))
	return budget.made(left + right)


def multiply(left: Any, right: Any) -> Any:
	budget.spend()
	for side, times in ((left, right), (right, left)):
		if isinstance(side, str | list | tuple) and isinstance(times, int):
			budget.make(len(side) * max(times, 0))
	if isinstance(left, int) and isinstance(right, int) and not fits(left.bit_length() + right.bit_length()):
		raise budget.Overrun(f"the product has more than {budget.MAX_BITS} bits; use smaller numbers")
	return left * right


def power(left: Any, right: Any) -> Any:
	budget.spend()
	if isinstance(left, int) and isinstance(right, int) and right > 0 and not fits(left.bit_length() * right):
		raise budget.Overrun(f"the power has more than {budget.MAX_BITS} bits; use smaller numbers")
	if isinstance(left, Decimal) and abs(right) > budget.MAX_BITS:
		raise budget.Overrun(f"the exponent is more than {budget.MAX_BITS}; use smaller numbers")
	return left**right


def remainder(left: Any, right: Any) -> Any:
	budget.spend()
	if not isinstance(left, str):
		return left % right
	return percent_format(left, right)


def fits(bits: int) -> bool:
	"""Whether a whole number of so many bits may be made."""
	return bits <= budget.MAX_BITS


def _counted(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
	def count(left: Any, right: Any) -> Any:
		budget.spend()
		return operation(left, right)

	return count


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
	"+": add,
	"-": _counted(operator.sub),
	"*": multiply,
	"/": _counted(operator.truediv),
	"//": _counted(operator.floordiv),
	"**": power,
	"%": remainder,
}


def text_of(value: Any) -> str:
	"""The text of a value in mixed text: nothing for null, dates as in JSON."""
	if value is None:
		return ""
	if isinstance(value, str):
		return str(value)
	if isinstance(value, int | float | Decimal):
		return str(value)
	if isinstance(value, range | Iterator):
		value = items_of(value)
	budget.weigh(value)
	return str(to_json_value(value))


def items_of(value: Any) -> list[Any]:
	"""The items of anything that has some, each charged for."""
	found = []
	for item in value:
		budget.spend()
		found.append(item)
	return found


def percent_format(text: str, values: Any) -> str:
	"""`text % values`, with placeholders of a sane width."""
	for match in _PLACEHOLDER.finditer(text):
		for width in match.groups():
			if width and (width == "*" or len(width) > 4 or int(width) > MAX_WIDTH):
				raise budget.Overrun(f"the placeholder {match[0][:20]!r} is wider than {MAX_WIDTH}; use less")
	given = list(values) if isinstance(values, tuple) else [values]
	if isinstance(values, Mapping):
		given = list(values.values())
	budget.weigh(given)
	# Each placeholder can bring in all of the values' text once; the widths are small.
	budget.make(len(text) + text.count("%") * (MAX_WIDTH + sum(map(text_size, given))))
	return str(text % values)


def text_size(value: Any) -> int:
	"""How many characters a value has as text, without making the text of a string."""
	return len(value) if isinstance(value, str) else len(text_of(value))


class BoundedFormatter(Formatter):
	"""`str.format` that reads nothing inside the values it is given, with fields of a sane width."""

	def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
		if "." in field_name or "[" in field_name:
			raise SecurityError(
				f"the field {field_name!r} of a format reads inside a value; pass the value itself"
			)
		return super().get_field(field_name, args, kwargs)

	def convert_field(self, value: Any, conversion: Any) -> Any:
		return super().convert_field(text_of(value) if conversion else value, conversion)

	def format_field(self, value: Any, format_spec: str) -> str:
		budget.spend()
		if any(len(width) > 4 or int(width) > MAX_WIDTH for width in re.findall(r"\d+", format_spec)):
			raise budget.Overrun(f"the format {format_spec[:20]!r} is wider than {MAX_WIDTH}; use less")
		if isinstance(value, date | time):
			return str(budget.made(format_moment(value, format_spec) if format_spec else text_of(value)))
		return str(budget.made(format(value, format_spec) if format_spec else text_of(value)))


class Format:
	"""The method `format` of one text, as templates have it."""

	def __init__(self, text: str) -> None:
		self.text = text

	def __call__(self, *args: Any, **kwargs: Any) -> str:
		return str(budget.made(BoundedFormatter().vformat(self.text, args, kwargs)))


def format_moment(moment: date | time, pattern: str) -> str:
	"""`strftime` without the C library's field widths, which can be endless."""
	if len(pattern) > MAX_WIDTH or re.search(r"%[-_^#+]*\d", pattern):
		raise budget.Overrun(f"the format {pattern[:20]!r} is too wide; write plain fields such as %d.%m.%Y")
	return moment.strftime(pattern)


def method(value: Any, name: str) -> Any:
	"""An attribute of a value as a template may use it."""
	if isinstance(value, str) and name == "format":
		return Format(value)
	return getattr(value, name)


def may_call(function: Any) -> bool:
	"""Whether a template may call this: the methods it can reach, and the functions it is given."""
	if function is numbers or function is dict:
		return True
	return isinstance(function, Format | BuiltinMethodType | MethodType)


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
	"""Call a method or function on behalf of a template, once it is known that it ends soon."""
	budget.spend()
	for value in (*args, *kwargs.values()):
		budget.weigh(value)
	owner = getattr(function, "__self__", None)
	if isinstance(owner, str):
		return _call_text(owner, function, args, kwargs)
	if isinstance(owner, date | time) and function.__name__ == "strftime":
		return budget.made(format_moment(owner, *args, **kwargs))
	if isinstance(owner, list | tuple):
		budget.weigh(owner)
	result = function(*args, **kwargs)
	# A view is as long as its mapping each time it is searched, and none of that would be charged for.
	return budget.made(list(result) if isinstance(result, KeysView | ValuesView | ItemsView) else result)


def _call_text(text: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
	budget.weigh(text)
	name = function.__name__
	if name in ("center", "ljust", "rjust", "zfill"):
		budget.make(max(int(args[0]), len(text)))
	elif name == "replace":
		return replace(text, *args, **kwargs)
	elif name == "join":
		return join(text, *args, **kwargs)
	elif name in _SLOW:
		search(text, *args, *kwargs.values())
	return budget.made(function(*args, **kwargs))


def search(text: str, *wanted: Any) -> None:
	"""Charge for looking at each place of a text for all of another one."""
	longest = max((len(each) for each in wanted if isinstance(each, str)), default=0)
	budget.spend(len(text) * longest // SEARCHED)


def replace(text: str, old: str, new: str, count: int = -1) -> str:
	"""`text.replace(old, new, count)`."""
	found = text.count(old) if count is None or count < 0 else min(count, text.count(old))
	budget.make(len(text) + found * len(new))
	return text.replace(old, new, -1 if count is None else count)


def join(separator: str, values: Any) -> str:
	"""The texts of `values` with `separator` in between."""
	texts = []
	size = 0
	for value in values:
		budget.spend()
		texts.append(text_of(value))
		size += len(texts[-1]) + len(separator)
		if size > budget.MAX_RESULT:
			break
	budget.make(size)
	return separator.join(texts)
