"""The order of the steps: ids, what each waits for, and that nothing waits for itself in a circle."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from dogansystem.engine.definitions.problems import Problems, at

Edges = Mapping[str, tuple[str, ...]]  # steps that one waits for; the branches that lead to it, () for any


def edges(after: Sequence[str]) -> Edges:
	"""What the names of `after` say: `ok` waits for the step `ok`, `ok.approved` for that to end in this branch."""
	found: dict[str, tuple[str, ...]] = {}
	for name in after:
		step, dot, branch = name.partition(".")
		found[step] = (*found.get(step, ()), *([branch] if dot else []))
	return found


def resolve(steps: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
	"""The steps that each step waits for: those of its `after`, or else the step before it in the list."""
	resolved: list[tuple[str, ...]] = []
	for index, step in enumerate(steps):
		if "after" in step:
			resolved.append(tuple(edges(step["after"])))
		elif index and "id" in steps[index - 1]:
			resolved.append((steps[index - 1]["id"],))
		else:
			resolved.append(())
	return resolved


def check_order(steps: Sequence[Mapping[str, Any]], path: str, problems: Problems) -> None:
	"""Note ids that stand twice, names in `after` that do not exist or stand twice, and circles."""
	first: dict[str, int] = {}
	for index, step in enumerate(steps):
		before = first.setdefault(step["id"], index) if "id" in step else index
		if before != index:
			message = f"{step['id']!r} is the id of {path}[{before}] too; give each step its own"
			problems.add(f"{path}[{index}].id", message)
	for index, step in enumerate(steps):
		_check_after(step, at(path, index), first, problems)
		_check_branches(step, at(path, index), steps, first, problems)
		if step.get("when") == "failed" and (step.get("after") == [] or (not index and "after" not in step)):
			message = "this step waits for none that could fail; name one in `after`, or leave `when` out"
			problems.add(f"{path}[{index}].when", message)
	_check_circles(steps, first, path, problems)


def _check_after(step: Mapping[str, Any], path: str, first: Mapping[str, int], problems: Problems) -> None:
	after = step.get("after", [])
	for index, written in enumerate(after):
		place = at(at(path, "after"), index)
		name = written.partition(".")[0]
		if name not in first:
			problems.unknown(place, f"no step named {name!r}", name, first, "steps")
		elif written in after[:index]:
			problems.add(place, f"{written!r} stands twice; keep one")
		elif name in edges(after[:index]) and (name == written or name in after[:index]):
			problems.add(place, f"{name!r} stands here with a branch and without; keep one")
		elif name == step.get("id"):
			message = "a step cannot wait for itself; name another, or write `after: []` to start with it"
			problems.add(place, message)


def _check_branches(
	step: Mapping[str, Any],
	path: str,
	steps: Sequence[Mapping[str, Any]],
	first: Mapping[str, int],
	problems: Problems,
) -> None:
	for index, written in enumerate(step.get("after", [])):
		name, dot, _ = written.partition(".")
		if not dot or name not in first:
			continue
		place = at(at(path, "after"), index)
		if "for_each" in steps[first[name]]:
			message = f"each item of step {name!r} ends in a branch of its own; wait for {name!r} and read its output"
			problems.add(place, message)
		elif step.get("when") in ("failed", "done"):
			message = f"a branch goes with `when: succeeded` only; write {name!r}, or leave `when` out"
			problems.add(place, message)


def _check_circles(
	steps: Sequence[Mapping[str, Any]], first: Mapping[str, int], path: str, problems: Problems
) -> None:
	waits = {
		index: [first[name] for name in after if name in first and first[name] != index]
		for index, after in enumerate(resolve(steps))
	}
	while not problems.is_full:
		try:
			TopologicalSorter(waits).prepare()
			return
		except CycleError as error:
			circle = error.args[1][:0:-1]  # each waits for the next, the last for the first
		# The first of them in the list waits for a later one, so it says so itself, in its `after`.
		start = circle.index(min(circle))
		names = [steps[index]["id"] for index in [*circle[start:], *circle[: start + 1]]]
		row = [name.partition(".")[0] for name in steps[circle[start]]["after"]].index(names[1])
		message = f"the steps wait for each other: {' waits for '.join(names)}; take one of them out"
		problems.add(f"{path}[{circle[start]}].after[{row}]", message)
		for index in circle:
			waits[index] = []


def ancestors(steps: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
	"""For each step id, the ids of all steps that are finished before it starts."""
	waits = {step["id"]: after for step, after in zip(steps, resolve(steps), strict=True) if "id" in step}
	found: dict[str, set[str]] = {}
	for name in waits:
		above: set[str] = set()
		pending = list(waits[name])
		while pending:
			current = pending.pop()
			if current in waits and current not in above:
				above.add(current)
				pending += waits[current]
		found[name] = above
	return found
