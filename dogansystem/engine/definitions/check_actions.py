"""Steps against the actions of a site: names, and parameters against each action's JSON Schema.

A template may stand wherever a value may: what it gives is checked when the step runs. What is written out is checked
now.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.schema_errors import note_all, required_alone
from dogansystem.engine.templates.render import is_template

# Rules about several values at once; with a template among them nobody knows yet.
_JOINT = frozenset(
	{"contains", "dependentSchemas", "if", "maxContains", "minContains", "not", "oneOf", "uniqueItems"}
)


def check_actions(
	steps: Sequence[Mapping[str, Any]],
	path: str,
	actions: Mapping[str, Mapping[str, Any]],
	problems: Problems,
) -> None:
	"""Note actions that the site does not have, and parameters that do not fit theirs."""
	for index, step in enumerate(steps):
		action = step.get("action")
		if action is None:
			continue
		if action in actions:
			found = Draft202012Validator(dict(actions[action])).iter_errors(step.get("params", {}))
			errors = [certain for error in found for certain in _certain(error)]
			note_all(errors, f"{path}[{index}].params", problems)
		else:
			message = f"no action named {action!r}"
			problems.unknown(f"{path}[{index}].action", message, action, sorted(actions), "actions")


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
