"""How programs call: Python, and HTTP."""

import ast
import inspect
from collections.abc import Container, Iterator
from pathlib import Path

from dogansystem import Orchestrator, Sandbox
from dogansystem.protocol import Site
from generator.markdown import code, summary, table, whole

API = Path(inspect.getfile(Orchestrator)).parent / "api"
PUBLIC_API = (
	"workflows",
	"agents",
	"signals",
	"webhooks",
	"approvals",
	"status",
	"scaling",
	"metrics",
)  # `desk` is for the app's own forms


def python() -> str:
	"""The front door's methods."""
	return _methods_of(Orchestrator)


def sandbox() -> str:
	"""The methods that a sandbox has and other sites have not."""
	return _methods_of(Sandbox, without=dir(Site))


def _methods_of(kind: type, without: Container[str] = ()) -> str:
	methods = [
		(name, function)
		for each in (kind, *kind.__bases__)
		for name, function in vars(each).items()
		if inspect.isfunction(function) and not name.startswith("_") and name not in without
	]
	return table(
		("method", "does"),
		[(code(_signature(name, function)), whole(function.__doc__)) for name, function in methods],
	)


def _signature(name: str, function: object) -> str:
	parameters = list(inspect.signature(function).parameters.values())[1:]  # type: ignore[arg-type]
	shown = ", ".join(str(each.replace(annotation=inspect.Parameter.empty)) for each in parameters)
	star = next((f"*, {each.name}" for each in parameters if each.kind is each.KEYWORD_ONLY), None)
	return f"{name}({shown.replace(star[3:], star, 1) if star else shown})"


def http() -> str:
	"""The whitelisted methods. Their modules import frappe, so they are read and not imported."""
	rows = [
		(code(f"dogansystem.api.{module}.{name}"), verb, parameters, text)
		for module in PUBLIC_API
		for name, verb, parameters, text in _methods(module)
	]
	return table(("method", "verb", "parameters", "does"), rows)


def _methods(module: str) -> Iterator[tuple[str, str, str, str]]:
	for node in ast.parse((API / f"{module}.py").read_text()).body:
		if not isinstance(node, ast.FunctionDef):
			continue
		for decorator in map(ast.unparse, node.decorator_list):
			if decorator.startswith("frappe.whitelist"):
				verb = "POST" if "POST" in decorator else "GET"
				yield node.name, verb, _parameters(node.args), summary(ast.get_docstring(node))


def _parameters(arguments: ast.arguments) -> str:
	"""The parameters' names; one that may be left out stands in brackets."""
	names = [each.arg for each in arguments.args]
	needed = len(names) - len(arguments.defaults)
	return ", ".join(
		code(name) if number < needed else f"[{code(name)}]" for number, name in enumerate(names)
	)
