"""The filters and tests of templates: Jinja's own, measured so that none of them can hold up or fill a worker.

Left out are those that read attributes by name (`attr`), print insides (`pprint`) or make markup (`urlize`,
`xmlattr`). Text stays text: `escape` and `tojson` give plain strings.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import wraps
from html import escape
from typing import Any

from jinja2 import Environment, pass_environment, pass_eval_context
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.filters import make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.tests import TESTS as JINJA_TESTS
from markupsafe import Markup

from dogansystem.engine.templates import budget, date_filters, operators
from dogansystem.engine.templates.plain import to_json_value

_OWN = (
	"abs capitalize count d default dictsort filesizeformat first float groupby int items last length list"
	" lower map max min random reject rejectattr reverse select selectattr sort title truncate"
	" unique upper urlencode wordcount"
).split()
_COMPARE = frozenset({"dictsort", "groupby", "max", "min", "sort", "unique"})
_MAX_LINES = 100_000  # rows of batch and slice
_MAX_DIGITS = 100  # of round


def measured(function: Callable[..., Any], compares: bool) -> Callable[..., Any]:
	"""A filter that is charged for what it takes in and gives out, and gives a list for an iterator."""
	first = 1 if hasattr(function, "jinja_pass_arg") else 0

	@wraps(function)
	def run(*args: Any, **kwargs: Any) -> Any:
		budget.spend()
		given = [*args[:first], *(_taken(value, compares) for value in args[first:])]
		result = function(*given, **kwargs)
		if isinstance(result, Iterator):
			return operators.items_of(result)
		return budget.made(str(result) if isinstance(result, Markup) else result)

	return run


def _taken(value: Any, compares: bool) -> Any:
	if isinstance(value, Iterator):
		return operators.items_of(value)
	if compares:
		budget.weigh(value)
	kind = type(value)
	if kind is str:
		budget.spend(len(value) // 256)
	elif kind in budget.CONTAINERS or kind is range:
		budget.spend(len(value) // 8)
	return value


def escaped(value: Any) -> str:
	"""Text that is safe between the tags of HTML."""
	text = operators.text_of(value)
	budget.make(len(text) + 5 * sum(map(text.count, "&<>\"'")))
	return escape(text)


def text(value: Any) -> str:
	return operators.text_of(value)


def center(value: Any, width: int = 80) -> str:
	budget.make(width)
	return operators.text_of(value).center(width)


def trim(value: Any, chars: str | None = None) -> str:
	content = operators.text_of(value)
	operators.search(content, chars)
	return content.strip(chars)


def replace(value: Any, old: Any, new: Any, count: int | None = None) -> str:
	old, new = operators.text_of(old), operators.text_of(new)
	return operators.replace(operators.text_of(value), old, new, -1 if count is None else count)


def percent_format(value: Any, *args: Any, **kwargs: Any) -> str:
	if args and kwargs:
		raise ValueError("format takes either names or positions, not both")
	return operators.percent_format(operators.text_of(value), kwargs or args)


@pass_environment
def join(environment: Environment, value: Any, d: Any = "", attribute: Any = None) -> str:
	if attribute is not None:
		value = map(make_attrgetter(environment, attribute), value)
	return operators.join(operators.text_of(d), value)


@pass_environment
def total(environment: Environment, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
	if attribute is not None:
		iterable = map(make_attrgetter(environment, attribute), iterable)
	for value in iterable:
		start = operators.add(start, value)
	return start


def indent(value: Any, width: Any = 4, first: bool = False, blank: bool = False) -> str:
	content = operators.text_of(value)
	size = width if isinstance(width, int) else len(width)
	budget.make(len(content) + size * (1 + content.count("\n")))
	return str(JINJA_FILTERS["indent"](content, width, first, blank))


@pass_environment
def wordwrap(
	environment: Environment,
	value: Any,
	width: int = 79,
	break_long_words: bool = True,
	wrapstring: str | None = None,
	break_on_hyphens: bool = True,
) -> str:
	content = operators.text_of(value)
	lines = 2 * len(content) // _within(width, 1, budget.MAX_RESULT, "the width") + content.count("\n") + 1
	budget.spend(len(content) // 8)
	budget.make(len(content) + lines * len(wrapstring or "\n"))
	wrap = JINJA_FILTERS["wordwrap"]
	return str(wrap(environment, content, width, break_long_words, wrapstring, break_on_hyphens))


def striptags(value: Any) -> str:
	content = operators.text_of(value)
	# Each tag may be cut out of the whole text.
	budget.spend(content.count("<") * (1 + len(content) // 4096))
	return str(Markup(content).striptags())


def tojson(value: Any, indent: int | None = None) -> str:
	"""JSON text; `<`, `>`, `&` and `'` are written as JSON escapes, so that it is safe inside HTML too."""
	budget.weigh(value)
	result = json.dumps(to_json_value(value), indent=None if indent is None else min(int(indent), 8))
	for character in "<>&'":
		result = result.replace(character, f"\\u{ord(character):04x}")
	return result


def batch(value: Any, linecount: int, fill_with: Any = None) -> Any:
	budget.make(_within(linecount, 1, _MAX_LINES, "the length of a batch"))
	return JINJA_FILTERS["batch"](value, linecount, fill_with)


@pass_eval_context
def slices(context: EvalContext, value: Any, slices: int, fill_with: Any = None) -> Any:
	budget.make(_within(slices, 1, _MAX_LINES, "the number of slices"))
	return JINJA_FILTERS["slice"](context, value, slices, fill_with)


def rounded(value: Any, precision: int = 0, method: str = "common") -> Any:
	_within(precision, -_MAX_DIGITS, _MAX_DIGITS, "the precision")
	return JINJA_FILTERS["round"](value, precision, method)


def _within(given: int, least: int, most: int, what: str) -> int:
	if not least <= given <= most:
		raise budget.Overrun(f"{what} is {given}; give one from {least} to {most}")
	return given


def _comparing(test: Callable[..., bool]) -> Callable[..., bool]:
	@wraps(test)
	def run(*args: Any) -> bool:
		budget.spend()
		return test(
			*(to_json_value(value) if isinstance(value, date) else budget.weigh(value) for value in args)
		)

	return run


SPECIAL: Mapping[str, Callable[..., Any]] = {
	"batch": batch,
	"center": center,
	"e": escaped,
	"escape": escaped,
	"forceescape": escaped,
	"format": percent_format,
	"indent": indent,
	"join": join,
	"replace": replace,
	"round": rounded,
	"safe": text,
	"slice": slices,
	"string": text,
	"striptags": striptags,
	"sum": total,
	"tojson": tojson,
	"trim": trim,
	"wordwrap": wordwrap,
	**date_filters.FILTERS,
}


def all_filters() -> dict[str, Callable[..., Any]]:
	"""Every filter of a template by name."""
	chosen = {name: JINJA_FILTERS[name] for name in _OWN} | dict(SPECIAL)
	return {name: measured(function, name in _COMPARE) for name, function in chosen.items()}


def all_tests() -> dict[str, Callable[..., Any]]:
	"""Every test of a template (`is defined`) by name."""
	compare = {
		"==",
		"!=",
		"<",
		"<=",
		">",
		">=",
		"eq",
		"equalto",
		"ge",
		"greaterthan",
		"gt",
		"in",
		"le",
		"lessthan",
	}
	compare |= {"lt", "ne"}
	known: dict[str, Any] = dict(JINJA_TESTS)
	return {name: _comparing(test) if name in compare else test for name, test in known.items()}
