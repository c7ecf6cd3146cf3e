"""`python -m benchmarks`, as script/benchmark calls it.

Exit codes: 0 every promise was kept, 1 one was missed, 2 wrong arguments, 3 nothing could be measured.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.homes import bench, nodes, sandbox
from benchmarks.homes.bench import NoBench
from benchmarks.homes.nodes import NoHosts
from benchmarks.model import program as model
from benchmarks.report import Figure
from benchmarks.windows import QUICK, Size
from tests.bench.server import Unusable

KEPT, MISSED, NOTHING = 0, 1, 3
HOMES = ("mariadb", "sqlite", "bench", "nodes")
# Only if asked for: each takes six minutes, in which nobody else may use the machine.
MODEL, NODES_OF_A_BENCH = "model", "nodes-bench"


def main(arguments: Sequence[str] | None = None) -> int:
	"""Measure, print, and judge."""
	chosen = _options().parse_args(arguments)
	left_out: list[str] = []
	figures = list(_measured(chosen, left_out))
	if not figures:
		print("Nothing was measured: " + "; ".join(left_out), file=sys.stderr)
		return NOTHING
	print("\n".join(report.table(figures)))
	for reason in left_out:
		print(f"Left out: {reason}")
	if chosen.json:
		report.save(chosen.json, report.as_json(figures, left_out))
	missed = [each for each in figures if each.is_missed]
	if missed and chosen.check:
		print(f"{len(missed)} of what is promised was missed.", file=sys.stderr)
		return MISSED
	return KEPT


def _options() -> argparse.ArgumentParser:
	parser = argparse.ArgumentParser(
		prog="script/benchmark",
		description="What is promised about speed, measured as ratios within this run.",
	)
	parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures to this file as well")
	parser.add_argument(
		"--no-check", dest="check", action="store_false", help="only print; missing a promise is no error"
	)
	parser.add_argument(
		"--only",
		action="append",
		choices=(*HOMES, NODES_OF_A_BENCH, MODEL),
		help="measure only here; may be given more than once",
	)
	parser.add_argument(
		"--sqlite-claim", action="store_true", help="compare claims on SQLite too (fills a file of 500 MB)"
	)
	parser.add_argument(
		"--record", action="store_true", help="with --only model: keep what was measured, for the tests"
	)
	parser.add_argument(
		"--quick", action="store_true", help="a few small windows: shows that it works, measures little"
	)
	return parser


def _measured(chosen: argparse.Namespace, left_out: list[str]) -> Iterator[Figure]:
	homes = chosen.only or HOMES
	size = QUICK if chosen.quick else Size()
	if "mariadb" in homes:
		yield from _on_mariadb(size, left_out)
	if "sqlite" in homes:
		yield from sandbox.measure_sqlite(size, with_claim=chosen.sqlite_claim)
	if "bench" in homes:
		yield from _on_bench(chosen.quick, left_out)
	if "nodes" in homes:
		yield from _of_nodes(chosen.quick, left_out)
	if NODES_OF_A_BENCH in homes:
		yield from _on_bench(chosen.quick, left_out, "benchmarks.homes.nodes_bench")
	if MODEL in homes:
		yield from _of_the_model(chosen, left_out)


def _on_mariadb(size: Size, left_out: list[str]) -> Iterator[Figure]:
	url = os.environ.get("DOGAN_TEST_MARIADB")
	if not url:
		left_out.append("MariaDB: no server; set DOGAN_TEST_MARIADB to mariadb://user:password@host:port")
		return
	try:
		yield from sandbox.measure_mariadb(size, url)
	except Unusable as problem:
		left_out.append(f"MariaDB: {problem}")


def _of_the_model(chosen: argparse.Namespace, left_out: list[str]) -> Iterator[Figure]:
	url = os.environ.get("DOGAN_TEST_MARIADB")
	if not url:
		left_out.append("model: no MariaDB; set DOGAN_TEST_MARIADB to mariadb://user:password@host:port")
		return
	try:
		yield from model.figures(url, quick=chosen.quick, record=chosen.record)
	except Unusable as problem:
		left_out.append(f"model: {problem}")


def _of_nodes(quick: bool, left_out: list[str]) -> Iterator[Figure]:
	try:
		yield from nodes.measure(quick)
	except NoHosts as problem:
		left_out.append(f"nodes: {problem}")


def _on_bench(quick: bool, left_out: list[str], program: str = "benchmarks.homes.bench") -> Iterator[Figure]:
	try:
		yield from bench.measure(quick, program)
	except NoBench as problem:
		left_out.append(f"bench: {problem}")


if __name__ == "__main__":
	signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwind, so that no database is left behind
	sys.exit(main())
