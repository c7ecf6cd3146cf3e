"""A database of a test's own, looked at with no release's code: what is there, whoever wrote it."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pymysql

ENDED = "('Succeeded', 'Failed', 'Cancelled')"
TABLES = ("ready", "lease", "line", "slot")


class Database:
	"""A connection that sees every commit at once."""

	def __init__(self, url: str) -> None:
		self.url = url
		self._connection = connect(url)

	def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
		"""Rows as they are now."""
		with self._connection.cursor() as cursor:
			cursor.execute(query, values)
			return list(cursor.fetchall())

	def number(self, query: str, values: Sequence[Any] = ()) -> Any:
		"""The one value that a query gives."""
		return self.ask(query, values)[0][0]

	def runs(self) -> dict[str, tuple[str, str]]:
		"""The workflow and the status of every run."""
		rows = self.ask("SELECT name, workflow, status FROM `tabDogan Workflow Run`")
		return {name: (workflow, status) for name, workflow, status in rows}

	def unfinished(self) -> int:
		"""How many runs have not ended."""
		return int(self.number(f"SELECT COUNT(*) FROM `tabDogan Workflow Run` WHERE status NOT IN {ENDED}"))

	def left(self) -> dict[str, int]:
		"""What is left in the queues, in hand and in slots."""
		counts = {table: self.number(f"SELECT COUNT(*) FROM dogan_{table}") for table in TABLES}
		return {table: rows for table, rows in counts.items() if rows}

	def describe(self) -> str:
		"""Where unfinished work stands."""
		query = (
			"SELECT r.name, r.workflow, r.status, r.ending, s.name, s.status, s.attempts, s.error"
			" FROM `tabDogan Workflow Run` r JOIN `tabDogan Step Run` s ON s.run = r.name"
			" WHERE r.status <> 'Succeeded' ORDER BY r.name, s.position, s.item LIMIT 30"
		)
		rows = [str(row) for row in self.ask(query)]
		for table in (*TABLES, "timer", "process"):
			rows.append(f"{table}: {self.ask(f'SELECT * FROM dogan_{table} LIMIT 10')}")
		return "\n".join(rows)


def connect(url: str, database: str | None = None) -> "pymysql.connections.Connection[Any]":
	"""A connection to the database of a URL, or to another one on its server; empty: to none."""
	server = urlsplit(url)
	return pymysql.connect(
		host=server.hostname or "127.0.0.1",
		port=server.port or 3306,
		user=server.username or "root",
		password=server.password or "",
		database=server.path.strip("/") if database is None else database or None,
		autocommit=True,
	)


@contextmanager
def new_database(server: str) -> Iterator[str]:
	"""The URL of a new database on the server of the URL `server`; it is dropped when the block is left."""
	name = f"dogan_test_{secrets.token_hex(4)}"
	with connect(server, "") as admin, admin.cursor() as cursor:
		cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
		try:
			yield f"mariadb://{urlsplit(server).netloc}/{name}"
		finally:
			cursor.execute(f"DROP DATABASE `{name}`")
