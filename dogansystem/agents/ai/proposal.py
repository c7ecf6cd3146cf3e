"""What people see before an agent's call is made: the call itself, to the letter, as it would be made.

What it would change, field by field, is for the dry run to say: `described` is the one place that has to ask it.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from dogansystem.agents.ai.described import Agent, Tool
from dogansystem.protocol import Site

MAX_VALUE = 4000  # characters of one parameter that are shown


@dataclass(frozen=True, slots=True)
class Proposal:
	"""A call that waits for people.

	Attributes:
		document: what it is about, if it names one that is there.
		seen: how that document is now; a decision counts only as long as it is the same.
	"""

	subject: str
	message: str
	document: tuple[str, str] | None = None
	seen: str = ""


def described(site: Site, agent: Agent, tool: Tool, params: Mapping[str, Any]) -> Proposal:
	"""A call in words. `params` are exactly those that it would be made with."""
	document = _document(params)
	seen = _seen(site, document) if document else ""
	what = shown(f"{tool.calls}{f' {document[0]} {document[1]}' if document else ''}")
	named = [name for name in ("doctype", "name") if name in params]
	in_order = [*named, *(name for name in params if name not in named)]
	rows = "".join(
		f"<li><b>{escape(shown(name))}</b>: <code>{_value(params[name])}</code></li>" for name in in_order
	)
	lines = f"<p>{escape(shown(agent.name))} ({escape(agent.user)}) asks to call <code>{escape(what)}</code> with:</p>"
	return Proposal(
		shown(f"{agent.name}: {what}"), f"{lines}<ul>{rows}</ul>", document if seen else None, seen
	)


def is_unchanged(site: Site, params: Mapping[str, Any], seen: str) -> bool:
	"""Whether what a call is about is as it was when people were asked."""
	document = _document(params)
	return (_seen(site, document) if document else "") == seen


def _document(params: Mapping[str, Any]) -> tuple[str, str] | None:
	doctype, name = params.get("doctype"), params.get("name")
	return (doctype, str(name)) if isinstance(doctype, str) and isinstance(name, str | int) else None


def _seen(site: Site, document: tuple[str, str]) -> str:
	try:
		found = site.documents.get(*document)
	except Exception as error:
		if site.database.is_conflict(error) or site.database.is_lost(error):
			raise
		return ""  # it is not there, or not the agent's to read: its own call will say so
	return str(found.get("modified") or json.dumps(found, sort_keys=True, default=str))


def _value(value: Any) -> str:
	text = shown(json.dumps(value, ensure_ascii=False, default=str))
	return escape(text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}… ({len(text):,} characters)")


def shown(text: str) -> str:
	"""A text in which nothing is hidden: what has no shape of its own, or turns the direction of writing, is written out."""
	return "".join(
		f"\\u{ord(each):04x}" if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp", "Co") else each
		for each in text
	)
