"""The levels of the rooms, out of the test that holds them."""

import ast

from generator.calls import API
from generator.markdown import code, table

TEST = API.parents[1] / "tests" / "unit" / "test_rooms.py"


def write() -> str:
	"""The levels from the top to the bottom, each with its rooms."""
	levels = list(enumerate(_levels(), start=1))
	return table(
		("level", "rooms"), [(str(number), ", ".join(map(code, rooms))) for number, rooms in reversed(levels)]
	)


def _levels() -> list[list[str]]:
	for node in ast.parse(TEST.read_text()).body:
		if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LEVELS":
			assert isinstance(node.value, ast.Tuple)
			return [
				[room for room in map(ast.literal_eval, level.elts) if not room.startswith("__")]
				for level in node.value.elts
				if isinstance(level, ast.Set)
			]
	raise SystemExit(f"{TEST} has no LEVELS")
