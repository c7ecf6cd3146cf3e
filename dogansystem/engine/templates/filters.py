"""The filters and tests of templates: Jinja's own, charged so that none of them can hold up or fill a worker.

Left out are those that read attributes by name (`attr`), print insides (`pprint`) or make markup (`urlize`,
`xmlattr`). Text stays text: `escape` and `tojson` give plain strings.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from dogansystem.engine.templates import budget, date_filters, operators, text_filters
from dogansystem.engine.templates.plain import to_json_value

_JINJA = Environment()
_VALUES = (
	"abs batch capitalize count d default dictsort filesizeformat first float groupby int items last length list"
	" lower map max min random reject rejectattr reverse round select selectattr slice sort title tojson truncate"
	" unique upper urlencode wordcount"
).split()
# The first value of these becomes text as in mixed text, before they see it.
_TEXTS = frozenset("center e escape forceescape indent replace safe string striptags trim wordwrap".split())
_COMPARE = frozenset({"dictsort", "groupby", "max", "min", "sort", "unique"})
_MAX_LINES = 100_000  # rows of batch and slice
_MAX_DIGITS = 100  # of round


def _lines(value: Any, count: int, fill_with: Any = None) -> int:
	return budget.within(count, 1, _MAX_LINES, "the number of items or slices")


def _indent(text: str, width: Any = 4, first: bool = False, blank: bool = False) -> int:
	return len(text) + (width if isinstance(width, int) else len(width)) * (1 + text.count("\n"))


def _striptags(text: str) -> int:
	# Each tag may be cut out of the whole text.
	budget.spend(text.count("<") * (1 + len(text) // 4096))
	return len(text)


def _trim(text: str, chars: str | None = None) -> int:
	operators.search(text, chars)
	return len(text)


def _wordwrap(
	text: str, width: int = 79, long: bool = True, wrapstring: str | None = None, **more: Any
) -> int:
	lines = 2 * len(text) // budget.within(width, 1, budget.MAX_RESULT, "the width") + text.count("\n") + 1
	budget.spend(len(text) // 8)
	return len(text) + lines * len(wrapstring or "\n")


# What a filter will make at most, in characters or items, from the arguments it is given.
_SIZES: Mapping[str, Callable[..., int]] = {
	"batch": _lines,
	"center": lambda text, width=80: width,
	**dict.fromkeys(
		("e", "escape", "forceescape"), lambda text: len(text) + 5 * sum(map(text.count, "&<>\"'"))
	),
	"indent": _indent,
	"replace": operators.replaced_size,
	"round": lambda value, precision=0, method="": budget.within(
		abs(precision), 0, _MAX_DIGITS, "the precision"
	),
	"slice": _lines,
	"striptags": _striptags,
	"trim": _trim,
	"wordwrap": _wordwrap,
}


def _charged(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
	"""A filter that is charged for what it takes in and gives out, and that gives a list for an iterator."""
	first = 1 if hasattr(function, "jinja_pass_arg") else 0
	compares, text, size = name in _COMPARE, name in _TEXTS, _SIZES.get(name)

	@wraps(function)
	def run(*args: Any, **kwargs: Any) -> Any:
		budget.spend()
		given = [_taken(value, compares) for value in args[first:]]
		if text and given:
			given[0] = operators.text_of(given[0])
		if size:
			budget.make(size(*given, **kwargs))
		result = function(*args[:first], *given, **kwargs)
		if isinstance(result, Iterator):
			return list(operators.each(result))
		return budget.made(str(result) if isinstance(result, Markup) else result)

	return run


def _taken(value: Any, compares: bool) -> Any:
	kind = type(value)
	if kind is str:
		budget.spend(len(value) // 256)
	elif compares:
		budget.weigh(value)
	elif kind in budget.CONTAINERS or kind is range:
		budget.spend(len(value) // 8)
	elif isinstance(value, Iterator):
		return list(operators.each(value))
	return value


@pass_context
def _join(context: Context, value: Any, d: Any = "", attribute: Any = None) -> str:
	values = value if attribute is None else _JINJA.filters["map"](context, value, attribute=attribute)
	return operators.join(operators.text_of(d), values)


@pass_context
def _sum(context: Context, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
	if attribute is not None:
		iterable = _JINJA.filters["map"](context, iterable, attribute=attribute)
	for value in iterable:
		start = operators.add(start, value)
	return start


def _format(value: Any, *args: Any, **kwargs: Any) -> str:
	if args and kwargs:
		raise ValueError("format takes either names or positions, not both")
	return operators.percent_format(operators.text_of(value), kwargs or args)


def json_text(value: Any, indent: int | None = None) -> str:
	"""What `tojson` writes, before it makes it safe inside HTML."""
	budget.weigh(value)
	return json.dumps(to_json_value(value), indent=None if indent is None else min(int(indent), 8))


def _test(function: Callable[..., bool]) -> Callable[..., bool]:
	@wraps(function)
	def run(*args: Any) -> bool:
		# With a second value it compares: `is eq(today)`.
		return function(*(map(operators.comparable, args) if len(args) > 1 else args))

	return run


def all_filters() -> dict[str, Any]:
	"""Every filter of a template by name. Those that begin with an underscore are for the sandbox itself."""
	chosen: dict[str, Any] = {name: _JINJA.filters[name] for name in (*_VALUES, *_TEXTS)}
	chosen |= {"format": _format, "join": _join, "sum": _sum, **date_filters.FILTERS, **text_filters.FILTERS}
	own: dict[str, Any] = {
		"_each": operators.each,
		"_joined": lambda *values: operators.join("", values),
		"_made": budget.made,
		"_side": operators.comparable,
		"_weighed": budget.weigh,
	}
	return {name: _charged(name, function) for name, function in chosen.items()} | own


def all_tests() -> dict[str, Any]:
	"""Every test of a template (`is defined`) by name."""
	known: dict[str, Any] = dict(_JINJA.tests)
	return {name: _test(function) for name, function in known.items()}
