"""What people see before an agent's call is made: the call itself, to the letter, and what it would do."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.agents.ai import trying
from dogansystem.agents.ai.described import Agent, Tool
from dogansystem.protocol import Effects, Site
from dogansystem.triggers.starting import enabled_definition

MAX_VALUE = 4000  # characters of one parameter that are shown
MAX_FIELD = 1000  # characters of one value of a field
NEW_LINE = " ↵ "
MAX_CHANGES, MAX_TEXT = 40, 60_000  # documents that are shown, and characters of their fields

_WORD, _LATIN = re.compile(r"[\w.@-]+"), re.compile(r"[A-Za-z]")
_LOOK_ALIKES = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL")


@dataclass(frozen=True, slots=True)
class Proposal:
	"""A call that waits for people.

	Attributes:
		document: what it is about, if it names one that is there.
		values: the fields of that document.
		proposed: what is shown (`people.proposed`).
	"""

	subject: str
	document: tuple[str, str] | None
	values: Mapping[str, Any] | None
	proposed: Mapping[str, Any]


def described(
	site: Site, agent: Agent, tool: Tool, params: Mapping[str, Any], effects: Effects, *, again: bool
) -> Proposal:
	"""A call and what it would do. `params` are exactly those that it would be made with. `again`: it was asked before, and what
	it would do has changed."""
	document, values = next(
		((each, found) for each in trying.named(params) if (found := trying.read(site, each))), (None, None)
	)
	what = shown(f"{tool.calls}{f' {document[0]} {document[1]}' if document else ''}")
	named = [name for name in ("doctype", "name") if name in params]
	in_order = [*named, *(name for name in params if name not in named)]
	changes, more = _changes(effects.does.get("changes", ()), _given(params))
	proposed = {
		"agent": shown(agent.name),
		"user": agent.user,
		"what": what,
		"action": tool.action or "",
		"again": again,
		"error": shown(effects.error),
		"unknown": shown(effects.unknown),
		"params": [[shown(name), _cut(_json(params[name]), MAX_VALUE)] for name in in_order],
		"changes": changes,
		"more": more,
		"sends": [_message(each) for each in effects.does.get("messages", ())],
		"requests": [_request(each) for each in effects.does.get("requests", ())],
		"calls": [shown(str(each["action"])) for each in effects.does.get("calls", ())],
		"jobs": [shown(each) for each in effects.does.get("jobs", ())],
		"starts": _starts(site, tool, effects.does.get("starts", ())),
	}
	return Proposal(shown(f"{agent.name}: {what}"), document, values, proposed)


def _given(params: Mapping[str, Any]) -> set[str]:
	values = params.get("values")
	return set(values) if isinstance(values, Mapping) else set()


def _changes(
	found: Sequence[Mapping[str, Any]], given: set[str]
) -> tuple[list[dict[str, Any]], dict[str, int]]:
	"""The documents that are shown, the fields that the call names first; of those that are too many, how many of each type."""
	made: list[dict[str, Any]] = []
	left = MAX_TEXT
	more: Counter[str] = Counter()
	for each in found:
		if len(made) >= MAX_CHANGES or left <= 0:
			more[each["doctype"]] += 1
			continue
		fields = sorted(each["fields"], key=lambda one: one["field"].partition(".")[0] not in given)
		rows = []
		for one in fields:
			row = [_label(one), _value(one["before"]), _value(one["after"]), one.get("event", "")]
			left -= sum(map(len, row))
			rows.append(row)
		made.append(
			{
				"doctype": each["doctype"],
				"name": shown(str(each["name"])),
				"events": each["events"],
				"hidden": bool(each.get("hidden")),
				"fields": rows,
			}
		)
	return made, dict(more)


def _label(field: Mapping[str, Any]) -> list[Any]:
	"""The field's label, and of a row of a table that one's label and number."""
	place = [shown(str(field["table"])), field["row"]] if "row" in field else []
	return [shown(str(field["label"])), *place]


def _value(value: Any) -> str:
	if value is None:
		return ""
	text = value.replace("\r\n", "\n").replace("\n", NEW_LINE) if isinstance(value, str) else _json(value)
	return _cut(text, MAX_FIELD)


def _message(found: Mapping[str, Any]) -> list[Any]:
	return [
		str(found["kind"]),
		[shown(str(each)) for each in found["to"]],
		shown(str(found["subject"] or "")),
	]


def _request(found: Mapping[str, Any]) -> str:
	body = f" {_json(found['json'])}" if found.get("json") is not None else ""
	return _cut(shown(f"{found['request']}{body}"), MAX_VALUE)


def _starts(site: Site, tool: Tool, found: Sequence[Sequence[str]]) -> list[list[Any]]:
	"""The workflows that start: name and title, and of the one that the tool is the titles of its steps."""
	starts = []
	for workflow in dict.fromkeys(each[0] for each in found):
		definition = enabled_definition(site, site.database, workflow, even_disabled=True)[0]
		steps = (
			[shown(each.title or each.id) for each in definition.steps] if workflow == tool.workflow else []
		)
		starts.append([shown(workflow), shown(definition.title or workflow), steps])
	return starts


def _json(value: Any) -> str:
	return json.dumps(value, ensure_ascii=False, default=str)


def _cut(text: str, most: int) -> str:
	text = shown(text)
	return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def shown(text: str) -> str:
	"""A text in which nothing is hidden: what has no shape of its own, or turns the direction of writing, is written out. So are
	letters that look like others among Latin ones, as in an address."""
	return _WORD.sub(_without_look_alikes, "".join(map(_visible, text)))


def _visible(each: str) -> str:
	return _written_out(each) if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co") else each


def _without_look_alikes(word: re.Match[str]) -> str:
	if word[0].isascii() or not _LATIN.search(word[0]):
		return word[0]
	return "".join(
		_written_out(each) if unicodedata.name(each, "").startswith(_LOOK_ALIKES) else each
		for each in word[0]
	)


def _written_out(each: str) -> str:
	return f"\\u{ord(each):04x}"
