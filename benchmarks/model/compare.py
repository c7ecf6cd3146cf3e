"""What was measured of a case beside what the simulation and the queueing formula say of it."""

from dataclasses import dataclass, replace
from math import inf

from benchmarks.model.calibrate import Rates
from benchmarks.model.cases import Case
from benchmarks.model.inputs import inputs
from benchmarks.model.measure import Measured
from dogansystem.engine.definitions.parse import parse
from dogansystem.scaling.queueing import Queue
from dogansystem.scaling.simulation import words
from dogansystem.scaling.simulation.simulate import simulate
from dogansystem.scaling.simulation.system import Machine, System
from dogansystem.scaling.simulation.times import Times
from dogansystem.scaling.simulation.workload import Agent, Arrivals, Service, Workload
from dogansystem.worker.drainer import BATCH_SECONDS

THROUGHPUT, WAIT = 0.15, 0.30  # how far the simulation may be off, as a share of what was measured
LOOK = 0.05  # seconds between two looks of an idle process of the sandbox, when the loads were recorded
RING = 0.0003  # seconds from a ring to a thread of the same process that hears it


def as_given(case: Case, service: Times) -> Times:
	"""The times that the workers' steps took: the inputs of the runs, in their order."""
	given = inputs(case)
	return Times(service.mean, service.variation, lambda chance: float(next(given)["seconds"]))


@dataclass(frozen=True, slots=True)
class Figures:
	"""Steps per second, and the 95th percentile of their wait in seconds."""

	throughput: float
	wait: float

	def error(self, measured: "Figures") -> tuple[float, float]:
		"""How far both are off."""
		return self.throughput / measured.throughput - 1, self.wait / measured.wait - 1


@dataclass(frozen=True, slots=True)
class Compared:
	"""One case, three ways."""

	case: Case
	measured: Figures
	simulated: Figures
	formula: Figures

	@property
	def is_missed(self) -> bool:
		"""Whether the simulation is further off than it may be."""
		throughput, wait = self.simulated.error(self.measured)
		return abs(throughput) > THROUGHPUT or abs(wait) > WAIT


def compare(case: Case, measured: Measured, rates: Rates) -> Compared:
	"""Simulate a case on a machine with these rates, with the arrivals and the times that the workers had."""
	workload = workload_of(case)
	machine = replace(rates.machine, ring=RING if case.rings else inf)
	system = System(workers=case.workers, machine=machine, linger=inf)
	system = system if case.rings else replace(system, look_every=LOOK)
	result = simulate(workload, system, case.seconds, case.seed)
	queue = queue_of(case, workload, machine)
	return Compared(
		case,
		Figures(measured.throughput, measured.wait["p95"]),
		Figures(result["steps"], result["wait"]["p95"] or 0.0),
		Figures(queue.throughput * steps_of(workload) / workload.attempts, queue.wait(0.95)),
	)


def workload_of(case: Case) -> Workload:
	"""The case as the simulation is asked."""
	definition = parse(case.definition)
	wait = words.service(case.service).wait
	return Workload(
		definition,
		Arrivals(case.arrivals),
		Service(wait=as_given(case, wait) if wait.variation else wait),
		failing={step.id: case.failing for step in definition.steps} if case.failing else {},
		agents={name: Agent(capacity) for name, capacity in case.agents.items()},
	)


def steps_of(workload: Workload) -> float:
	"""How many steps and items a run brings to an end."""
	return replace(workload, failing={}).attempts


def queue_of(case: Case, workload: Workload, machine: Machine) -> Queue:
	"""The case as the formula sees it: steps that arrive one by one at workers that know of them at once."""
	service = workload.service.wait
	batch = max(1, int(BATCH_SECONDS / service.mean))
	claim = (machine.claim + machine.claim_commits * machine.commit) / batch
	return Queue(
		arrivals=case.arrivals * workload.attempts,
		service=service.mean + machine.step + machine.commit + claim,
		servers=case.workers,
		service_variation=service.variation,
	)


def table(found: list[Compared]) -> list[str]:
	"""All cases as lines of text."""
	rows = [
		("case", "steps/s", "simulated", "", "formula", "", "wait p95", "simulated", "", "formula", "", "")
	]
	rows += [_row(each) for each in found]
	widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
	return [
		"  ".join(
			cell.ljust(width) if not column else cell.rjust(width)
			for column, (cell, width) in enumerate(zip(row, widths, strict=True))
		).rstrip()
		for row in rows
	]


def _row(each: Compared) -> tuple[str, ...]:
	simulated, formula = each.simulated.error(each.measured), each.formula.error(each.measured)
	return (
		f"{each.case.name}: {each.case.about}",
		f"{each.measured.throughput:.1f}",
		f"{each.simulated.throughput:.1f}",
		f"{simulated[0]:+.1%}",
		f"{each.formula.throughput:.1f}",
		f"{formula[0]:+.1%}",
		_milliseconds(each.measured.wait),
		_milliseconds(each.simulated.wait),
		f"{simulated[1]:+.0%}",
		_milliseconds(each.formula.wait),
		f"{formula[1]:+.0%}" if each.formula.wait != float("inf") else "",
		"MISSED" if each.is_missed else "kept",
	)


def _milliseconds(seconds: float) -> str:
	return "for ever" if seconds == float("inf") else f"{seconds * 1000:.0f} ms"
