"""Conditions that Frappe evaluates as Python, as expressions of our templates."""

import ast
import json
from collections.abc import Callable, Mapping

_COMPARES: Mapping[type[ast.cmpop], str] = {
	ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_SUMS: Mapping[type[ast.operator], str] = {
	ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%",
}  # fmt: skip
# Functions that templates have a word for, by the last part of their names.
_WORDS = {"nowdate": "(today | string)", "today": "(today | string)", "now": "now", "now_datetime": "now"}
_FILTERS = {
	"cint": "int", "flt": "float", "int": "int", "float": "float", "len": "length", "str": "string", "abs": "abs",
	"getdate": "date", "get_datetime": "datetime",
}  # fmt: skip
_MODULES = ("frappe.utils.", "frappe.", "utils.", "")


class Untranslatable(ValueError):
	"""A condition of which templates have no form. The text says why."""


def translated(condition: str, names: Mapping[str, str] | None = None) -> str:
	"""The expression in braces. `names`: what the names of the condition are called here; `doc` is `doc` by default.

	Raises Untranslatable.
	"""
	try:
		tree = ast.parse(condition.strip(), mode="eval")
	except SyntaxError as error:
		raise Untranslatable(f"{condition.strip()!r} is no Python expression: {error.msg}") from None
	return f"{{{{ {_Writer(names or {'doc': 'doc'}).of(tree.body)} }}}}"


class _Writer:
	def __init__(self, names: Mapping[str, str]) -> None:
		self.names = names

	def of(self, node: ast.expr) -> str:
		write: Callable[[ast.expr], str] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
		if write is None:
			raise Untranslatable(f"{ast.unparse(node)!r} has no form in templates")
		return write(node)

	def _boolop(self, node: ast.BoolOp) -> str:
		word = " and " if isinstance(node.op, ast.And) else " or "
		return f"({word.join(map(self.of, node.values))})"

	def _unaryop(self, node: ast.UnaryOp) -> str:
		sign = {ast.Not: "not ", ast.USub: "-"}.get(type(node.op))
		if sign is None:
			raise Untranslatable(f"{ast.unparse(node)!r} has no form in templates")
		return f"({sign}{self.of(node.operand)})"

	def _binop(self, node: ast.BinOp) -> str:
		sign = _SUMS.get(type(node.op))
		if sign is None:
			raise Untranslatable(f"{ast.unparse(node)!r} has no form in templates")
		return f"({self.of(node.left)} {sign} {self.of(node.right)})"

	def _compare(self, node: ast.Compare) -> str:
		text = self.of(node.left)
		for operator, right in zip(node.ops, node.comparators, strict=True):
			if isinstance(operator, ast.Is | ast.IsNot):
				if not (isinstance(right, ast.Constant) and right.value is None):
					raise Untranslatable(f"{ast.unparse(node)!r} has no form in templates")
				text += " is none" if isinstance(operator, ast.Is) else " is not none"
			else:
				text += f" {_COMPARES[type(operator)]} {self.of(right)}"
		return f"({text})"

	def _constant(self, node: ast.Constant) -> str:
		if node.value is None:
			return "none"
		if isinstance(node.value, bool):
			return str(node.value).lower()
		if isinstance(node.value, str | int | float):
			return json.dumps(node.value, ensure_ascii=False)
		raise Untranslatable(f"{ast.unparse(node)!r} has no form in templates")

	def _list(self, node: ast.List | ast.Tuple) -> str:
		return f"[{', '.join(map(self.of, node.elts))}]"

	_tuple = _list

	def _name(self, node: ast.Name) -> str:
		if node.id not in self.names:
			raise Untranslatable(f"nothing is called {node.id!r} in templates")
		return self.names[node.id]

	def _attribute(self, node: ast.Attribute) -> str:
		if ast.unparse(node) == "frappe.session.user":
			return "user"
		return f"{self.of(node.value)}.{node.attr}"

	def _ifexp(self, node: ast.IfExp) -> str:
		return f"({self.of(node.body)} if {self.of(node.test)} else {self.of(node.orelse)})"

	def _call(self, node: ast.Call) -> str:
		name = ast.unparse(node.func)
		if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and self._is_field(node):
			return f"{self.of(node.func.value)}.{node.args[0].value}"  # type: ignore[attr-defined]
		word = next((name.removeprefix(each) for each in _MODULES if name.startswith(each)), name)
		if word in _WORDS and not (node.args or node.keywords):
			return _WORDS[word]
		if word in _FILTERS and len(node.args) == 1 and not node.keywords:
			return f"({self.of(node.args[0])} | {_FILTERS[word]})"
		raise Untranslatable(f"templates have no function {name}")

	def _is_field(self, node: ast.Call) -> bool:
		"""Whether a call is `doc.get("field")`. Every field is there, so that a default is never asked for."""
		first = node.args[0] if node.args else None
		return isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.isidentifier()
