"""The site that nodes of a bench work for: `python -m benchmarks.homes.nodes_site OUT [--quick]` in the sites folder."""

import os
import sys
from pathlib import Path

import frappe

from benchmarks.homes.nodes import SHORT, Length, of_place
from benchmarks.report import as_json, save
from dogansystem.homes.frappe.site import current_site
from dogansystem.tests.home import ensure_user
from tests.bench.place import FRAPPE
from tests.integration.nodes.load import Load
from tests.integration.nodes.network import Hosts
from tests.integration.nodes.place import Place

USER = "benchmark@example.com"
MOST_WORKERS = 20  # of a node


def main(out: str, *options: str) -> None:
	"""Write the figures to the file `out`."""
	length = SHORT if "--quick" in options else Length()
	frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
	frappe.connect()
	try:
		with Hosts() as hosts:
			figures = of_place("nodes, bench", _place(hosts, length), length)
			save(Path(out), as_json(figures, []))
	finally:
		frappe.destroy()


def _place(hosts: Hosts, length: Length) -> Place:
	ensure_user(USER, ["System Manager"])
	for field, value in (("lease_seconds", length.lease), ("num_workers", MOST_WORKERS)):
		frappe.db.set_single_value("Dogan Settings", field, value)
	frappe.db.commit()
	site = current_site()
	return Place(site, Load(site, USER), hosts, Path("..").resolve() / "logs", _pool, Path.cwd())


def _pool(workers: int) -> list[str]:
	"""What a node of a bench runs."""
	pool = ("worker-pool", "--queue", "dogansystem", "--num-workers", str(workers))
	return [sys.executable, *FRAPPE, *pool]


if __name__ == "__main__":
	main(*sys.argv[1:])
