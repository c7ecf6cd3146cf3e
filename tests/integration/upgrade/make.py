"""Makes the fixtures of this folder: `PYTHONPATH=OLD_CHECKOUT python make.py NAME DATABASE_URL` with an older version's code.

Writes `NAME.sqlite.sql` or `NAME.mariadb.sql`: statements, one to a line, that bring an empty database to where that
version left it, with runs under way in every state.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import states
from dogansystem.sites.sandbox import Sandbox, TestClock

from dogansystem.worker.drainer import Drainer

FOLDER = Path(__file__).parent
START = 1_767_603_600.0  # 2026-01-05 09:00 UTC


def main(name: str, url: str) -> None:
	"""Make the runs and write the file."""
	with _sandbox(url) as sandbox:
		runs = states.Maker(sandbox, lambda: _die(url)).make()
		found, dialect = states.statuses(sandbox, runs), sandbox.dialect
		statements = list(_mariadb(sandbox)) if dialect == "mariadb" else []
	expected = {each: before for each, (_, before, _) in states.RUNS.items()}
	if found != expected:
		raise SystemExit(f"They are not as they should be: {found}")
	statements = statements or _sqlite(url)
	comment = f"-- {json.dumps({'at': START, 'runs': runs})}"
	path = FOLDER / f"{name}.{dialect}.sql"
	path.write_text("\n".join([comment, *statements]) + "\n")


def drain(url: str) -> None:
	"""What the process does that a step kills."""
	with _sandbox(url) as sandbox:
		Drainer(sandbox, until=lambda: True).run()


def _sandbox(url: str) -> Sandbox:
	sandbox = Sandbox(url, clock=TestClock(START), timezone="UTC")
	for method, function in states.BEFORE.items():
		sandbox.whitelist(method, function)
	return sandbox


def _die(url: str) -> bool:
	process = subprocess.run([sys.executable, __file__, "--drain", url], env=os.environ, check=False)
	return process.returncode == -9


def _sqlite(path: str) -> list[str]:
	"""The statements of SQLite's own dump, those of several lines joined."""
	with sqlite3.connect(path) as connection:
		return [" ".join(each.split("\n")) for each in connection.iterdump()]


def _mariadb(sandbox: Sandbox) -> Iterator[str]:
	"""Tables and rows as statements, without what differs between servers."""
	db = sandbox.database
	for (table,) in db.sql("SHOW TABLES"):
		((_, created),) = db.sql(f"SHOW CREATE TABLE `{table}`")
		yield " ".join(created.split()) + ";"
		for row in db.sql(f"SELECT * FROM `{table}`"):
			yield f"INSERT INTO `{table}` VALUES ({', '.join(map(_literal, row))});"


def _literal(value: object) -> str:
	if value is None or isinstance(value, int | float):
		return "NULL" if value is None else repr(value)
	text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
	return f"'{text}'"


if __name__ == "__main__":
	drain(sys.argv[2]) if sys.argv[1] == "--drain" else main(*sys.argv[1:])
