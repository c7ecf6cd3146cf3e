"""How much is asked for, and how many workers that takes."""

import math

from dogansystem.scaling import bottleneck
from dogansystem.scaling.bottleneck import Diagnosis
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.expectation import Size, expect
from dogansystem.scaling.queueing import Queue, servers_for
from dogansystem.scaling.words import rate, seconds, some

UTILISATION = 0.7  # of the workers at the busiest minute, above which waits grow steeply
WAIT = 1.0  # seconds that 95 % of the steps may stand ready


def piles_up(diagnosis: Diagnosis) -> bool:
	"""Whether more arrives than the workers there are can do."""
	return diagnosis.name in (bottleneck.WORKERS, bottleneck.CPU)


def load(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> float:
	"""Steps per second of the busiest minute; where they pile up, at least what busy workers do."""
	does = expect(evidence, now).per_second or 0.0
	return max(evidence.load.peak, does if piles_up(diagnosis) else 0.0)


def asked_for(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> float:
	"""Steps per second to plan for: where they pile up, twice what is done, since nobody knows how much more would come."""
	return load(evidence, diagnosis, now) * (2 if piles_up(diagnosis) else 1)


def workers_for(evidence: Evidence, load: float) -> int:
	"""How many workers do so many steps per second with a reserve and hardly a wait."""
	run = evidence.recent.run
	if not (run and load):
		return 1
	queue = Queue(load, run, 1, service_variation=evidence.recent.run_variation)
	return max(servers_for(queue, WAIT), math.ceil(load * run / UTILISATION))


def sentence(evidence: Evidence, diagnosis: Diagnosis, load: float, now: Size) -> str:
	"""The same for people: what is asked for, what it takes, what there is."""
	run = evidence.recent.run
	if not (run and load):
		return "Too few steps were measured to say more."
	known = (
		f"Work piles up while about {rate(load / 2)} steps a second are done, so plan for twice that"
		if piles_up(diagnosis)
		else f"The busiest minute of the last day had {rate(load)} steps a second"
	)
	return (
		f"{known}: at {seconds(run)} each they keep {some(math.ceil(load * run), 'worker')} busy. With"
		f" {workers_for(evidence, load)} there is a reserve, and 95 % begin within {seconds(WAIT)}."
		f" There {'is' if now.in_all == 1 else 'are'} {now.in_all}."
	)
