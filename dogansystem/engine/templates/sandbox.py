"""The Jinja environment that templates live in: what they may read, call and compute, and for how long.

Jinja's own sandbox keeps templates away from Python's insides. This one also keeps them from using up a worker (see
`budget`), finds a document's field `items` before the method of that name, and names an undefined value by the path
its author wrote.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dogansystem.engine.definitions.problems import closest
from dogansystem.engine.templates import budget, filters, operators
from dogansystem.engine.templates.plain import to_json_value

_DAY = frozenset({"day", "isoformat", "isoweekday", "month", "replace", "strftime", "weekday", "year"})
_TIME = frozenset({"hour", "isoformat", "microsecond", "minute", "replace", "second", "strftime"})
_TEXT = frozenset(
	"capitalize casefold center count endswith find format index isalnum isalpha isascii isdecimal"
	" isdigit islower isnumeric isspace istitle isupper join ljust lower lstrip partition removeprefix removesuffix"
	" replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"
	" zfill".split()
)

# What a template may reach by name on each kind of value, beside the keys of a mapping.
ATTRIBUTES: dict[type, frozenset[str]] = {
	str: _TEXT,
	dict: frozenset({"get", "items", "keys", "values"}),
	list: frozenset({"count", "index"}),
	tuple: frozenset({"count", "index", "grouper", "list"}),
	date: _DAY,
	datetime: _DAY | _TIME | {"date", "time"},
	time: _TIME,
	timedelta: frozenset({"days", "seconds", "microseconds", "total_seconds"}),
	LoopContext: frozenset(
		"changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0".split()
	),
}


EACH = "_each"  # the filter that every loop's items pass through


def each(values: Any) -> Iterator[Any]:
	"""The items that a loop goes through, each charged for."""
	for value in values:
		budget.spend()
		yield value


class Missing(StrictUndefined):
	"""A name or key that does not exist. Any use of it but `is defined` and `default` is an error with its path."""

	__slots__ = ()

	@property
	def _undefined_message(self) -> str:
		if self._undefined_hint:
			return self._undefined_hint
		path, _, last = str(self._undefined_name).rpartition(".")
		if self._undefined_obj is None:
			return f"{self._undefined_name} does not exist, {path or 'what it is taken from'} is empty"
		near = None
		if isinstance(self._undefined_obj, Mapping):
			near = closest(last, map(str, self._undefined_obj))
		remedy = f" (did you mean {near!r}?)" if near else "; add `| default(…)` if it may be missing"
		return f"{self._undefined_name} does not exist{remedy}"


class Generator(CodeGenerator):
	"""Writes the Python of a template so that every operation passes through the environment."""

	def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
		self._write_call("getattr", frame, node.node, repr(node.attr), repr(path_of(node)))

	def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
		if isinstance(node.arg, nodes.Slice):
			self.write("environment.made(")
			super().visit_Getitem(node, frame)
			self.write(")")
		else:
			self._write_call("getitem", frame, node.node, node.arg, repr(path_of(node)))

	def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
		self._write_call("joined", frame, *node.nodes)

	def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:
		if node.ctx != "load":
			super().visit_Tuple(node, frame)
			return
		self.write("environment.weigh(")
		super().visit_Tuple(node, frame)
		self.write(")")

	def visit_CondExpr(self, node: nodes.CondExpr, frame: Frame) -> None:
		other = node.expr2 or nodes.Const(None, lineno=node.lineno)
		super().visit_CondExpr(nodes.CondExpr(node.test, node.expr1, other, lineno=node.lineno), frame)

	def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:
		self.write("(")
		self._write_call("comparable", frame, node.expr)
		for operand in node.ops:
			self.visit(operand, frame)
		self.write(")")

	def visit_Operand(self, node: nodes.Operand, frame: Frame) -> None:
		self.write(f" {operators.COMPARISONS[node.op]} ")
		self._write_call("comparable", frame, node.expr)

	def _write_call(self, method: str, frame: Frame, *arguments: nodes.Node | str) -> None:
		self.write(f"environment.{method}(")
		for argument in arguments:
			if isinstance(argument, str):
				self.write(argument)
			else:
				self.visit(argument, frame)
			self.write(", ")
		self.write(")")


def path_of(node: nodes.Node) -> str:
	"""How the author wrote a chain of names: `steps.quotes.output[0].name`."""
	if isinstance(node, nodes.Name):
		return node.name
	if isinstance(node, nodes.Getattr):
		return f"{path_of(node.node)}.{node.attr}"
	if isinstance(node, nodes.Getitem):
		key = node.arg.value if isinstance(node.arg, nodes.Const) else "…"
		return f"{path_of(node.node)}.{key}" if isinstance(key, str) else f"{path_of(node.node)}[{key}]"
	return "(…)"


class Sandbox(ImmutableSandboxedEnvironment):
	"""The environment of all templates; stateless, shared by all threads."""

	code_generator_class = Generator
	intercepted_binops = frozenset(operators.BINARY)

	def __init__(self) -> None:
		# Not optimized: what could be computed while compiling would be computed outside any budget.
		super().__init__(
			undefined=Missing,
			finalize=self.finalized,
			optimized=False,
			keep_trailing_newline=True,
			cache_size=0,
		)
		self.filters.clear()
		self.filters.update(filters.all_filters(), **{EACH: each})
		self.tests.clear()
		self.tests.update(filters.all_tests())
		self.globals.clear()
		self.globals.update(range=operators.numbers, dict=dict)

	# What the generated code calls

	def getattr(self, obj: Any, attribute: str, path: str | None = None) -> Any:
		if isinstance(obj, Mapping):
			try:
				return obj[attribute]
			except KeyError:
				pass
		if attribute in _attributes_of(obj):
			return operators.method(obj, attribute)
		return self.missing(obj, attribute, path or attribute)

	def getitem(self, obj: Any, argument: Any, path: str | None = None) -> Any:
		try:
			return obj[argument]
		except (LookupError, TypeError, AttributeError):
			return self.missing(obj, argument, path or str(argument))

	def missing(self, obj: Any, name: Any, path: str) -> Undefined:
		"""What stands for a value that is not there; what exists and may not be read is an error at once."""
		if isinstance(obj, Undefined):
			str(obj)  # raises the error of what is missing first
		if isinstance(name, str) and not isinstance(obj, Mapping) and hasattr(type(obj), name):
			raise SecurityError(
				f"{path} may not be used in a template; use a filter, or prepare it in a step"
			)
		return self.undefined(obj=obj, name=path)

	def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
		if isinstance(__obj, Undefined):
			str(__obj)  # raises the error that names what is missing
		if not operators.may_call(__obj):
			raise SecurityError(f"a {type(__obj).__name__} cannot be called in a template")
		# Jinja hands the variables of a loop to every call in it.
		kwargs.pop("_loop_vars", None)
		kwargs.pop("_block_vars", None)
		return operators.call(__obj, args, kwargs)

	def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
		return operators.BINARY[operator](left, right)

	def joined(self, *values: Any) -> str:
		"""The texts of several values as one: what `~` does."""
		texts = [self.finalized(value) for value in values]
		budget.make(sum(map(len, texts)))
		return "".join(texts)

	def comparable(self, value: Any) -> Any:
		"""A side of a comparison. Dates become their text, because a document's dates are text too."""
		budget.spend()
		if isinstance(value, date):
			return to_json_value(value)
		return budget.weigh(value)

	def weigh(self, value: Any) -> Any:
		return budget.weigh(value)

	def made(self, value: Any) -> Any:
		return budget.made(value)

	def finalized(self, value: Any) -> str:
		"""The text of a value in mixed text: nothing for null, dates as in JSON."""
		budget.spend()
		text = operators.text_of(value)
		budget.make(len(text))
		return text


def _attributes_of(obj: Any) -> frozenset[str]:
	for kind in type(obj).__mro__:
		if kind in ATTRIBUTES:
			return ATTRIBUTES[kind]
	return frozenset({"get", "items", "keys", "values"}) if isinstance(obj, Mapping) else frozenset()
