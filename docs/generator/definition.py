"""What a workflow definition is made of: keys, what each takes, its default, its meaning.

Names, choices, bounds and defaults come from the checks in `dogansystem.engine`; only the meanings are written here. A
key without a meaning, or a meaning without a key, stops the generator.
"""

from collections.abc import Callable, Mapping
from inspect import getclosurevars
from typing import Any

from dogansystem.engine.definitions import check_steps, check_triggers, parse
from dogansystem.engine.durations import format_duration
from dogansystem.engine.outputs import MAX_BYTES
from generator.markdown import choices, code, sections, table

_SMALLEST = {"name": "smallest", "steps": [{"id": "only", "action": "data.set"}]}
_SMALLEST_TRIGGERS: Mapping[str, Mapping[str, Any]] = {
	"schedule": {"every": "1h"},
}

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
	"cron": lambda bounds: "five fields, or a name such as `@daily`",
	"timezone": lambda bounds: "a name such as `Europe/Istanbul`",
	"input_schema": lambda bounds: "a JSON Schema",
	"steps": lambda bounds: "a list of [steps](#steps)",
	"_triggers": lambda bounds: "a list of [triggers](#triggers)",
	"_limits": lambda bounds: "a mapping of [limits](#limits)",
	"retry": lambda bounds: "a mapping, see [retry](#retry)",
	"not_yet": lambda bounds: "nothing yet",
}

WORKFLOW: Mapping[str, str] = {
	"name": "What the workflow is called; unique on a site.",
	"title": "What people read in lists and on runs.",
	"description": "What it is for.",
	"run_as": "The user whose permissions the steps have. The user of a step's agent comes first. Left out: whoever "
	"starts the run; on a site, saving the workflow fills in the person who saves.",
	"limits": "How many runs may be under way at a time, and how long one may take.",
	"input": "What a run may be started with; checked when it starts. A `default` in the schema is not filled in: "
	"write `{{ input.days | default(14) }}`.",
	"triggers": "What starts a run. Without any, people and programs start it.",
	"steps": "What happens.",
	"output": "What the run gives back; rendered when it succeeds.",
}
LIMITS: Mapping[str, str] = {
	"concurrent_runs": "Runs under way at a time; 0: no limit.",
	"when_full": "`queue`: later runs wait in line, the oldest first. `skip`: no run is started. `replace`: the oldest "
	"run is cancelled, and the new one starts once it has ended.",
	"key": "The limit holds for each value of this template on its own, such as `{{ doc.customer }}`.",
	"run_timeout": "A run that takes longer fails with `Timeout`. It counts from the moment the limit lets the run in.",
}
STEP: Mapping[str, str] = {
	"id": "The step's name, for `after` and for templates: `steps.<id>`.",
	"title": "What people read on the run.",
	"after": "The steps it waits for. Left out: the step before it in the list. `[]`: it starts with the run.",
	"join": "Whether it waits until all of them have finished, or for the first.",
	"when": "`succeeded`: at least one of them succeeded, and no failure was left unhandled. `failed`: at least one "
	"failed. `done`: whatever became of them. Else it is skipped.",
	"if": "False: the step is skipped, with `null` as its output. With `for_each` it is asked for each item.",
	"for_each": "The step is done once for each item, which templates reach as `item` and, counted from 0, `index`. Its "
	"output is the list of the items' outputs.",
	"max_parallel": "Items under way at a time.",
	"action": "What it does; see [Actions](#actions).",
	"params": "The action's parameters.",
	"agent": "The agent that does it, and no other; its user acts.",
	"capability": "Any agent that has this capability, the least busy first. A step has `agent` or `capability`.",
	"retry": "When and how often a failed attempt is repeated.",
	"timeout": "How long one attempt may take. Then it ends with the error `Timeout`, and its changes are rolled back.",
	"on_error": "`continue`: the run goes on when the last attempt has failed. With `for_each`: a failed item gives `null` "
	"and is listed in `steps.<id>.errors`.",
	"priority": "9 first. Among steps that are ready at the same moment.",
	"compensate": "The action that undoes the step if the run fails later. **Refused until a version carries it out.**",
}
RETRY: Mapping[str, str] = {
	"attempts": "How often the step is tried in all.",
	"delay": "The wait before the second attempt.",
	"backoff": "How waits grow: `fixed` delay, `linear` delay × n, `exponential` delay × 2^(n−1) after the n-th attempt.",
	"max_delay": "The longest wait.",
	"jitter": "Whether a wait is drawn evenly from 0 to its length.",
	"on": "Which errors are retried; see [Errors](#errors). Left out: all but those that another attempt cannot change.",
}
_FILTER = "Only when this is true; see [Templates](#templates)."
TRIGGERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
	"document": (
		"A document was saved. The run is written in the document's own transaction: both are there, or neither. "
		"Templates reach the document's values at that moment as `doc`.",
		{
			"doctype": "The document's type.",
			"event": "What happened to it. `changed`: the field has another value than before.",
			"field": "The field to watch; with `event: changed` only, and needed there.",
			"if": _FILTER,
		},
	),
	"schedule": (
		"The time comes. Either `cron` or `every`.",
		{
			"cron": "Minute, hour, day, month, weekday.",
			"every": "So often, counted from the moment the workflow is enabled.",
			"timezone": "Where `cron` is local time; left out: the site's.",
			"missed": "After downtime: `skip` does not make up for missed times, `once` does once for all of them, `all` "
			"for each.",
		},
	),
	"manual": (
		"Somebody presses Run, or calls the API. Managers may start every workflow; others one with this trigger.",
		{"role": "Only people with this role, beside managers."},
	),
}
_STEP_FIELDS = {"if": "condition"}


def write() -> str:
	"""The chapters about definitions."""
	smallest = parse.parse(_SMALLEST)
	return sections(
		"## Definition",
		"A workflow is YAML or JSON. On a site it is also a form, the DocType Dogan Workflow; the two convert without "
		"loss. An unknown key is an error, and every error of a definition is reported at once.",
		_keys(parse.KEYS, WORKFLOW, ("name", "steps"), {}),
		f"Durations are seconds (`90`) or text such as {choices(['30s', '15m', '2h', '1d', '1h30m'])}. Inputs and outputs "
		f"are JSON of at most {MAX_BYTES // 1024 // 1024} MB each.",
		"### Limits",
		_keys(parse.LIMITS, LIMITS, (), {}),
		"## Triggers",
		"Each has the key `on` with the kind, and the keys of that kind.",
		*map(_trigger, TRIGGERS),
		f"The kinds {', '.join(map(code, check_triggers.NOT_YET))} are known and **refused until a version starts runs from "
		"them**.",
		"## Steps",
		_keys(check_steps.KEYS, STEP, ("id", "action"), _defaults(smallest.steps[0], check_steps.KEYS)),
		"### Retry",
		_keys(check_steps.RETRY, RETRY, ("attempts",), _defaults(smallest.steps[0].retry, check_steps.RETRY)),
		"A step whose worker was killed is tried again in any case, three times in all, and each counts as an attempt.",
	)


def _trigger(kind: str) -> str:
	about, meanings = TRIGGERS[kind]
	keys = check_triggers.KEYS[kind]
	defaults: dict[str, Any] = {}
	if kind in _SMALLEST_TRIGGERS:
		given = _SMALLEST_TRIGGERS[kind]
		found = (
			parse.parse({**_SMALLEST, "run_as": "a", "triggers": [{"on": kind, **given}]}).triggers[0].keys
		)
		defaults = {key: value for key, value in found.items() if key not in given}
	required = check_triggers.REQUIRED.get(kind, ())
	return sections(f"### {kind}", about, _keys(keys, meanings, required, defaults))


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
