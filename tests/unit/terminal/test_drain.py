"""`dogansystem drain` beside two nodes on which `dogansystem serve` works: one is emptied, and comes back."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dogansystem import Orchestrator, Sandbox
from dogansystem.cli import main
from dogansystem.store import processes

STAYS, LEAVES = "node-stays", "node-leaves"
SOON = 60.0  # seconds
ITEMS = 400
WORKFLOW = {
	"name": "many",
	"steps": [
		{"id": "each", "action": "data.set", "for_each": list(range(ITEMS)), "params": {"of": "{{ item }}"}}
	],
}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can have two nodes on one machine")


@contextmanager
def serving(url: str, node: str) -> Iterator[None]:
	"""Two workers on a machine of that name, as it sees it."""
	on_node = ["unshare", "--uts", "sh", "-c", f'hostname {node}; exec "$@"', "sh"]
	command = [*on_node, sys.executable, "-m", "dogansystem", "serve", "--db", url, "--workers", "2"]
	process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
	try:
		yield
	finally:
		process.terminate()
		process.wait(SOON)


def order(url: str, *arguments: str, code: int = 0) -> Any:
	done = CliRunner().invoke(main, ["drain", *arguments, "--db", url, "--json"])
	assert done.exit_code == code, done.output
	return json.loads(done.output)


def wait_until(question: Callable[[], bool]) -> None:
	until = time.monotonic() + SOON
	while not question():
		assert time.monotonic() < until
		time.sleep(0.2)


def nodes_there(site: Sandbox) -> set[str]:
	"""The nodes whose workers have come."""
	site.database.rollback()
	return {each.node for each in processes.every(site.database)}


def nodes_at_work(site: Sandbox, since: float = 0.0) -> set[str]:
	"""The nodes on which a step has begun since then."""
	site.database.rollback()
	rows = site.database.sql(
		"SELECT DISTINCT worker FROM `tabDogan Step Run` WHERE worker IS NOT NULL AND started_at > %s",
		(str(site.local_time(since)),),
	)
	return {worker.split(":")[0] for (worker,) in rows}


def test_a_node_is_emptied_and_comes_back(tmp_path: Path):
	url = str(tmp_path / "sandbox.db")
	with Sandbox(url) as site, ExitStack() as stack:
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow(WORKFLOW)
		site.database.commit()

		def is_done(run: str) -> bool:
			site.database.rollback()
			return orchestrator.get_run(run)["status"] == "Succeeded"

		def start() -> str:
			run = orchestrator.start_run("many")
			site.database.commit()
			return run

		for node in (STAYS, LEAVES):
			stack.enter_context(serving(url, node))
		wait_until(lambda: nodes_there(site) == {STAYS, LEAVES})
		first = start()
		assert order(url, LEAVES)["empty"]
		assert orchestrator.get_system_status()["nodes"][LEAVES]["state"] == "drained"
		drained_at = site.now()
		second = start()
		wait_until(lambda: is_done(second) and is_done(first))
		assert nodes_at_work(site, drained_at) == {STAYS}

		order(url, LEAVES, "--undo")
		order(url, STAYS)
		undone_at = site.now()
		third = start()
		wait_until(lambda: is_done(third))
		assert nodes_at_work(site, undone_at) == {LEAVES}


def test_a_node_that_is_not_there_is_told(tmp_path: Path):
	url = str(tmp_path / "sandbox.db")
	Sandbox(url).close()
	assert "'nowhere'" in order(url, "nowhere", code=3)["error"]
