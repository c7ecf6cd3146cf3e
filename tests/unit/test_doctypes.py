"""The DocTypes' controllers name the fields that their JSON files have, as Frappe writes them in developer mode."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "dogansystem" / "dogansystem" / "doctype"
LAYOUT = {"Section Break", "Column Break", "Tab Break", "HTML", "Button", "Heading", "Fold", "Image"}
PARENT = {"parent", "parentfield", "parenttype"}


def doctypes() -> list[Path]:
	return sorted(path for path in FOLDER.glob("*/*.json") if path.stem == path.parent.name)


@pytest.mark.parametrize("path", doctypes(), ids=lambda path: path.stem)
def test_the_types_of_a_controller_are_those_of_its_fields(path: Path):
	content: dict[str, Any] = json.loads(path.read_text())
	fields = {each["fieldname"] for each in content["fields"] if each["fieldtype"] not in LAYOUT}
	typed = {
		node.target.id
		for node in ast.walk(ast.parse(path.with_suffix(".py").read_text()))
		if isinstance(node, ast.AnnAssign)
		and isinstance(node.target, ast.Name)
		and ast.unparse(node.annotation).startswith("DF.")
	}
	remedy = "save the DocType in developer mode, then run ruff check --fix and ruff format"
	assert typed == fields | (PARENT if content.get("istable") else set()), remedy
