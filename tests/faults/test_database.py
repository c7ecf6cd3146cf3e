"""MariaDB that restarts in mid-load, and lines that are cut around a commit."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dogansystem import Orchestrator, Sandbox
from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.conftest import LEASE
from tests.faults.load import Load, wait_for
from tests.faults.proxy import Proxy
from tests.faults.server import Server
from tests.faults.workers import Way, working

RESTARTS = scale.of([signal.SIGTERM, signal.SIGKILL], [signal.SIGTERM, signal.SIGKILL] * 5)
CUTS = scale.of(16, 400)
CUT_EVERY = 30  # commits


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
	with Server(tmp_path_factory.mktemp("mariadb")) as server:
		yield server


@contextmanager
def loaded(url: str) -> Iterator[Load]:
	with FaultSandbox(url) as site:
		site.set_settings(lease_seconds=LEASE, linger_seconds=1)
		yield Load(site)


def test_a_server_that_restarts_in_mid_load_loses_and_doubles_nothing(server: Server, tell: Tell):
	url = server.new_database("restarts")
	# Elsewhere: the server is away for longer than the lease, and nobody is dead.
	with loaded(url) as load, working(url, 3, lambda position: Way(elsewhere=True)) as workers:
		for number in RESTARTS:
			load.start(60)
			time.sleep(0.3)
			server.stop(number)
			time.sleep(0.5)
			server.start()
			workers.replace()
			load.wait_until_done(30, lambda: (workers.replace(), load.tick()))
		count = load.assert_right()
	tell(
		"MariaDB restarted",
		restarts=len(RESTARTS), steps=count.steps, lost=count.lost, doubled=count.doubled,
	)  # fmt: skip


def test_serve_survives_a_server_that_is_away_when_it_ticks(server: Server):
	url = server.new_database("served")
	command = [sys.executable, "-m", "dogansystem", "serve", "--workers", "2", "--db", url]
	serve = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
	try:
		assert serve.stdout and "2 workers" in serve.stdout.readline()
		server.stop(signal.SIGKILL)  # the first tick comes after a second
		assert "could not be looked after" in serve.stdout.readline()
		server.start()
		with Sandbox(url) as site:
			orchestrator = Orchestrator(site)
			orchestrator.import_workflow({"name": "served", "steps": [{"id": "a", "action": "data.set"}]})
			run = orchestrator.start_run("served")
			site.database.commit()
			wait_for(
				lambda: site.database.rollback() or orchestrator.get_run(run)["status"] == "Succeeded", 20
			)
		serve.send_signal(signal.SIGTERM)
		printed = serve.communicate(timeout=20)
		assert serve.returncode == 0, printed
	finally:
		serve.kill()


def test_lines_cut_around_a_commit_lose_and_double_nothing(server: Server, tell: Tell):
	proxy = Proxy(server.port)
	url = server.new_database("cuts")
	through = url.replace(str(server.port), str(proxy.port))
	with loaded(url) as load, working(through, 3, lambda position: Way(elsewhere=True)) as workers:
		proxy.every = CUT_EVERY
		while proxy.before + proxy.after < CUTS:
			load.start(max(0, 40 - load.unfinished()))
			workers.replace()
			time.sleep(0.05)
		proxy.every = 0
		load.wait_until_done(30, lambda: (workers.replace(), load.tick()))
		count = load.assert_right()
	proxy.close()
	assert min(proxy.before, proxy.after) > CUTS / 5
	tell(
		"connection cut around a commit",
		before=proxy.before, after=proxy.after, steps=count.steps, lost=count.lost, doubled=count.doubled,
	)  # fmt: skip
