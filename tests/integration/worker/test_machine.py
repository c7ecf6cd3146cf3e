"""What a node says of its machine: true numbers, a container's limits, once a minute however many processes there are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dogansystem import Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import nodes, schema, state
from dogansystem.worker import identity, machine
from dogansystem.worker.control import Control
from dogansystem.worker.machine import Machine, Used

GB = 1024**3
MEMINFO = f"MemTotal: {16 * 1024**2} kB\nMemFree: 1024 kB\nMemAvailable: {8 * 1024**2} kB\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
	"""A machine of 16 GB with 8 GB to spare, and no limits yet."""
	(tmp_path / "proc").mkdir()
	(tmp_path / "proc" / "meminfo").write_text(MEMINFO)
	(tmp_path / "proc" / "stat").write_text("cpu  1000 0 500 9000 100 0 0 0 0 0\ncpu0 …\n")
	(tmp_path / "cgroup").mkdir()
	monkeypatch.setattr(machine, "PROC", tmp_path / "proc")
	monkeypatch.setattr(machine, "CGROUP", tmp_path / "cgroup")
	return tmp_path


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
	opened = Control(sandbox)
	yield opened
	opened.close()
	sandbox.database.rollback()


def test_this_machine_says_what_it_has():
	found = machine.facts(None, machine.used())
	assert 0 < found["cores"] <= (os.cpu_count() or 1)
	assert GB / 4 < found["memory_available"] <= found["memory_total"]
	assert found["load"] >= 0


def test_a_machine_without_limits(files: Path):
	assert machine.memory() == {"memory_total": 16 * GB, "memory_available": 8 * GB}
	assert machine.cores() == len(os.sched_getaffinity(0))
	read = machine.used()
	assert read and read.busy == 1500 / os.sysconf("SC_CLK_TCK")


def test_a_containers_limits_count(files: Path):
	for name, text in {
		"cpu.max": "50000 100000\n",
		"cpu.stat": "usage_usec 7000000\nuser_usec 1\n",
		"memory.max": f"{2 * GB}\n",
		"memory.current": f"{GB}\n",
		"memory.stat": f"anon 5\ninactive_file {GB // 2}\n",
	}.items():
		(files / "cgroup" / name).write_text(text)
	assert machine.cores() == 0.5
	assert machine.memory() == {"memory_total": 2 * GB, "memory_available": 1.5 * GB}
	read = machine.used()
	assert read and read.busy == 7.0


def test_a_containers_limits_of_the_older_kind_count(files: Path):
	for name, text in {
		"cpu/cpu.cfs_quota_us": "25000",
		"cpu/cpu.cfs_period_us": "100000",
		"cpuacct/cpuacct.usage": "3000000000",
		"memory/memory.limit_in_bytes": str(GB),
		"memory/memory.usage_in_bytes": str(GB // 4),
	}.items():
		(files / "cgroup" / name).parent.mkdir(exist_ok=True)
		(files / "cgroup" / name).write_text(text)
	assert machine.cores() == 0.25
	assert machine.memory() == {"memory_total": GB, "memory_available": 0.75 * GB}
	read = machine.used()
	assert read and read.busy == 3.0


def test_no_limit_says_so(files: Path):
	(files / "cgroup" / "cpu.max").write_text("max 100000\n")
	(files / "cgroup" / "memory.max").write_text("max\n")
	assert machine.memory()["memory_total"] == 16 * GB
	assert machine.cores() == len(os.sched_getaffinity(0))


def test_how_busy_is_the_share_between_two_moments(files: Path):
	cores = machine.cores()
	assert machine.facts(Used(10, 5), Used(12, 5 + cores))["cpu_busy"] == 0.5
	assert machine.facts(Used(10, 5), Used(12, 5 + 3 * cores))["cpu_busy"] == 1.0
	assert "cpu_busy" not in machine.facts(None, Used(12, 5))


def test_a_machine_that_tells_nothing_is_no_error(files: Path):
	(files / "proc" / "meminfo").unlink()
	(files / "proc" / "stat").unlink()
	assert machine.memory() == {}
	assert machine.used() is None


def test_a_node_speaks_once_a_minute_however_many_processes_it_has(
	sandbox: Sandbox, control: Control, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(machine, "ASKED", 0.0)
	first, second = Machine(sandbox, control), Machine(sandbox, control)
	first.tell()
	(node,) = nodes.every(sandbox.database)
	told_at = node.machine_at
	assert (node.name, node.machine["cores"]) == (identity.node(), machine.cores())
	sandbox.database.rollback()
	clock.advance(machine.INTERVAL - 1)
	second.tell()
	assert nodes.every(sandbox.database)[0].machine_at == told_at
	sandbox.database.rollback()
	clock.advance(2)
	second.tell()
	assert nodes.every(sandbox.database)[0].machine_at > told_at


def test_a_site_of_an_earlier_version_gets_the_columns(sandbox: Sandbox):
	db = sandbox.database
	db.execute("DROP TABLE dogan_node")
	db.execute(
		"CREATE TABLE dogan_node (name VARCHAR(140) NOT NULL PRIMARY KEY, seen_at DOUBLE NOT NULL,"
		" lost_at DOUBLE NOT NULL DEFAULT 0)"
	)
	db.execute("INSERT INTO dogan_node (name, seen_at) VALUES ('old', 5)")
	state.set_value(db, schema.VERSION, 0)
	schema.migrate(db)
	schema.migrate(db)
	(node,) = nodes.every(db)
	assert (node.name, node.seen_at, node.machine, node.machine_at) == ("old", 5, {}, 0)
