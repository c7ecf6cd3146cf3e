"""One template, compiled once and kept: how it is rendered, and what it reads."""

import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import Undefined, meta, nodes

from dogansystem.engine.definitions.problems import closest
from dogansystem.engine.errors import OutputNotJSON, OutputTooLarge, TemplateError
from dogansystem.engine.templates import budget, syntax
from dogansystem.engine.templates.plain import to_json_value, whole
from dogansystem.engine.templates.sandbox import ENVIRONMENT, Absent

MAX_TEXT = 64 * 1024  # characters of one template: compiling takes up to 20 microseconds for each
# Templates that stay compiled in a process; in memory they are up to 500 times as long as their text.
_SHORT = 1024  # characters
_KEPT_SHORT, _KEPT_LONG = 2048, 32
_RESULT = "result"
_MAX_REASON = 500  # characters of another library's error text

# What a bad template can raise. Anything else, such as a step's timeout, is not the template's doing.
_FAULTS = (
	ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, NotImplementedError, RecursionError,
	RuntimeError, SyntaxError, TypeError, ValueError, jinja2.TemplateError,
)  # fmt: skip


def is_template(text: str) -> bool:
	"""Whether a text has anything to render."""
	return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


class Compiled:
	"""A template that may be rendered many times, by many threads.

	Attributes:
		single: whether it is one expression, which gives a value with its type.
		names: the names it reads from the outside.
		steps, doc, parameters: the keys it reads of these variables, each with the keys it reads of them; None when it may read any.
	"""

	__slots__ = ("doc", "names", "parameters", "single", "steps", "template", "text")

	def __init__(self, text: str) -> None:
		if len(text) > MAX_TEXT:
			remedy = f"at most {MAX_TEXT:,} are allowed, keep long texts in an Email Template"
			raise TemplateError(f"has {len(text):,} characters; {remedy}")
		self.text = text
		tree = ENVIRONMENT.parse(text.strip())
		expression = syntax.single_expression(tree)
		if expression is None:
			tree = ENVIRONMENT.parse(text)
		self.single = expression is not None
		syntax.refuse(tree)
		self.names = frozenset(meta.find_undeclared_variables(tree)) - ENVIRONMENT.globals.keys()
		self.steps = syntax.read(tree, "steps")
		self.doc = syntax.read(tree, "doc")
		self.parameters = syntax.read(tree, "parameters")
		if expression is not None:
			tree.body = [nodes.Assign(nodes.Name(_RESULT, "store"), expression, lineno=1)]
			tree.set_environment(ENVIRONMENT)
		self.template = ENVIRONMENT.from_string(syntax.charge(tree))

	def render(self, context: dict[str, Any]) -> Any:
		"""The value or text over `context`, which has the environment's globals too. Raises TemplateError."""
		try:
			return self._value(context) if self.single else self._text(context)
		except TemplateError:
			raise
		except (OutputNotJSON, OutputTooLarge) as error:
			raise TemplateError(f"gives what cannot be kept: {error}") from None
		except _FAULTS as error:
			raise TemplateError(self._reason(error, context)) from None

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

	def _reason(self, error: BaseException, context: Mapping[str, Any]) -> str:
		reason = self._absent(error, context) if isinstance(error, Absent) else reason_of(error)
		frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == "<template>"]
		if not frames or "\n" not in self.text.strip():
			return reason
		return f"line {self.template.get_corresponding_lineno(frames[-1].lineno or 1)}: {reason}"

	def _absent(self, error: Absent, context: Mapping[str, Any]) -> str:
		path, above = syntax.path_to(ENVIRONMENT.parse(self.text), context, error.source, error.name)
		if error.source is None:
			return f"{path} does not exist, {above or 'what it is taken from'} is empty"
		near = closest(str(error.name), map(str, error.source)) if isinstance(error.source, Mapping) else None
		remedy = f" (did you mean {near!r}?)" if near else "; add `| default(…)` if it may be missing"
		return f"{path} does not exist{remedy}"


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
