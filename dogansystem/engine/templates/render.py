"""Templates: Jinja in a sandbox, rendered over plain data. Source: workflow-format.md, semantics 8.

A string that is one `{{ … }}`, spaces around it aside, gives the value itself with its type; other text gives text,
in which null is nothing. Whatever is wrong with a template ends in a TemplateError that names the template and the
path its author wrote, in bounded time and memory (see `budget`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dogansystem.engine.errors import TemplateError
from dogansystem.engine.templates import budget
from dogansystem.engine.templates.compiled import compile_template
from dogansystem.engine.templates.compiled import is_template as is_template
from dogansystem.engine.templates.plain import to_json_value as to_json_value
from dogansystem.engine.templates.sandbox import ENVIRONMENT

_Path = tuple[Any, ...]  # the keys: a rendering that goes well joins no text


def render(value: Any, context: Mapping[str, Any], path: str = "") -> Any:
	"""`value` with every template in it rendered over `context`: plain JSON data.

	Goes into mappings (not their keys) and lists. `path` names the value in errors, such as `params`.

	Raises:
		TemplateError: a template that cannot be rendered; the text names it as `params.to`.
	"""
	budget.start()
	return _render(value, {**ENVIRONMENT.globals, **context}, (path,))


def _render(value: Any, context: dict[str, Any], path: _Path) -> Any:
	kind = type(value)
	if kind is str:
		return _render_text(value, context, path) if is_template(value) else value
	if kind is dict:
		return {key: _render(inner, context, (*path, key)) for key, inner in value.items()}
	if kind is list:
		return [_render(inner, context, (*path, index)) for index, inner in enumerate(value)]
	return value


def _render_text(text: str, context: dict[str, Any], path: _Path) -> Any:
	try:
		return compile_template(text).render(context)
	except TemplateError as error:
		name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
		raise TemplateError(f"{name}: {error}" if name else str(error)) from None


def truthy(value: Any, context: Mapping[str, Any], path: str = "if") -> bool:
	"""Whether a condition holds, as Python sees truth. A text without braces is an expression: `doc.total > 5`.

	Raises:
		TemplateError: the condition cannot be rendered.
	"""
	if isinstance(value, str):
		value = render(as_expression(value), context, path)
		if isinstance(value, str):
			value = value.strip()
	return bool(value)


def as_expression(text: str) -> str:
	"""A condition as a template: a text without braces is put between them."""
	return text if is_template(text) else f"{{{{ {text.strip()} }}}}"


def step_references(value: Any) -> set[str] | None:
	"""The ids of the steps that the templates in a value read; None when one of them may read any step."""
	found: set[str] = set()
	for _, text in places(value):
		steps = compile_template(text).steps
		if steps is None:
			return None
		found |= set(steps)
	return found


def places(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
	"""Every template in a value: its path from there (`filters.status[1]`) and its text."""
	if isinstance(value, str):
		if is_template(value):
			yield path, value
	elif isinstance(value, Mapping):
		for key, inner in value.items():
			yield from places(inner, f"{path}.{key}" if path else str(key))
	elif isinstance(value, list | tuple):
		for index, inner in enumerate(value):
			yield from places(inner, f"{path}[{index}]")
