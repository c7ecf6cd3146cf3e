"""What steps cost, from the prices that were entered, and which workflows may run on spot nodes. Prices are per hour.

A price that was not entered is 0, and nothing is said that depends on it. A step that a spot node cuts off is undone by the
database and done again elsewhere. So what counts is how long it takes, and what it has done outside by then. Waits are
rows and hold no worker, however long they are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dogansystem.engine.definition import Definition, Step
from dogansystem.protocol import Settings, Site
from dogansystem.scaling.evidence import Evidence, Steps
from dogansystem.scaling.plan import NONE, Plan
from dogansystem.scaling.sizing import ENOUGH
from dogansystem.scaling.words import listed, percent, seconds
from dogansystem.store import reads, versions

MUCH_IDLE = 0.6  # of the workers' time, from which on fewer would do
HOURS = 730  # in a month
NOTICE = {"AWS": 120.0, "Azure": 30.0, "Google Cloud": 15.0}  # seconds; docs/scaling.md
YES, IF, NO = "yes", "if", "no"
HTTP = "http.request"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # may be repeated: RFC 9110, 9.2.2


def report(evidence: Evidence, plan: Plan, settings: Settings, spot_share: float) -> dict[str, Any]:
	"""Costs as plain data with a recommendation, by the prices of Dogan Settings.

	`spot_share`: of the workers' time, what may run on spot nodes.
	"""
	node, steps, there = settings.node_price, evidence.load.mean, evidence.workers_there
	is_idle_known = there and evidence.load.hours
	idle = round(max(0.0, 1 - evidence.load.busy / there), 3) if is_idle_known else None
	# One node stays steady, whatever the share: with none left, nothing would run after spot was taken back.
	on_spot = max(0, min(round(plan.then.nodes * spot_share), plan.then.nodes - 1))
	saves = on_spot * max(node - settings.spot_node_price, 0.0) * HOURS if settings.spot_node_price else 0.0
	found: dict[str, Any] = {
		"currency": settings.currency,
		"prices_entered": node > 0,
		"idle_share": idle,
		"idle_per_month": _money((idle or 0.0) * plan.now.nodes * node * HOURS),
		"spot_share": round(spot_share, 3),
		"spot_saves_per_month": _money(saves),
	}
	sides = (("now", plan.now, plan.expected_now), ("then", plan.then, plan.expected_then))
	for when, size, expected in sides:
		hour = size.nodes * node + settings.database_price if node else 0.0
		found[f"per_hour_{when}"] = _money(hour)
		found[f"per_1000_steps_{when}"] = _per_thousand(hour, steps)
		found[f"per_1000_steps_{when}_at_capacity"] = _per_thousand(hour, expected.per_second)
	return found | {"recommendation": list(_recommendation(found, plan)) or ["Nothing stands out."]}


def _per_thousand(per_hour: float, per_second: float | None) -> float | None:
	return float(f"{per_hour / per_second / 3.6:.3g}") if per_hour and per_second else None


def _money(number: float) -> float | None:
	return round(number, 2) if number else None


def _recommendation(found: dict[str, Any], plan: Plan) -> Iterator[str]:
	currency, idle = found["currency"], found["idle_share"]
	if not found["prices_entered"]:
		yield "Enter prices in Dogan Settings, section Costs, to see what steps cost."
	if idle is not None:
		cost = f", {found['idle_per_month']:,.2f} {currency} a month" if found["idle_per_month"] else ""
		yield f"Workers were idle {percent(idle)} of the last day{cost}{_fewer(idle, plan)}."
	if saves := found["spot_saves_per_month"]:
		yield (
			f"Spot nodes would save {saves:,.2f} {currency} a month; scheduler, database and Redis stay off them."
		)


def _fewer(idle: float, plan: Plan) -> str:
	"""What idle workers mean; nothing beside a plan that asks for more of them."""
	if idle > MUCH_IDLE and plan.now.nodes > 1:
		return ": let the autoscaler take nodes away when there is nothing to do"
	if idle > MUCH_IDLE and plan.row.direction == NONE:
		return ": a smaller machine, or fewer workers, would do, unless the peaks need them"
	return ""


@dataclass(frozen=True, slots=True)
class Fitness:
	"""Whether a workflow is `suitable` for spot nodes: yes, if (something is so), or no. `clouds` are those whose notice is
	long enough; `work` the seconds of workers' time that it has taken so far."""

	workflow: str
	suitable: str
	why: str
	clouds: list[str]
	work: float


def fitness_of_site(site: Site, evidence: Evidence) -> list[Fitness]:
	"""Each enabled workflow that has run, the one with most work first."""
	found = []
	for name, measured in evidence.workflows.items():
		version = reads.enabled_workflow(site.database, name)
		if version and version[0] and version[1]:
			found.append(fitness(versions.load(site, version[0]), measured, site.actions()))
	return sorted(found, key=lambda each: -each.work)


def fitness(definition: Definition, measured: Steps, actions: Mapping[str, Any]) -> Fitness:
	"""Whether one workflow may."""
	p95 = measured.run_p95
	clouds = [name for name, notice in NOTICE.items() if p95 is not None and p95 < notice]
	suitable, why = _judge(definition, measured, clouds, actions)
	work = max(measured.run, 0.001) * measured.count
	return Fitness(definition.name, suitable, why, clouds, work)


def spot_share(found: list[Fitness]) -> float:
	"""The share of all workers' time that may run on spot nodes without an if."""
	work = sum(each.work for each in found)
	return sum(each.work for each in found if each.suitable == YES) / work if work else 0.0


def _judge(
	definition: Definition, measured: Steps, clouds: list[str], actions: Mapping[str, Any]
) -> tuple[str, str]:
	if measured.run_p95 is None or measured.count < ENOUGH:
		return NO, f"Only {measured.count} of its steps were measured; look again after {ENOUGH}."
	took = f"95% of its steps take {seconds(measured.run_p95)} at most"
	external = [step for step in definition.steps if _acts_outside(step, actions)]
	unsafe = [each.id for each in external if not _has_key(each)]
	if unsafe:
		return NO, (
			f"The steps {listed(unsafe)} act outside the database without an idempotency key that stays the same:"
			" one that is cut off may happen twice."
		)
	if not clouds and external:
		return NO, f"{took}, longer than any notice, and it acts outside the database."
	if not clouds:
		return IF, (
			f"{took}, longer than any notice: what is cut off is done again. Split long steps, or accept that."
		)
	if external:
		names = listed([each.id for each in external])
		return IF, f"{took}. The servers that {names} write to must honour Idempotency-Key."
	return YES, f"{took}; what is cut off is undone by the database."


def _acts_outside(step: Step, actions: Mapping[str, Any]) -> bool:
	"""Whether a step changes something outside; one whose action is not known may."""
	action = actions.get(step.action)
	if action is not None and not action.external:
		return False
	return step.action != HTTP or str(step.params.get("method", "GET")).upper() not in SAFE


def _has_key(step: Step) -> bool:
	"""Whether a repeated attempt brings the same key: `http.request` sends one unless the step gives it one of its own."""
	headers = step.params.get("headers") or {}
	if step.action != HTTP or not isinstance(headers, Mapping):
		return False
	return "idempotency-key" not in {str(name).lower() for name in headers}
