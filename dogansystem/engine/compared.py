"""What is different between two definitions, as sentences that a person reads, and which nodes of the picture they are about.

A sentence is a text with places, `{0}` the step or trigger, `{1}` what of it, `{2}` how it was, `{3}` how it is, so that it can be
translated. There is one at least whenever the two definitions are not the same.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dogansystem.engine.definitions.stored import canonical_source

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
LONGEST = 160  # characters of a value that is shown
_MISSING = object()

Source = Mapping[str, Any]


def _(text: str) -> str:
	"""Mark a text that people read; who shows it looks up its translation."""
	return text


_KEYS: Mapping[str, str] = {
	"if": _("Only if"),
	"for_each": _("For each"),
	"when": _("When"),
	"join": _("Join"),
	"on_error": _("On error"),
	"max_parallel": _("Max parallel"),
	"run_as": _("Run as"),
	"input": _("Input"),
	"output": _("Output"),
}
_TEXTS: Mapping[tuple[str, str], str] = {
	("step", ADDED): _("Step {0}: {1} was added: {3}"),
	("step", REMOVED): _("Step {0}: {1} was removed. It was {2}"),
	("step", CHANGED): _("Step {0}: {1} was changed from {2} to {3}"),
	("trigger", ADDED): _("Trigger {0}: {1} was added: {3}"),
	("trigger", REMOVED): _("Trigger {0}: {1} was removed. It was {2}"),
	("trigger", CHANGED): _("Trigger {0}: {1} was changed from {2} to {3}"),
	("workflow", ADDED): _("Workflow: {1} was added: {3}"),
	("workflow", REMOVED): _("Workflow: {1} was removed. It was {2}"),
	("workflow", CHANGED): _("Workflow: {1} was changed from {2} to {3}"),
}


class Sentence:
	"""What a sentence about a difference has, whatever it is about: `text` with places for a name, what it is, before, after."""

	__slots__ = ()
	text: str
	name: str
	what: str
	before: str
	after: str

	def __str__(self) -> str:
		return self.text.format(self.name, self.what, self.before, self.after)

	def as_dict(self) -> dict[str, Any]:
		"""For who shows it; `sentence` is the text in English with its places filled in."""
		return {**asdict(self), "sentence": str(self)}  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class Change(Sentence):
	"""One difference.

	Attributes:
		kind: added, removed or changed: the node as a whole, where it says `whole`, or something of it.
		old_node: the node in the picture of the first definition (`step:mail`, `trigger:0`); empty for none.
		new_node: the same of the second one.
		text: the sentence, with places for `name`, `what`, `before` and `after`.
		what: the name of what is different, which can be translated.
	"""

	kind: str
	old_node: str
	new_node: str
	text: str
	name: str = ""
	what: str = ""
	before: str = ""
	after: str = ""
	whole: bool = False


def changes(old: Source, new: Source) -> list[Change]:
	"""In what `new` differs from `old`: the workflow itself first, then its triggers, then its steps in the order of `new`, those
	that are gone last. Empty only if both are the same."""
	found = [*_of_workflow(old, new), *_of_triggers(old, new), *_of_steps(old, new)]
	if not found and canonical_source(old) != canonical_source(new):
		found.append(Change(CHANGED, "", "", _("It is written differently, and does the same")))
	return found


def marks(found: Sequence[Change]) -> dict[str, dict[str, str]]:
	"""How nodes are marked in the picture of the `old` definition and of the `new` one: added, removed or changed."""
	marked: dict[str, dict[str, str]] = {"old": {}, "new": {}}
	for each in found:
		kind = each.kind if each.whole else CHANGED
		for side, node in (("old", each.old_node), ("new", each.new_node)):
			if node:
				marked[side].setdefault(node, kind)
	return marked


def _of_workflow(old: Source, new: Source) -> Iterator[Change]:
	apart = ("steps", "triggers")
	one, other = ({key: value for key, value in each.items() if key not in apart} for each in (old, new))
	yield from _of_values("workflow", "", "", "", one, other)


def _of_values(part: str, name: str, old_node: str, new_node: str, old: Any, new: Any) -> Iterator[Change]:
	for path, kind, before, after in leaves(old, new):
		text = _TEXTS[part, kind]
		yield Change(kind, old_node, new_node, text, name, label(path), shown(before), shown(after))


def leaves(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str, Any, Any]]:
	"""The values that differ, however deep in mappings they stand: path, kind, and what they were and are."""
	if isinstance(old, Mapping) and isinstance(new, Mapping):
		for key in dict.fromkeys((*old, *new)):
			inner = f"{path}.{key}" if path else str(key)
			yield from leaves(old.get(key, _MISSING), new.get(key, _MISSING), inner)
	elif not _same(old, new):
		yield path, ADDED if old is _MISSING else REMOVED if new is _MISSING else CHANGED, old, new


def _same(one: Any, other: Any) -> bool:
	"""Whether two values are the same as JSON: 1 is not true, and 1.0 is not 1."""
	if one is _MISSING or other is _MISSING:
		return one is other
	return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def label(path: str) -> str:
	"""The name of a value that people read: `params.order_by` → `Order by`."""
	path = path.removeprefix("params.")
	if path in _KEYS:
		return _KEYS[path]
	words = path.replace("_", " ").replace(".", " › ")
	return words[:1].upper() + words[1:]


def shown(value: Any) -> str:
	"""A value as a short text; texts in quotes, data as JSON."""
	if value is _MISSING:
		return ""
	text = f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
	return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


# Triggers have no names: the same ones belong together, and then those that are about the same.


def _of_triggers(old: Source, new: Source) -> Iterator[Change]:
	before, after = list(old.get("triggers", [])), list(new.get("triggers", []))
	pairs = _pairs(before, after)
	for index, trigger in enumerate(after):
		node = f"trigger:{index}"
		if index not in pairs:
			yield Change(ADDED, "", node, _("Trigger {0} was added"), _trigger_name(trigger), whole=True)
			continue
		was = f"trigger:{pairs[index]}"
		yield from _of_values("trigger", _trigger_name(trigger), was, node, before[pairs[index]], trigger)
	for index, trigger in enumerate(before):
		if index not in pairs.values():
			node = f"trigger:{index}"
			yield Change(REMOVED, node, "", _("Trigger {0} was removed"), _trigger_name(trigger), whole=True)


def _pairs(before: Sequence[Source], after: Sequence[Source]) -> dict[int, int]:
	"""By the place of a trigger in `after`, the place that it has in `before`."""
	found: dict[int, int] = {}
	for alike in (_same, lambda one, other: _trigger_name(one) == _trigger_name(other), _same_kind):
		for index, trigger in enumerate(after):
			rest = (place for place in range(len(before)) if place not in found.values())
			place = next((each for each in rest if alike(before[each], trigger)), None)
			if index not in found and place is not None:
				found[index] = place
	return found


def _same_kind(one: Source, other: Source) -> bool:
	return one.get("on") == other.get("on")


def _trigger_name(trigger: Source) -> str:
	"""What people know it by: `document Lead created`."""
	words = (
		trigger.get(key) for key in ("on", "doctype", "event", "name", "workflow", "credential", "account")
	)
	return " ".join(str(each) for each in words if each)


# Steps have ids. One that has another id and is otherwise as it was has been renamed.


def _of_steps(old: Source, new: Source) -> Iterator[Change]:
	before = {step["id"]: step for step in old["steps"]}
	after = {step["id"]: step for step in new["steps"]}
	renamed = _renamed(before, after)
	waited, waits = _waits(old["steps"], {was: now for now, was in renamed.items()}), _waits(new["steps"], {})
	for name, step in after.items():
		node, was = f"step:{name}", renamed.get(name, name)
		if was not in before:
			text = _("Step {0} was added: {3}")
			yield Change(ADDED, "", node, text, step_name(step), after=step["action"], whole=True)
			continue
		old_node = f"step:{was}"
		if was != name:
			yield Change(CHANGED, old_node, node, _("Step {2} is called {3} now"), before=was, after=name)
		one, other = (_without(each) for each in (before[was], step))
		yield from _of_values("step", step_name(step), old_node, node, one, other)
		if waited[name] != waits[name]:
			was_after, is_after = ", ".join(waited[name]), ", ".join(waits[name])
			text = _follows(was_after, is_after)
			yield Change(CHANGED, old_node, node, text, step_name(step), "", was_after, is_after)
	for name, step in before.items():
		if name not in after and name not in renamed.values():
			yield Change(REMOVED, f"step:{name}", "", _("Step {0} was removed"), step_name(step), whole=True)
	if [renamed.get(each, each) for each in after] != list(before) and set(after) == set(before):
		yield Change(CHANGED, "", "", _("The steps stand in another order"))


def step_name(step: Source) -> str:
	"""The title of a step, and its id, by which the others know it."""
	title = step.get("title")
	return f"{title} ({step['id']})" if title else str(step["id"])


def _renamed(before: Mapping[str, Source], after: Mapping[str, Source]) -> dict[str, str]:
	"""By the id that a step has now, the one it had."""
	found: dict[str, str] = {}
	for name in (each for each in after if each not in before):
		gone = (each for each in before if each not in after and each not in found.values())
		was = next((each for each in gone if _same(_without(before[each]), _without(after[name]))), None)
		if was:
			found[name] = was
	return found


def _without(step: Source) -> dict[str, Any]:
	return {key: value for key, value in step.items() if key not in ("id", "after")}


def _waits(steps: Sequence[Source], names: Mapping[str, str]) -> dict[str, list[str]]:
	"""What each step waits for, written or not, by the `names` that steps have now."""
	found: dict[str, list[str]] = {}
	for index, step in enumerate(steps):
		refs = step.get("after", [steps[index - 1]["id"]] if index else [])
		found[names.get(step["id"], step["id"])] = sorted(_with_name(ref, names) for ref in refs)
	return found


def _with_name(ref: str, names: Mapping[str, str]) -> str:
	step, dot, branch = ref.partition(".")
	return f"{names.get(step, step)}{dot}{branch}"


def _follows(was_after: str, is_after: str) -> str:
	if not is_after:
		return _("Step {0} follows no other one now. It followed {2}")
	return (
		_("Step {0} follows {3} now. It followed {2}")
		if was_after
		else _("Step {0} follows {3} now. It followed no other one")
	)
