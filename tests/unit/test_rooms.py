"""The rules between the rooms of docs/architecture.md: who may import whom, and where Frappe may be named."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "dogansystem"

# From the bottom to the top: a room imports what is below it, and beside it only where that does not go round in a circle.
LEVELS = (
	{"protocol"},
	{"engine"},
	{"store"},
	{"actions", "triggers", "people"},
	{"worker", "agents", "proving"},
	{"scaling", "health"},
	{"orchestrator"},
	{"homes", "workflows"},
	{
		"api",
		"commands",
		"terminal",
		"testing",
		"cli",
		"jobs",
		"install",
		"hooks",
		"patches",
		"www",
		"__init__",
		"__main__",
		"dogansystem",
	},
)
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
MAY_NAME_FRAPPE = (
	"homes/frappe/",
	"api/",
	"dogansystem/",
	"tests/",
	"hooks.py",
	"install.py",
	"jobs.py",
	"commands/",
	"www/",
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


def room_of(path: Path) -> str:
	return path.relative_to(APP).parts[0].removesuffix(".py")


def violations(path: Path) -> list[str]:
	inside, room = path.relative_to(APP), room_of(path)
	wrong = []
	for name in imports(path):
		first, _, target = name.partition(".")
		if first == "frappe" and not str(inside).startswith(MAY_NAME_FRAPPE):
			wrong.append(f"{inside} imports {name}: Frappe is named only in {', '.join(MAY_NAME_FRAPPE)}")
		if first == "erpnext":
			wrong.append(f"{inside} imports {name}: ERPNext is never imported")
		other = target.split(".")[0]
		if first == "dogansystem" and room != "tests" and LEVEL_OF.get(other, 0) > LEVEL_OF[room]:
			wrong.append(f"{inside} imports {name}: {other} is above {room}")
	return wrong


def module_of(path: Path) -> str:
	parts = ("dogansystem", *path.relative_to(APP).with_suffix("").parts)
	return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
	"""The groups of nodes that reach each other, by Tarjan's algorithm."""
	index: dict[str, int] = {}
	low: dict[str, int] = {}
	stack: list[str] = []
	found = []

	def visit(node: str) -> None:
		index[node] = low[node] = len(index)
		stack.append(node)
		for other in sorted(graph.get(node, ())):
			if other not in index:
				visit(other)
				low[node] = min(low[node], low[other])
			elif other in stack:
				low[node] = min(low[node], index[other])
		if low[node] == index[node]:
			group = stack[stack.index(node) :]
			del stack[stack.index(node) :]
			if len(group) > 1:
				found.append(sorted(group))

	for node in sorted(graph):
		if node not in index:
			visit(node)
	return found


def import_graph() -> dict[str, set[str]]:
	"""For each module of the app the modules it imports. Tests are left out, and the package's face, which has the version."""
	known = {module_of(path): path for path in modules() if "tests" not in path.parts}
	del known["dogansystem"]
	return {module: {each for each in imports(path) if each in known} for module, path in known.items()}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_a_module_imports_only_what_its_room_may(path: Path):
	assert violations(path) == []


def test_the_rules_notice_a_module_that_breaks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	(tmp_path / "engine").mkdir()
	bad = tmp_path / "engine" / "bad.py"
	bad.write_text("import frappe\nfrom dogansystem.store import queue\nimport erpnext.stock\n")
	monkeypatch.setattr("tests.unit.test_rooms.APP", tmp_path)
	assert len(violations(bad)) == 4  # `from a import b` counts as a and as a.b


def test_no_module_imports_itself_by_way_of_others():
	assert circles(import_graph()) == []


def test_no_room_imports_itself_by_way_of_others():
	rooms: dict[str, set[str]] = {}
	for module, others in import_graph().items():
		if module.count("."):
			room = module.split(".")[1]
			rooms.setdefault(room, set()).update(
				{each.split(".")[1] for each in others if "." in each} - {room}
			)
	assert circles(rooms) == []


def test_a_circle_is_found():
	assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_no_module_is_crowded():
	crowded = {str(path.relative_to(APP)): len(path.read_text().splitlines()) for path in modules()}
	assert {name: lines for name, lines in crowded.items() if lines > 350} == {}


PRIVATE_TO_FRAPPE = {"_action", "_conn", "__wrapped__", "DatabaseQuery", "generate_qname", "get_server_script_map", "run_server_script", "transaction_writes", "value_cache"}  # fmt: skip


def test_private_names_of_frappe_stand_in_one_file():
	found = {
		f"{path.relative_to(APP)}: {name}"
		for path in modules()
		if str(path.relative_to(APP)).startswith(MAY_NAME_FRAPPE) and "tests" not in path.parts
		for node in ast.walk(ast.parse(path.read_text()))
		for name in (
			getattr(node, "attr", None),
			*(each.name for each in getattr(node, "names", ()) if isinstance(each, ast.alias)),
		)
		if name in PRIVATE_TO_FRAPPE
	}
	assert {each for each in found if not each.startswith("homes/frappe/compat.py")} == set()


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
