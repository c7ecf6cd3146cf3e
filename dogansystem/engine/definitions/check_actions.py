"""Steps against the actions of a site: names, and parameters against each action's JSON Schema.

A template may stand wherever a value may: what it gives is checked when the step runs. What is written out is checked
now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from dogansystem.engine.definition import AGENT_ASK
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.schema_errors import note_all, required_alone
from dogansystem.engine.templates.render import is_template

# Rules about several values at once; with a template among them nobody knows yet.
_JOINT = frozenset(
	{"contains", "dependentSchemas", "if", "maxContains", "minContains", "not", "oneOf", "uniqueItems"}
)


Branches = Callable[[str, Mapping[str, Any]], Sequence[str]]  # of a step, by its action and its params

# What only a written text can be wrong about: a template in its place gives something else.
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("condition")
def _is_condition(value: object) -> bool:
	return not isinstance(value, str)


def check_branches(
	steps: Sequence[Mapping[str, Any]], path: str, branches: Branches, problems: Problems
) -> None:
	"""Note branches in `after` that the action of the step before does not have."""
	by_id = {step["id"]: step for step in steps if "id" in step and "action" in step}
	for index, step in enumerate(steps):
		for row, written in enumerate(step.get("after", [])):
			name, dot, branch = written.partition(".")
			if not dot or name not in by_id:
				continue
			action = by_id[name]["action"]
			known = branches(action, by_id[name].get("params", {}))
			if branch not in known:
				_note_branch(f"{path}[{index}].after[{row}]", name, action, branch, known, problems)


def _note_branch(
	path: str, step: str, action: str, branch: str, known: Sequence[str], problems: Problems
) -> None:
	if known:
		problems.unknown(path, f"step {step!r} has no branch {branch!r}", branch, known, "it has")
	else:
		problems.add(path, f"step {step!r} has no branches, as {action} ends in one way only; write {step!r}")


def check_agents(steps: Sequence[Mapping[str, Any]], path: str, problems: Problems) -> None:
	"""Note steps that ask an AI agent and do not say which one, or say it twice."""
	for index, step in enumerate(steps):
		if step.get("action") != AGENT_ASK:
			_check_no_undo(step, f"{path}[{index}]", problems)
			continue
		params = step.get("params", {})
		named = [f"params.{key}" for key in ("agent", "capability") if key in params]
		named += [key for key in ("agent", "capability") if key in step]
		place = f"{path}[{index}]"
		if len(named) != 1:
			wrong = f"{' and '.join(named)} say it twice" if named else "nobody is named"
			problems.add(place, f"{AGENT_ASK} needs an agent or a capability, one of them: {wrong}")
		elif is_template(str(params.get(named[0].removeprefix("params."), ""))):
			problems.add(
				f"{place}.{named[0]}", "is a template; name the agent itself, so that it is known who acts"
			)


def _check_no_undo(step: Mapping[str, Any], path: str, problems: Problems) -> None:
	if step.get("compensate", {}).get("action") == AGENT_ASK:
		problems.add(
			f"{path}.compensate.action", f"{AGENT_ASK} undoes nothing: name an action that ends by itself"
		)


def check_actions(
	steps: Sequence[Mapping[str, Any]],
	path: str,
	actions: Mapping[str, Mapping[str, Any]],
	problems: Problems,
) -> None:
	"""Note actions that the site does not have, and parameters that do not fit theirs."""
	for index, step in enumerate(steps):
		_check_action(step, f"{path}[{index}]", actions, problems)
		if "compensate" in step:
			_check_action(step["compensate"], f"{path}[{index}].compensate", actions, problems)


def _check_action(
	step: Mapping[str, Any], path: str, actions: Mapping[str, Mapping[str, Any]], problems: Problems
) -> None:
	action = step.get("action")
	if action is None:
		return
	if action in actions:
		validator = Draft202012Validator(dict(actions[action]), format_checker=_FORMATS)
		found = validator.iter_errors(step.get("params", {}))
		errors = [certain for error in found for certain in _certain(error)]
		note_all(errors, f"{path}.params", problems)
	else:
		message = f"no action named {action!r}"
		problems.unknown(f"{path}.action", message, action, sorted(actions), "actions")


def _certain(error: ValidationError) -> Iterator[ValidationError]:
	"""The errors that no template can mend: this one, or those of the alternative that is nearest to fitting."""
	if isinstance(error.instance, str) and is_template(error.instance):
		return
	if error.validator in _JOINT and not error.context and _holds_template(error.instance):
		# Which keys there are is certain, whatever stands in them.
		if error.validator == "oneOf" and required_alone(error.validator_value):
			yield error
		return
	if error.validator in ("anyOf", "oneOf") and error.context:
		alternatives: Any = error.validator_value
		branches: dict[Any, list[ValidationError]] = {}
		for inner in error.context:
			branches.setdefault(inner.schema_path[0], []).extend(_certain(inner))
		if all(branches.get(index) for index in range(len(alternatives))):
			yield error
		return
	yield error


def _holds_template(value: Any) -> bool:
	if isinstance(value, str):
		return is_template(value)
	if isinstance(value, dict):
		return any(map(_holds_template, value.values()))
	return isinstance(value, list) and any(map(_holds_template, value))
