"""What two attempts with one document came to, side by side: how they differ, counts, and a report as text. Pure."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dogansystem.engine.states import SUCCEEDED

SHOWN = 80  # characters of a value in a text
# What is never the same twice: a moment of now, to the second. A day alone is.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
EVENT_WORDS = {
	"created": "create",
	"updated": "change",
	"submitted": "submit",
	"cancelled": "cancel",
	"deleted": "delete",
}

Outcome = Mapping[str, Any]


def outcome(report: Mapping[str, Any], around: Sequence[str] = ()) -> dict[str, Any]:
	"""What of a dry run's report is compared: how it ends, its steps, and everything it would do.

	Names that the attempt itself made, and moments that lie `around` it (the first and the last, as text), are replaced.
	"""
	made: Counter[str] = Counter()
	names: dict[str, str] = {}
	for each in report["documents"]["created"]:
		made[each["doctype"]] += 1
		names[str(each["name"])] = f"<{each['doctype']} {made[each['doctype']]}>"
	names[str(report["run"])] = "<run>"
	kept = {
		"status": report["status"],
		"error": report["error"],
		"output": report["output"],
		"steps": _steps(report["steps"]),
		"changes": [
			{key: each[key] for key in ("doctype", "name", "events", "fields")} for each in report["changes"]
		],
		"messages": [
			{key: each.get(key) for key in ("kind", "to", "subject", "message")} for each in report["outbox"]
		],
		"requests": [{key: each.get(key) for key in ("request", "json")} for each in report["requests"]],
		"approvals": [
			{key: each.get(key) for key in ("step", "subject", "asked", "document")}
			for each in report["approvals"]
		],
		"others": [dict(each) for each in report["starts"]],
		"stopped": report["stopped"],
	}
	return {"starts": True, **loosened(kept, names, around)}


def _steps(steps: Sequence[Mapping[str, Any]]) -> dict[str, str]:
	"""How each step ended; of the items of a step, how many in which way."""
	found: dict[str, str] = {}
	items: dict[str, Counter[str]] = {}
	for each in steps:
		ended = each["status"] + (f" ({each['branch']})" if each.get("branch") else "")
		if each["index"] is None:
			found[each["id"]] = ended
		else:
			items.setdefault(each["id"], Counter())[ended] += 1
	for step, counts in items.items():
		told = ", ".join(f"{number} {ended}" for ended, number in sorted(counts.items()))
		found[step] = f"{found.get(step, '')}: {told}".removeprefix(": ")
	return found


def loosened(value: Any, names: Mapping[str, str], around: Sequence[str]) -> Any:
	"""Data in which `names` stand as what they are replaced by, and moments that lie `around` as `<now>`."""
	if isinstance(value, Mapping):
		return {key: loosened(each, names, around) for key, each in value.items()}
	if isinstance(value, list):
		return [loosened(each, names, around) for each in value]
	return _text(value, names, around) if isinstance(value, str) else value


def _text(text: str, names: Mapping[str, str], around: Sequence[str]) -> str:
	for name in sorted(names, key=len, reverse=True):
		if name in text:
			text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", names[name], text)
	if not around:
		return text
	first, last = (each[:19].replace("T", " ") for each in around)
	return _MOMENT.sub(
		lambda found: "<now>" if first <= found[0][:19].replace("T", " ") <= last else found[0], text
	)


def differences(now: Outcome, new: Outcome) -> list[dict[str, Any]]:
	"""In what the version that is tried differs from what is there now: `what`, `now`, `new`, the weightiest first."""
	if now["starts"] != new["starts"]:
		return [{"what": "start", "now": _starts(now), "new": _starts(new)}]
	if not now["starts"]:
		return []
	found = [
		{"what": key, "now": now[key], "new": new[key]}
		for key in ("status", "error", "output", "stopped")
		if now[key] != new[key]
	]
	for step in dict.fromkeys([*now["steps"], *new["steps"]]):
		if now["steps"].get(step) != new["steps"].get(step):
			found.append(
				{"what": f"step {step}", "now": now["steps"].get(step), "new": new["steps"].get(step)}
			)
	found += _of_documents(_by_document(now), _by_document(new))
	for key in ("messages", "requests", "approvals", "others"):
		for what, before, after in _of_lists(key, now.get(key) or [], new.get(key) or []):
			found.append({"what": what, "now": before, "new": after})
	return found


def _starts(outcome: Outcome) -> str:
	return (
		"it starts"
		if outcome["starts"]
		else f"it does not start: {outcome.get('reason') or 'no trigger fits'}"
	)


def _by_document(outcome: Outcome) -> dict[tuple[str, str], Mapping[str, Any]]:
	return {(each["doctype"], each["name"]): each for each in outcome["changes"]}


def _of_documents(now: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[dict[str, Any]]:
	for key in dict.fromkeys([*now, *new]):
		before, after = now.get(key, {}), new.get(key, {})
		name = " ".join(key)
		if before.get("events") != after.get("events"):
			yield {"what": name, "now": _happens(before), "new": _happens(after)}
		if not (before and after):
			continue
		fields, others = _fields(before), _fields(after)
		for place in dict.fromkeys([*fields, *others]):
			if fields.get(place) != others.get(place):
				yield {"what": f"{name}, {place}", "now": fields.get(place), "new": others.get(place)}


def _happens(change: Mapping[str, Any]) -> str | None:
	return " and ".join(EVENT_WORDS.get(each, each) for each in change["events"]) if change else None


def _fields(change: Mapping[str, Any]) -> dict[str, Any]:
	return {
		f"{each['table']} {each['row']}, {each['label']}" if "row" in each else each["label"]: each["after"]
		for each in change["fields"]
	}


def _of_lists(kind: str, now: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[str, Any, Any]]:
	"""What only one of them has, whatever the order; one of a kind beside the other."""
	gone, come = list(now), []
	for each in new:
		if each in gone:
			gone.remove(each)
		else:
			come.append(each)
	for number in range(max(len(gone), len(come))):
		yield (
			kind.removesuffix("s"),
			(gone[number : number + 1] or [None])[0],
			(come[number : number + 1] or [None])[0],
		)


def summary(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
	"""Counts: `documents`, `start`, `would_end` by status, `fail`, `differ`, `busy`."""
	tried = [each for each in results if each["new"]]
	started = [each["new"] for each in tried if each["new"]["starts"]]
	return {
		"documents": len(results),
		"start": len(started),
		"would_end": dict(Counter(each["status"] for each in started)),
		"fail": sum(_fails(each) for each in results),
		"differ": sum(bool(each["differences"]) for each in results),
		"busy": len(results) - len(tried),
	}


def in_order(results: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
	"""The failures first, then what differs, then all else; each in the order in which it was tried."""
	return sorted(results, key=lambda each: (not _fails(each), not each["differences"]))


def _fails(result: Mapping[str, Any]) -> bool:
	new = result["new"]
	return bool(new and new["starts"] and new["status"] != SUCCEEDED)


def as_markdown(found: Mapping[str, Any]) -> str:
	"""A rehearsal as text, for people and for a review."""
	return "\n".join(_lines(found)) + "\n"


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
	counts = found["summary"]
	yield f"# Rehearsal of {found['workflow']}"
	yield ""
	yield f"{counts['documents']} documents: {counts['start']} would start it, {counts['fail']} would not succeed."
	if found["compared"]:
		yield f"{counts['differ']} behave differently from the version that is enabled now."
	if counts["busy"]:
		yield f"{counts['busy']} were left out, as other work held them."
	if found["stopped"]:
		yield found["stopped"]
	yield ""
	told = [each for each in in_order(found["results"]) if _fails(each) or each["differences"]]
	for each in told:
		yield from _of_result(each, found["compared"])
	if not told:
		yield "Nothing fails" + (", and nothing differs." if found["compared"] else ".")


def _of_result(each: Mapping[str, Any], compared: bool) -> Iterator[str]:
	new = each["new"]
	ends = new["status"] if new["starts"] else "does not start"
	yield f"## {each['document']['doctype']} {each['document']['name']}: {ends}"
	yield ""
	if new.get("error"):
		yield f"- {new['error']}"
	if compared and each["differences"]:
		yield "| | now | new |"
		yield "| --- | --- | --- |"
		for one in each["differences"]:
			yield f"| {_cell(one['what'])} | {_cell(one['now'])} | {_cell(one['new'])} |"
	yield ""


def _cell(value: Any) -> str:
	text = (
		value
		if isinstance(value, str)
		else ""
		if value is None
		else json.dumps(value, ensure_ascii=False, default=str)
	)
	text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
	return text.replace("|", "\\|").replace("\n", " ")
