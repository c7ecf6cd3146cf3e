"""Checks of steps: the keys of each one, and the order they stand in. Source: workflow-format.md, Steps."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine.definition import DEFAULT_PRIORITY
from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.check_values import Check
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, kind

MAX_STEPS = 1000  # of one workflow; the control flow looks at all of them whenever one ends
MAX_ATTEMPTS = 1000
MAX_PARALLEL = 100_000

RETRY: Mapping[str, Check] = {
	"attempts": values.whole(1, MAX_ATTEMPTS),
	"delay": values.duration(positive=False),
	"backoff": values.choice("fixed", "linear", "exponential"),
	"max_delay": values.duration(),
	"jitter": values.flag,
	"on": values.error_names,
}


def retry(value: Any, path: str, problems: Problems) -> Any:
	return values.mapping(value, path, problems, RETRY, ["attempts"]) or LEFT_OUT


COMPENSATION: Mapping[str, Check] = {
	"action": values.label,
	"params": values.parameters,
	"retry": retry,
}
# A step that is undone neither waits nor steers the run.
_NO_UNDO = ("flow.",)
_MAY_UNDO = frozenset({"flow.signal"})


def may_undo(action: str) -> bool:
	"""Whether an action may undo a step."""
	return not action.startswith(_NO_UNDO) or action in _MAY_UNDO


def compensation(value: Any, path: str, problems: Problems) -> Any:
	"""What undoes a step."""
	kept = values.mapping(value, path, problems, COMPENSATION, ["action"])
	action = kept.get("action", "")
	if not may_undo(action):
		message = f"{action} steers the run, which has ended by then; name an action that undoes the step"
		problems.add(at(path, "action"), message)
	return kept or LEFT_OUT


KEYS: Mapping[str, Check] = {
	"id": values.step_id,
	"title": values.text(values.MAX_LABEL),
	"after": values.listed_text,
	"join": values.choice("all", "any", default="all"),
	"when": values.choice("succeeded", "failed", "done", default="succeeded"),
	"if": values.condition,
	"for_each": values.items,
	"max_parallel": values.whole(1, MAX_PARALLEL),
	"action": values.label,
	"params": values.parameters,
	"agent": values.label,
	"capability": values.label,
	"retry": retry,
	"timeout": values.duration(),
	"on_error": values.choice("fail", "continue", default="fail"),
	"priority": values.whole(0, 9, default=DEFAULT_PRIORITY),
	"compensate": compensation,
}


def steps(value: Any, path: str, problems: Problems) -> Any:
	"""The steps as a definition keeps them. A step that is none keeps its place: paths stay right."""
	if not isinstance(value, list):
		return problems.refuse(path, f"must be a list of steps, not {kind(value)}")
	if not value:
		problems.add(path, "has no step; add one with an id and an action")
	if len(value) > MAX_STEPS:
		message = (
			f"has {len(value)} steps; at most {MAX_STEPS} are allowed, use for_each or several workflows"
		)
		return problems.refuse(path, message)
	return [step(each, at(path, index), problems) for index, each in enumerate(value)]


def step(value: Any, path: str, problems: Problems) -> dict[str, Any]:
	"""One step, checked by itself."""
	kept = values.mapping(value, path, problems, KEYS, ["id", "action"])
	if "agent" in kept and "capability" in kept:
		problems.add(at(path, "capability"), "a step has either `agent` or `capability`; leave one out")
	if isinstance(value, dict) and "max_parallel" in value and "for_each" not in value:
		problems.add(at(path, "max_parallel"), "only goes with `for_each`; leave it out, or add `for_each`")
	return kept
