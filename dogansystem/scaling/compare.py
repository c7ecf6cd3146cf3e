"""Before and after scaling: what was gained, how sure that is, and whether the two can be compared at all."""

from collections.abc import Iterator
from typing import Any

from dogansystem.engine.states import FAILED
from dogansystem.scaling.capacity import MIN_STEPS, Capacity, capacity
from dogansystem.scaling.measurement import Measurement
from dogansystem.scaling.summary import quantiles, spread_of, why_unknown
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


def compare(before: Measurement, after: Measurement) -> dict[str, Any]:
	"""What changed from one measurement to the other, as plain data.

	`capacity` has `ratio`, and `low` and `high` between which it lies with 95 % confidence; `hoped`, the ratio of the
	workers; and what both rest on. `verdict` is one of the constants above, `title` and `reasons` are words.
	"""
	verdict, reasons, gained = _verdict(before, after)
	return {
		"verdict": verdict,
		"title": TITLES[verdict],
		"reasons": reasons,
		"capacity": gained,
		"times": {
			"wait_seconds": _times(quantiles(before.site.wait), quantiles(after.site.wait)),
			"run_seconds": _times(quantiles(before.site.run), quantiles(after.site.run)),
		},
		"failures": {"before": _failing(before), "after": _failing(after)},
		"spread": spread_of(after),
		"changes": [*_changes(before, after)],
	}


def _verdict(before: Measurement, after: Measurement) -> tuple[str, list[str], dict[str, Any]]:
	old, new = capacity(before), capacity(after)
	workers_before = old.workers if old else before.mean_workers()
	workers_after = new.workers if new else after.mean_workers()
	known = workers_before and workers_after is not None
	gained: dict[str, Any] = {
		"before": round(old.per_second, 3) if old else None,
		"after": round(new.per_second, 3) if new else None,
		"steps_before": old.steps if old else 0,
		"steps_after": new.steps if new else 0,
		"workers_before": _rounded(workers_before),
		"workers_after": _rounded(workers_after),
		"hoped": round((workers_after or 0) / (workers_before or 1), 3) if known else None,
		"ratio": None,
		"low": None,
		"high": None,
	}
	if problems := [*_incomparable(before, after)]:
		return NOT_COMPARABLE, problems, gained
	if old is None:
		return NOT_COMPARABLE, [f"Before: {why_unknown(before)}"], gained
	if few := [*_few(old, new)]:
		return NOT_COMPARABLE, few, gained
	if new is None:
		return _under_light_load(old, after, gained)
	ratio, error = new.per_second / old.per_second, (old.error**2 + new.error**2) ** 0.5
	gained |= {
		"ratio": round(ratio, 3),
		"low": round(max(0.0, ratio * (1 - error)), 3),
		"high": round(ratio * (1 + error), 3),
	}
	verdict = _judge(gained, before, after)
	return verdict, [*_reasons(verdict, gained, before, after)], gained


def _incomparable(before: Measurement, after: Measurement) -> Iterator[str]:
	if after.begins < before.ends and before.begins < after.ends:
		yield "The two overlap in time."
	for when, measured in (("before", before), ("after", after)):
		if not measured.site.executed:
			yield f"Nothing was done {when}."
	if before.load and after.load:
		if differing := [name for name in before.load if before.load[name] != after.load.get(name)]:
			yield f"The loads were not alike: {_differences(before.load, after.load, differing)}."
	elif (other := _other_work(before, after)) > OTHER_WORK:
		yield f"Other work was done: {other:.0%} of the steps were of other workflows than before."


def _differences(old: dict[str, Any], new: dict[str, Any], names: list[str]) -> str:
	return ", ".join(f"{name} {old[name]} before and {new.get(name)} after" for name in names)


def _other_work(before: Measurement, after: Measurement) -> float:
	"""Half the sum of how much each workflow's share of the steps changed: 0 for the same mix, 1 for nothing alike."""
	old, new = ({name: each.executed for name, each in of.named(WORKFLOW).items()} for of in (before, after))
	all_old, all_new = sum(old.values()), sum(new.values())
	if not all_old or not all_new:
		return 0.0
	return sum(abs(old.get(name, 0) / all_old - new.get(name, 0) / all_new) for name in {*old, *new}) / 2


def _few(old: Capacity, new: Capacity | None) -> Iterator[str]:
	for when, each in (("before", old), ("after", new)):
		if each and not each.is_enough:
			yield f"The capacity {when} rests on {each.steps} steps; {MIN_STEPS} are needed."


def _under_light_load(
	old: Capacity, after: Measurement, gained: dict[str, Any]
) -> tuple[str, list[str], dict[str, Any]]:
	"""More may get done now than could be done before, even if nobody asked for all that can be."""
	least = after.site.executed / after.seconds / old.per_second
	if least > 1 + old.error:
		gained |= {"low": round(least, 3)}
		return (
			AT_LEAST,
			[f"At least {least:.2f} times as much gets done.", f"After: {why_unknown(after)}"],
			gained,
		)
	return NOT_COMPARABLE, [f"After: {why_unknown(after)}"], gained


def _judge(gained: dict[str, Any], before: Measurement, after: Measurement) -> str:
	wish, ratio, low, high = (gained[name] for name in ("hoped", "ratio", "low", "high"))
	if _failing(after)["share"] - _failing(before)["share"] > MORE_FAILURES:
		return WORSE
	if wish is None or abs(wish - 1) <= SAME_WORKERS:
		return WORSE if high < 1 else AS_HOPED if low > 1 else SAME
	if ratio >= NEARLY * wish:
		return AS_HOPED if low > 1 or wish < 1 else NO_GAIN
	if high < min(1, wish):
		return WORSE
	return LESS if low > 1 or wish < 1 else NO_GAIN


def _reasons(verdict: str, gained: dict[str, Any], before: Measurement, after: Measurement) -> Iterator[str]:
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
	failing = _failing(after)["share"]
	if verdict == WORSE and failing - _failing(before)["share"] > MORE_FAILURES:
		yield f"{failing:.0%} of the steps fail now, {_failing(before)['share']:.0%} did before."
	old, new = before.site.run.quantile(0.5), after.site.run.quantile(0.5)
	if old and new and new > 1.25 * old:
		yield f"A step takes {new / old:.1f} times as long as before: what the workers share is the bottleneck now."


def _rounded(value: float | None) -> float | None:
	return None if value is None else round(value, 2)


def _failing(measured: Measurement) -> dict[str, Any]:
	failed = measured.site.outcomes.get(FAILED, 0) + measured.site.outcomes.get(LOST, 0)
	total = measured.site.executed + measured.site.outcomes.get(LOST, 0)
	return {"steps": failed, "share": round(failed / total, 4) if total else 0.0}


def _times(before: dict[str, float | None], after: dict[str, float | None]) -> dict[str, Any]:
	return {name: {"before": before[name], "after": after[name]} for name in before}


def _changes(before: Measurement, after: Measurement) -> Iterator[dict[str, Any]]:
	"""Settings and versions that are not what they were: the gain may be theirs."""
	for old, new in ((before.settings, after.settings), (before.versions, after.versions)):
		for name in {**old, **new}:
			if old.get(name) != new.get(name):
				yield {"what": name, "before": old.get(name), "after": new.get(name)}
