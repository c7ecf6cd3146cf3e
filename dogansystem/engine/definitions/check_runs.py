"""Workflows that run each other: none may reach itself without a condition. Source: workflow-format.md, semantics 15."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dogansystem.engine.definitions.check_order import edges, resolve
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.templates.render import is_template

RUN = "flow.run"
SourceOf = Callable[[str], Mapping[str, Any] | None]  # a saved workflow as plain data, by its name


def check_runs(definition: Mapping[str, Any], source_of: SourceOf, problems: Problems) -> None:
	"""Note each step by which the workflow would start itself again and again, and triggers that wait for its own ends."""
	name = definition.get("name")
	for index, trigger in enumerate(definition.get("triggers", [])):
		if trigger.get("on") == "run" and trigger.get("workflow") == name:
			message = "is the workflow itself; name another one, or `*` for all others"
			problems.add(f"triggers[{index}].workflow", message)
	for index, first in _runs(definition.get("steps", [])):
		way = _way(first, str(name), source_of, set())
		if way:
			by = "" if len(way) == 1 else f" by way of {', '.join(way[:-1])}"
			message = f"the workflow runs itself{by} without a condition; put an `if` on this step"
			problems.add(f"steps[{index}].params.workflow", message)


def _way(workflow: str, wanted: str, source_of: SourceOf, seen: set[str]) -> list[str]:
	"""The workflows from this one to the wanted one; empty: it is not reached."""
	if workflow == wanted:
		return [workflow]
	seen.add(workflow)
	source = source_of(workflow) or {}
	for _, other in _runs(source.get("steps", [])):
		if other not in seen and (way := _way(other, wanted, source_of, seen)):
			return [workflow, *way]
	return []


def _runs(steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
	"""The steps that certainly run another workflow: their places, and its name."""
	certain: set[str] = set()
	left = list(zip(range(len(steps)), steps, resolve(steps), strict=True))
	while left:
		found = [each for each in left if all(name in certain for name in each[2]) and _is_certain(each[1])]
		if not found:
			return
		certain |= {step["id"] for _, step, _ in found if "id" in step}
		left = [each for each in left if each not in found]
		for index, step, _ in found:
			name = step.get("params", {}).get("workflow") if step.get("action") == RUN else None
			if isinstance(name, str) and not is_template(name):
				yield index, name


def _is_certain(step: Mapping[str, Any]) -> bool:
	"""Whether a step runs in any case if those before it succeed."""
	branches = any(edges(step.get("after", [])).values())
	return not ("if" in step or "for_each" in step or branches or step.get("when") == "failed")
