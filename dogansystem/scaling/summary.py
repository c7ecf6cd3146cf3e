"""A measurement in numbers that people read, how evenly it was spread, and what they must know to read it right."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dogansystem.engine.states import FAILED
from dogansystem.health import throughput
from dogansystem.health.throughput import quantiles
from dogansystem.protocol import Site
from dogansystem.scaling.measurement import ENOUGH_SLICES, LOAD, MIN_STEPS, Measurement
from dogansystem.store.figures import AGENT, NODE, PRIORITY, WORKFLOW
from dogansystem.store.moment import as_text

OTHER_COUNT = 0.2  # difference from the usual number of workers that makes it another one, as a share of it …
OTHER_TIMES = 0.25  # … and in what share of the looks that may be so
HELD_UP = (
	0.7  # share of their time in steps below which workers that have enough to do are held up by something
)

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
		"capacity": found
		and {
			"per_second": round(found.per_second, 3),
			"steps": found.steps,
			"seconds": round(found.seconds, 1),
			"error": found.error,
			"workers": round(found.workers, 2),
		},
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
			"share": round(each.executed / total, 4) if total else 0.0,
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
	off = {name: steps.get(name, 0) / share - 1 if share else None for name, share in shares.items()}
	nodes = {
		name: {
			"steps": steps.get(name, 0),
			"workers": round(count, 2),
			"share": round(shares[name], 1),
			"deviation": None if (each := off[name]) is None else round(each, 4),
		}
		for name, count in known.items()
	}
	if len(nodes) < 2 or not total:
		return {"nodes": nodes, "max_deviation": None, "jain": None, "noise": None}
	return {
		"nodes": nodes,
		"max_deviation": round(max(abs(each or 0.0) for each in off.values()), 4),
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
		yield why_unknown(measured)
	elif found.steps < MIN_STEPS:
		yield f"The capacity rests on {found.steps} steps; fewer than {MIN_STEPS} say little."
	elif found.slices < ENOUGH_SLICES:
		yield (
			f"The capacity rests on {found.seconds:.0f} s in {found.slices} pieces: how far it is off is a guess."
			" Take a longer span."
		)
	if found and (busy := _busy_under_load(measured)) < HELD_UP:
		yield (
			f"Workers spent only {busy:.0%} of their time in steps though others waited: what they share, such as"
			" processors and the database, held them up, or the steps are so short that claiming them takes longer."
		)
	if measured.source != LOAD and (counts := _other_counts(measured)):
		yield (
			f"The number of workers changed within this time, from {min(counts):g} to {max(counts):g}:"
			" take a span in which it stayed the same."
		)
	slots = measured.site.levels.get("waiting_for_a_slot")
	if slots and slots.mean >= 1:
		yield f"On average {slots.mean:.1f} runs and steps waited for a full agent or limit: more workers do not help them."


def _busy_under_load(measured: Measurement) -> float:
	slices = measured.saturated()
	available = sum((each.alive or 0.0) * each.seconds for each in slices)
	return sum(each.worked for each in slices) / available if available else 0.0


def _other_counts(measured: Measurement) -> list[float]:
	"""The numbers of workers there were, if it was not the same one most of the time."""
	known, usual = [each.alive for each in measured.slices if each.alive], measured.usual_workers
	others = [count for count in known if abs(count - usual) > OTHER_COUNT * usual]
	return known if len(others) > OTHER_TIMES * len(known) else []


def why_unknown(measured: Measurement) -> str:
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
