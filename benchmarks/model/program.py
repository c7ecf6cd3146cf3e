"""`script/benchmark --only model`: measures every case, simulates it, and shows how far the simulation is off."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.model import compare
from benchmarks.model.calibrate import Rates, calibrate
from benchmarks.model.cases import CASES, Case
from benchmarks.model.compare import THROUGHPUT, WAIT, Compared
from benchmarks.model.measure import Measured, measure
from benchmarks.report import Figure, Promise
from tests.bench.server import Server

WHERE = "model"
RECORDED = Path(__file__).parent / "recorded.json"
QUICK_CASES, QUICK_SECONDS = ("half", "chain"), 5.0


def figures(url: str, *, quick: bool, record: bool) -> Iterator[Figure]:
	"""Measure on databases of their own on the server at `url`. With `record`, keep what was measured for the tests."""
	server = Server.of_url(url)
	report.say(f"{WHERE}: what this machine needs for steps, claims and commits")
	rates = calibrate(server)
	measured = {}
	for case in chosen(quick):
		report.say(f"{WHERE}: {case.name}, {case.seconds:g} s")
		measured[case.name] = measure(server, case)
	if record:
		report.save(RECORDED, as_json(rates, measured))
	found = [compare.compare(case, measured[case.name], rates) for case in chosen(quick)]
	print("\n".join(compare.table(found)))
	for each in found:
		yield from judged(each)


def chosen(quick: bool) -> list[Case]:
	"""The cases, or a few short ones."""
	if not quick:
		return list(CASES)
	return [replace(case, seconds=QUICK_SECONDS) for case in CASES if case.name in QUICK_CASES]


def judged(each: Compared) -> Iterator[Figure]:
	"""How far the simulation is off, which is promised, and how far the formula, which is not."""
	for name, figures, promised in (
		("simulated", each.simulated, True),
		("formula", each.formula, False),
	):
		throughput, wait = (abs(error) for error in figures.error(each.measured))
		for what, error, bound in (("steps/s", throughput, THROUGHPUT), ("p95 wait", wait, WAIT)):
			promise = Promise("at most", bound) if promised else None
			yield Figure(
				WHERE, f"{each.case.name}: {what}, error {name}", error, "%", error, error, 1, promise
			)


def as_json(rates: Rates, measured: Mapping[str, Measured]) -> dict[str, Any]:
	"""What was measured, as JSON data."""
	return {"rates": asdict(rates), "cases": {name: each.as_json() for name, each in measured.items()}}


def recorded() -> tuple[Rates, dict[str, Measured]]:
	"""What was measured when it was last recorded."""
	data = json.loads(RECORDED.read_text())
	return Rates(**data["rates"]), {name: Measured(**each) for name, each in data["cases"].items()}
