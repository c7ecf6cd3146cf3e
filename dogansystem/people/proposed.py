"""A call that an AI agent wants to make, as people are shown it: what it would do, and with what it would be called.

It is kept as plain data whose texts hold nothing hidden (`agents.ai.proposal`), and put into words in the language of who reads it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

Say = Callable[[str], str]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# As LABELS of the canvas' words.js, where that is not the name in words. A test holds the two against each other.
_BETTER: Mapping[str, str] = {
	**{"doctype": "Document type", "if": "Only if", "event": "What happens to it", "id": "Name in templates"},
	**{each: each.upper() for each in ("http", "url", "html", "csv", "json", "xml")},
}


def as_html(proposed: Mapping[str, Any], say: Say = str) -> str:
	"""The call as HTML, all that is not ours escaped. `say`: looks a text up in the reader's language."""
	return "".join(_parts(proposed, say))


def _parts(proposed: Mapping[str, Any], _: Say) -> Iterator[str]:
	who = f"{_text(proposed['agent'])} ({_text(proposed['user'])})"
	yield _line(_("{0} asks to call {1}."), who, _code(proposed["what"]))
	if proposed["again"]:
		yield f"<p><b>{escape(_('It was approved before and not made: what it would do has changed since. Look at it again.'))}</b></p>"
	if proposed["unknown"]:
		text = _("It was tried out, and what it would do is not known, or not all of it. {0}")
		yield _line(text, _text(proposed["unknown"]))
	elif proposed["error"]:
		yield _line(_("It was tried out, and it would fail: {0}"), _text(proposed["error"]))
	does = [*_effects(proposed, _)]
	if does:
		yield _line(_("It was tried out and undone again. This is what it would do:"))
	elif not (proposed["unknown"] or proposed["error"]):
		yield _line(_("It was tried out: it would change nothing and send nothing."))
	yield from does
	yield f"<h4>{escape(_('What it would be called with'))}</h4>"
	# Only the names of our own actions' parameters are put into words: two of somebody else's could become the same.
	say = partial(label_of, say=_) if proposed.get("action") else str
	rows = "".join(
		f"<li><b>{_text(say(name))}</b>: {_code(value)}</li>" for name, value in proposed["params"]
	)
	yield f"<ul>{rows}</ul>"


def label_of(name: str, say: Say = str) -> str:
	"""The name of an action's parameter as the desk shows it; as it is where no action has such a one."""
	if not _NAME.fullmatch(name):
		return name
	words = name.replace("_", " ")
	return say(_BETTER.get(name, words[:1].upper() + words[1:]))


def _effects(proposed: Mapping[str, Any], _: Say) -> Iterator[str]:
	for each in proposed["changes"]:
		yield from _change(each, _)
	if proposed["more"]:
		count = ", ".join(f"{number} × {_text(_(doctype))}" for doctype, number in proposed["more"].items())
		yield _line(_("Beside these it would write: {0}"), count)
	kinds = {"email": _("Send a mail to {0}: {1}"), "notification": _("Notify {0}: {1}")}
	for kind, to, subject in proposed["sends"]:
		text = kinds.get(kind) or _("Send a message to {0}: {1}")
		yield _item(text, _text(", ".join(to)), _text(subject))
	for each in proposed["requests"]:
		yield _item(_("Send a request to another server: {0}"), _code(each))
	for each in proposed["calls"]:
		yield _item(_("Reach another system by {0}"), _code(each))
	for each in proposed["jobs"]:
		yield _item(_("Have this done in the background: {0}"), _code(each))
	for workflow, title, steps in proposed["starts"]:
		yield _item(_("Start the workflow {0}, which goes by its own rules"), _text(_named(workflow, title)))
		if steps:
			yield f"<ol>{''.join(f'<li>{_text(step)}</li>' for step in steps)}</ol>"


def _named(workflow: str, title: str) -> str:
	return workflow if title == workflow else f"{title} ({workflow})"


def _change(change: Mapping[str, Any], _: Say) -> Iterator[str]:
	texts = {
		"created": _("Create {0}"),
		"updated": _("Change {0}"),
		"submitted": _("Submit {0}"),
		"cancelled": _("Cancel {0}"),
		"deleted": _("Delete {0}"),
	}
	is_new = "created" in change["events"]
	# A new document has a name of the trial, which it will not have.
	what = _text(_(change["doctype"])) + ("" if is_new else f" <bdi>{_text(change['name'])}</bdi>")
	heads = [escape(texts[each]).format(what) for each in change["events"]]
	yield f"<h4>{' · '.join(heads)}</h4>"
	if change["hidden"]:
		yield _line(_("The agent may not read it, so its fields are not shown."))
	if change["fields"]:
		yield _table(change["fields"], is_new, _)


def _table(fields: Sequence[Any], is_new: bool, _: Say) -> str:
	heads = [_("Field"), _("Value")] if is_new else [_("Field"), _("Now"), _("Then")]
	head = "".join(f'<th align="start">{escape(each)}</th>' for each in heads)
	rows = "".join(f"<tr>{_row(each, is_new, _)}</tr>" for each in fields)
	look = 'border="1" cellpadding="4" style="border-collapse: collapse"'
	return f'<table class="dogan-proposed" {look}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(field: Sequence[Any], is_new: bool, _: Say) -> str:
	(label, *place), before, after, event = field
	name = _text(_(label))
	if place:
		name = f"{_text(_(place[0]))} {place[1]}, {name}"
	marks = {"added": _("new row"), "removed": _("row taken out")}
	if event in marks and not is_new:
		name = f"{name} ({escape(marks[event])})"
	cells = [f'<td dir="auto"><ins>{_text(after)}</ins></td>']
	if not is_new:
		cells.insert(0, f'<td dir="auto"><del>{_text(before)}</del></td>')
	return f"<td>{name}</td>{''.join(cells)}"


def _line(text: str, *html: str) -> str:
	return f"<p>{escape(text).format(*html)}</p>"


def _item(text: str, *html: str) -> str:
	return f"<h4>{escape(text).format(*html)}</h4>"


def _text(text: Any) -> str:
	return escape(str(text))


def _code(text: Any) -> str:
	return f'<code dir="auto">{_text(text)}</code>'
