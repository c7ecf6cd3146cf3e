"""The two connections keep one contract: `protocol.Database`."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymysql
import pytest

from dogansystem.homes.databases import sqlite
from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox import Sandbox
from dogansystem.worker.deadline import TimeLimit, TimeUp

INSERT = "INSERT INTO try_table (name, number) VALUES (%s, %s)"


@pytest.fixture
def database(sandbox: Sandbox) -> Iterator[Connection]:
	connection = sandbox.database
	connection.execute(
		"CREATE TABLE try_table (name VARCHAR(20) PRIMARY KEY, number INT, at DATETIME(6), price DECIMAL(10,2))"
	)
	connection.commit()
	yield connection
	connection.rollback()
	connection.execute("DROP TABLE try_table")
	connection.commit()


def _names(connection: Connection) -> list[str]:
	return [row[0] for row in connection.sql("SELECT name FROM try_table ORDER BY name")]


def _in_thread(work: Any) -> Any:
	found: list[Any] = []

	def run() -> None:
		try:
			found.append(work())
		except BaseException as error:
			found.append(error)

	thread = threading.Thread(target=run)
	thread.start()
	thread.join(30)
	assert found, "the thread did not come to an end"
	return found[0]


def test_placeholders_percent_signs_and_backticks_mean_the_same(database: Connection) -> None:
	database.execute("INSERT INTO `try_table` (`name`, `number`) VALUES (%s, %s)", ("50%", 1))
	assert database.sql("SELECT `number` FROM `try_table` WHERE `name` LIKE '50%%'") == [(1,)]
	assert database.sql("SELECT name FROM try_table WHERE name = %s", ["50%"]) == [("50%",)]
	assert database.sql("SELECT 7 %% 4") == [(3,)]


def test_values_come_back_as_a_bench_gives_them(database: Connection) -> None:
	at = datetime(2025, 1, 2, 3, 4, 5, 678)
	database.execute(
		"INSERT INTO try_table (name, number, at, price) VALUES (%s, %s, %s, %s)",
		("a", True, at, Decimal("1.50")),
	)
	((number, found, price),) = database.sql("SELECT number, at, price FROM try_table")
	assert number == 1
	assert found in (at, "2025-01-02 03:04:05.000678")
	assert (price, type(price)) == (1.5, float)
	database.execute("UPDATE try_table SET at = %s", (date(2025, 1, 2),))
	assert str(database.sql("SELECT at FROM try_table")[0][0]).startswith("2025-01-02")


def test_execute_counts_the_rows_it_changed(database: Connection) -> None:
	assert database.execute(INSERT, ("a", 1)) == 1
	assert database.execute_many(INSERT, [(f"n{number}", number) for number in range(2500)]) == 2500
	assert database.execute("DELETE FROM try_table WHERE number < %s", (10,)) == 11
	assert database.execute("DELETE FROM try_table WHERE number < %s", (10,)) == 0
	assert database.execute_many(INSERT, []) == 0


def test_a_rollback_undoes_and_a_commit_shows(database: Connection, sandbox: Sandbox) -> None:
	database.execute(INSERT, ("lost", 1))
	database.rollback()
	database.execute(INSERT, ("kept", 1))
	assert _in_thread(lambda: _names(sandbox.database)) == []
	database.commit()
	assert _in_thread(lambda: _names(sandbox.database)) == ["kept"]


def test_each_thread_has_its_own_connection(sandbox: Sandbox) -> None:
	mine = sandbox.database
	assert sandbox.database is mine
	assert _in_thread(lambda: sandbox.database) is not mine


def test_a_violated_key_is_a_duplicate_and_nothing_else(database: Connection) -> None:
	database.execute(INSERT, ("a", 1))
	with pytest.raises(Exception) as caught:
		database.execute(INSERT, ("a", 2))
	assert database.is_duplicate(caught.value)
	assert not database.is_conflict(caught.value)
	assert not database.is_lost(caught.value)
	assert not database.is_duplicate(ValueError("UNIQUE constraint failed"))
	# The statement failed, the transaction goes on.
	assert database.execute(INSERT, ("b", 2)) == 1


def test_callbacks_run_after_the_commit_and_are_dropped_by_a_rollback(database: Connection) -> None:
	called: list[str] = []
	database.after_commit(lambda: called.append("dropped"))
	database.rollback()
	database.after_commit(lambda: called.append("first"))
	database.after_commit(lambda: called.append("second"))
	assert called == []
	database.commit()
	database.commit()
	assert called == ["first", "second"]


def test_a_callback_that_fails_does_not_make_the_commit_fail(
	database: Connection, caplog: pytest.LogCaptureFixture
) -> None:
	called: list[str] = []
	database.execute(INSERT, ("a", 1))
	database.after_commit(lambda: 1 / 0)
	database.after_commit(lambda: called.append("next"))
	database.commit()
	assert called == ["next"]
	assert "A callback after a commit failed" in caplog.text
	assert _names(database) == ["a"]


def test_what_is_remembered_is_forgotten_with_the_transaction(database: Connection) -> None:
	reads: list[int] = []

	def read() -> int:
		reads.append(1)
		return len(reads)

	assert [database.remember("x", read), database.remember("x", read)] == [1, 1]
	database.commit()
	assert database.remember("x", read) == 2
	database.rollback()
	assert database.remember("x", read) == 3
	database.forget("x")
	assert database.remember("x", read) == 4


def test_a_closed_sandbox_says_how_to_open_it(sandbox: Sandbox) -> None:
	sandbox.close()
	with pytest.raises(Exception, match=r"is closed. Open it again: Sandbox\("):
		_ = sandbox.database


# SQLite


@pytest.fixture
def file(tmp_path: Path) -> Path:
	path = tmp_path / "x.db"
	connection = sqlite.SQLite(path)
	connection.execute("CREATE TABLE try_table (name PRIMARY KEY, number)")
	connection.commit()
	connection.close()
	return path


def test_reading_a_file_opens_no_transaction(file: Path) -> None:
	reader, writer = sqlite.SQLite(file), sqlite.SQLite(file)
	assert _names(reader) == []
	writer.execute(INSERT, ("a", 1))
	assert _names(reader) == []
	writer.commit()
	assert _names(reader) == ["a"]
	# Having read before is no hindrance to writing now: there is no old snapshot.
	reader.execute(INSERT, ("b", 2))
	reader.commit()


def test_a_writer_waits_for_its_turn(file: Path) -> None:
	first = sqlite.SQLite(file)
	first.execute(INSERT, ("a", 1))
	waited: list[float] = []

	def write() -> None:
		second = sqlite.SQLite(file)
		began = time.monotonic()
		second.begin()
		waited.append(time.monotonic() - began)
		second.execute(INSERT, ("b", 2))
		second.commit()
		second.close()

	thread = threading.Thread(target=write)
	thread.start()
	time.sleep(0.2)
	assert not waited
	first.commit()
	thread.join(10)
	assert waited[0] >= 0.15
	assert _names(first) == ["a", "b"]


def test_a_thread_that_would_wait_for_itself_is_told(file: Path) -> None:
	first, second = sqlite.SQLite(file), sqlite.SQLite(file)
	first.execute(INSERT, ("a", 1))
	with pytest.raises(RuntimeError, match="would wait for itself"):
		second.execute(INSERT, ("b", 2))
	first.commit()
	second.execute(INSERT, ("b", 2))
	second.commit()


def test_a_turn_that_never_comes_is_a_conflict(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
	first = sqlite.SQLite(file)
	first.execute(INSERT, ("a", 1))

	def write() -> bool:
		second = sqlite.SQLite(file)
		with pytest.raises(sqlite3.OperationalError) as caught:
			second.execute(INSERT, ("b", 2))
		return second.is_conflict(caught.value)

	assert _in_thread(write) is True
	first.commit()
	assert _names(first) == ["a"]


def test_another_process_that_writes_is_a_conflict_after_the_timeout(
	file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
	# To SQLite a connection outside of our turns is as good as another process.
	stranger = sqlite3.connect(file, isolation_level=None)
	stranger.execute("BEGIN IMMEDIATE")
	mine = sqlite.SQLite(file)
	with pytest.raises(sqlite3.OperationalError) as caught:
		mine.execute(INSERT, ("b", 2))
	assert mine.is_conflict(caught.value)
	stranger.execute("ROLLBACK")
	stranger.close()
	mine.execute(INSERT, ("b", 2))
	mine.commit()


def test_a_deadline_that_strikes_while_waiting_leaves_no_lock_behind(file: Path) -> None:
	first = sqlite.SQLite(file)
	first.execute(INSERT, ("a", 1))

	def write() -> str:
		second = sqlite.SQLite(file)
		try:
			with TimeLimit(0.05):
				second.execute(INSERT, ("b", 2))
		except TimeUp:
			second.rollback()
			return "time is up"
		return "written"

	answers: list[str] = []
	thread = threading.Thread(target=lambda: answers.append(write()))
	thread.start()
	time.sleep(0.3)
	first.commit()
	thread.join(10)
	assert answers == ["time is up"]
	for number in range(3):
		assert _in_thread(lambda number=number: _write_one(file, f"later {number}")) == 1
	assert "b" not in _names(first)


def _write_one(file: Path, name: str) -> int:
	connection = sqlite.SQLite(file)
	count = connection.execute(INSERT, (name, 1))
	connection.commit()
	connection.close()
	return count


def test_a_thread_that_ends_in_mid_transaction_lets_others_write(file: Path) -> None:
	_in_thread(lambda: sqlite.SQLite(file).execute(INSERT, ("a", 1)))
	assert _write_one(file, "b") == 1


def test_a_sandbox_closed_in_mid_transaction_can_be_opened_again(tmp_path: Path) -> None:
	begun, finished = threading.Event(), threading.Event()
	sandbox = Sandbox(tmp_path / "x.db")

	def write() -> None:
		sandbox.database.execute("DELETE FROM sandbox_series")
		begun.set()
		finished.wait(10)

	thread = threading.Thread(target=write)
	thread.start()
	begun.wait(10)
	sandbox.close()
	with Sandbox(tmp_path / "x.db") as again:
		again.documents.create("Lead", {})
		again.database.commit()
	finished.set()
	thread.join(10)


def test_a_transaction_that_sqlite_gave_up_is_not_continued(file: Path) -> None:
	connection = sqlite.SQLite(file)
	connection.execute(INSERT, ("a", 1))
	connection._opened.execute("ROLLBACK")  # what SQLite does by itself when the disk is full
	with pytest.raises(sqlite3.OperationalError, match="rolled this transaction back"):
		connection.execute(INSERT, ("b", 2))
	with pytest.raises(sqlite3.OperationalError, match="rolled this transaction back"):
		connection.commit()
	connection.rollback()
	connection.execute(INSERT, ("c", 3))
	connection.commit()
	assert _names(connection) == ["c"]


# MariaDB


@pytest.fixture
def server(empty_mariadb_url: str) -> Iterator[Sandbox]:
	with Sandbox(empty_mariadb_url) as opened:
		opened.database.execute(
			"CREATE OR REPLACE TABLE try_table (name VARCHAR(20) PRIMARY KEY, number INT)"
		)
		opened.database.execute(INSERT, ("a", 1))
		opened.database.execute(INSERT, ("b", 1))
		opened.database.commit()
		yield opened
		opened.database.rollback()
		opened.database.execute("DROP TABLE try_table")


def _kill(server: Sandbox, victim: Connection) -> None:
	((number,),) = victim.sql("SELECT CONNECTION_ID()")
	victim.rollback()
	_kill_by_id(server, number)


def _kill_by_id(server: Sandbox, number: int) -> None:
	other = server.open_control()
	other.execute(f"KILL {number}")
	other.close()
	time.sleep(0.05)


def test_the_main_connection_has_the_isolation_of_a_bench_and_the_control_one_sees_commits(
	server: Sandbox,
) -> None:
	control = server.open_control()
	assert (len(_names(server.database)), len(_names(control))) == (2, 2)
	_in_thread(lambda: (server.database.execute(INSERT, ("c", 1)), server.database.commit()))
	assert (len(_names(server.database)), len(_names(control))) == (2, 3)
	control.close()


def test_a_connection_lost_between_transactions_is_replaced(server: Sandbox) -> None:
	database = server.database
	_kill(server, database)
	assert _names(database) == ["a", "b"]


def test_a_connection_lost_in_mid_transaction_is_never_replaced_silently(server: Sandbox) -> None:
	database = server.database
	database.execute(INSERT, ("c", 1))
	_kill_by_id(server, database.sql("SELECT CONNECTION_ID()")[0][0])
	with pytest.raises(pymysql.err.Error) as caught:
		database.execute(INSERT, ("d", 1))
	assert database.is_lost(caught.value)
	for later in (lambda: database.execute(INSERT, ("e", 1)), database.commit):
		with pytest.raises(pymysql.err.OperationalError) as again:
			later()
		assert database.is_lost(again.value)
	database.rollback()
	assert _names(database) == ["a", "b"]


def test_a_commit_on_a_lost_connection_is_lost(server: Sandbox) -> None:
	database = server.database
	database.execute(INSERT, ("c", 1))
	_kill_by_id(server, database.sql("SELECT CONNECTION_ID()")[0][0])
	with pytest.raises(pymysql.err.Error) as caught:
		database.commit()
	assert database.is_lost(caught.value)
	database.rollback()
	assert _names(database) == ["a", "b"]


def test_a_deadlock_and_a_lock_wait_are_conflicts(server: Sandbox) -> None:
	database = server.database
	database.execute("UPDATE try_table SET number = 2 WHERE name = 'a'")

	def wait() -> bool:
		other = server.database
		other.execute("SET innodb_lock_wait_timeout = 1")
		with pytest.raises(pymysql.err.OperationalError) as caught:
			other.execute("UPDATE try_table SET number = 3 WHERE name = 'a'")
		other.rollback()
		return other.is_conflict(caught.value) and not other.is_lost(caught.value)

	assert _in_thread(wait) is True

	def cross() -> str:
		other = server.database
		try:
			other.execute("UPDATE try_table SET number = 3 WHERE name = 'b'")
			crossing.set()
			other.execute("UPDATE try_table SET number = 3 WHERE name = 'a'")
		except pymysql.err.OperationalError as error:
			return "conflict" if other.is_conflict(error) else repr(error)
		finally:
			other.rollback()
		return "went on"

	crossing = threading.Event()
	answers: list[str] = []
	thread = threading.Thread(target=lambda: answers.append(cross()))
	thread.start()
	crossing.wait(10)
	time.sleep(0.2)
	try:
		database.execute("UPDATE try_table SET number = 2 WHERE name = 'b'")
		answers.append("went on")
	except pymysql.err.OperationalError as error:
		answers.append("conflict" if database.is_conflict(error) else repr(error))
	database.rollback()
	thread.join(10)
	assert sorted(answers) == ["conflict", "went on"]


def test_a_deadline_in_the_middle_of_a_statement_leaves_no_answer_for_the_next(server: Sandbox) -> None:
	database = server.database
	database.execute(INSERT, ("c", 1))
	with pytest.raises(TimeUp), TimeLimit(0.1):
		database.sql("SELECT SLEEP(5), 'late'")
	with pytest.raises(pymysql.err.OperationalError):
		database.sql("SELECT 1")
	database.rollback()
	assert database.sql("SELECT 1") == [(1,)]
	database.rollback()
	assert _names(database) == ["a", "b"]


def test_reconnect_replaces_the_connection_now(server: Sandbox) -> None:
	database = server.database
	((before,),) = database.sql("SELECT CONNECTION_ID()")
	database.reconnect()
	assert database.sql("SELECT CONNECTION_ID()")[0][0] != before
