"""The texts that people read, as Frappe looks them up in `translations/<language>.csv`: `python -m tests.unit.texts ar` prints
those that a language does not have yet."""

import ast
import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dogansystem.actions.editing import vocabulary
from dogansystem.actions.registry import core_actions

APP = Path(__file__).parents[2] / "dogansystem"
FOLDER = APP / "translations"
_LITERAL = r"""\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\$]|\\.)*`)"""
_IN_SCRIPT = re.compile(r"\b__" + _LITERAL)
_IN_PAGE = re.compile(r"\b_" + _LITERAL)
_SCRIPTS = frozenset({".js", ".mjs", ".vue"})
_SANDBOX = APP / "public" / "js" / "dogan_ui"  # the sandbox's own page, which speaks English
_WORDS = APP / "public" / "js" / "dogan_canvas" / "words.js"
_FOLDERS = ("dogansystem", "workspace_sidebar", "desktop_icon")
_NAMES = frozenset({"label", "description", "title"})
_NOT_WORDS = re.compile(r"^[\W\d_]*$")


def found() -> set[str]:
	"""Every text of the app that is looked up."""
	texts = {text for path in APP.rglob("*.py") if "tests" not in path.parts for text in _of_python(path)}
	texts |= {text for path in scripts() for text in _of_script(path, _IN_SCRIPT)}
	for folder in ("www", "templates"):
		texts |= {text for path in (APP / folder).rglob("*.html") for text in _of_script(path, _IN_PAGE)}
	for folder in _FOLDERS:
		for path in (APP / folder).rglob("*.json"):
			texts |= set(_of_json(json.loads(path.read_text())))
	texts |= _of_vocabulary()
	return {text for text in texts if text and not _NOT_WORDS.match(text)}


def scripts() -> Iterator[Path]:
	"""The scripts and components of the desk."""
	for folder in ("public", "dogansystem"):
		for path in (APP / folder).rglob("*"):
			if path.suffix in _SCRIPTS and not path.is_relative_to(_SANDBOX):
				yield path


def translated(language: str) -> dict[str, str]:
	"""What a language has: text and translation."""
	with (FOLDER / f"{language}.csv").open(newline="", encoding="utf-8") as file:
		return {row[0]: row[1] for row in csv.reader(file) if row}


def _of_vocabulary() -> set[str]:
	"""What the canvas says of actions, and of the keys of a workflow, its steps and its triggers."""
	known = vocabulary(SimpleNamespace(actions=core_actions))  # type: ignore[arg-type]
	schemas = [action["schema"] for action in known["actions"]] + list(known["triggers"].values())
	schemas += [{"properties": known["step"]}, {"properties": known["workflow"]}]
	texts = {action[key] for action in known["actions"] for key in ("summary", "returns")}
	families = {_label(action["name"].split(".")[0]) for action in known["actions"]}
	not_shown = {_label("on")}  # what a trigger is has a title of its own
	return texts | (families | set(_of_schema(schemas))) - _named() - not_shown


def _of_schema(schema: Any) -> Iterator[str]:
	"""The labels of a JSON Schema's keys, and what it says of them."""
	if isinstance(schema, list):
		for each in schema:
			yield from _of_schema(each)
	elif isinstance(schema, dict):
		for key, inner in schema.items():
			if key == "properties":
				yield from map(_label, inner)
				yield from _of_schema(list(inner.values()))
			elif key in ("title", "description"):
				yield inner
			else:
				yield from _of_schema(inner)


def _label(key: str) -> str:
	"""A key as `label_of` of the canvas shows it, where that has no better word."""
	words = key.replace("_", " ")
	return words[:1].upper() + words[1:]


def _named() -> set[str]:
	"""The labels of the keys for which the canvas has a better word."""
	words = _WORDS.read_text(encoding="utf-8").split("LABELS = ")[1].split("});")[0]
	return {_label(key) for key in re.findall(r"(\w+): ", words)}


def _of_python(path: Path) -> Iterator[str]:
	for node in ast.walk(ast.parse(path.read_text())):
		is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
		if (
			is_call
			and node.args
			and isinstance(node.args[0], ast.Constant)
			and isinstance(node.args[0].value, str)
		):
			yield node.args[0].value


def _of_script(path: Path, pattern: re.Pattern[str]) -> Iterator[str]:
	for literal in pattern.findall(path.read_text()):
		yield str(ast.literal_eval(f'"""{literal[1:-1]}"""' if literal[0] == "`" else literal))


def _of_json(value: Any) -> Iterator[str]:
	"""The texts of a DocType, page, report, workspace, card or chart."""
	if isinstance(value, list):
		for each in value:
			yield from _of_json(each)
	elif isinstance(value, dict):
		if value.get("doctype") in ("DocType", "Report"):
			yield value["name"]
		for key, inner in value.items():
			if key in _NAMES and isinstance(inner, str):
				yield inner
			elif key == "options" and value.get("fieldtype") == "Select":
				yield from str(inner).split("\n")
			elif key == "options" and value.get("fieldtype") == "HTML":
				yield str(inner)
			else:
				yield from _of_json(inner)


if __name__ == "__main__":
	known = translated(sys.argv[1]) if (FOLDER / f"{sys.argv[1]}.csv").exists() else {}
	for text in sorted(found() - known.keys()):
		print(json.dumps(text, ensure_ascii=False))
