"""A workflow as a flowchart in Mermaid, which GitHub and many editors draw."""

import re
from collections.abc import Iterator

from dogansystem.engine.definition import Definition, Step, Trigger

_ENDS = {"failed": "failed", "done": "done"}
_QUOTED = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "#": "#35;"}


def mermaid(definition: Definition) -> str:
	"""The flowchart: what starts the workflow, and its steps with what leads from one to the next."""
	return "\n".join(["flowchart TD", *(f"\t{line}" for line in _lines(definition))]) + "\n"


def _lines(definition: Definition) -> Iterator[str]:
	first = [step for step in definition.steps if not step.after]
	for number, trigger in enumerate(definition.triggers):
		yield f'trigger_{number}(["{_text(_of_trigger(trigger))}"])'
		yield from (f"trigger_{number} --> {_node(step)}" for step in first)
	for step in definition.steps:
		yield _shape(step)
		for name in step.after:
			yield _edge(definition.by_id[name], step)


def _of_trigger(trigger: Trigger) -> str:
	keys = trigger.keys
	about = [str(keys[key]) for key in ("doctype", "event", "field", "name", "cron") if key in keys]
	return " ".join([trigger.on, *about])


def _shape(step: Step) -> str:
	text = _text(step.title or step.id) + f"<br/><i>{_text(step.action)}</i>"
	if step.for_each is not None:
		return f'{_node(step)}[["{text}"]]'
	if step.action in ("flow.choose", "flow.approve"):
		return f'{_node(step)}{{"{text}"}}'
	return f'{_node(step)}["{text}"]'


def _edge(before: Step, step: Step) -> str:
	words = [*step.branches.get(before.id, ()), *([_ENDS[step.when]] if step.when in _ENDS else [])]
	if step.has_condition:
		words.append("if")
	label = f'|"{_text(", ".join(words))}"|' if words else ""
	return f"{_node(before)} -->{label} {_node(step)}"


def _node(step: Step) -> str:
	"""A name that is no word of Mermaid's own, such as `end`."""
	return f"step_{step.id}"


def _text(text: str) -> str:
	return re.sub(r'["<>&#]', lambda match: _QUOTED[match[0]], " ".join(text.split()))
