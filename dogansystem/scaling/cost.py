"""What steps cost, from the prices that were entered: now, after a plan, and what idles. Prices are per hour.

A price that was not entered is 0, and nothing is said that depends on it.
"""

from dataclasses import dataclass
from typing import Any

from dogansystem.protocol import Settings
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.plan import Plan
from dogansystem.scaling.words import percent

MUCH_IDLE = 0.6  # of the workers' time, from which on fewer would do
HOURS = 730  # in a month


@dataclass(frozen=True, slots=True)
class Prices:
	"""Per hour, in `currency`: a node with its workers, the same on spot, the database with what else is there once."""

	currency: str = ""
	node: float = 0.0
	spot: float = 0.0
	database: float = 0.0

	@property
	def known(self) -> bool:
		"""Whether a node's price was entered."""
		return self.node > 0


def prices(settings: Settings) -> Prices:
	"""The prices of Dogan Settings."""
	return Prices(settings.currency, settings.node_price, settings.spot_node_price, settings.database_price)


def report(evidence: Evidence, plan: Plan, prices: Prices, spot_share: float) -> dict[str, Any]:
	"""Costs as plain data with a recommendation. `spot_share`: of the workers' time, what may run on spot nodes."""
	now, then = _hourly(plan.now.nodes, prices), _hourly(plan.then.nodes, prices)
	idle = _idle(evidence)
	steps = evidence.load.mean * 3600
	report: dict[str, Any] = {
		"currency": prices.currency,
		"prices_entered": prices.known,
		"steps_per_hour": round(steps, 1),
		"idle_share": idle,
		"per_hour_now": _rounded(now),
		"per_hour_then": _rounded(then),
		"per_1000_steps_now": _per_thousand(now, steps),
		"per_1000_steps_now_at_capacity": _per_thousand(now, (plan.capacity_now.per_second or 0) * 3600),
		"per_1000_steps_then": _per_thousand(then, steps),
		"per_1000_steps_then_at_capacity": _per_thousand(then, (plan.capacity_then.per_second or 0) * 3600),
		"idle_per_month": _rounded(idle * plan.now.nodes * prices.node * HOURS)
		if idle is not None and prices.known
		else None,
		"spot_share": round(spot_share, 3),
		"spot_saves_per_month": _rounded(_spot_saves(plan, prices, spot_share)) if prices.spot else None,
	}
	return report | {"recommendation": _recommendation(report, plan, prices)}


def _hourly(nodes: int, prices: Prices) -> float:
	return nodes * prices.node + prices.database if prices.known else 0.0


def _idle(evidence: Evidence) -> float | None:
	"""The share of the workers' time of the last day in which they had nothing to do."""
	there = evidence.workers_there
	if not there or not evidence.load.hours:
		return None
	return round(max(0.0, 1 - evidence.load.busy / there), 3)


def _per_thousand(per_hour: float, steps: float) -> float | None:
	return float(f"{per_hour / steps * 1000:.3g}") if per_hour and steps else None


def _rounded(number: float) -> float | None:
	return round(number, 2) if number else None


def _spot_saves(plan: Plan, prices: Prices, share: float) -> float:
	"""One node stays steady, whatever the share: with none left, nothing would run after spot was taken back."""
	nodes = max(0, min(round(plan.then.nodes * share), plan.then.nodes - 1))
	return nodes * max(prices.node - prices.spot, 0.0) * HOURS


def _fewer(idle: float, plan: Plan) -> str:
	if idle <= MUCH_IDLE:
		return ""
	if plan.now.nodes > 1:
		return ": let the autoscaler take nodes away when there is nothing to do"
	return ": a smaller machine, or fewer workers, would do, unless the peaks need them"


def _recommendation(report: dict[str, Any], plan: Plan, prices: Prices) -> list[str]:
	found = []
	if not prices.known:
		found.append("Enter prices in Dogan Settings, section Costs, to see what steps cost.")
	idle = report["idle_share"]
	if idle is not None:
		cost = (
			f", {report['idle_per_month']:,.2f} {prices.currency} a month" if report["idle_per_month"] else ""
		)
		found.append(f"Workers were idle {percent(idle)} of the last day{cost}{_fewer(idle, plan)}.")
	saves = report["spot_saves_per_month"]
	if saves:
		found.append(
			f"Spot nodes would save {saves:,.2f} {prices.currency} a month; scheduler, database and Redis stay off them."
		)
	return found or ["Nothing stands out."]
