"""`dogansystem serve` as processes: what it costs while nothing happens, how soon it comes, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median

from dogansystem import Orchestrator, Sandbox
from dogansystem.protocol import Row, Site
from dogansystem.store.moment import as_text
from tests.conftest import Tell

IDLE = 8.0  # seconds that idle workers are watched
COST = 4.0  # seconds of processor time a minute for ten idle workers. On an idle machine 0.7, and 8 when they polled
SOON = 5.0  # commits that a first step may take to begin on a machine that others use as well
LEAVE = 10.0  # seconds


@contextmanager
def served(url: str, workers: int) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
	"""`serve`, with the numbers of its worker processes."""
	command = [sys.executable, "-m", "dogansystem", "serve", "--db", url, "--workers", str(workers)]
	server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
	try:
		with Sandbox(url) as site:
			until(lambda: len(registered(site)) == workers)
			yield server, registered(site)
	finally:
		os.killpg(server.pid, signal.SIGKILL)
		server.communicate()


def registered(site: Sandbox) -> list[int]:
	found = [row[0] for row in site.database.sql("SELECT pid FROM dogan_process")]
	site.database.rollback()
	return found


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
	end = time.monotonic() + seconds
	while not condition():
		assert time.monotonic() < end
		time.sleep(0.05)


def is_alive(pid: int) -> bool:
	try:
		return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
	except OSError:
		return False


def parent_of(pid: int) -> int:
	return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def processor_seconds(pids: list[int]) -> float:
	threads = [each for pid in pids for each in Path(f"/proc/{pid}/task").iterdir()]
	return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9


def began_at(site: Site, run: str) -> datetime:
	"""When the run's step began, once it has ended: only then the exact time is written."""
	found: list[Row] = []
	while not found:
		found = site.database.sql(
			"SELECT started_at FROM `tabDogan Step Run` WHERE run = %s AND status = 'Succeeded'", (run,)
		)
		site.database.rollback()
		time.sleep(0.005)
	return datetime.fromisoformat(as_text(found[0][0]) or "")


def test_ten_idle_workers_cost_next_to_nothing(url: str, tell: Tell) -> None:
	with served(url, 10) as (_, pids):
		time.sleep(1.5)  # they have all begun to listen
		before = processor_seconds(pids)
		time.sleep(IDLE)
		cost = (processor_seconds(pids) - before) * 60 / IDLE
	tell(f"ten idle workers, {'MariaDB' if '://' in url else 'SQLite'}", seconds_a_minute=round(cost, 2))
	assert cost < COST


def test_a_first_step_begins_within_some_commits(url: str, tell: Tell) -> None:
	with served(url, 3), Sandbox(url) as site:
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow({"name": "one", "steps": [{"id": "a", "action": "data.set"}]})
		site.database.commit()
		latencies, commits = [], []
		for number in range(30):
			time.sleep(0.037 * (1 + number % 5))
			run, committed = orchestrator.start_run("one"), site.local_time(site.now())
			began = time.monotonic()
			site.database.commit()
			commits.append((time.monotonic() - began) * 1000)
			started = began_at(site, run)
			latencies.append((started - committed).total_seconds() * 1000)
	tell(f"first step, {'MariaDB' if '://' in url else 'SQLite'}", p50_ms=round(median(latencies[5:]), 2))
	# What polls every 50 ms needs 25 on average, however fast the database is.
	assert median(latencies[5:]) < max(15.0, SOON * median(commits))


def test_workers_leave_when_serve_was_killed(url: str) -> None:
	with served(url, 2) as (server, pids):
		server.kill()
		until(lambda: not any(map(is_alive, pids)), LEAVE)
		with Sandbox(url) as site:
			assert registered(site) == []


def test_workers_leave_when_their_fork_server_was_killed(url: str) -> None:
	with served(url, 2) as (_, pids), Sandbox(url) as site:
		os.kill(parent_of(pids[0]), signal.SIGKILL)
		until(lambda: not any(map(is_alive, pids)), LEAVE)
		until(lambda: len(registered(site)) == 2)
		assert not set(registered(site)) & set(pids)
