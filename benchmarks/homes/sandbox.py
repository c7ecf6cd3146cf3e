"""The sandbox: every scenario that needs no bench, on MariaDB where a server is named, and on SQLite."""

import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import work
from benchmarks.report import Figure, say
from benchmarks.scenarios import branches, claim, commits, first_step
from benchmarks.windows import Size
from dogansystem.homes.sandbox import Sandbox
from dogansystem.terminal import serve
from dogansystem.worker.drainer import Drainer
from tests.bench.server import Server

USER = "benchmark@example.com"
STARTS = 30.0  # seconds a worker gets to import and connect


def measure_mariadb(size: Size, url: str) -> Iterator[Figure]:
	"""On databases of its own on the server at `url`, which are removed. Raises Unusable."""
	where = "sandbox, MariaDB"
	server = Server.of_url(url)
	with _database(server) as address, Sandbox(address, user=USER) as site:
		work.install(site, USER)
		say(f"{where}: drainer and commits")
		yield from commits.measure(where, site, size, lambda: _commit_one(site))
		say(f"{where}: branches")
		yield from branches.measure(where, site, size, USER)
		say(f"{where}: first step")
		with _worker_process(site, address):
			yield from first_step.measure(where, site, size)
	with _database(server) as many, _database(server) as few, Sandbox(many) as deep, Sandbox(few) as shallow:
		say(f"{where}: claim")
		yield from claim.measure(where, deep, shallow, size)


def measure_sqlite(size: Size, *, with_claim: bool = False) -> Iterator[Figure]:
	"""In temporary files. A commit costs next to nothing there, so a drainer's share of it is no promise."""
	where = "sandbox, SQLite"
	with Sandbox(user=USER) as site:
		work.install(site, USER)
		say(f"{where}: drainer and commits")
		yield from commits.measure(where, site, size, lambda: _commit_one(site), promise=None)
		say(f"{where}: branches")
		yield from branches.measure(where, site, size, USER)
		say(f"{where}: first step")
		with _worker_thread(site):
			yield from first_step.measure(where, site, size)
	if with_claim:
		with Sandbox() as deep, Sandbox() as shallow:
			say(f"{where}: claim")
			yield from claim.measure(where, deep, shallow, size)


def _commit_one(site: Sandbox) -> None:
	site.database.execute(commits.UPDATE)
	site.database.commit()


@contextmanager
def _database(server: Server) -> Iterator[str]:
	"""The URL of an empty database, for as long as the block lasts."""
	with server.database() as (name, password):
		yield f"mariadb://{name}:{password}@{server.host}:{server.port}/{name}"


@contextmanager
def _worker_process(site: Sandbox, url: str) -> Iterator[None]:
	"""A worker as `dogansystem serve` starts it."""
	process = multiprocessing.get_context("spawn").Process(target=serve.work, args=(url,))
	process.start()
	try:
		_wait_for_worker(site)
		yield
	finally:
		process.terminate()
		process.join()


@contextmanager
def _worker_thread(site: Sandbox) -> Iterator[None]:
	"""A worker in this process, which hears the doorbell itself."""
	stopping = threading.Event()
	drainer = Drainer(site, until=stopping.is_set)
	thread = threading.Thread(target=drainer.run, name="worker")
	thread.start()
	try:
		_wait_for_worker(site)
		yield
	finally:
		stopping.set()
		site.doorbell.ring()
		thread.join()


def _wait_for_worker(site: Sandbox) -> None:
	until = time.monotonic() + STARTS
	while time.monotonic() < until:
		found = site.database.sql("SELECT 1 FROM dogan_process")
		site.database.rollback()
		if found:
			return
		time.sleep(0.05)
	raise RuntimeError(f"no worker came within {STARTS:.0f} seconds")
