"""A sandbox as a whole: opening, settings, steps, methods, credentials, watching, copies of its clock."""

import os
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dogansystem.actions.registry import ActionError
from dogansystem.engine.errors import DoganError, NotFound, StepCommitted
from dogansystem.homes.databases.address import AddressError, MariaDBServer, SQLiteFile, parse_address
from dogansystem.homes.databases.clock import DatabaseClock
from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.protocol import Settings

# Addresses


def test_an_address_is_a_file_or_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.chdir(tmp_path)
	assert parse_address("orders.db") == SQLiteFile(tmp_path / "orders.db")
	assert parse_address(Path("/data/orders.db")) == SQLiteFile(Path("/data/orders.db"))
	assert parse_address("sqlite:///orders.db") == SQLiteFile(tmp_path / "orders.db")
	assert parse_address("sqlite:////data/orders.db") == SQLiteFile(Path("/data/orders.db"))
	assert parse_address("mysql://ada:p%40ss@db:3307/orders?unix_socket=/run/x.sock") == MariaDBServer(
		"db", 3307, "ada", "orders", "p@ss", "/run/x.sock"
	)
	assert parse_address("mariadb://db/orders") == MariaDBServer("db", 3306, "root", "orders")


def test_no_text_made_of_an_address_has_the_password() -> None:
	address = parse_address("mariadb://ada:secret@db/orders")
	assert "secret" not in f"{address} {address!r}"


@pytest.mark.parametrize(
	("url", "message"),
	[
		("", "file name is empty"),
		("postgres://db/orders", "postgres:// is no database a sandbox can use"),
		("mariadb://db", "names no database"),
		("mariadb:///orders", "names no server"),
		("mariadb://db:port/orders", "cannot be read"),
		("mariadb://db/orders?charset=latin1", "has the option 'charset'; it takes unix_socket and ssl_ca"),
	],
)
def test_an_address_that_names_no_database_says_what_one_looks_like(url: str, message: str) -> None:
	with pytest.raises(AddressError, match=message):
		parse_address(url)


def test_a_database_that_is_not_there_or_refuses_says_what_to_do(mariadb_url: str) -> None:
	server = mariadb_url.rpartition("/")[0]
	with pytest.raises(AddressError, match=r"does not exist. Create it: CREATE DATABASE `dogan_nowhere`"):
		Sandbox(f"{server}/dogan_nowhere")
	with pytest.raises(AddressError, match="refuses this user or password") as caught:
		Sandbox(
			mariadb_url.replace(
				urlsplit(mariadb_url).netloc, f"nobody:hushhush@{urlsplit(server).netloc.rpartition('@')[2]}"
			)
		)
	assert "hushhush" not in str(caught.value)


# Opening


def test_without_an_address_it_is_a_file_that_is_removed() -> None:
	with Sandbox() as sandbox:
		path = sandbox.address.path
		assert path.exists()
		sandbox.documents.create("Lead", {})
	assert not path.parent.exists()
	sandbox.close()


def test_the_throwaway_address_is_a_file_too() -> None:
	with Sandbox(":memory:") as sandbox:
		assert sandbox.address.path.exists()


def test_what_was_committed_is_there_when_it_is_opened_again(url: str) -> None:
	with Sandbox(url) as first:
		first.documents.create("Lead", {"name": "A"})
		first.database.commit()
		first.documents.create("Lead", {"name": "B"})
	with Sandbox(url) as second:
		assert [row["name"] for row in second.documents.list("Lead")] == ["A"]
		assert second.name == first.name


def test_two_files_of_the_same_name_are_two_places(tmp_path: Path) -> None:
	(tmp_path / "a").mkdir()
	(tmp_path / "b").mkdir()
	with Sandbox(tmp_path / "a" / "x.db") as first, Sandbox(tmp_path / "b" / "x.db") as second:
		assert first.name != second.name
		assert first.name.startswith("x-")


def test_many_may_open_a_new_database_at_the_same_time(url: str) -> None:
	names: list[Any] = []

	def open_it() -> None:
		try:
			with Sandbox(url) as sandbox:
				names.append(sandbox.name)
		except Exception as error:
			names.append(error)

	threads = [threading.Thread(target=open_it) for _ in range(4)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert len(names) == 4
	assert len(set(names)) == 1, names


def test_two_processes_work_in_one_database(url: str) -> None:
	program = (
		"import sys; from dogansystem import Sandbox\n"
		"with Sandbox(sys.argv[1]) as sandbox:\n"
		"	for number in range(50):\n"
		"		sandbox.documents.create('Lead', {'by': sys.argv[2]})\n"
		"		sandbox.database.commit()\n"
	)
	Sandbox(url).close()
	processes = [subprocess.Popen([sys.executable, "-c", program, url, str(number)]) for number in range(2)]
	assert [process.wait(60) for process in processes] == [0, 0]
	with Sandbox(url) as sandbox:
		found = sandbox.documents.list("Lead", fields=["name"], order_by="name")
		assert [row["name"] for row in found] == [f"LEAD-{number:05}" for number in range(1, 101)]


# Time


def test_the_timezone_is_the_one_asked_for_else_that_of_tz(
	tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
	moment = 1_750_000_000.0
	with Sandbox(timezone="Europe/Istanbul") as sandbox:
		assert sandbox.timezone == "Europe/Istanbul"
		assert sandbox.local_time(moment) == datetime(2025, 6, 15, 18, 6, 40)
	monkeypatch.setenv("TZ", "Asia/Tokyo")
	with Sandbox() as sandbox:
		assert sandbox.timezone == "Asia/Tokyo"
	monkeypatch.setenv("TZ", ":/etc/localtime")
	with Sandbox() as sandbox:
		assert sandbox.timezone == "UTC"
		assert sandbox.local_time(moment) == datetime(2025, 6, 15, 15, 6, 40)
	with pytest.raises(DoganError, match="'Nowhere/Land' is no timezone"):
		Sandbox(timezone="Nowhere/Land")


def test_a_test_clock_moves_when_it_is_told_and_never_back() -> None:
	clock = TestClock(100)
	assert clock.now() == 100
	assert clock.advance(2.5) == 102.5
	assert clock.now() == 102.5
	with pytest.raises(ValueError, match="goes forward only"):
		clock.advance(-1)


def test_the_servers_clock_is_asked_once_and_counted_on(
	mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
	with Sandbox(mariadb_url) as sandbox:
		((server,),) = sandbox.database.sql("SELECT UNIX_TIMESTAMP(NOW(6))")
		assert abs(sandbox.now() - float(server)) < 1
		opened: list[int] = []

		def open_connection() -> Any:
			opened.append(1)
			return sandbox.open_control()

		clock = DatabaseClock(open_connection)
		times = [clock.now() for _ in range(100)]
		assert times == sorted(times)
		assert len(opened) == 1
		monkeypatch.setattr("dogansystem.homes.databases.clock.REFRESH_INTERVAL", -1.0)
		before = clock.now()
		assert len(opened) == 2

		def refuse() -> Any:
			raise OSError("the server is away")

		clock._open_connection = refuse
		assert before <= clock.now() < before + 5


# Settings


def test_settings_have_defaults_and_can_be_changed(sandbox: Sandbox) -> None:
	assert sandbox.settings() == Settings()
	sandbox.set_settings(max_agents=50, linger_seconds=0.5, allow_private_network=True)
	assert sandbox.settings() == Settings(max_agents=50, linger=0.5, allow_private_network=True)
	sandbox.set_settings(max_agents="60")
	assert sandbox.settings().max_agents == 60


@pytest.mark.parametrize(
	("values", "message"),
	[
		({"agents": 5}, "Dogan Settings has no field 'agents'; it has max_agents"),
		({"max_agents": "many"}, "max_agents is 'many'; it takes a number"),
		({"max_agents": -1}, "max_agents is -1; it cannot be negative"),
	],
)
def test_settings_that_make_no_sense_change_nothing(
	sandbox: Sandbox, values: dict[str, Any], message: str
) -> None:
	with pytest.raises(ValidationError, match=message):
		sandbox.set_settings(linger_seconds=3, **values)
	assert sandbox.settings() == Settings()


def test_settings_are_read_once_in_a_transaction(sandbox: Sandbox) -> None:
	assert sandbox.settings().max_agents == 20
	other = sandbox.open_control()
	other.execute(
		"INSERT INTO `tabSingles` (doctype, field, value) VALUES ('Dogan Settings', 'max_agents', '30')"
	)
	other.commit()
	assert sandbox.settings().max_agents == 20
	sandbox.database.commit()
	assert sandbox.settings().max_agents == 30


def test_a_stamp_differs_once_it_was_touched_and_committed(sandbox: Sandbox) -> None:
	before = sandbox.stamp("triggers")
	other = sandbox.stamp("other")
	assert sandbox.stamp("triggers") == before
	sandbox.touch("triggers")
	sandbox.database.rollback()
	assert sandbox.stamp("triggers") == before
	sandbox.touch("triggers")
	sandbox.database.commit()
	assert sandbox.stamp("triggers") != before
	assert sandbox.stamp("other") == other


# Steps


def test_within_a_step_nobody_ends_the_transaction(sandbox: Sandbox) -> None:
	database = sandbox.database
	for end in (
		database.commit,
		database.rollback,
		lambda: database.execute("CREATE TABLE x (y INT)"),
		lambda: database.execute("  (commit)"),
		lambda: database.sql("ROLLBACK"),
	):
		with pytest.raises(StepCommitted, match="tried to end its own transaction"):
			with sandbox.step_scope("ada@example.com"):
				assert sandbox.user == "ada@example.com"
				sandbox.documents.create("Lead", {})
				end()
		assert sandbox.user == "sandbox@example.com"
		database.rollback()
	with sandbox.step_scope("ada@example.com"):
		database.execute("SAVEPOINT here")
		sandbox.documents.create("Lead", {"name": "undone"})
		database.execute("ROLLBACK TO SAVEPOINT here")
		sandbox.documents.create("Lead", {"name": "kept"})
	database.commit()
	assert sandbox.documents.list("Lead") == [{"name": "kept"}]


def test_a_step_that_hides_its_commit_is_found_out(sandbox: Sandbox) -> None:
	with pytest.raises(StepCommitted):
		with sandbox.step_scope("ada@example.com"):
			try:
				sandbox.database.commit()
			except StepCommitted:
				pass
	sandbox.database.commit()


def test_a_step_within_a_step_is_a_mistake(sandbox: Sandbox) -> None:
	with sandbox.step_scope("ada@example.com"):
		with pytest.raises(RuntimeError, match="already under way"):
			with sandbox.step_scope("bob@example.com"):
				pass
	sandbox.database.commit()


# What a site can have


def test_a_method_must_be_on_the_list(sandbox: Sandbox) -> None:
	sandbox.whitelist("shop.api.add", lambda a, b=1: a + b)
	assert sandbox.call_method("shop.api.add", {"a": 2}) == 3
	with pytest.raises(NotFound, match=r"no server method 'os.system' \(known: shop.api.add\)") as caught:
		sandbox.call_method("os.system", {"command": "ls"})
	assert "sandbox.whitelist('os.system', function)" in str(caught.value)


def test_credentials_come_from_the_process_or_its_environment(
	sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
	assert sandbox.credential("My Bank") is None
	monkeypatch.setenv("DOGAN_CREDENTIAL_MY_BANK", '{"type": "bearer", "token": "t"}')
	assert sandbox.credential("My Bank") == {"type": "bearer", "token": "t"}
	sandbox.set_credential("My Bank", {"type": "basic", "username": "u", "password": "p"})
	found = sandbox.credential("My Bank")
	assert found and found["type"] == "basic"
	monkeypatch.setenv("DOGAN_CREDENTIAL_OTHER", "hush")
	with pytest.raises(ValidationError, match="DOGAN_CREDENTIAL_OTHER holds no credential") as caught:
		sandbox.credential("other")
	assert "hush" not in str(caught.value)


def test_actions_of_other_apps_join_the_apps_own(sandbox: Sandbox) -> None:
	assert "document.create" in sandbox.actions()
	sandbox.add_action("tests.integration.sandbox.shout.Shout")
	assert "label.shout" in sandbox.actions()
	with pytest.raises(ActionError, match=r"tests.integration.sandbox.shout.Whisper"):
		sandbox.add_action("tests.integration.sandbox.shout.Whisper")


def test_watchers_hear_of_runs_after_the_commit(sandbox: Sandbox) -> None:
	heard: list[list[str]] = []
	end = sandbox.watch(heard.append)
	sandbox.runs_changed(["r1"])
	sandbox.database.rollback()
	sandbox.runs_changed(["r2", "r3"])
	assert heard == []
	sandbox.database.commit()
	assert heard == [["r2", "r3"]]
	end()
	sandbox.runs_changed(["r4"])
	sandbox.database.commit()
	assert len(heard) == 1


def test_stop_is_asked_of_everybody_in_the_process(sandbox: Sandbox) -> None:
	assert not sandbox.stop_requested()
	sandbox.stop()
	assert sandbox.stop_requested()


def test_importing_the_sandbox_loads_neither_frappe_nor_a_driver_it_may_not_need() -> None:
	program = (
		"import sys, dogansystem; from dogansystem import Sandbox; Sandbox().close();"
		"sys.exit(any(name in sys.modules for name in ('frappe', 'pymysql')))"
	)
	assert subprocess.run([sys.executable, "-c", program], env=os.environ).returncode == 0


def test_closing_in_one_thread_ends_the_work_of_others(sandbox: Sandbox) -> None:
	results: list[Any] = []
	ready, closed = threading.Event(), threading.Event()

	def work() -> None:
		_ = sandbox.database
		ready.set()
		closed.wait(10)
		try:
			sandbox.database.sql("SELECT 1")
		except Exception as error:
			results.append(error)

	thread = threading.Thread(target=work)
	thread.start()
	ready.wait(10)
	sandbox.close()
	closed.set()
	thread.join(10)
	assert isinstance(results[0], DoganError)
