"""A sandbox of each kind for every test: a SQLite file, and a MariaDB database where a server listens.

`DOGAN_TEST_MARIADB` names the server (mariadb://user:password@host:port/); by default root/root on 127.0.0.1:3306.
"""

import os
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import pymysql
import pytest

from dogansystem.homes.sandbox import Sandbox, TestClock

DEFAULT_SERVER = "mariadb://root:root@127.0.0.1:3306/"
START = 1_750_000_000.0  # 2025-06-15 15:06:40 UTC


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
	"""The URL of a database of this test session's own."""
	given = os.environ.get("DOGAN_TEST_MARIADB", DEFAULT_SERVER)
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


@pytest.fixture
def empty_mariadb_url(mariadb_url: str) -> Iterator[str]:
	"""The same database, empty again after the test."""
	yield mariadb_url
	with Sandbox(mariadb_url) as sandbox:
		tables = [row[0] for row in sandbox.database.sql("SHOW TABLES")]
		for table in tables:
			# The mark of the tables' description stays: making all tables anew takes most of a second.
			kept = " WHERE name <> 'schema'" if table == "sandbox_state" else ""
			sandbox.database.execute(f"DELETE FROM `{table}`{kept}")
		sandbox.database.commit()


@pytest.fixture(params=["sqlite", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
	"""Where to open a sandbox, on each dialect."""
	if request.param == "sqlite":
		return str(tmp_path_factory.mktemp("sandbox") / "test.db")
	found: str = request.getfixturevalue("empty_mariadb_url")
	return found


@pytest.fixture
def clock() -> TestClock:
	return TestClock(START)


@pytest.fixture
def sandbox(url: str, clock: TestClock) -> Iterator[Sandbox]:
	"""An empty sandbox with a clock that stands still."""
	with Sandbox(url, clock=clock, timezone="UTC") as opened:
		yield opened
