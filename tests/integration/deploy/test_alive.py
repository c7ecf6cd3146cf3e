"""The probe of containers, asked with a real Redis and real processes in the place of RQ's workers.

That RQ really writes what is written here is shown on a bench, by tests/bench/test_alive.py.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from dogansystem.homes.frappe import alive
from dogansystem.homes.frappe.queues import QUEUE


@pytest.fixture
def connection() -> Iterator["redis.Redis[str]"]:
	url = os.environ.get("DOGAN_TEST_REDIS")
	if not url:
		pytest.skip("no Redis: install redis-server or set DOGAN_TEST_REDIS")
	with redis.Redis.from_url(url, decode_responses=True) as opened:
		yield opened


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> str:
	"""A name of this machine that no other test has."""
	name = f"node-{secrets.token_hex(4)}"
	monkeypatch.setattr(socket, "gethostname", lambda: name)
	return name


@pytest.fixture
def sites(connection: "redis.Redis[str]", tmp_path: Path) -> Path:
	config = {"redis_queue": os.environ["DOGAN_TEST_REDIS"]}
	(tmp_path / "common_site_config.json").write_text(json.dumps(config))
	return tmp_path


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
	with subprocess.Popen(["sleep", "60"]) as opened:
		yield opened
		opened.send_signal(signal.SIGKILL)


@pytest.fixture
def register(connection: "redis.Redis[str]", node: str) -> Iterator[object]:
	"""Write what a worker of RQ writes when it begins: its key, which runs out, and its place in the set."""
	keys = []

	def write(pid: int, queues: str = f"home-bench:default,home-bench:{QUEUE}", on: str = node) -> str:
		key = f"rq:worker:{secrets.token_hex(8)}"
		keys.append(key)
		connection.hset(key, mapping={"hostname": on, "pid": pid, "queues": queues})
		connection.expire(key, 480)
		connection.sadd(alive.WORKERS, key)
		return key

	yield write
	connection.srem(alive.WORKERS, *keys)
	connection.delete(*keys)


def test_a_worker_that_beats_and_runs_is_alive(sites: Path, register, process):
	register(process.pid)
	assert alive.look(sites).alive


def test_a_node_without_workers_is_not(sites: Path, node: str, process, register):
	register(process.pid, on="another-node")
	register(process.pid, queues="home-bench:long")
	register(process.pid, queues="home-bench:long,home-bench:not-dogansystem")
	verdict = alive.look(sites)
	assert not verdict.alive and verdict.reason.startswith(f"0 of 1 workers of {node}")


def test_a_worker_that_has_stopped_beating_is_not(sites: Path, register, process, connection):
	connection.delete(register(process.pid))  # as its time running out does
	assert not alive.look(sites).alive


def test_a_stopped_process_is_not_however_fresh_its_beat(sites: Path, register, process):
	register(process.pid)
	process.send_signal(signal.SIGSTOP)
	os.waitid(os.P_PID, process.pid, os.WSTOPPED)
	assert not alive.look(sites).alive
	process.send_signal(signal.SIGCONT)


def test_a_container_that_was_restarted_does_not_live_by_the_beat_of_the_one_before(sites, register, process):
	process.kill()
	process.wait()
	register(process.pid)
	assert not alive.look(sites).alive


def test_a_pool_is_alive_with_as_many_workers_as_it_should_have(sites: Path, register, process):
	register(process.pid)
	register(os.getpid())
	assert alive.look(sites, 2).alive
	assert not alive.look(sites, 3).alive


def test_redis_that_is_away_ends_nobody(tmp_path: Path, node: str):
	with socket.socket() as free:
		free.bind(("127.0.0.1", 0))
		address = f"redis://127.0.0.1:{free.getsockname()[1]}"
	(tmp_path / "common_site_config.json").write_text(json.dumps({"redis_queue": address}))
	verdict = alive.look(tmp_path)
	assert verdict.alive and verdict.reason.startswith("unknown: Redis does not answer")


@pytest.mark.parametrize("config", [None, "", "{}", "{"])
def test_a_bench_that_says_nothing_of_redis_is_told_apart(tmp_path: Path, config: str | None):
	if config is not None:
		(tmp_path / "common_site_config.json").write_text(config)
	probe = [sys.executable, "-m", "dogansystem.homes.frappe.alive", "--sites", str(tmp_path)]
	asked = subprocess.run(probe, capture_output=True, text=True)
	assert asked.returncode == 2 and "no redis_queue can be read" in asked.stderr


def test_the_exit_code_is_what_a_probe_goes_by(sites: Path, register, process, capsys):
	assert alive.main(["--sites", str(sites)]) == 1
	register(process.pid)
	assert alive.main(["--sites", str(sites)]) == 0
	assert "1 of 1 workers" in capsys.readouterr().out
