"""A measurement in numbers that people read, how evenly it was spread, and what they must know to read it right."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dogansystem.engine.states import FAILED
from dogansystem.health import throughput
from dogansystem.health.throughput import quantiles
from dogansystem.protocol import Site
from dogansystem.scaling.measurement import ENOUGH_SLICES, LOAD, MIN_STEPS, Measurement
from dogansystem.scaling.report import Section
from dogansystem.scaling.words import number, percent, seconds
from dogansystem.store.figures import AGENT, NODE, PRIORITY, WORKFLOW
from dogansystem.store.moment import as_text

OTHER_COUNT = 0.2  # difference from the usual number of workers that makes it another one, as a share of it …
OTHER_TIMES = 0.25  # … and in what share of the looks that may be so
HELD_UP = (
	0.7  # share of their time in steps below which workers that have enough to do are held up by something
)
EVEN = 0.10  # deviation up to which the spread is called even
SHOWN_NAMES = 10  # workflows, agents: the rest is in the JSON

# A percentile is worth its name when ten or so of what was measured lie beyond it.
QUANTILES = {"p50": 20, "p95": 200, "p99": 1000}


def summary(site: Site, measured: Measurement) -> dict[str, Any]:
	"""The measurement as plain data: how much, how long, by whom, and `notes` in words on what the numbers rest."""
	total, found, workers = measured.site, measured.capacity, measured.mean_workers()
	return {
		"source": measured.source,
		"from": as_text(site.local_time(measured.begins)),
		"to": as_text(site.local_time(measured.ends)),
		"seconds": round(measured.seconds, 1),
		**throughput.summary(total, measured.seconds),
		"wait_seconds": quantiles(total.wait, *QUANTILES),
		"run_seconds": quantiles(total.run, *QUANTILES),
		"workers": None if workers is None else round(workers, 2),
		"utilisation": measured.utilisation,
		"capacity": found,
		"why_unknown": None if found else _why_unknown(measured),
		"spread": spread_of(measured),
		"priorities": _shares(measured, PRIORITY),
		"workflows": _shares(measured, WORKFLOW),
		"agents": _shares(measured, AGENT),
		"settings": measured.settings,
		"versions": measured.versions,
		"load": measured.load,
		"notes": list(_notes(measured)),
	}


def _shares(measured: Measurement, kind: str) -> dict[str, dict[str, Any]]:
	"""What each did of all steps, the most first."""
	total = measured.site.executed
	named = sorted(measured.named(kind).items(), key=lambda item: -item[1].executed)
	return {
		name: {
			"steps": each.executed,
			"share": round(each.executed / total, 4),
			"failed": each.outcomes.get(FAILED, 0),
			"wait_p95": quantiles(each.wait, "p95")["p95"],
			"run_p95": quantiles(each.run, "p95")["p95"],
		}
		for name, each in named
		if each.executed
	}


# How evenly work was spread over nodes


def spread_of(measured: Measurement) -> dict[str, Any]:
	"""How evenly the nodes shared the steps."""
	nodes = measured.named(NODE)
	steps = {name: each.executed for name, each in nodes.items()}
	return spread(steps, {name: measured.mean_workers(name) or 0.0 for name in nodes})


def spread(steps: Mapping[str, int], workers: Mapping[str, float]) -> dict[str, Any]:
	"""The spread of steps over the nodes that had workers: each node's even share is that of its workers.

	Gives `nodes` (for each `steps`, `workers`, its even `share` of the steps, and its `deviation` from that, as a share
	of it), `max_deviation`, `jain` (Jain's fairness index of the steps for each worker) and `noise`: the deviation that
	chance alone would explain. The measures are None where there is nothing to spread over: fewer than two nodes.
	"""
	known = {name: count for name, count in sorted(workers.items()) if count > 0}
	total = sum(steps.get(name, 0) for name in known)
	shares = {name: total * count / sum(known.values()) for name, count in known.items()}
	nodes = {
		name: {
			"steps": steps.get(name, 0),
			"workers": round(count, 2),
			"share": round(shares[name], 1),
			"deviation": round(steps.get(name, 0) / shares[name] - 1, 4) if total else None,
		}
		for name, count in known.items()
	}
	if len(nodes) < 2 or not total:
		return {"nodes": nodes, "max_deviation": None, "jain": None, "noise": None}
	return {
		"nodes": nodes,
		"max_deviation": max(abs(each["deviation"] or 0.0) for each in nodes.values()),
		"jain": round(jain([steps.get(name, 0) / count for name, count in known.items()]), 4),
		"noise": round(1.96 / min(shares.values()) ** 0.5, 4),
	}


def jain(values: Sequence[float]) -> float:
	"""Jain's fairness index: 1 when all are alike, 1/n when one has everything. Of nothing, or of zeros, 1.

	R. Jain, D. Chiu, W. Hawe, *A Quantitative Measure of Fairness*, DEC-TR-301, 1984.
	"""
	squares = sum(value * value for value in values)
	return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


# What to know


def _notes(measured: Measurement) -> Iterator[str]:
	steps, found = measured.site.executed, measured.capacity
	if not steps:
		yield "Nothing was done in this time."
		return
	few = [f"{name} ({enough})" for name, enough in QUANTILES.items() if steps < enough]
	if few:
		yield f"{steps} steps are few: these percentiles would need more to be worth their name: {', '.join(few)}."
	if found is None:
		yield _why_unknown(measured)
	elif found["steps"] < MIN_STEPS:
		yield f"The capacity rests on {found['steps']} steps; fewer than {MIN_STEPS} say little."
	elif found["slices"] < ENOUGH_SLICES:
		yield (
			f"The capacity rests on {found['seconds']:.0f} s in {found['slices']} pieces: how far it is off is a guess."
			" Take a longer span."
		)
	if found and found["busy"] < HELD_UP:
		yield (
			f"Workers spent only {found['busy']:.0%} of their time in steps though others waited: what they share, such as"
			" processors and the database, held them up, or the steps are so short that claiming them takes longer."
		)
	known, usual = [each.alive for each in measured.slices if each.alive], measured.usual_workers
	others = [count for count in known if abs(count - usual) > OTHER_COUNT * usual]
	if measured.source != LOAD and len(others) > OTHER_TIMES * len(known):
		yield (
			f"The number of workers changed within this time, from {min(known):g} to {max(known):g}:"
			" take a span in which it stayed the same."
		)
	slots = measured.site.levels.get("waiting_for_a_slot")
	if slots and slots.mean >= 1:
		yield f"On average {slots.mean:.1f} runs and steps waited for a full agent or limit: more workers do not help them."


def _why_unknown(measured: Measurement) -> str:
	"""Why the capacity cannot be told, in a sentence or two."""
	busy = measured.utilisation
	if measured.mean_workers() is None:
		return "Nobody looked how many workers there were: is the scheduler running?"
	if busy is None:
		return "No worker was there whenever somebody looked: they came and left with the work."
	if any(each.has_backlog for each in measured.slices):
		return (
			f"Steps queued up, but not for some minutes on end with all workers there, who were busy {busy:.0%} of the"
			" time: take a longer span, or put on a load."
		)
	return (
		f"The load was light: workers were busy {busy:.0%} of the time and steps did not queue up."
		" What got done is what was asked for, not what can be done: put on a load."
	)


# As a person reads it


def sections(found: Mapping[str, Any]) -> list[Section]:
	"""What a baseline, or a load, has measured."""
	title = f"Baseline {found['name']}" if found.get("name") else "What was measured"
	what = "a load that was put on" if found["source"] == LOAD else "whatever went on"
	span = f"{found['from'][:19]} to {found['to'][:19]}, {seconds(found['seconds'])} of {what}."
	shares = [
		_share_table(kind, found[kind]) for kind in ("workflows", "priorities", "agents") if found[kind]
	]
	rows = list(rows_of(found))
	return [Section(title, [span], ("", ""), rows), *spread_table(found), *shares, *notes_of(found)]


def rows_of(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
	"""The figures of a summary, each with its name."""
	capacity = found["capacity"]
	yield "Steps", f"{found['steps']:,}"
	yield "Throughput", f"{number(found['per_second'])} steps/s"
	known = capacity and f"{number(capacity['per_second'])} steps/s ± {percent(capacity['error'])}"
	yield "Capacity", f"{known}, of {capacity['steps']:,} steps" if capacity else "unknown"
	yield "Workers", number(found["workers"])
	yield "Workers busy", percent(found["utilisation"])
	for what, name in (("Waited", "wait_seconds"), ("Took", "run_seconds")):
		for quantile, value in found[name].items():
			yield f"{what} {quantile}", seconds(value)
	yield "Failed, retried, lost", f"{found['failed']}, {found['retried']}, {found['lost']}"


def spread_table(found: Mapping[str, Any]) -> Iterator[Section]:
	"""The spread over nodes of a summary or a comparison; nothing of one node."""
	measured = found["spread"]
	if measured["max_deviation"] is None:
		return
	even = "Even" if measured["max_deviation"] <= EVEN else "Uneven"
	sentence = (
		f"{even}: no node is further than {percent(measured['max_deviation'])} from its workers' even share"
		f" (chance alone: {percent(measured['noise'])}); Jain's index {measured['jain']:.4f}, where 1 is even."
	)
	rows = [
		(name, *map(number, (each["workers"], each["steps"], each["share"])), f"{each['deviation']:+.1%}")
		for name, each in measured["nodes"].items()
	]
	head = ("node", "workers", "steps", "even share", "off by")
	yield Section("Spread over nodes", [sentence], head, rows)


def notes_of(found: Mapping[str, Any], when: str = "") -> list[Section]:
	"""What to know of a summary, if there is something."""
	return [Section(f"What to know{when}", found["notes"])] if found["notes"] else []


def _share_table(kind: str, found: Mapping[str, Any]) -> Section:
	rows = [
		(
			*(name, f"{each['steps']:,}", percent(each["share"]), str(each["failed"])),
			*(seconds(each["wait_p95"]), seconds(each["run_p95"])),
		)
		for name, each in list(found.items())[:SHOWN_NAMES]
	]
	return Section(kind.capitalize(), (), ("", "steps", "share", "failed", "waited p95", "took p95"), rows)
