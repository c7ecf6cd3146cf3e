"""What of a database server loses commits is said, as the site's own user sees it; and who writes to a Galera cluster."""

from collections.abc import Iterator

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.health import database
from dogansystem.store import writers
from tests.faults.server import Server

LEASE = 30.0  # seconds
SAFE = {"innodb_flush_log_at_trx_commit": "1", "sync_binlog": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
	with Server(tmp_path_factory.mktemp("server"), "--log-bin=binlog", "--sync-binlog=1") as opened:
		yield opened


@pytest.fixture(scope="module")
def site(server: Server) -> Iterator[Sandbox]:
	url = server.new_database("settings").replace("root@", "person@")
	with server.connect() as connection, connection.cursor() as cursor:
		cursor.execute("CREATE USER person@'127.0.0.1'")
		cursor.execute("GRANT ALL ON settings.* TO person@'127.0.0.1'")
	with Sandbox(url) as opened:
		yield opened


@pytest.mark.parametrize(
	("setting", "value", "codes"),
	[
		("innodb_flush_log_at_trx_commit", "1", []),
		("innodb_flush_log_at_trx_commit", "2", [database.COMMITS]),
		("innodb_flush_log_at_trx_commit", "0", [database.COMMITS]),
		("sync_binlog", "0", [database.COMMITS]),
		("sync_binlog", "100", [database.COMMITS]),
	],
)
def test_settings_that_lose_commits_are_a_problem(
	server: Server, site: Sandbox, setting: str, value: str, codes: list[str]
):
	with server.connect() as connection, connection.cursor() as cursor:
		cursor.execute(f"SET GLOBAL {setting} = {value}")
		found = Orchestrator(site).get_problems()
		obstacles = Orchestrator(site).get_obstacles()
		cursor.execute(f"SET GLOBAL {setting} = {SAFE[setting]}")
	site.database.rollback()
	assert [each["code"] for each in found] == codes
	assert all(setting in each["remedy"] for each in found)
	assert obstacles == [], "no run waits for it"


def test_a_server_that_is_no_galera_node_is_no_writer_among_others(site: Sandbox):
	assert writers.node(site.database) is None


def test_a_sandbox_in_a_file_has_no_writers():
	with Sandbox() as site:
		assert writers.node(site.database) is None
		assert database.problems(site) == []


def test_one_node_is_written_to_until_it_was_not_heard_of_for_a_lease(site: Sandbox):
	db = site.database

	def hold(node: str, now: float) -> str | None:
		found = writers.hold(db, node, now, LEASE)
		db.commit()
		return found

	assert hold("one:3306", 1000.0) == "one:3306"
	assert hold("two:3306", 1001.0) == "one:3306"
	assert hold("one:3306", 1020.0) == "one:3306"  # another sign of life
	assert hold("two:3306", 1049.0) == "one:3306"
	assert writers.holder(db, 1049.0, LEASE) == "one:3306"
	assert writers.holder(db, 1051.0, LEASE) is None
	assert hold("two:3306", 1051.0) == "two:3306"
	assert hold("one:3306", 1052.0) == "two:3306"
	assert hold("one:3306", 1052.0 - 3600.0) == "one:3306", "the database's clock was put back"


def test_of_two_that_take_the_writer_at_once_one_gets_it(site: Sandbox):
	site.database.execute("DELETE FROM dogan_state WHERE name LIKE 'writer%%'")
	site.database.commit()
	other = site.open_control()
	try:
		assert writers.hold(site.database, "one:3306", 1000.0, LEASE) == "one:3306"
		with pytest.raises(Exception) as waited:  # for the row, which the first one has not committed
			writers.hold(other, "two:3306", 1000.0, LEASE)
		assert other.is_conflict(waited.value)
		other.rollback()
		site.database.commit()
		assert writers.hold(other, "two:3306", 1000.5, LEASE) == "one:3306"
	finally:
		other.close()
