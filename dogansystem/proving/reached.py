"""Which steps and branches the tests of a workflow have reached."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.engine.states import FAILED, RUNNING, SUCCEEDED, WAITING

DONE = frozenset({SUCCEEDED, FAILED, RUNNING, WAITING, "Compensated"})  # states of a step that has begun


def not_reached(
	definition: Definition, branches: Mapping[str, Sequence[str]], runs: Iterable[Mapping[str, Any]]
) -> list[str]:
	"""The ids of steps that no run has begun, and `step.branch` for the ways in which none has ended.

	`branches` are those of each step. Runs are as `run --json` prints them.
	"""
	begun, ended = set(), set()
	for run in runs:
		for each in run.get("steps", ()):
			if each["status"] in DONE:
				begun.add(each["id"])
				ended.add((each["id"], each.get("branch")))
	found = []
	for step in definition.steps:
		if step.id not in begun:
			found.append(step.id)
		else:
			found += [f"{step.id}.{way}" for way in branches.get(step.id, ()) if (step.id, way) not in ended]
	return found
