"""Runs, steps, items, waits, queues and slots are written by store/changes alone."""

import re
from pathlib import Path

APP = Path(__file__).parents[3] / "dogansystem"
WRITER = APP / "store" / "changes"
TABLES = "tabDogan Workflow Run|tabDogan Step Run|dogan_ready|dogan_line|dogan_lease|dogan_slot|dogan_timer|dogan_watch|dogan_match"
WRITES = re.compile(
	rf"\b(INSERT INTO|REPLACE INTO|UPDATE|DELETE FROM|DELETE r FROM)\s+`?({TABLES})\b", re.IGNORECASE
)


def writes(path: Path) -> list[str]:
	return [" ".join(found.groups()) for found in WRITES.finditer(path.read_text())]


def sources() -> list[Path]:
	return [
		path for path in APP.rglob("*.py") if "tests" not in path.parts and "node_modules" not in path.parts
	]


def test_no_other_file_writes_them():
	found = {str(path.relative_to(APP)): writes(path) for path in sources() if WRITER not in path.parents}
	assert {name: each for name, each in found.items() if each} == {}


def test_a_file_that_does_is_noticed(tmp_path: Path):
	bad = tmp_path / "bad.py"
	bad.write_text(
		'db.execute("UPDATE `tabDogan Step Run` SET status = 1")\ndb.execute("DELETE FROM dogan_slot")\n'
	)
	assert writes(bad) == ["UPDATE tabDogan Step Run", "DELETE FROM dogan_slot"]
