"""What a summary and a comparison look like to a person: headings, sentences and tables, as text or as Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EVEN = 0.10  # deviation up to which the spread is called even: what the roadmap asks for
SHOWN_NAMES = 10  # workflows, agents: the rest is in the JSON


@dataclass(frozen=True, slots=True)
class Section:
	"""A heading, sentences below it, and a table below them; each may be left out."""

	title: str = ""
	sentences: Sequence[str] = ()
	head: Sequence[str] = ()
	rows: Sequence[Sequence[str]] = ()


def as_markdown(sections: Iterable[Section]) -> str:
	"""The sections as a page of Markdown; the first heading is the page's."""
	lines: list[str] = []
	for number, section in enumerate(sections):
		if section.title:
			lines += [f"{'#' if not number else '##'} {_escaped(section.title)}", ""]
		for sentence in section.sentences:
			lines += [_escaped(sentence), ""]
		if section.rows:
			rows = [section.head, ["---"] * len(section.head), *(map(_escaped, row) for row in section.rows)]
			lines += [*(f"| {' | '.join(row)} |" for row in rows), ""]
	return "\n".join(lines)


def as_text(sections: Iterable[Section]) -> str:
	"""The sections as columns of text."""
	parts = []
	for section in sections:
		table = _columns([section.head, *section.rows]) if section.rows else []
		parts.append("\n".join([*filter(None, [section.title]), *section.sentences, *table]))
	return "\n\n".join(parts)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
	widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
	return [
		"  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
	]


def _escaped(text: str) -> str:
	"""Names are people's own: they must not end a cell or become markup."""
	for mark in "\\|*_`<>[]":
		text = text.replace(mark, f"\\{mark}")
	return text.replace("\n", " ")


def of_summary(found: Mapping[str, Any]) -> list[Section]:
	"""What a baseline, or a load, has measured."""
	title = f"Baseline {found['name']}" if found.get("name") else "What was measured"
	what = "a load that was put on" if found["source"] == "Load" else "whatever went on"
	span = f"{found['from'][:19]} to {found['to'][:19]}, {seconds(found['seconds'])} of {what}."
	return [
		Section(title, [span], ("", ""), [*_figures(found)]),
		*_spread(found["spread"]),
		*(_shares(found, kind) for kind in ("workflows", "priorities", "agents") if found[kind]),
		*_notes(found),
	]


def of_comparison(found: Mapping[str, Any]) -> list[Section]:
	"""A comparison of two measurements."""
	before, after = found["before"], found["after"]
	rows = [("From", before["from"][:19], after["from"][:19])]
	rows += [
		(name, old, new) for (name, old), (_, new) in zip(_figures(before), _figures(after), strict=True)
	]
	changes = [(each["what"], str(each["before"]), str(each["after"])) for each in found["changes"]]
	changed = Section(
		"Settings and versions that changed", ["The gain may be theirs."], ("", "before", "after"), changes
	)
	return [
		Section(
			f"Compared: {before['name']} and {after['name']}",
			[f"Verdict: {found['title']}.", *found["reasons"]],
		),
		Section("What was measured", (), ("", "before", "after"), rows),
		*_spread(found["spread"], " after"),
		*([changed] if changes else []),
		*_notes(before, "Before: what to know"),
		*_notes(after, "After: what to know"),
	]


def of_list(found: Sequence[Mapping[str, Any]]) -> list[Section]:
	"""The baselines there are."""
	if not found:
		return [Section("", ["There is no baseline yet: record one with `baseline`."])]
	head = ("name", "recorded", "source", "steps", "steps/s", "capacity", "workers", "nodes")
	numbers = ("steps_per_second", "capacity", "workers")
	rows = [
		(
			*(str(each["name"]), str(each["recorded_at"])[:16], str(each["source"]), str(each["steps"])),
			*(number(each[name] or None) for name in numbers),
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
	if value < 120:
		return f"{value:.1f} s"
	return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"


def share(value: float | None) -> str:
	"""A share as percent."""
	return "–" if value is None else f"{value:.1%}" if value < 0.1 else f"{value:.0%}"


def _figures(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
	capacity = found["capacity"]
	yield "Steps", f"{found['steps']:,}"
	yield "Throughput", f"{number(found['per_second'])} steps/s"
	yield (
		"Capacity",
		f"{number(capacity['per_second'])} steps/s ± {share(capacity['error'])}, of {capacity['steps']:,} steps"
		if capacity
		else "unknown",
	)
	yield "Workers", number(found["workers"])
	yield "Workers busy", share(found["utilisation"])
	for what, name in (("Waited", "wait_seconds"), ("Took", "run_seconds")):
		for quantile, value in found[name].items():
			yield f"{what} {quantile}", seconds(value)
	yield "Failed, retried, lost", f"{found['failed']}, {found['retried']}, {found['lost']}"


def _spread(found: Mapping[str, Any], when: str = "") -> Iterator[Section]:
	if found["max_deviation"] is None:
		return
	even = "Even" if found["max_deviation"] <= EVEN else "Uneven"
	rows = [
		(
			name,
			number(each["workers"]),
			f"{each['steps']:,}",
			f"{each['share']:,.0f}",
			f"{each['deviation']:+.1%}",
		)
		for name, each in found["nodes"].items()
	]
	measure = (
		f"{even}: no node is further than {share(found['max_deviation'])} from its workers' even share"
		f" (chance alone: {share(found['noise'])}); Jain's index {found['jain']:.4f}, where 1 is even."
	)
	head = ("node", "workers", "steps", "even share", "off by")
	yield Section(f"Spread over nodes{when}", [measure], head, rows)


def _shares(found: Mapping[str, Any], kind: str) -> Section:
	rows = [
		(
			*(name, f"{each['steps']:,}", share(each["share"]), str(each["failed"])),
			*(seconds(each["wait_p95"]), seconds(each["run_p95"])),
		)
		for name, each in list(found[kind].items())[:SHOWN_NAMES]
	]
	return Section(kind.capitalize(), (), ("", "steps", "share", "failed", "waited p95", "took p95"), rows)


def _notes(found: Mapping[str, Any], title: str = "What to know") -> list[Section]:
	return [Section(title, found["notes"])] if found["notes"] else []
