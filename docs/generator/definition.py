"""What a workflow definition is made of: keys, what each takes, its default, its meaning.

Names, choices, bounds and defaults come from the checks in `dogansystem.engine`; only the meanings are written here. A
key without a meaning, or a meaning without a key, stops the generator.
"""

from collections.abc import Callable, Mapping
from inspect import getclosurevars
from typing import Any

from dogansystem.engine.definitions import check_steps, parse
from dogansystem.engine.definitions.triggers.base import Kind
from dogansystem.engine.definitions.triggers.registry import KINDS
from dogansystem.engine.durations import format_duration
from generator.markdown import choices, code, sections, table

_SMALLEST = {"name": "smallest", "steps": [{"id": "only", "action": "data.set"}]}

# What each check takes, by the name of the function in engine.check_values and its neighbours.
_TAKES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
	"name": lambda bounds: "lower case letters, digits, hyphens",
	"text": lambda bounds: "text",
	"label": lambda bounds: "text",
	"step_id": lambda bounds: "letters, digits, underscores",
	"choice": lambda bounds: choices(bounds["options"]),
	"whole": lambda bounds: f"a whole number, {bounds['least']} to {bounds['most']}",
	"flag": lambda bounds: "`true` or `false`",
	"duration": lambda bounds: (
		"a duration" + (f", at least {format_duration(bounds['least'])}" if bounds["least"] else "")
	),
	"condition": lambda bounds: "an expression",
	"items": lambda bounds: "an expression or a list",
	"template": lambda bounds: "text with templates",
	"data": lambda bounds: "any data with templates",
	"parameters": lambda bounds: "a mapping with templates",
	"listed_text": lambda bounds: "a list of names",
	"error_names": lambda bounds: "a list of error names",
	"others_doctype": lambda bounds: "text",
	"offset": lambda bounds: "a duration, perhaps with a minus in front",
	"time_of_day": lambda bounds: "hours and minutes, such as `09:00`",
	"field_value": lambda bounds: "one value",
	"filters": lambda bounds: "filters, a mapping or a list",
	"header_names": lambda bounds: "a list of names of headers",
	"other_workflow": lambda bounds: "the name of a workflow, or `*`",
	"ends_of_runs": lambda bounds: "a list of `Succeeded`, `Failed`, `Cancelled`",
	"signal_name": lambda bounds: "the name of a signal",
	"cron": lambda bounds: "five fields, or a name such as `@daily`",
	"timezone": lambda bounds: "a name such as `Europe/Istanbul`",
	"people": lambda bounds: "a user, `{role: …}`, or a list of both",
	"parameter_schemas": lambda bounds: "a mapping of names to JSON Schemas, see [parameters](#parameters)",
	"input_schema": lambda bounds: "a JSON Schema",
	"steps": lambda bounds: "a list of [steps](steps.md)",
	"_triggers": lambda bounds: "a list of [triggers](triggers.md)",
	"_limits": lambda bounds: "a mapping of [limits](#limits)",
	"retry": lambda bounds: "a mapping, see [retry](#retry)",
	"compensation": lambda bounds: "a mapping of `action`, `params` and `retry`",
}

WORKFLOW: Mapping[str, str] = {
	"name": "What the workflow is called; unique on a site.",
	"title": "The name that people read in lists and on runs.",
	"description": "What it is for.",
	"run_as": "The user whose permissions the steps have. The user of a step's agent comes first. Left out: whoever "
	"starts the run; on a site, saving the workflow fills in the person who saves.",
	"limits": "How many runs there may be at a time, how long a run may take, and how many may fail in a row.",
	"notify": "Who is told when a run fails, beside the workflow's owner and whoever started the run. At most once an hour for "
	"each workflow; who has switched notifications off in Frappe's Notification Settings is not told.",
	"offer_to_assistants": "Whether assistants may start it over MCP, for people who may start it. Its `input` "
	"is then a mapping.",
	"parameters": "What each site may set without changing the definition. Templates reach the values as `parameters.<name>`.",
	"input": "What a run may be started with. It is checked when the run starts. A `default` in the schema is not filled in: "
	"write `{{ input.days | default(14) }}`.",
	"triggers": "What starts a run. Without triggers, only people and programs start it.",
	"steps": "What happens.",
	"output": "What the run gives back. It is rendered when the run succeeds.",
}
LIMITS: Mapping[str, str] = {
	"concurrent_runs": "Runs at a time. 0: no limit. A run counts until it ends.",
	"when_full": "`queue`: later runs wait as `Queued`, the oldest is let in first. `skip`: no run is started. `replace`: the oldest "
	"run is cancelled, and the new one starts once it has ended.",
	"key": "The limit holds for each value of this template separately, such as `{{ doc.customer }}`.",
	"run_timeout": "A run that takes longer fails with `Timeout`. It counts from the moment the limit lets the run in.",
	"disable_after": "When so many runs in a row have failed, the workflow is disabled, and its owner and `notify` are told. 0: never. "
	"Runs count in the order in which they end, from the moment the workflow was enabled; cancelled ones do not count.",
}
STEP: Mapping[str, str] = {
	"id": "The step's name, for `after` and for templates: `steps.<id>`.",
	"title": "The name that people read on the run.",
	"after": "The steps it waits for; `ok.approved`: the step `ok`, if it ends in the branch `approved`. Left out: the step before it in the list. `[]`: it starts with the run.",
	"join": "`all`: it waits until all of them have finished. `any`: until the first one has.",
	"when": "`succeeded`: at least one of them succeeded, and no failure was left unhandled. `failed`: at least one "
	"failed. `done`: in any case. Otherwise the step is skipped.",
	"if": "If it is false, the step is skipped, and its output is `null`. With `for_each` this holds for each item.",
	"for_each": "The step is done once for each item. Templates reach the item as `item`, and its number as `index`, from 0. "
	"The step's output is the list of the items' outputs.",
	"max_parallel": "Items at a time.",
	"action": "What it does; see [Actions](actions/README.md).",
	"params": "The action's parameters.",
	"agent": "The agent that does it, and no other. The agent's user acts.",
	"capability": "Any agent that has this capability, the least busy first. A step has `agent` or `capability`.",
	"retry": "When and how often a failed attempt is repeated.",
	"timeout": "How long one attempt may take. Then it ends with the error `Timeout`, and its changes are rolled back.",
	"on_error": "`continue`: the run goes on when the last attempt has failed. With `for_each`: a failed item gives `null` "
	"and is listed in `steps.<id>.errors`.",
	"priority": "Among steps that are ready at the same moment, 9 comes first. Nobody starves: of ten claims of a process one takes "
	"what has waited longest, whatever its priority.",
	"compensate": "The action that undoes the step if the run fails later, with retries of its own. "
	"See [compensation](#compensation).",
}
RETRY: Mapping[str, str] = {
	"attempts": "How many attempts there are in all.",
	"delay": "The wait before the second attempt.",
	"backoff": "How waits grow: `fixed` delay, `linear` delay × n, `exponential` delay × 2^(n−1) after the n-th attempt.",
	"max_delay": "The longest wait.",
	"jitter": "`true`: each wait is drawn evenly from 0 to its length.",
	"on": "Which errors are retried; see [Errors](errors.md). Left out: all except those that another attempt cannot change.",
}
_STEP_FIELDS = {"if": "condition"}


def workflow() -> str:
	"""The keys of a definition."""
	return _keys(parse.KEYS, WORKFLOW, ("name", "steps"), {})


def limits() -> str:
	"""The keys of `limits`."""
	return _keys(parse.LIMITS, LIMITS, (), {})


def triggers() -> str:
	"""The kinds of triggers, each with its keys."""
	return sections(*map(_trigger, KINDS.values()))


def steps() -> str:
	"""The keys of a step."""
	defaults = _defaults(parse.parse(_SMALLEST).steps[0], check_steps.KEYS)
	return _keys(check_steps.KEYS, STEP, ("id", "action"), defaults)


def retry() -> str:
	"""The keys of `retry`."""
	defaults = _defaults(parse.parse(_SMALLEST).steps[0].retry, check_steps.RETRY)
	return _keys(check_steps.RETRY, RETRY, ("attempts",), defaults)


def _trigger(kind: Kind) -> str:
	checks = {name: key.check for name, key in kind.keys.items()}
	meanings = {name: key.meaning for name, key in kind.keys.items()}
	defaults = {
		name: format_duration(key.default) if key.is_duration and key.default is not None else key.default
		for name, key in kind.keys.items()
	}
	return sections(f"## {kind.on}", kind.about, _keys(checks, meanings, kind.required, defaults))


def _defaults(checked: Any, keys: Mapping[str, Any]) -> dict[str, Any]:
	return {key: getattr(checked, _STEP_FIELDS.get(key, key)) for key in keys}


def _keys(
	checks: Mapping[str, Any],
	meanings: Mapping[str, str],
	required: tuple[str, ...],
	defaults: Mapping[str, Any],
) -> str:
	if set(checks) != set(meanings):
		raise SystemExit(
			f"docs/generator/definition.py: {set(checks) ^ set(meanings)} has no meaning or no check"
		)
	rows = [
		(code(key), takes(check), _default(key, check, required, defaults), meanings[key])
		for key, check in checks.items()
	]
	return table(("key", "takes", "default", "meaning"), rows)


def takes(check: Any) -> str:
	"""What a check accepts, in words."""
	kind = check.__qualname__.partition(".")[0]
	return _TAKES[kind](getclosurevars(check).nonlocals)


def _default(key: str, check: Any, required: tuple[str, ...], defaults: Mapping[str, Any]) -> str:
	if key in required:
		return "**needed**"
	value = getclosurevars(check).nonlocals.get("default")
	if value is None:
		value = defaults.get(key)
	if value is False:
		return code("false")
	if isinstance(value, float):
		return code(format_duration(value))
	return code(value) if value and isinstance(value, str | int) else ""
