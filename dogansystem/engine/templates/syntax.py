"""The syntax tree of a template: what is refused in it, what it reads, and where the sandbox's own filters go in.

Only nodes that Jinja documents are used: `refuse` and `read` look at the tree as its author wrote it, and `charge` puts
filters around whatever the environment does not see otherwise (loops, slices, `~`, comparisons, tuples).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from dogansystem.engine.definitions.problems import closest
from dogansystem.engine.errors import TemplateError
from dogansystem.engine.templates.sandbox import ENVIRONMENT

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
_UNKNOWN = object()


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
		if isinstance(node, nodes.Filter):
			_check_name("filter", node.name, ENVIRONMENT.filters)
		if isinstance(node, nodes.Test):
			_check_name("test", node.name, ENVIRONMENT.tests)


def _check_name(kind: str, name: str, names: Mapping[str, Any]) -> None:
	if name.startswith("_") or name not in names:
		found = closest(name, (each for each in names if not each.startswith("_")))
		remedy = f" (did you mean {found!r}?)" if found else "; see the list of filters in the reference"
		raise TemplateError(f"no {kind} named {name!r}{remedy}")


def read(tree: nodes.Template, name: str) -> dict[str, set[str]] | None:
	"""The keys that a template reads of the variable `name`, each with the keys it reads of them.

	None when it may read any key: the variable is used as a whole, with a computed key, or is set by the template.
	"""
	found: dict[str, set[str]] = {}
	direct = 0
	for node in tree.find_all(_PARTS):
		inner, key = node.node, _key(node)  # type: ignore[attr-defined]
		if _is_name(inner, name) and key is not None:
			direct += 1
			found.setdefault(key, set())
		elif isinstance(inner, _PARTS) and _is_name(inner.node, name):
			above = _key(inner)
			if above is not None and key is not None:
				found.setdefault(above, set()).add(key)
	return found if direct == sum(_is_name(node, name) for node in tree.find_all(nodes.Name)) else None


def _is_name(node: nodes.Node, name: str) -> bool:
	return isinstance(node, nodes.Name) and node.name == name


def _key(node: Any) -> str | None:
	key = _any_key(node)
	return key if isinstance(key, str) else None


def _any_key(node: Any) -> Any:
	if isinstance(node, nodes.Getattr):
		return node.attr
	return node.arg.value if isinstance(node.arg, nodes.Const) else _UNKNOWN


def charge(node: Any) -> Any:
	"""The same tree with the sandbox's own filters in it: whatever may take long is charged for."""
	for field, value in node.iter_fields():
		if isinstance(value, nodes.Node):
			setattr(node, field, charge(value))
		elif isinstance(value, list):
			setattr(node, field, [charge(each) if isinstance(each, nodes.Node) else each for each in value])
	change = _CHANGES.get(type(node))
	return change(node) if change else node


def _filter(name: str, node: Any, *arguments: Any) -> nodes.Filter:
	return nodes.Filter(
		node, name, list(arguments), [], None, None, lineno=node.lineno, environment=ENVIRONMENT
	)


def _charge_loop(node: nodes.For) -> nodes.Node:
	node.iter = _filter("_each", node.iter)
	return node


def _charge_side(node: Any) -> nodes.Node:
	node.expr = _filter("_side", node.expr)
	return node  # type: ignore[no-any-return]


def _complete(node: nodes.CondExpr) -> nodes.Node:
	if node.expr2 is None:
		node.expr2 = nodes.Const(None, lineno=node.lineno)
	return node


_CHANGES: Mapping[type, Callable[[Any], nodes.Node]] = {
	nodes.Compare: _charge_side,
	nodes.Concat: lambda node: _filter("_joined", *node.nodes),
	nodes.CondExpr: _complete,
	nodes.For: _charge_loop,
	nodes.Getitem: lambda node: _filter("_made", node) if isinstance(node.arg, nodes.Slice) else node,
	nodes.Operand: _charge_side,
	nodes.Tuple: lambda node: _filter("_weighed", node) if node.ctx == "load" else node,
}


def path_to(tree: nodes.Template, context: Mapping[str, Any], source: Any, name: Any) -> tuple[str, str]:
	"""How the author wrote the place where `source` was asked for `name`, and how `source` itself.

	Found by following the names of each such place over the context. Where a loop's variable leads to several places
	that look alike, it is the name alone.
	"""
	places = [
		node
		for node in tree.find_all(_PARTS)
		if (key := _any_key(node)) is _UNKNOWN or (key == name and type(key) is type(name))
	]
	for node in places:
		if _value_of(node.node, context) is source:  # type: ignore[attr-defined]
			return written(node), written(node.node)  # type: ignore[attr-defined]
	known = {written(node): written(node.node) for node in places}  # type: ignore[attr-defined]
	return next(iter(known.items())) if len(known) == 1 else (str(name), "")


def _value_of(node: nodes.Node, context: Mapping[str, Any]) -> Any:
	if isinstance(node, nodes.Name):
		return context.get(node.name, _UNKNOWN)
	if not isinstance(node, _PARTS):
		return _UNKNOWN
	above, key = _value_of(node.node, context), _any_key(node)
	try:
		return above[key] if isinstance(above, Mapping | list) else _UNKNOWN
	except (LookupError, TypeError):
		return _UNKNOWN


def written(node: nodes.Node) -> str:
	"""How the author wrote a chain of names: `steps.quotes.output[0].name`."""
	if isinstance(node, nodes.Name):
		return node.name
	if not isinstance(node, _PARTS):
		return "(…)"
	key = _any_key(node)
	if key is _UNKNOWN:
		return f"{written(node.node)}[…]"
	return f"{written(node.node)}.{key}" if isinstance(key, str) else f"{written(node.node)}[{key}]"
