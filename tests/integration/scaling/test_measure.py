"""Evidence from a real server: what is counted between two readings, and what is done where no connection is left."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pymysql
import pytest
from click.testing import CliRunner

from dogansystem.cli import main
from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.scaling import advice, measure
from dogansystem.scaling.bottleneck import CONNECTIONS, diagnose
from dogansystem.scaling.simulation import times
from dogansystem.store import nodes
from dogansystem.store.figures import Figures, Histogram

GB = 1024**3


@pytest.fixture
def limited(empty_mariadb_url: str) -> Iterator[str]:
	"""The URL of the database for a user who may have two connections, as the clock of a sandbox needs one."""
	url, name = urlsplit(empty_mariadb_url), f"few_{secrets.token_hex(4)}"
	with pymysql.connect(
		host=url.hostname,
		port=url.port or 3306,
		user=url.username,
		password=url.password or "",
		autocommit=True,
	) as admin:
		cursor = admin.cursor()
		cursor.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS 2")
		cursor.execute(f"GRANT ALL ON `{url.path.strip('/')}`.* TO '{name}'@'%'")
		Sandbox(empty_mariadb_url).close()  # makes the tables
		yield f"mariadb://{name}:few@{url.hostname}:{url.port}{url.path}"
		cursor.execute(f"DROP USER '{name}'@'%'")


def test_a_server_is_read_as_any_user_may(empty_mariadb_url: str):
	with Sandbox(empty_mariadb_url) as site:
		found = measure.take(site, site.settings(), 0.3).database
	assert found is not None
	assert "MariaDB" in found.version
	assert found.buffer_pool >= 5 * 1024**2
	assert found.working_set > 100_000
	assert 0 < found.commit_seconds < 2
	assert found.seconds >= 0.3
	assert 0 < found.connections <= found.connections_highest


def test_statements_that_run_meanwhile_are_seen(empty_mariadb_url: str):
	with Sandbox(empty_mariadb_url) as site, ThreadPoolExecutor(2) as others:
		sleeping = [others.submit(asleep, site) for _ in range(2)]
		found = measure.take(site, site.settings(), 1.0).database
		for each in sleeping:
			each.result()
	assert found is not None and found.running >= 1.5


def asleep(site: Sandbox) -> None:
	"""A statement that takes longer than anybody looks."""
	db = site.open_control()
	db.sql("SELECT SLEEP(2)")
	db.close()


def test_without_a_connection_left_it_looks_through_the_callers(limited: str):
	with Sandbox(limited, clock=TestClock()) as site:
		site.database.execute("INSERT INTO dogan_state (name, value) VALUES ('mine', 1)")
		other = site.open_control()
		other.sql("SELECT 1")  # the second of two
		found = measure.take(site, site.settings(), 0.1)
		assert diagnose(found).name == CONNECTIONS
		assert found.database is not None and found.database.refused >= 1
		assert site.database.sql(
			"SELECT value FROM dogan_state WHERE name = 'mine'"
		)  # still the same transaction
		site.database.rollback()
		assert not site.database.sql("SELECT value FROM dogan_state WHERE name = 'mine'")
		other.close()


def test_a_command_that_is_refused_itself_says_so(limited: str):
	with Sandbox(limited, clock=TestClock()) as site:
		others = [site.database, site.open_control()]
		for each in others:
			each.sql("SELECT 1")
		answer = CliRunner().invoke(main, ["advise", "--db", limited, "--seconds", "0"])
		others[1].close()
	assert answer.exit_code == 3, answer.output
	assert "Too few connections" in answer.output and "SET GLOBAL max_connections" in answer.output


def test_what_a_node_says_of_its_machine_is_evidence(sandbox: Sandbox):
	said = {"cores": 2.0, "memory_total": 8.0 * GB, "cpu_busy": 0.5, "something_newer": 1.0}
	nodes.note_machine(sandbox.database, "n1", sandbox.now() - 30, said, 60.0)
	sandbox.database.commit()
	(found,) = measure.take(sandbox, sandbox.settings(), 0).machines
	assert (found.name, found.cores, found.memory_total, found.cpu_busy) == ("n1", 2.0, 8.0 * GB, 0.5)


def test_variation_is_that_of_the_times():
	alike, mixed = Histogram(), Histogram()
	for _ in range(100):
		alike.add(0.1)
	for number in range(100):
		mixed.add(1.0 if number % 10 == 0 else 0.01)
	assert times.variation(alike) == pytest.approx(0, abs=0.01)
	assert times.variation(mixed) == pytest.approx(7.4, rel=0.15)  # 0.1 x 0.9 x 0.99² / 0.109²
	assert times.variation(Histogram()) == 1.0


def test_steps_have_the_means_of_what_was_measured():
	figures = Figures()
	figures.attempt("Succeeded", 0.5, 0.2, {"cpu": 0.02, "database": 0.01})
	figures.attempt("Failed", 0.5, 0.4, {"cpu": 0.04, "database": 0.03, "conflicts": 1})
	found = measure.steps_of(figures, 60.0)
	assert found.count == 2
	assert (found.run, found.cpu, found.database, found.conflicts) == pytest.approx((0.3, 0.03, 0.02, 0.5))


def test_advice_leaves_the_callers_transaction_alone(empty_mariadb_url: str):
	with Sandbox(empty_mariadb_url) as sandbox:
		db = sandbox.database
		db.execute("INSERT INTO dogan_state (name, value) VALUES ('mine', 1)")
		advice.advise(sandbox, sandbox.settings(), seconds=0)
		db.rollback()
		assert db.sql("SELECT 1 FROM dogan_state WHERE name = 'mine'") == []
