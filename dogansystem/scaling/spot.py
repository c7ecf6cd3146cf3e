"""Which workflows may run on spot nodes: those whose steps end within the notice, or lose nothing by starting again.

A step that was cut off is undone by the database and done again elsewhere. So what counts is how long it takes, and
what it has done outside by then. Waits are rows and hold no worker, however long they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dogansystem.engine.definition import Definition, Step
from dogansystem.protocol import Site
from dogansystem.scaling.evidence import Evidence, Steps
from dogansystem.scaling.words import listed, seconds
from dogansystem.store import reads, versions

NOTICE = {"AWS": 120.0, "Azure": 30.0, "Google Cloud": 15.0}  # seconds; docs/scaling.md
YES, IF, NO = "yes", "if", "no"
LEAST = 0.001  # seconds that a step is taken to need
MEASURED = 20  # attempts, below which nothing is said
HTTP = "http.request"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # may be repeated: RFC 9110, 9.2.2


@dataclass(frozen=True, slots=True)
class Fitness:
	"""A workflow's answer: `suitable` is yes, if (something is so), or no. `clouds` are those whose notice is long enough."""

	workflow: str
	suitable: str
	why: str
	run_p95: float | None
	clouds: list[str]
	work: float  # seconds of workers' time that it has taken so far


def every(site: Site, evidence: Evidence) -> list[Fitness]:
	"""Each enabled workflow that has run, the one with most work first."""
	found = []
	for name, measured in evidence.workflows.items():
		version = reads.enabled_workflow(site.database, name)
		if version and version[0] and version[1]:
			definition = versions.load(site, version[0])
			found.append(fitness(definition, measured, site.actions()))
	return sorted(found, key=lambda each: -each.work)


def fitness(definition: Definition, measured: Steps, actions: Mapping[str, Any]) -> Fitness:
	"""Whether one workflow may."""
	p95 = measured.run_p95
	clouds = [name for name, notice in NOTICE.items() if p95 is not None and p95 < notice]
	suitable, why = _judge(definition, measured, clouds, actions)
	return Fitness(definition.name, suitable, why, p95, clouds, max(measured.run, LEAST) * measured.count)


def share(found: list[Fitness]) -> float:
	"""The share of all workers' time that may run on spot nodes without an if."""
	work = sum(each.work for each in found)
	return sum(each.work for each in found if each.suitable == YES) / work if work else 0.0


def _judge(
	definition: Definition, measured: Steps, clouds: list[str], actions: Mapping[str, Any]
) -> tuple[str, str]:
	if measured.run_p95 is None or measured.count < MEASURED:
		return NO, f"Only {measured.count} of its steps were measured; look again after {MEASURED}."
	took = f"95 % of its steps take {seconds(measured.run_p95)} at most"
	external = _external(definition.steps, actions)
	unsafe = [each.id for each in external if not _has_key(each)]
	if unsafe:
		return NO, (
			f"The steps {listed(unsafe)} act outside the database without an idempotency key that stays the same:"
			" one that is cut off may happen twice."
		)
	if not clouds:
		longest = max(NOTICE.values())
		if external:
			return (
				NO,
				f"{took}, longer than the longest notice ({seconds(longest)}), and it acts outside the database.",
			)
		return (
			IF,
			f"{took}, longer than any notice: what is cut off is done again. Split long steps, or accept that.",
		)
	if external:
		names = listed([each.id for each in external])
		return IF, f"{took}. The servers that {names} write to must honour Idempotency-Key."
	return YES, f"{took}; what is cut off is undone by the database."


def _external(steps: tuple[Step, ...], actions: Mapping[str, Any]) -> list[Step]:
	"""The steps that change something outside; one whose action is not known may."""
	return [step for step in steps if _acts_outside(step, actions)]


def _acts_outside(step: Step, actions: Mapping[str, Any]) -> bool:
	action = actions.get(step.action)
	if action is not None and not action.external:
		return False
	return step.action != HTTP or str(step.params.get("method", "GET")).upper() not in SAFE


def _has_key(step: Step) -> bool:
	"""Whether a repeated attempt brings the same key: `http.request` sends one unless the step gives it one of its own."""
	if step.action != HTTP:
		return False
	headers = step.params.get("headers") or {}
	return isinstance(headers, Mapping) and "idempotency-key" not in {str(name).lower() for name in headers}
