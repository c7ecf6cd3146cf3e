"""The rules between the rooms of docs/architecture.md: who may import whom, and where Frappe may be named."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parent.parent / "dogansystem"

# What each room may import of this app. `sites.protocol` is the leaf that describes a site.
ALLOWED = {
	"engine": {"engine"},
	"store": {"engine", "store", "sites.protocol"},
	"worker": {"engine", "store", "sites.protocol", "worker", "actions.base", "triggers"},
	"triggers": {"engine", "store", "sites.protocol", "triggers"},
	"actions": {"engine", "sites.protocol", "actions"},
	"agents": {"engine", "store", "sites.protocol", "agents"},
	"health": {"engine", "store", "sites.protocol", "health"},
	"scaling": {"engine", "store", "sites.protocol", "health", "scaling", "actions.busy"},
	"sites": {"engine", "store", "sites", "actions", "triggers", "scaling"},
}
MAY_NAME_FRAPPE = (
	"sites/frappe_site.py",
	"sites/frappe/",
	"api/",
	"dogansystem/",
	"tests/",
	"hooks.py",
	"install.py",
	"jobs.py",
	"commands/",
)


def modules() -> list[Path]:
	return [path for path in sorted(APP.rglob("*.py")) if "node_modules" not in path.parts]


def imports(path: Path) -> Iterator[str]:
	"""The full names of what a module imports, `from a import b` as `a` and as `a.b`."""
	for node in ast.walk(ast.parse(path.read_text(), str(path))):
		if isinstance(node, ast.Import):
			yield from (alias.name for alias in node.names)
		elif isinstance(node, ast.ImportFrom):
			assert node.level == 0, f"{path}: imports are written out in full"
			yield node.module or ""
			yield from (f"{node.module}.{alias.name}" for alias in node.names)


def violations(path: Path) -> list[str]:
	inside = path.relative_to(APP)
	room = inside.parts[0]
	wrong = []
	for name in imports(path):
		if name.split(".")[0] == "frappe" and not str(inside).startswith(MAY_NAME_FRAPPE):
			wrong.append(f"{inside} imports {name}: Frappe is named only in {', '.join(MAY_NAME_FRAPPE)}")
		if name.split(".")[0] == "erpnext":
			wrong.append(f"{inside} imports {name}: ERPNext is never imported")
		if room in ALLOWED and name.startswith("dogansystem.") and name.count(".") > 1:
			target = name.removeprefix("dogansystem.")
			if not any(target == each or target.startswith(f"{each}.") for each in ALLOWED[room]):
				wrong.append(f"{inside} imports {name}: {room} may import {', '.join(sorted(ALLOWED[room]))}")
	return wrong


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_a_module_imports_only_what_its_room_may(path: Path):
	assert violations(path) == []


def test_the_rules_notice_a_module_that_breaks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	(tmp_path / "engine").mkdir()
	bad = tmp_path / "engine" / "bad.py"
	bad.write_text("import frappe\nfrom dogansystem.store import queue\nimport erpnext.stock\n")
	monkeypatch.setattr("tests.test_rooms.APP", tmp_path)
	assert len(violations(bad)) == 3


def test_no_module_is_crowded():
	crowded = {str(path.relative_to(APP)): len(path.read_text().splitlines()) for path in modules()}
	assert {name: lines for name, lines in crowded.items() if lines > 350} == {}


def whitelisted() -> Iterator[tuple[str, ast.FunctionDef]]:
	"""The methods of the API by module and name, as `workflows.start_run`."""
	for path in sorted((APP / "api").glob("*.py")):
		for node in ast.parse(path.read_text()).body:
			if isinstance(node, ast.FunctionDef) and any(
				ast.unparse(each).startswith("frappe.whitelist") for each in node.decorator_list
			):
				yield f"{path.stem}.{node.name}", node


def test_every_method_of_the_api_checks_its_arguments():
	without = [
		name
		for name, node in whitelisted()
		if [ast.unparse(each) for each in node.decorator_list][1:] != ["checked"]
	]
	assert without == [], "put @checked of dogansystem.api.arguments below @frappe.whitelist"


def test_every_method_of_the_api_has_a_row_that_says_who_may_call_it():
	tree = ast.parse((APP / "tests" / "attacks.py").read_text())
	(table,) = (
		node.value
		for node in tree.body
		if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "CALLS"
	)
	assert isinstance(table, ast.Dict)
	rows = {ast.literal_eval(key) for key in table.keys if key}
	assert rows == {name for name, _node in whitelisted()}, "CALLS of dogansystem/tests/attacks.py"


def test_only_the_api_is_whitelisted():
	outside = [
		str(path.relative_to(APP))
		for path in modules()
		if "frappe.whitelist" in path.read_text() and path.parent != APP / "api" and "tests" not in path.parts
	]
	assert outside == []
