"""What a site has measured of a workflow: the times of its attempts, how many fail, how often it starts, its agents."""

from collections.abc import Mapping
from dataclasses import dataclass

from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import InputError
from dogansystem.engine.states import FAILED
from dogansystem.protocol import Database
from dogansystem.scaling.simulation.distributions import Measured
from dogansystem.scaling.simulation.system import Machine
from dogansystem.scaling.simulation.workload import Agent, Arrivals, Service, Workload
from dogansystem.store import agents, figures, samples
from dogansystem.store.figures import RETRIED, WORKFLOW, Figures

DAY = 86_400  # seconds of samples that are looked at, by minute


@dataclass(frozen=True, slots=True)
class Calibration:
	"""Figures of one workflow on one site.

	Attributes:
		measured: its attempts, all together.
		by_minute: how many attempts came to their end in each minute, from the first with any to the last.
		agents: those of the site.
	"""

	measured: Figures
	by_minute: tuple[int, ...]
	agents: Mapping[str, Agent]

	def service(self, machine: Machine) -> Service:
		"""What its attempts take, without what the simulation adds by itself."""
		return Service(wait=Measured(self.measured.run, less=machine.step + machine.commit))

	def failing(self, definition: Definition) -> dict[str, float]:
		"""The share of attempts that fail, for each step that does more than steer the run."""
		outcomes = self.measured.outcomes
		share = (outcomes.get(RETRIED, 0) + outcomes.get(FAILED, 0)) / max(1, self.measured.executed)
		return {step.id: share for step in definition.steps if not step.action.startswith("flow.") and share}

	def arrivals(self, workload: Workload) -> Arrivals:
		"""How often its runs started, minute by minute: the attempts, by how many one run has.

		Raises InputError when there was no full minute.
		"""
		if not self.by_minute:
			raise InputError(
				"There are no samples by minute yet: they are added up a minute later. Give --arrivals 50/s."
			)
		rates = tuple(count / 60 / attempts_of(workload) for count in self.by_minute)
		return Arrivals(sum(rates) / len(rates), by_minute=rates)


def read(db: Database, workflow: str, now: float) -> Calibration:
	"""What was measured within a day. Raises InputError when that is nothing."""
	minutes = {
		at: found for at, _, found in samples.read(db, samples.MINUTE, now - DAY, (WORKFLOW,), workflow)
	}
	measured = Figures()
	for found in minutes.values():
		measured.add(found)
	measured.add(samples.fresh(db, now - DAY).get((WORKFLOW, workflow), Figures()))
	if not measured.run.count:
		raise InputError(
			f"Nothing was measured of the workflow {workflow!r} within a day: run it first, or give --service."
		)
	return Calibration(measured, _counts(minutes), _agents(db))


def attempts_of(workload: Workload) -> float:
	"""How many attempts a run has on average, if all its steps are executed."""
	total = 0.0
	for step in workload.definition.steps:
		again = workload.failing.get(step.id, 0.0)
		tries = sum(again**number for number in range(step.retry.attempts))
		total += (1 + workload.items_of(step) * tries) if step.for_each is not None else tries
	return total


def _counts(minutes: Mapping[int, Figures]) -> tuple[int, ...]:
	with_any = [at for at, found in minutes.items() if found.executed]
	if not with_any:
		return ()
	every = range(min(with_any), max(with_any) + 1, samples.MINUTE)
	return tuple(minutes.get(at, figures.Figures()).executed for at in every)


def _agents(db: Database) -> dict[str, Agent]:
	return {
		each["name"]: Agent(each["capacity"], tuple(each["capabilities"]))
		for each in agents.every(db)
		if each["enabled"]
	}
