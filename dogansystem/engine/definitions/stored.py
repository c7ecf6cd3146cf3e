"""The form in which a published definition is stored, and how it is built from there.

A definition is checked when it is published. What is stored has passed that check, so `build` does not judge: it makes
data, without a JSON Schema and without compiling templates. The number of the format stands beside the text, and older
formats are brought to the newest one step at a time.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from dogansystem.engine.definition import (
	AGENT_ASK,
	DEFAULT_MAX_PARALLEL,
	Compensation,
	Definition,
	Limits,
	Retry,
	Step,
	Trigger,
)
from dogansystem.engine.definitions.check_order import edges, resolve
from dogansystem.engine.definitions.triggers.registry import KINDS
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import UnreadableVersion

FORMAT = 1  # the canonical source
# From each older format to the next one.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def canonical_json(definition: Definition) -> str:
	"""A definition's source as JSON text, keys sorted, no spaces: the text that is stored, in the format FORMAT."""
	return canonical_source(definition.source)


def canonical_source(source: Mapping[str, Any]) -> str:
	"""The same of a source."""
	return json.dumps(source, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def checksum(definition: Definition) -> str:
	"""SHA-256 of the canonical JSON, in hex."""
	return hashlib.sha256(canonical_json(definition).encode()).hexdigest()


def build(text: str, version: str = "", number: int = FORMAT) -> Definition:
	"""The definition that `canonical_json`, or an older release, wrote in the format `number`. `version` names it in errors.

	Raises:
		UnreadableVersion: the text is broken, or of a format that only a newer release of the app knows.
	"""
	try:
		source = json.loads(text)
		for older in range(number, FORMAT):
			source = MIGRATIONS[older](source)
		if number <= FORMAT:
			return build_source(source)
	except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
		reason = f"it is broken ({type(error).__name__}: {str(error)[:200]})"
		raise UnreadableVersion(version, reason) from error
	reason = f"its format is {number} and this release reads up to {FORMAT}"
	raise UnreadableVersion(version, reason, "upgrade the app on this node")


def build_source(source: dict[str, Any]) -> Definition:
	"""The definition of a source that has been checked."""
	limits = source.get("limits", {})
	return Definition(
		name=source["name"],
		title=source.get("title", ""),
		description=source.get("description", ""),
		run_as=source.get("run_as"),
		limits=Limits(
			**_given(limits, "concurrent_runs", "when_full", "key", "disable_after"),
			run_timeout=_seconds(limits, "run_timeout"),
		),
		notify=tuple(source.get("notify", ())),
		parameters=source.get("parameters", {}),
		input=source.get("input"),
		triggers=tuple(_trigger(each, index) for index, each in enumerate(source.get("triggers", []))),
		steps=tuple(map(_step, source["steps"], resolve(source["steps"]))),
		output=source.get("output"),
		offer_to_assistants=source.get("offer_to_assistants", False),
		source=source,
	)


def _given(source: Mapping[str, Any], *keys: str) -> dict[str, Any]:
	return {key: source[key] for key in keys if key in source}


def _seconds(source: Mapping[str, Any], key: str) -> float | None:
	return parse_duration(source[key]) if key in source else None


def _trigger(source: Mapping[str, Any], position: int) -> Trigger:
	"""A trigger of a kind that this release does not know starts nothing; its keys are kept as they are."""
	keys = {key: value for key, value in source.items() if key != "on"}
	kind = KINDS.get(source["on"])
	return Trigger(source["on"], kind.built(keys) if kind else keys, position)


def _retry(source: Mapping[str, Any]) -> Retry:
	keys = _given(source, "attempts", "backoff", "jitter")
	keys |= {key: parse_duration(value) for key, value in _given(source, "delay", "max_delay").items()}
	return Retry(**keys, on=tuple(source["on"]) if "on" in source else None)


def _compensation(source: Mapping[str, Any]) -> Compensation:
	retry = _retry(source["retry"]) if "retry" in source else Retry()
	return Compensation(source["action"], source.get("params", {}), retry)


def _doer(source: Mapping[str, Any]) -> dict[str, Any]:
	"""Who does a step: its own agent or capability, or the one that `agent.ask` names in its parameters."""
	params = source.get("params", {}) if source["action"] == AGENT_ASK else {}
	named = {key: params[key] for key in ("agent", "capability") if isinstance(params.get(key), str)}
	return named | _given(source, "agent", "capability")


def _step(source: Mapping[str, Any], after: tuple[str, ...]) -> Step:
	undo = source.get("compensate")
	return Step(
		id=source["id"],
		action=source["action"],
		params=source.get("params", {}),
		after=after,
		condition=source.get("if"),
		has_condition="if" in source,
		max_parallel=source.get("max_parallel", DEFAULT_MAX_PARALLEL),
		retry=_retry(source["retry"]) if "retry" in source else Retry(),
		timeout=_seconds(source, "timeout"),
		compensate=_compensation(undo) if undo else None,
		branches={name: ways for name, ways in edges(source.get("after", [])).items() if ways},
		**_doer(source),
		**_given(source, "title", "for_each", "when", "join", "on_error", "priority"),
	)
