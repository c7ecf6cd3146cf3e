"""Advice: the bottleneck, what to do for a target, how to set the servers, and what it costs, as plain data."""

from dataclasses import asdict, replace
from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.protocol import Settings, Site
from dogansystem.scaling import bottleneck, cost, evidence, measure, plan, tuning
from dogansystem.scaling.bottleneck import Diagnosis, diagnose
from dogansystem.scaling.cost import Fitness
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.plan import Plan
from dogansystem.scaling.sizing import Expected, Size
from dogansystem.store.moment import as_text

GIGABYTE = 1024**3
MAX_SECONDS = 60.0


def advise(
	site: Site, settings: Settings, target: str | None = None, seconds: float = measure.SECONDS
) -> dict[str, Any]:
	"""Look at a site for some seconds, then say what to do. Raises InputError for a target there is not."""
	plan.check(target)
	if not 0 <= seconds <= MAX_SECONDS:
		raise InputError(f"seconds is {seconds:g}; give 0 to {MAX_SECONDS:g}.")
	found = measure.take(site, settings, seconds)
	time = as_text(site.local_time(found.at))
	return {"time": time, **judge(found, settings, target, cost.fitness_of_site(site, found))}


def judge(
	found: Evidence, settings: Settings, target: str | None = None, workflows: list[Fitness] | None = None
) -> dict[str, Any]:
	"""What evidence leads to, whenever it was taken."""
	diagnosis = diagnose(found)
	chosen = plan.make(found, diagnosis, target)
	memory = settings.database_memory * GIGABYTE or None
	database, redis = tuning.database(found, chosen.then, memory), tuning.redis(found)
	fitness = workflows or []
	return {
		"site": found.site,
		"target": target,
		"bottleneck": _bottleneck(_for_target(diagnosis, target)),
		"plan": _plan(chosen),
		"database": {"findings": [asdict(each) for each in database], "snippet": tuning.snippet(database)},
		"redis": {"findings": [asdict(each) for each in redis], "snippet": tuning.snippet(redis)},
		"costs": cost.report(found, chosen, cost.prices(settings), cost.spot_share(fitness)),
		"spot": [{key: value for key, value in asdict(each).items() if key != "work"} for each in fitness],
		"evidence": evidence.as_json(found),
	}


def _for_target(diagnosis: Diagnosis, target: str | None) -> Diagnosis:
	"""Nothing has to be done now, but the target still asks for something: the plan."""
	if target is None or diagnosis.name != bottleneck.IDLE:
		return diagnosis
	remedy = f"Nothing holds work up now. The plan is what the target {target} takes beyond that."
	return replace(diagnosis, remedy=remedy)


def _bottleneck(diagnosis: Diagnosis) -> dict[str, Any]:
	shares = {**asdict(diagnosis.shares), "waiting": round(diagnosis.shares.waiting, 3)}
	return {**asdict(diagnosis), "evidence": list(diagnosis.evidence), "shares": shares}


def _plan(chosen: Plan) -> dict[str, Any]:
	return {
		**asdict(chosen.row),
		"first": chosen.first,
		"why": chosen.why,
		"alternative": chosen.alternative,
		"now": _size(chosen.now, chosen.capacity_now, chosen.wait_now),
		"then": _size(chosen.then, chosen.capacity_then, chosen.wait_then),
		"agents": chosen.agents,
		"commands": [asdict(each) for each in chosen.orders],
	}


def _size(size: Size, capacity: Expected, wait_p95: float | None) -> dict[str, Any]:
	return {
		**asdict(size),
		"steps_per_second": _rounded(capacity.per_second),
		"limited_by": capacity.limit,
		"ceilings": {name: _rounded(each) for name, each in capacity.ceilings.items()},
		"wait_p95": _rounded(wait_p95),
	}


def _rounded(number: float | None) -> float | None:
	"""To three digits. A wait without end, because more arrives than is done, is None."""
	return None if number is None or number == float("inf") else float(f"{number:.3g}")
