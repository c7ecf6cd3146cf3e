"""What a summary and a comparison look like to a person: sections of sentences and tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dogansystem.scaling.document import Section
from dogansystem.scaling.spread import EVEN

SHOWN_NAMES = 10  # workflows, agents: the rest is in the JSON


def of_summary(found: Mapping[str, Any]) -> list[Section]:
	"""What a baseline, or a load, has measured."""
	title = f"Baseline {found['name']}" if found.get("name") else "What was measured"
	rows = [(name, value) for name, value in _figures(found)]
	return [
		Section(title, [_span(found)], ("", ""), rows),
		*_spread(found["spread"]),
		*(_shares(found, kind) for kind in ("workflows", "priorities", "agents") if found[kind]),
		*_notes(found),
	]


def of_comparison(found: Mapping[str, Any]) -> list[Section]:
	"""A comparison of two measurements."""
	before, after = found["before"], found["after"]
	title = f"Compared: {before['name']} and {after['name']}"
	names = ("", "before", "after")
	return [
		Section(title, [f"Verdict: {found['title']}.", *found["reasons"]]),
		Section("What was measured", (), names, list(_both(before, after))),
		*_spread(found["spread"], " after"),
		*_changes(found["changes"]),
		*(
			section
			for when, each in (("Before", before), ("After", after))
			for section in _notes(each, f"{when}: what to know")
		),
	]


def of_list(found: Sequence[Mapping[str, Any]]) -> list[Section]:
	"""The baselines there are."""
	if not found:
		return [Section("", ["There is no baseline yet: record one with `baseline`."])]
	head = ("name", "recorded", "source", "steps", "steps/s", "capacity", "workers", "nodes")
	rows = [
		(
			str(each["name"]),
			str(each["recorded_at"])[:16],
			str(each["source"]),
			str(each["steps"]),
			number(each["steps_per_second"]),
			number(each["capacity"] or None),
			number(each["workers"] or None),
			str(each["nodes"]),
		)
		for each in found
	]
	return [Section("", (), head, rows)]


def number(value: float | None) -> str:
	"""Three digits, or a dash for what is not known."""
	if value is None:
		return "–"
	return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def seconds(value: float | None) -> str:
	"""A time as a person says it."""
	if value is None:
		return "–"
	if value < 1:
		return f"{value * 1000:.3g} ms"
	return f"{value:.1f} s" if value < 120 else f"{value / 60:.0f} min"


def share(value: float | None) -> str:
	"""A share as percent."""
	return "–" if value is None else f"{value:.1%}" if value < 0.1 else f"{value:.0%}"


def _span(found: Mapping[str, Any]) -> str:
	what = "a load that was put on" if found["source"] == "Load" else "whatever went on"
	return f"{found['from'][:19]} to {found['to'][:19]}, {seconds(found['seconds'])} of {what}."


def _figures(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
	capacity = found["capacity"]
	yield "Steps", f"{found['steps']:,}"
	yield "Throughput", f"{number(found['per_second'])} steps/s"
	yield "Capacity", _capacity(capacity)
	yield "Workers", number(found["workers"])
	yield "Workers busy", share(found["utilisation"])
	for what, name in (("Waited", "wait_seconds"), ("Took", "run_seconds")):
		for quantile, value in found[name].items():
			yield f"{what} {quantile}", seconds(value)
	yield "Failed, retried, lost", f"{found['failed']}, {found['retried']}, {found['lost']}"


def _capacity(found: Mapping[str, Any] | None) -> str:
	if found is None:
		return "unknown"
	return f"{number(found['per_second'])} steps/s ± {share(found['error'])}, of {found['steps']:,} steps"


def _both(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
	yield "From", before["from"][:19], after["from"][:19]
	for (name, old), (_, new) in zip(_figures(before), _figures(after), strict=True):
		yield name, old, new


def _spread(found: Mapping[str, Any], when: str = "") -> Iterator[Section]:
	if found["max_deviation"] is None:
		return
	even = "even" if found["max_deviation"] <= EVEN else "uneven"
	rows = [
		(
			name,
			number(each["workers"]),
			f"{each['steps']:,}",
			f"{each['share']:,.0f}",
			_signed(each["deviation"]),
		)
		for name, each in found["nodes"].items()
	]
	measure = (
		f"{even.capitalize()}: no node is further than {share(found['max_deviation'])} from its workers' even share"
		f" (chance alone: {share(found['noise'])}); Jain's index {found['jain']:.4f}, where 1 is even."
	)
	yield Section(
		f"Spread over nodes{when}", [measure], ("node", "workers", "steps", "even share", "off by"), rows
	)


def _signed(value: float | None) -> str:
	return "–" if value is None else f"{value:+.1%}"


def _shares(found: Mapping[str, Any], kind: str) -> Section:
	shown = list(found[kind].items())[:SHOWN_NAMES]
	rows = [
		(
			name,
			f"{each['steps']:,}",
			share(each["share"]),
			str(each["failed"]),
			seconds(each["wait_p95"]),
			seconds(each["run_p95"]),
		)
		for name, each in shown
	]
	return Section(kind.capitalize(), (), ("", "steps", "share", "failed", "waited p95", "took p95"), rows)


def _changes(found: Sequence[Mapping[str, Any]]) -> Iterator[Section]:
	if found:
		rows = [(each["what"], str(each["before"]), str(each["after"])) for each in found]
		yield Section(
			"Settings and versions that changed", ["The gain may be theirs."], ("", "before", "after"), rows
		)


def _notes(found: Mapping[str, Any], title: str = "What to know") -> Iterator[Section]:
	if found["notes"]:
		yield Section(title, found["notes"])
