"""A sandbox of each kind for every test: a SQLite file, and a MariaDB database where a server listens.

`DOGAN_TEST_MARIADB` names the server (mariadb://user:password@host:port/); by default root/root on 127.0.0.1:3306.
`DOGAN_TEST_MARIADB_FURTHER` names servers of other versions, with a space between: these tests run on each of them too.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from urllib.parse import urlsplit

import pymysql
import pytest

from dogansystem.homes.sandbox import Sandbox, TestClock

SERVER = os.environ.get("DOGAN_TEST_MARIADB", "mariadb://root:root@127.0.0.1:3306/")
FURTHER = os.environ.get("DOGAN_TEST_MARIADB_FURTHER", "").split()
START = 1_750_000_000.0  # 2025-06-15 15:06:40 UTC


@pytest.fixture(scope="session")
def new_mariadb_url() -> Iterator[Callable[[str], str]]:
	"""Gives the URL of a database of this test session's own on the server of a URL, the same one each time."""
	with ExitStack() as stack:
		yield cache(lambda server: stack.enter_context(_database_on(server)))


@contextmanager
def _database_on(given: str) -> Iterator[str]:
	server = urlsplit(given)
	try:
		admin = pymysql.connect(
			host=server.hostname or "127.0.0.1",
			port=server.port or 3306,
			user=server.username or "root",
			password=server.password or "",
			autocommit=True,
		)
	except pymysql.err.OperationalError as error:
		pytest.skip(f"no MariaDB at {server.hostname}:{server.port or 3306}: {error.args[-1]}")
	name = f"dogan_test_{secrets.token_hex(4)}"
	with admin, admin.cursor() as cursor:
		cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
		try:
			yield f"mariadb://{server.netloc}/{name}"
		finally:
			cursor.execute(f"DROP DATABASE `{name}`")


@pytest.fixture(scope="session")
def mariadb_url(new_mariadb_url: Callable[[str], str]) -> str:
	"""The URL of a database of this test session's own."""
	return new_mariadb_url(SERVER)


@pytest.fixture
def empty_mariadb_url(mariadb_url: str) -> Iterator[str]:
	"""The same database, empty again after the test."""
	yield mariadb_url
	empty(mariadb_url)


def empty(url: str) -> None:
	"""Delete what a test has left in a database."""
	with Sandbox(url) as sandbox:
		tables = [row[0] for row in sandbox.database.sql("SHOW TABLES")]
		for table in tables:
			# The mark of the tables' description stays: making all tables anew takes most of a second.
			kept = " WHERE name <> 'schema'" if table == "sandbox_state" else ""
			sandbox.database.execute(f"DELETE FROM `{table}`{kept}")
		sandbox.database.commit()


@pytest.fixture(params=["sqlite", "mariadb", *FURTHER])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
	"""Where to open a sandbox: SQLite, and each version of MariaDB that was given."""
	if request.param == "sqlite":
		yield str(tmp_path_factory.mktemp("sandbox") / "test.db")
		return
	server = SERVER if request.param == "mariadb" else request.param
	found: str = request.getfixturevalue("new_mariadb_url")(server)
	yield found
	empty(found)


@pytest.fixture
def clock() -> TestClock:
	return TestClock(START)


@pytest.fixture
def sandbox(url: str, clock: TestClock) -> Iterator[Sandbox]:
	"""An empty sandbox with a clock that stands still."""
	with Sandbox(url, clock=clock, timezone="UTC") as opened:
		yield opened
