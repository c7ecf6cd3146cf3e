"""One template, compiled once and kept: how it is rendered, and what it reads."""

import math
import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import Undefined, meta, nodes

from dogansystem.engine.definitions.problems import closest
from dogansystem.engine.errors import OutputNotJSON, OutputTooLarge, TemplateError
from dogansystem.engine.templates import budget
from dogansystem.engine.templates.plain import to_json_value, whole
from dogansystem.engine.templates.sandbox import EACH, Sandbox

ENVIRONMENT = Sandbox()

MAX_TEXT = 64 * 1024  # characters of one template: compiling takes up to 20 microseconds for each
# Templates that stay compiled in a process; in memory they are up to 500 times as long as their text.
_SHORT = 1024  # characters
_KEPT_SHORT, _KEPT_LONG = 2048, 32
_RESULT = "result"
_MAX_REASON = 500  # characters of another library's error text

# Tags that load, repeat or collect more than a rendering may, or that change how the rest is read.
_REFUSED: Mapping[type[nodes.Node], str] = {
	nodes.Macro: "macro",
	nodes.CallBlock: "call",
	nodes.FilterBlock: "filter",
	nodes.AssignBlock: "set … endset",
	nodes.Block: "block",
	nodes.Extends: "extends",
	nodes.Include: "include",
	nodes.Import: "import",
	nodes.FromImport: "from … import",
	nodes.ScopedEvalContextModifier: "autoescape",
	nodes.NSRef: "set with a dot",
}

_PARTS = (nodes.Getattr, nodes.Getitem)

# What a bad template can raise; anything else, such as a step's timeout, is not the template's doing.
_FAULTS = (
	ArithmeticError,
	AssertionError,
	AttributeError,
	LookupError,
	MemoryError,
	NotImplementedError,
	RecursionError,
	RuntimeError,
	SyntaxError,
	TypeError,
	ValueError,
	jinja2.TemplateError,
)


def is_template(text: str) -> bool:
	"""Whether a text has anything to render."""
	return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


class Compiled:
	"""A template that may be rendered many times, by many threads.

	Attributes:
		single: whether it is one expression, which gives a value with its type.
		names: the names it reads from the outside.
		steps: the steps it reads, each with the keys it reads of them; None when it may read any step.
	"""

	__slots__ = ("names", "single", "steps", "template", "text")

	def __init__(self, text: str) -> None:
		if len(text) > MAX_TEXT:
			raise TemplateError(
				f"has {len(text):,} characters; at most {MAX_TEXT:,} are allowed, keep long texts in an Email Template"
			)
		self.text = text
		tree = ENVIRONMENT.parse(text.strip())
		expression = single_expression(tree)
		if expression is None:
			tree = ENVIRONMENT.parse(text)
		self.single = expression is not None
		refuse(tree)
		self.names = frozenset(meta.find_undeclared_variables(tree)) - ENVIRONMENT.globals.keys()
		self.steps = steps_read(tree)
		if expression is not None:
			tree = nodes.Template(
				[nodes.Assign(nodes.Name(_RESULT, "store"), expression, lineno=1)], lineno=1
			)
			tree.set_environment(ENVIRONMENT)
		for loop in tree.find_all(nodes.For):
			loop.iter = nodes.Filter(
				loop.iter, EACH, [], [], None, None, lineno=loop.lineno, environment=ENVIRONMENT
			)
		self.template = ENVIRONMENT.from_string(tree)

	def render(self, context: dict[str, Any]) -> Any:
		"""The value or text over `context`, which has the environment's globals too. Raises TemplateError."""
		try:
			return self._value(context) if self.single else self._text(context)
		except TemplateError:
			raise
		except (OutputNotJSON, OutputTooLarge) as error:
			raise TemplateError(f"gives what cannot be kept: {error}") from None
		except _FAULTS as error:
			raise TemplateError(self._reason(error)) from None

	def _value(self, context: dict[str, Any]) -> Any:
		values = self.template.new_context(context, shared=True)
		for _ in self.template.root_render_func(values):
			pass
		result = values.vars[_RESULT]
		if isinstance(result, Undefined):
			str(result)  # raises the error with its path
		return to_json_value(result)

	def _text(self, context: dict[str, Any]) -> str:
		pieces = []
		size = 0
		for piece in self.template.root_render_func(self.template.new_context(context, shared=True)):
			size += len(piece)
			if size > budget.MAX_RESULT:
				raise budget.Overrun(f"gives more than {budget.MAX_RESULT:,} characters; give less")
			pieces.append(piece)
		return whole("".join(pieces))

	def _reason(self, error: BaseException) -> str:
		reason = reason_of(error)
		if "\n" not in self.text.strip():
			return reason
		lines = [
			frame.lineno
			for frame in traceback.extract_tb(error.__traceback__)
			if frame.filename == "<template>" and frame.lineno
		]
		return f"line {self.template.get_corresponding_lineno(lines[-1])}: {reason}" if lines else reason


def reason_of(error: BaseException) -> str:
	"""Why a template failed, in words for its author."""
	if isinstance(error, RecursionError | SyntaxError):
		return "is nested too deeply; take it apart"
	if isinstance(error, MemoryError):
		return "needs too much memory; give it less"
	if isinstance(error, jinja2.TemplateSyntaxError):
		where = f"line {error.lineno}: " if error.lineno and error.lineno > 1 else ""
		return f"{where}not a valid template: {error.message}; see the Jinja syntax"
	text = str(error)[:_MAX_REASON]
	if isinstance(error, jinja2.TemplateError):
		return text
	return f"{text or type(error).__name__} ({type(error).__name__}); check the values it works on"


def compile_template(text: str) -> Compiled:
	"""The compiled form of a template's text. Raises TemplateError for one that can never be rendered."""
	return _short(text) if len(text) <= _SHORT else _long(text)


def _compile(text: str) -> Compiled:
	try:
		return Compiled(text)
	except TemplateError:
		raise
	except _FAULTS as error:
		raise TemplateError(reason_of(error)) from None


_short = lru_cache(maxsize=_KEPT_SHORT)(_compile)
_long = lru_cache(maxsize=_KEPT_LONG)(_compile)


def single_expression(tree: nodes.Template) -> nodes.Expr | None:
	"""The expression of a template that is one `{{ … }}` and nothing else."""
	if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
		return None
	inner = tree.body[0].nodes
	return inner[0] if len(inner) == 1 and not isinstance(inner[0], nodes.TemplateData) else None


def refuse(tree: nodes.Template) -> None:
	"""Raise TemplateError for tags, filters and tests that templates do not have."""
	for node in tree.find_all(nodes.Node):
		tag = _REFUSED.get(type(node))
		if tag:
			raise TemplateError(
				f"line {node.lineno}: the tag {tag!r} is not available; use for, if, set or a filter"
			)
		if isinstance(node, nodes.Const) and isinstance(node.value, float) and not math.isfinite(node.value):
			raise TemplateError(f"line {node.lineno}: a number is too large; write a smaller one")
		if isinstance(node, nodes.For) and node.recursive:
			raise TemplateError(f"line {node.lineno}: a loop cannot be recursive; write one loop in another")
		if isinstance(node, nodes.Filter) and node.name not in ENVIRONMENT.filters:
			raise TemplateError(f"no filter named {node.name!r}{near(node.name, ENVIRONMENT.filters)}")
		if isinstance(node, nodes.Test) and node.name not in ENVIRONMENT.tests:
			raise TemplateError(f"no test named {node.name!r}{near(node.name, ENVIRONMENT.tests)}")


def near(name: str, names: Mapping[str, Any]) -> str:
	found = closest(name, (each for each in names if not each.startswith("_")))
	return f" (did you mean {found!r}?)" if found else "; see the list of filters in the reference"


def steps_read(tree: nodes.Template) -> dict[str, set[str]] | None:
	"""The steps that a template names, each with the keys it names of them; None when it may read any step."""
	named: dict[str, set[str]] = {}
	direct = 0
	for node in tree.find_all(_PARTS):
		if not isinstance(node, _PARTS):
			continue
		inner, key = node.node, _key(node)
		if _is_steps(inner) and key is not None:
			direct += 1
			named.setdefault(key, set())
		elif isinstance(inner, _PARTS) and _is_steps(inner.node):
			above = _key(inner)
			if above is not None and key is not None:
				named.setdefault(above, set()).add(key)
	if direct != sum(map(_is_steps, tree.find_all(nodes.Name))):
		return None
	return named


def _is_steps(node: nodes.Node) -> bool:
	return isinstance(node, nodes.Name) and node.name == "steps"


def _key(node: nodes.Getattr | nodes.Getitem) -> str | None:
	if isinstance(node, nodes.Getattr):
		return node.attr
	return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) else None
