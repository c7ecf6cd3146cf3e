"""`dogansystem load`: a load on a sandbox, with workers of its own or those of `serve`."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.store import processes
from dogansystem.terminal import loads
from dogansystem.terminal.serve import work
from dogansystem.terminal.shell import DEFAULT_DATABASE, errors

STARTS = 60.0  # seconds that workers get to import and connect


@click.command()
@click.option(
	"--db", "url", default=DEFAULT_DATABASE, show_default=True, metavar="URL", help="A file or mariadb://…"
)
@click.option(
	"--workers",
	default=0,
	type=click.IntRange(0, 256),
	help="Worker processes of its own; 0: those of `serve`.",
)
@loads.load_options
def load(url: str, workers: int, **options: Any) -> None:
	"""Put a load on, measure it, and remove it: what the workers can do, for `compare`."""
	with errors(options["as_json"]), Sandbox(url) as site:
		loads.run(Orchestrator(site), options, _workers(site, url, workers))


@contextmanager
def _workers(site: Sandbox, url: str, number: int) -> Iterator[None]:
	"""Worker processes for as long as the block lasts."""
	context = multiprocessing.get_context("spawn")
	started = [context.Process(target=work, args=(url,)) for _ in range(number)]
	for process in started:
		process.start()
	try:
		_wait_for(site, number)
		yield
	finally:
		for process in started:
			process.terminate()
		for process in started:
			process.join()


def _wait_for(site: Sandbox, number: int) -> None:
	until = time.monotonic() + STARTS
	while time.monotonic() < until:
		site.database.rollback()
		if len(processes.every(site.database)) >= number:
			return
		time.sleep(0.05)
