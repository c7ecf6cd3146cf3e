"""The Jinja environment that templates live in: what they may read and call.

Jinja's own sandbox keeps templates away from Python's insides. This one also charges a budget (see `budget`), has a
list of the attributes that may be read, and finds a document's field `items` before the method of that name.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import Any

from jinja2 import StrictUndefined, Undefined, UndefinedError, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dogansystem.engine.templates import budget, filters, operators

_DAY = frozenset({"day", "isoformat", "isoweekday", "month", "replace", "strftime", "weekday", "year"})
_TIME = frozenset({"hour", "isoformat", "microsecond", "minute", "replace", "second", "strftime"})
_TEXT = frozenset(
	"capitalize casefold center count endswith find format index isalnum isalpha isascii isdecimal"
	" isdigit islower isnumeric isspace istitle isupper join ljust lower lstrip partition removeprefix removesuffix"
	" replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"
	" zfill".split()
)
_LOOP = frozenset(
	"changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0".split()
)
# What a template may reach by name on each kind of value, beside the keys of a mapping. `object`: what is left is the
# variable `loop`; nothing else that a template can get hold of has anything of these names.
ATTRIBUTES: dict[type, frozenset[str]] = {
	str: _TEXT,
	dict: frozenset({"get", "items", "keys", "values"}),
	list: frozenset({"count", "index"}),
	tuple: frozenset({"count", "index", "grouper", "list"}),
	date: _DAY,
	datetime: _DAY | _TIME | {"date", "time"},
	time: _TIME,
	timedelta: frozenset({"days", "seconds", "microseconds", "total_seconds"}),
	object: _LOOP,
}
_NAME = object()  # stands for what a name is taken from, where a template reads the name itself


def _attributes_of(kind: type) -> frozenset[str]:
	known = dict if issubclass(kind, Mapping) else kind
	return next(ATTRIBUTES[each] for each in known.__mro__ if each in ATTRIBUTES)


# The names that a template may reach on values of a type.
attributes_of: Callable[[type], frozenset[str]] = lru_cache(maxsize=1024)(_attributes_of)


class Absent(UndefinedError):
	"""A template used `name`, which `source` does not have. It knows both, so that the author's path can be found."""

	def __init__(self, source: Any, name: Any, message: str) -> None:
		self.source = source
		self.name = name
		super().__init__(message)


class Missing(StrictUndefined):
	"""A name or key that does not exist. Any use but `is defined` and `default` raises Absent."""

	__slots__ = ()

	def __init__(
		self, hint: str | None = None, obj: Any = _NAME, name: Any = None, exc: Any = UndefinedError
	) -> None:
		if hint is None:
			hint = f"{name} does not exist; add `| default(…)` if it may be missing"
			exc = exc if obj is _NAME else partial(Absent, obj, name)
		super().__init__(hint, obj, name, exc)


@pass_context  # so that Jinja finalizes nothing while it compiles, outside any budget
def finalized(context: Context, value: Any) -> str:
	"""The text of a value in mixed text: nothing for null, dates as in JSON."""
	budget.spend()
	text = operators.text_of(value)
	budget.make(len(text))
	return text


class Sandbox(ImmutableSandboxedEnvironment):
	"""The environment of all templates; stateless, shared by all threads."""

	intercepted_binops = frozenset(operators.BINARY)

	def __init__(self) -> None:
		# Not optimized: what could be computed while compiling would be computed outside any budget.
		super().__init__(
			undefined=Missing, finalize=finalized, optimized=False, keep_trailing_newline=True, cache_size=0
		)
		self.binop_table.update(operators.BINARY)
		self.policies["json.dumps_function"] = filters.json_text
		self.policies["json.dumps_kwargs"] = {}
		self.filters = filters.all_filters()
		self.tests = filters.all_tests()
		self.globals = {"range": operators.numbers, "dict": dict}

	def getattr(self, obj: Any, attribute: str) -> Any:
		if type(obj) is dict or isinstance(obj, Mapping):
			try:
				return obj[attribute]
			except KeyError:
				pass
		if attribute in attributes_of(type(obj)):
			try:
				return operators.method(obj, attribute)
			except AttributeError:
				pass
		return self._missing(obj, attribute)

	def getitem(self, obj: Any, argument: Any) -> Any:
		try:
			return obj[argument]
		except (LookupError, TypeError, AttributeError):
			return self._missing(obj, argument)

	def _missing(self, obj: Any, name: Any) -> Undefined:
		"""What stands for a value that is not there. What exists and may not be read is an error at once."""
		if isinstance(obj, Undefined):
			str(obj)  # raises the error of what is missing first
		if isinstance(name, str) and not isinstance(obj, Mapping) and hasattr(type(obj), name):
			raise SecurityError(
				f"{name!r} of a {type(obj).__name__} may not be used in a template; use a filter, or prepare it in a step"
			)
		return self.undefined(obj=obj, name=name)

	def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
		return attr in attributes_of(type(obj))

	def is_safe_callable(self, obj: Any) -> bool:
		return operators.may_call(obj)

	def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
		if isinstance(__obj, Undefined):
			str(__obj)  # raises the error that names what is missing
		if not __self.is_safe_callable(__obj):
			raise SecurityError(f"a {type(__obj).__name__} cannot be called in a template")
		# Jinja hands the variables of a loop to every call in it.
		kwargs.pop("_loop_vars", None)
		kwargs.pop("_block_vars", None)
		return operators.call(__obj, args, kwargs)


ENVIRONMENT = Sandbox()
