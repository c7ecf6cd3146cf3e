"""Before and after scaling: what was gained, how sure that is, and whether the two can be compared at all."""

from collections.abc import Iterator, Mapping
from typing import Any

from dogansystem.engine.states import FAILED
from dogansystem.scaling.measurement import MIN_STEPS, Capacity, Measurement
from dogansystem.scaling.report import Section
from dogansystem.scaling.summary import notes_of, rows_of, spread_of, spread_table, why_unknown
from dogansystem.store.figures import LOST, WORKFLOW

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


def compare(before: Measurement, after: Measurement) -> dict[str, Any]:
	"""What changed from one measurement to the other, as plain data.

	`capacity` has `ratio`, and `low` and `high` between which it lies with 95 % confidence; `hoped`, the ratio of the
	workers; and what both rest on. `verdict` is one of the constants above, `title` and `reasons` are words.
	"""
	gained = _gained(before, after)
	verdict, reasons = _verdict(before, after, gained)
	return {
		"verdict": verdict,
		"title": TITLES[verdict],
		"reasons": reasons,
		"capacity": gained,
		"spread": spread_of(after),
		"changes": [*_changes(before, after)],
	}


def _gained(before: Measurement, after: Measurement) -> dict[str, Any]:
	found: dict[str, Any] = {"ratio": None, "low": None, "high": None, "hoped": None}
	for when, measured in (("before", before), ("after", after)):
		capacity = measured.capacity
		workers = capacity.workers if capacity else measured.mean_workers()
		found[when] = round(capacity.per_second, 3) if capacity else None
		found[f"steps_{when}"] = capacity.steps if capacity else 0
		found[f"workers_{when}"] = None if workers is None else round(workers, 2)
	old, new = found["workers_before"], found["workers_after"]
	if old and new is not None:
		found["hoped"] = round(new / old, 3)
	return found


def _verdict(before: Measurement, after: Measurement, gained: dict[str, Any]) -> tuple[str, list[str]]:
	"""The verdict and why; completes `gained`."""
	old, new = before.capacity, after.capacity
	if problems := [*_incomparable(before, after, old, new)]:
		return NOT_COMPARABLE, problems
	if old is None:
		return NOT_COMPARABLE, [f"Before: {why_unknown(before)}"]
	if new is None:
		return _under_light_load(old, after, gained)
	ratio, error = new.per_second / old.per_second, (old.error**2 + new.error**2) ** 0.5
	low, high = max(0.0, ratio * (1 - error)), ratio * (1 + error)
	gained |= {"ratio": round(ratio, 3), "low": round(low, 3), "high": round(high, 3)}
	fails_more = _failing(after) - _failing(before) > MORE_FAILURES
	verdict = WORSE if fails_more else _judge(gained["hoped"], ratio, low, high)
	return verdict, [*_reasons(gained, fails_more, before, after)]


def _incomparable(
	before: Measurement, after: Measurement, old: Capacity | None, new: Capacity | None
) -> Iterator[str]:
	if after.begins < before.ends and before.begins < after.ends:
		yield "The two overlap in time."
	for when, measured, capacity in (("before", before, old), ("after", after, new)):
		if not measured.site.executed:
			yield f"Nothing was done {when}."
		elif capacity and capacity.steps < MIN_STEPS:
			yield f"The capacity {when} rests on {capacity.steps} steps; {MIN_STEPS} are needed."
	if before.load and after.load:
		pairs = {name: (value, after.load.get(name)) for name, value in before.load.items()}
		differing = [
			f"{name} {was} before and {now} after" for name, (was, now) in pairs.items() if was != now
		]
		if differing:
			yield f"The loads were not alike: {', '.join(differing)}."
	elif (other := _other_work(before, after)) > OTHER_WORK:
		yield f"Other work was done: {other:.0%} of the steps were of other workflows than before."


def _other_work(before: Measurement, after: Measurement) -> float:
	"""Half the sum of how much each workflow's share of the steps changed: 0 for the same mix, 1 for nothing alike."""
	old, new = ({name: each.executed for name, each in of.named(WORKFLOW).items()} for of in (before, after))
	all_old, all_new = sum(old.values()), sum(new.values())
	if not all_old or not all_new:
		return 0.0
	return sum(abs(old.get(name, 0) / all_old - new.get(name, 0) / all_new) for name in {*old, *new}) / 2


def _under_light_load(old: Capacity, after: Measurement, gained: dict[str, Any]) -> tuple[str, list[str]]:
	"""More may get done now than could be done before, even if nobody asked for all that can be."""
	least, why = after.site.executed / after.seconds / old.per_second, f"After: {why_unknown(after)}"
	if least <= 1 + old.error:
		return NOT_COMPARABLE, [why]
	gained["low"] = round(least, 3)
	return AT_LEAST, [f"At least {least:.2f} times as much gets done.", why]


def _judge(hoped: float | None, ratio: float, low: float, high: float) -> str:
	if hoped is None or abs(hoped - 1) <= SAME_WORKERS:
		return WORSE if high < 1 else AS_HOPED if low > 1 else SAME
	is_told = low > 1 or hoped < 1
	if ratio >= NEARLY * hoped:
		return AS_HOPED if is_told else NO_GAIN
	if high < min(1, hoped):
		return WORSE
	return LESS if is_told else NO_GAIN


def _reasons(
	gained: dict[str, Any], fails_more: bool, before: Measurement, after: Measurement
) -> Iterator[str]:
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
	old, new = before.site.run.quantile(0.5), after.site.run.quantile(0.5)
	if old and new and new > SLOWER * old:
		yield f"A step takes {new / old:.1f} times as long as before: what the workers share is the bottleneck now."


def _failing(measured: Measurement) -> float:
	"""The share of the attempts after which the step has failed, or whose worker died."""
	outcomes, total = measured.site.outcomes, measured.site.executed
	lost = outcomes.get(LOST, 0)
	return (outcomes.get(FAILED, 0) + lost) / (total + lost) if total + lost else 0.0


def _changes(before: Measurement, after: Measurement) -> Iterator[dict[str, Any]]:
	"""Settings and versions that are not what they were: the gain may be theirs."""
	for old, new in ((before.settings, after.settings), (before.versions, after.versions)):
		for name in {**old, **new}:
			if old.get(name) != new.get(name):
				yield {"what": name, "before": old.get(name), "after": new.get(name)}


# As a person reads it


def sections(found: Mapping[str, Any]) -> list[Section]:
	"""A comparison of two measurements, with the summaries of both."""
	before, after = found["before"], found["after"]
	title = f"Compared: {before['name']} and {after['name']}"
	rows = [("From", before["from"][:19], after["from"][:19])]
	rows += [(name, old, new) for (name, old), (_, new) in zip(rows_of(before), rows_of(after), strict=True)]
	changes = [(each["what"], str(each["before"]), str(each["after"])) for each in found["changes"]]
	head = ("", "before", "after")
	changed = Section("Settings and versions that changed", ["The gain may be theirs."], head, changes)
	return [
		Section(title, [f"Verdict: {found['title']}.", *found["reasons"]]),
		Section("What was measured", (), head, rows),
		*spread_table(found),
		*([changed] if changes else []),
		*notes_of(before, ": before"),
		*notes_of(after, ": after"),
	]
