"""From YAML, JSON or plain data to a checked `Definition`, or to all that is wrong with it at once."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine.definition import (
	DEFAULT_MAX_PARALLEL,
	Compensation,
	Definition,
	Limits,
	Retry,
	Step,
	Trigger,
)
from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.canonical import canonical_json, checksum
from dogansystem.engine.definitions.check_actions import check_actions
from dogansystem.engine.definitions.check_order import check_order, resolve
from dogansystem.engine.definitions.check_steps import steps
from dogansystem.engine.definitions.check_templates import check_templates
from dogansystem.engine.definitions.check_triggers import trigger
from dogansystem.engine.definitions.check_values import LEFT_OUT, Check
from dogansystem.engine.definitions.input_schema import check_input, input_schema
from dogansystem.engine.definitions.problems import Problems, at, kind
from dogansystem.engine.definitions.source import read
from dogansystem.engine.definitions.yaml_source import Unreadable
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import DefinitionError, Problem

__all__ = ["canonical_json", "check_input", "checksum", "parse"]

DEFAULT_EVERY = 300.0  # seconds between two looks of a `condition` trigger that does not say
MAX_CONCURRENT_RUNS = 100_000


def parse(
	source: str | Mapping[str, Any],
	*,
	actions: Mapping[str, Mapping[str, Any]] | None = None,
	source_name: str = "",
) -> Definition:
	"""Check a definition in full and give it as data that every room reads.

	Args:
		source: YAML or JSON text, or plain data.
		actions: the JSON Schema of each action's params by the action's name; None skips that check.
		source_name: the file, for messages.

	Raises:
		DefinitionError: with every problem found, each with its path and a remedy.
	"""
	problems = Problems()
	checked: dict[str, Any] = {}
	try:
		checked = _check(read(source, problems, source_name), actions, problems)
	except Unreadable:
		pass
	if problems.found:
		raise DefinitionError(sorted(problems.found, key=_place), source_name)
	return _build(checked)


def _check(data: Any, actions: Mapping[str, Mapping[str, Any]] | None, problems: Problems) -> dict[str, Any]:
	if data is None:
		problems.add("", "is empty; a definition has a name and steps")
		return {}
	checked = values.mapping(data, "", problems, KEYS, ["name", "steps"])
	in_order = checked.get("steps", [])
	check_order(in_order, "steps", problems)
	if actions is not None:
		check_actions(in_order, "steps", actions, problems)
	check_templates(checked, problems)
	return checked


def _place(problem: Problem) -> tuple[int, int]:
	"""Where a problem's key and row stand in a definition, so that a person can go through it from top to bottom."""
	head, _, rest = problem.path.replace("[", ".", 1).partition(".")
	row = rest.partition("]")[0]
	return list(KEYS).index(head) if head in KEYS else -1, int(row) if row.isdigit() else -1


def _limits(value: Any, path: str, problems: Problems) -> Any:
	return values.mapping(value, path, problems, LIMITS) or LEFT_OUT


def _triggers(value: Any, path: str, problems: Problems) -> Any:
	if not isinstance(value, list):
		problems.add(path, f"must be a list of triggers, not {kind(value)}")
		return LEFT_OUT
	return [trigger(each, at(path, index), problems) for index, each in enumerate(value)] or LEFT_OUT


LIMITS: Mapping[str, Check] = {
	"concurrent_runs": values.whole(0, MAX_CONCURRENT_RUNS, default=0),
	"when_full": values.choice("queue", "skip", "replace", default="queue"),
	"key": values.template,
	"run_timeout": values.duration(),
}
# In the order in which people read a definition; the canonical source has it too.
KEYS: Mapping[str, Check] = {
	"name": values.name,
	"title": values.text(values.MAX_LABEL),
	"description": values.text(),
	"run_as": values.label,
	"limits": _limits,
	"input": input_schema,
	"triggers": _triggers,
	"steps": steps,
	"output": values.data,
}


def _build(source: dict[str, Any]) -> Definition:
	return Definition(
		name=source["name"],
		title=source.get("title", ""),
		description=source.get("description", ""),
		run_as=source.get("run_as"),
		limits=_build_limits(source.get("limits", {})),
		input=source.get("input"),
		triggers=tuple(_build_trigger(each, index) for index, each in enumerate(source.get("triggers", []))),
		steps=tuple(map(_build_step, source["steps"], resolve(source["steps"]))),
		output=source.get("output"),
		source=source,
	)


def _seconds(source: Mapping[str, Any], key: str) -> float | None:
	return parse_duration(source[key]) if key in source else None


def _build_limits(source: Mapping[str, Any]) -> Limits:
	return Limits(
		concurrent_runs=source.get("concurrent_runs", 0),
		when_full=source.get("when_full", "queue"),
		key=source.get("key"),
		run_timeout=_seconds(source, "run_timeout"),
	)


def _build_trigger(source: Mapping[str, Any], position: int) -> Trigger:
	keys = {key: value for key, value in source.items() if key != "on"}
	if "every" in keys:
		keys["every"] = parse_duration(keys["every"])
	if source["on"] == "schedule":
		keys.setdefault("missed", "once")
	if source["on"] == "condition":
		keys.setdefault("every", DEFAULT_EVERY)
		keys.setdefault("again", "never")
	return Trigger(source["on"], keys, position)


def _build_retry(source: Mapping[str, Any]) -> Retry:
	default = Retry()
	delay = _seconds(source, "delay")
	return Retry(
		attempts=source.get("attempts", default.attempts),
		delay=default.delay if delay is None else delay,
		backoff=source.get("backoff", default.backoff),
		max_delay=_seconds(source, "max_delay"),
		jitter=source.get("jitter", default.jitter),
		on=tuple(source["on"]) if "on" in source else None,
	)


def _build_step(source: Mapping[str, Any], after: tuple[str, ...]) -> Step:
	undo = source.get("compensate")
	kept = {
		key: source[key]
		for key in ("when", "join", "agent", "capability", "on_error", "priority")
		if key in source
	}
	return Step(
		id=source["id"],
		action=source["action"],
		params=source.get("params", {}),
		after=after,
		title=source.get("title", ""),
		condition=source.get("if"),
		has_condition="if" in source,
		for_each=source.get("for_each"),
		max_parallel=source.get("max_parallel", DEFAULT_MAX_PARALLEL),
		retry=_build_retry(source.get("retry", {})),
		timeout=_seconds(source, "timeout"),
		compensate=Compensation(undo["action"], undo.get("params", {})) if undo else None,
		**kept,
	)
