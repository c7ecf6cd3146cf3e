"""Advice: the bottleneck, what to do for a target, how to set the servers, and what it costs; as plain data, and as the
sections that a person reads."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.protocol import Settings, Site
from dogansystem.scaling import bottleneck, cost, evidence, measure, plan, tuning
from dogansystem.scaling.cost import Fitness
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.report import Section
from dogansystem.scaling.sizing import Expected, Size
from dogansystem.scaling.words import number, seconds
from dogansystem.store.moment import as_text

GIGABYTE = 1024**3
MAX_SECONDS = 60.0
_SPOT = {"yes": "yes", "if": "maybe", "no": "no"}


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
	diagnosis, fitness = bottleneck.diagnose(found), workflows or []
	chosen = plan.make(found, diagnosis, target)
	if target and diagnosis.name == bottleneck.IDLE:
		remedy = f"Nothing holds work up now. The plan is what the target {target} takes beyond that."
		diagnosis = replace(diagnosis, remedy=remedy)
	database = tuning.database(found, chosen.then, settings.database_memory * GIGABYTE or None)
	return {
		"site": found.site,
		"target": target,
		"bottleneck": {**asdict(diagnosis), "evidence": list(diagnosis.evidence)},
		"plan": {
			**asdict(chosen.row),
			"first": chosen.first,
			"why": chosen.why,
			"now": _size(chosen.now, chosen.expected_now),
			"then": _size(chosen.then, chosen.expected_then),
			"agents": chosen.agents,
			"commands": [asdict(each) for each in chosen.orders],
		},
		"database": _findings(database),
		"redis": _findings(tuning.redis(found)),
		"costs": cost.report(found, chosen, settings, cost.spot_share(fitness)),
		"spot": [asdict(each) for each in fitness],
		"evidence": evidence.as_json(found),
	}


def _size(size: Size, expected: Expected) -> dict[str, Any]:
	return {
		**asdict(size),
		"steps_per_second": _rounded(expected.per_second),
		"limited_by": expected.limit,
		"wait_p95": _rounded(expected.wait),
	}


def _rounded(value: float | None) -> float | None:
	return None if value is None else float(f"{value:.3g}")


def _findings(found: list[tuning.Finding]) -> dict[str, Any]:
	return {"findings": [asdict(each) for each in found], "snippet": tuning.snippet(found)}


# As a person reads it


def sections(advice: Mapping[str, Any]) -> Iterator[Section]:
	"""The advice as headings, sentences, tables, and lines to copy."""
	found, server = advice["bottleneck"], advice["evidence"]["database"]
	yield Section(f"Bottleneck: {found['title']}", [*found["evidence"], f"→ {found['remedy']}"])
	yield _plan(advice["plan"])
	if server:
		yield _servers(f"MariaDB {server['version']} on {server['hostname']}", advice["database"])
	if advice["redis"]["findings"]:
		yield _servers("Redis", advice["redis"])
	yield _costs(advice["costs"])
	if advice["spot"]:
		yield Section("Spot nodes", [_spot(each) for each in advice["spot"]])


def _plan(found: Mapping[str, Any]) -> Section:
	is_change = found["direction"] != plan.NONE
	sentences = [f"Time {found['time']}, cost {found['cost'].lower()}."] if is_change else []
	if found["first"]:
		sentences.append("First remove the bottleneck above, or the rest does not help.")
	rows = [(when, *_size_row(found[when])) for when in (("now", "then") if is_change else ("now",))]
	head = ("", "nodes", "workers each", "cores each", "steps/s", "limited by", "95% wait")
	code = [line for each in found["commands"] for line in (f"# {each['what']}", each["command"]) if line]
	title = f"{found['scenario']}: {found['recommendation']}"
	return Section(title, [*sentences, *found["why"]], head, rows, code)


def _size_row(size: Mapping[str, Any]) -> tuple[str, ...]:
	piles_up = size["wait_p95"] is None and size["steps_per_second"]
	wait = "longer and longer" if piles_up else seconds(size["wait_p95"])
	figures = (size["nodes"], size["workers"], size["cores"] or None, size["steps_per_second"])
	return (*map(number, figures), size["limited_by"], wait)


def _servers(title: str, found: Mapping[str, Any]) -> Section:
	sentences = [
		f"{each['setting']}: {each['now']}{' → ' if each['advised'] else ''}{each['advised'] or ''}. {each['why']}"
		for each in found["findings"]
	]
	return Section(title, sentences, code=found["snippet"].splitlines())


def _costs(found: Mapping[str, Any]) -> Section:
	names = ("per_hour_{}", "per_1000_steps_{}", "per_1000_steps_{}_at_capacity")
	rows = [
		(when, *(number(found[name.format(when)]) for name in names))
		for when in (("now", "then") if found["prices_entered"] else ())
	]
	head = (found["currency"], "an hour", "1,000 steps", "1,000 steps, workers always busy")
	return Section("Costs", found["recommendation"], head, rows)


def _spot(found: Mapping[str, Any]) -> str:
	clouds = f" ({', '.join(found['clouds'])})" if found["clouds"] and found["suitable"] != cost.NO else ""
	return f"{found['workflow']}: {_SPOT[found['suitable']]}{clouds}. {found['why']}"
