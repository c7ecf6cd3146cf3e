"""A site of a bench: what is measured in a process that is connected to it, and with an RQ worker of the bench.

`python -m benchmarks.homes.site OUT [--quick]` in the sites folder, as `homes.bench` calls it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe

from benchmarks import work
from benchmarks.report import Figure, as_json, save, say
from benchmarks.scenarios import branches, commits, enqueue, first_step
from benchmarks.scenarios import save as saves
from benchmarks.windows import QUICK, Size
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.tests.home import ensure_user
from tests.bench.processes import Worker

USER = "benchmark@example.com"
LINGER = 600  # seconds: longer than the measurement of latencies
WATCHER = {
	"name": "benchmark-watcher",
	"run_as": USER,
	"triggers": [{"on": "document", "doctype": "Note", "event": "created"}],
	"steps": [{"id": "only", "action": "data.set", "params": {"done": True}}],
}


def main(out: str, *options: str) -> None:
	"""Write the figures to the file `out`."""
	frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
	frappe.connect()
	try:
		save(Path(out), as_json(measure(QUICK if "--quick" in options else Size()), []))
	finally:
		frappe.destroy()


def measure(size: Size) -> Iterator[Figure]:
	"""On the site that is connected, whose queue nobody else works on."""
	where = f"site, {' and '.join(app for app in frappe.get_installed_apps() if app != 'dogansystem')}"
	_prepare()
	say(f"{where}: saving a document")
	yield from saves.measure(where, size)
	site = current_site()
	say(f"{where}: drainer and commits")
	with _linger(0):
		yield from commits.measure(where, site, size, _commit_one)
		say(f"{where}: branches")
		yield from branches.measure(where, site, size, USER)
		say(f"{where}: drainer and jobs")
		site.doorbell.remove()
		with Worker():
			yield from enqueue.measure(where, site, size)
	say(f"{where}: first step")
	with _linger(LINGER), Worker():
		yield from first_step.measure(where, site, size)


def _prepare() -> None:
	ensure_user(USER, ["System Manager"])
	site = current_site()
	work.install(site, USER)
	Orchestrator(site).import_workflow(WATCHER)
	site.database.commit()


def _commit_one() -> None:
	frappe.db.sql(commits.UPDATE)
	frappe.db.commit()


@contextmanager
def _linger(seconds: float) -> Iterator[None]:
	"""Let drainers wait for work that long before they leave."""
	before = frappe.db.get_single_value("Dogan Settings", "linger_seconds")
	frappe.db.set_single_value("Dogan Settings", "linger_seconds", seconds)
	frappe.db.commit()
	try:
		yield
	finally:
		frappe.db.set_single_value("Dogan Settings", "linger_seconds", before)
		frappe.db.commit()


if __name__ == "__main__":
	main(*sys.argv[1:])
