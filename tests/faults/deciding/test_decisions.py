"""Decisions, forms and signals while workers, deciders, the database and Redis are killed: none lost, none doubled."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from dogansystem.homes.sandbox.doorbell import VARIABLE
from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.conftest import LEASE
from tests.faults.deciding.found import Asking
from tests.faults.deciding.people import Desk, People, at_any_commit, deciding, sit_down
from tests.faults.deciding.work import ANN
from tests.faults.load import PERSON, wait_for
from tests.faults.proxy import Proxy
from tests.faults.server import Server
from tests.faults.workers import Way, Workers, working

KILLS = scale.of(12, 200)
RUNS = scale.of(60, 1_000)
IN_FLIGHT = 30
GAP = (0.1, 0.4)  # seconds between two kills
DEATHS = scale.of(8, 100)  # at commits
RESTARTS = scale.of([signal.SIGTERM, signal.SIGKILL], [signal.SIGTERM, signal.SIGKILL] * 5)
CUTS = scale.of(8, 200)
LOSSES = scale.of(2, 10)  # of Redis
CUT_EVERY = 20  # commits
POINTS = ("step.before_commit", "step.after_commit", "control.before_commit", "control.after_commit")
ENDS = 60.0  # seconds in which all runs have to end
ELSEWHERE = Way(elsewhere=True)


@pytest.fixture
def asking(site: FaultSandbox, tmp_path: Path) -> Asking:
	return Asking(site, tmp_path / "told.jsonl")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
	with Server(tmp_path_factory.mktemp("mariadb")) as server:
		yield server


@contextmanager
def opened(url: str, record: Path) -> Iterator[Asking]:
	with FaultSandbox(url) as site:
		site.set_settings(lease_seconds=LEASE, linger_seconds=1)
		yield Asking(site, record)


def let_end(asking: Asking, people: People, workers: Workers) -> None:
	"""Wait until everything has ended, with nobody killed any more, and nothing left to be told."""

	def look_after() -> None:
		workers.replace()
		people.replace()
		asking.tick()

	people.is_safe = True
	asking.wait_until_done(ENDS, look_after)
	wait_for(lambda: asking.tick() or asking.is_over(), 20)
	people.leave()


def test_deciders_and_workers_killed_again_and_again(url: str, asking: Asking, tell: Tell):
	chance, killed = Random(11), 0
	with (
		working(url, 3, lambda position: Way(elsewhere=position == 0)) as workers,
		deciding(url, asking.record) as people,
	):
		while killed < KILLS or len(asking.started) < RUNS:
			asking.start(max(0, IN_FLIGHT - asking.unfinished()))
			time.sleep(chance.uniform(*GAP))
			if killed % 2:
				workers.kill(chance.randrange(len(workers)))
			else:
				people.kill_one()
			killed += 1
		let_end(asking, people, workers)
	count = asking.assert_right()
	tell(
		"decisions, kill -9 of workers and deciders",
		kills=killed, runs=len(asking.started), effects=count.steps, **asking.figures(), lost=0, doubled=0,
	)  # fmt: skip


def test_deciders_killed_before_and_after_their_commits(url: str, asking: Asking, tell: Tell):
	with working(url, 2) as workers, deciding(url, asking.record, at_any_commit) as people:
		while people.killed_at_commit < DEATHS:
			asking.start(max(0, IN_FLIGHT - asking.unfinished()))
			time.sleep(0.1)
			people.replace()
		let_end(asking, people, workers)
	asking.assert_right()
	figures = asking.figures()
	tell("decisions, deciders killed at commits", kills=people.killed_at_commit, **figures, lost=0, doubled=0)
	assert figures["told_nothing"] > 0


@pytest.mark.parametrize("point", [*POINTS, "before what is none of a step", "after what is none of a step"])
def test_workers_killed_at_each_point_while_people_decide(url: str, asking: Asking, tell: Tell, point: str):
	killed = 0
	for hit in scale.of([3, 20], range(1, 40)):
		way = Way(point=point, hit=hit) if point in POINTS else Way(commit=hit, after="after" in point)
		with working(url, 1, lambda position: way) as workers, deciding(url, asking.record):
			until = time.monotonic() + 60
			while workers[0].is_alive and time.monotonic() < until:  # not every run comes by
				asking.start(max(0, 8 - asking.unfinished()))
				workers[0].process.join(0.1)
			assert workers[0].process.exitcode == -9, f"nobody came by {point}"
			killed += 1
	with working(url, 2) as workers, deciding(url, asking.record) as people:
		let_end(asking, people, workers)
	asking.assert_right()
	tell("decisions, workers killed at fault points", kills=killed, **asking.figures(), lost=0, doubled=0)


def test_a_server_that_restarts_while_people_decide(server: Server, tmp_path: Path, tell: Tell):
	url = server.new_database("decided")
	with (
		opened(url, tmp_path / "told.jsonl") as asking,
		working(url, 2, lambda position: ELSEWHERE) as workers,
		deciding(url, asking.record) as people,
	):
		for number in RESTARTS:
			asking.start(IN_FLIGHT)
			time.sleep(0.5)
			server.stop(number)
			time.sleep(0.5)
			server.start()
			workers.replace()
			asking.wait_until_done(ENDS, lambda: (workers.replace(), people.replace(), asking.tick()))
		let_end(asking, people, workers)
		asking.assert_right()
		tell(
			"decisions, MariaDB restarted",
			restarts=len(RESTARTS), **asking.figures(), lost=0, doubled=0,
		)  # fmt: skip


def test_lines_cut_around_the_commits_of_those_who_decide(server: Server, tmp_path: Path, tell: Tell):
	"""Who was told nothing asks again, and hears that it was they who came first."""
	proxy = Proxy(server.port)
	url = server.new_database("cut_off")
	through = url.replace(str(server.port), str(proxy.port))
	with (
		opened(url, tmp_path / "told.jsonl") as asking,
		working(url, 2, lambda position: ELSEWHERE) as workers,
		deciding(through, asking.record) as people,
	):
		proxy.every = CUT_EVERY
		while proxy.before + proxy.after < CUTS:
			asking.start(max(0, IN_FLIGHT - asking.unfinished()))
			people.replace()
			workers.replace()
			time.sleep(0.05)
		proxy.every = 0
		let_end(asking, people, workers)
		asking.assert_right()
		told = {each.by for each in asking.tries() if each.told == "late" and each.says.startswith(each.by)}
		figures = asking.figures()
	proxy.close()
	tell(
		"decisions, lines cut around a commit",
		before=proxy.before, after=proxy.after, **figures, lost=0, doubled=0,
	)  # fmt: skip
	assert not proxy.after or figures["and_kept"] == 0 or told


def test_a_redis_that_is_lost_while_people_decide(
	url: str, tmp_path: Path, tell: Tell, monkeypatch: pytest.MonkeyPatch
):
	redis = _Redis(tmp_path)
	monkeypatch.setenv(VARIABLE, redis.url)
	try:
		with (
			opened(url, tmp_path / "told.jsonl") as asking,
			working(url, 2, lambda position: Way(redis=redis.url)) as workers,
			deciding(url, asking.record, lambda chance: Desk(redis=redis.url)) as people,
		):
			for _ in range(LOSSES):
				asking.start(IN_FLIGHT)
				time.sleep(0.5)
				redis.kill()
				asking.start(5)  # nobody hears of them
				time.sleep(1.0)
				redis.start()
				asking.wait_until_done(ENDS, lambda: (workers.replace(), people.replace()))
			let_end(asking, people, workers)
			asking.assert_right()
			tell("decisions, Redis lost", times=LOSSES, **asking.figures(), lost=0, doubled=0)
	finally:
		redis.kill()


def test_a_decider_who_stands_still_before_the_commit_holds_nobody_up(
	url: str, site: FaultSandbox, asking: Asking, tell: Tell
):
	"""The row of the run is locked for as long as they stand there, and the deadline of what they decide has passed."""
	asking.orchestrator.import_workflow(
		{
			"name": "stands",
			"run_as": PERSON,
			"steps": [
				{
					"id": "ok",
					"action": "flow.approve",
					"params": {"to": ANN, "subject": "Now?", "deadline": 2},
				}
			],
		}
	)
	site.database.commit()
	run = asking.orchestrator.start_run("stands")
	site.database.commit()
	asking.start(10, "signalled")
	with working(url, 2, lambda position: ELSEWHERE):
		wait_for(lambda: asking.ask("SELECT 1 FROM `tabDogan Approval` WHERE status = 'Open'"))
		stands = sit_down(url, asking.record, Desk(ANN, dies_at=1, by=signal.SIGSTOP))
		try:
			wait_for(lambda: Path(f"/proc/{stands.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T")
			time.sleep(2.5)  # the deadline passes
			began = time.monotonic()
			for each in asking.started:
				asking.orchestrator.signal("paid", each, {"token": each})
			site.database.commit()
			wait_for(lambda: asking.unfinished() == 1, 60)
			took = time.monotonic() - began
			os.kill(stands.pid or 0, signal.SIGCONT)
			asking.wait_until_done(ENDS, asking.tick)
		finally:
			os.kill(stands.pid or 0, signal.SIGCONT)
			stands.kill()
			stands.join()
	ended = asking.orchestrator.get_run(run)
	assert ended["status"] == "Succeeded"
	tell("decisions, a decider stands still", seconds_for_others=round(took, 1))
	assert took < 15


class _Redis:
	"""A redis-server that keeps nothing."""

	def __init__(self, folder: Path) -> None:
		self._program = shutil.which("redis-server")
		if not self._program:
			pytest.skip("no redis-server here")
		pytest.importorskip("redis")
		with socket.socket() as probe:
			probe.bind(("127.0.0.1", 0))
			self._port = int(probe.getsockname()[1])
		self._folder, self.url = folder, f"redis://127.0.0.1:{self._port}/0"
		self.start()

	def start(self) -> None:
		options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self._folder)]
		self._process = subprocess.Popen(
			[str(self._program), "--port", str(self._port), *options], stdout=subprocess.DEVNULL
		)
		wait_for(self._answers)

	def _answers(self) -> bool:
		with socket.socket() as probe:
			return probe.connect_ex(("127.0.0.1", self._port)) == 0

	def kill(self) -> None:
		self._process.kill()
		self._process.wait()
