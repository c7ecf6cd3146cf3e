"""Before and after scaling: what was gained, how sure that is, and whether the two can be compared at all."""

from collections.abc import Iterator, Mapping
from typing import Any

from dogansystem.scaling.measurement import MIN_STEPS
from dogansystem.scaling.report import Section
from dogansystem.scaling.summary import notes_of, rows_of, spread_table

# Verdicts.
AS_HOPED, LESS, NO_GAIN, WORSE, SAME = "as_hoped", "less", "no_gain", "worse", "same"
AT_LEAST, NOT_COMPARABLE = "at_least", "not_comparable"
TITLES = {
	AS_HOPED: "gained as hoped",
	LESS: "gained less than hoped",
	NO_GAIN: "gained nothing that could be told from chance",
	WORSE: "worse than before",
	SAME: "as before",
	AT_LEAST: "gained, but the load was too light to tell how much",
	NOT_COMPARABLE: "not comparable",
}

NEARLY = 0.9  # of what the number of workers promises still counts as what was hoped for
SAME_WORKERS = 0.02  # up to this difference it is the same number of workers
OTHER_WORK = 0.3  # share of the steps that may be of other workflows than before
MORE_FAILURES = 0.02  # share of the steps
SLOWER = 1.25  # times as long as before that a step takes, from which on it is said

Side = Mapping[str, Any]  # what `summary` gives


def compare(before: Side, after: Side) -> dict[str, Any]:
	"""What changed from one summary to the other, as plain data.

	`capacity` has `ratio`, and `low` and `high` between which it lies with 95 % confidence; `hoped`, the ratio of the
	workers; and what both rest on. `verdict` is one of the constants above, `title` and `reasons` are words.
	"""
	old, new = before["capacity"], after["capacity"]
	workers = [(side["capacity"] or side)["workers"] for side in (before, after)]
	gained = {
		**{"before": old and old["per_second"], "after": new and new["per_second"]},
		**{"steps_before": old["steps"] if old else 0, "steps_after": new["steps"] if new else 0},
		**{"workers_before": workers[0], "workers_after": workers[1]},
		"hoped": round(workers[1] / workers[0], 3) if workers[0] and workers[1] is not None else None,
		**{"ratio": None, "low": None, "high": None},
	}
	verdict, reasons = _verdict(before, after, gained)
	return {
		"verdict": verdict,
		"title": TITLES[verdict],
		"reasons": reasons,
		"capacity": gained,
		"spread": after["spread"],
		"changes": [*_changes(before, after)],
	}


def _verdict(before: Side, after: Side, gained: dict[str, Any]) -> tuple[str, list[str]]:
	"""The verdict and why; completes `gained`."""
	old, new = before["capacity"], after["capacity"]
	if problems := [*_incomparable(before, after)]:
		return NOT_COMPARABLE, problems
	if old is None:
		return NOT_COMPARABLE, [f"Before: {before['why_unknown']}"]
	if new is None:
		# More may get done now than could be done before, even if nobody asked for all that can be.
		least, why = after["steps"] / after["seconds"] / old["per_second"], f"After: {after['why_unknown']}"
		if least <= 1 + old["error"]:
			return NOT_COMPARABLE, [why]
		gained["low"] = round(least, 3)
		return AT_LEAST, [f"At least {least:.2f} times as much gets done.", why]
	ratio, error = new["per_second"] / old["per_second"], (old["error"] ** 2 + new["error"] ** 2) ** 0.5
	low, high = max(0.0, ratio * (1 - error)), ratio * (1 + error)
	gained |= {"ratio": round(ratio, 3), "low": round(low, 3), "high": round(high, 3)}
	fails_more = _failing(after) - _failing(before) > MORE_FAILURES
	verdict = WORSE if fails_more else _judge(gained["hoped"], ratio, low, high)
	return verdict, [*_reasons(gained, fails_more, before, after)]


def _incomparable(before: Side, after: Side) -> Iterator[str]:
	if after["from"] < before["to"] and before["from"] < after["to"]:
		yield "The two overlap in time."
	for when, side in (("before", before), ("after", after)):
		steps = side["capacity"]["steps"] if side["capacity"] else MIN_STEPS
		if not side["steps"]:
			yield f"Nothing was done {when}."
		elif steps < MIN_STEPS:
			yield f"The capacity {when} rests on {steps} steps; {MIN_STEPS} are needed."
	if before["load"] and after["load"]:
		pairs = {name: (value, after["load"].get(name)) for name, value in before["load"].items()}
		differing = [
			f"{name} {was} before and {now} after" for name, (was, now) in pairs.items() if was != now
		]
		if differing:
			yield f"The loads were not alike: {', '.join(differing)}."
	elif (other := _other_work(before, after)) > OTHER_WORK:
		yield f"Other work was done: {other:.0%} of the steps were of other workflows than before."


def _other_work(before: Side, after: Side) -> float:
	"""Half the sum of how much each workflow's share of the steps changed: 0 for the same mix, 1 for nothing alike."""
	old, new = ({name: each["share"] for name, each in side["workflows"].items()} for side in (before, after))
	return (
		sum(abs(old.get(name, 0.0) - new.get(name, 0.0)) for name in {*old, *new}) / 2 if old and new else 0.0
	)


def _judge(hoped: float | None, ratio: float, low: float, high: float) -> str:
	if hoped is None or abs(hoped - 1) <= SAME_WORKERS:
		return WORSE if high < 1 else AS_HOPED if low > 1 else SAME
	is_told = low > 1 or hoped < 1
	if ratio >= NEARLY * hoped:
		return AS_HOPED if is_told else NO_GAIN
	if high < min(1, hoped):
		return WORSE
	return LESS if is_told else NO_GAIN


def _reasons(gained: dict[str, Any], fails_more: bool, before: Side, after: Side) -> Iterator[str]:
	yield (
		f"{gained['ratio']:.2f} times the capacity ({gained['low']:.2f} to {gained['high']:.2f} with 95 % confidence):"
		f" {gained['before']:.3g} steps/s before, of {gained['steps_before']} steps;"
		f" {gained['after']:.3g} after, of {gained['steps_after']}."
	)
	if gained["hoped"] is not None:
		yield (
			f"{gained['workers_before']:.3g} workers before and {gained['workers_after']:.3g} after"
			f" let one hope for {gained['hoped']:.2f} times."
		)
	if fails_more:
		yield f"{_failing(after):.0%} of the steps fail now, {_failing(before):.0%} did before."
	old, new = before["run_seconds"]["p50"], after["run_seconds"]["p50"]
	if old and new and new > SLOWER * old:
		yield f"A step takes {new / old:.1f} times as long as before: what the workers share is the bottleneck now."


def _failing(side: Side) -> float:
	"""The share of the attempts after which the step has failed, or whose worker died."""
	total = side["steps"] + side["lost"]
	return float((side["failed"] + side["lost"]) / total) if total else 0.0


def _changes(before: Side, after: Side) -> Iterator[dict[str, Any]]:
	"""Settings and versions that are not what they were: the gain may be theirs."""
	for kind in ("settings", "versions"):
		old, new = before[kind], after[kind]
		for name in {**old, **new}:
			if old.get(name) != new.get(name):
				yield {"what": name, "before": old.get(name), "after": new.get(name)}


def sections(found: Mapping[str, Any]) -> list[Section]:
	"""A comparison with both summaries, as a person reads it."""
	before, after, head = found["before"], found["after"], ("", "before", "after")
	title = f"Compared: {before['name']} and {after['name']}"
	rows = [("From", before["from"][:19], after["from"][:19])]
	rows += [(name, old, new) for (name, old), (_, new) in zip(rows_of(before), rows_of(after), strict=True)]
	changes = [(each["what"], str(each["before"]), str(each["after"])) for each in found["changes"]]
	changed = Section("Settings and versions that changed", ["The gain may be theirs."], head, changes)
	return [
		Section(title, [f"Verdict: {found['title']}.", *found["reasons"]]),
		Section("What was measured", (), head, rows),
		*spread_table(found),
		*([changed] if changes else []),
		*notes_of(before, ": before"),
		*notes_of(after, ": after"),
	]
