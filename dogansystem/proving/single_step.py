"""One step alone: the steps before it have given what was pinned, from a run chosen before or typed in.

It is a dry run of a definition that has these steps and no others. In place of a pinned step stands one that gives its value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dogansystem.actions import registry
from dogansystem.actions.base import Action, Branch, StepContext
from dogansystem.actions.schema import parameters, text
from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DoganError, InputError, NotFound
from dogansystem.engine.states import FAILED, SUCCEEDED
from dogansystem.protocol import Site
from dogansystem.proving.dry_run import Asked, dry_run

PINNED = "pinned.output"
_LEFT_OUT = ("triggers", "output", "notify", "limits")  # of the workflow
_NOT_OF_IT = ("after", "when", "join", "retry", "compensate", "on_error")  # of the step


@dataclass(frozen=True, slots=True)
class Given:
	"""What a step before has given. `error`, such as `HTTPError: 404`: it has failed."""

	output: Any = None
	branch: str | None = None
	error: str | None = None


class Pinned(Action):
	"""In place of a step whose value is pinned."""

	name = PINNED
	summary = "Give what was pinned"
	parameters = parameters({"step": text("Whose value it is")})
	returns = "the value"
	offered = False

	def __init__(self, pinned: Mapping[str, Given]) -> None:
		self._pinned = pinned

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		"""Give the value, or fail as the step did."""
		given = self._pinned[params["step"]]
		if given.error:
			kind, _colon, message = given.error.partition(": ")
			raise type(kind if kind.isidentifier() else "Error", (DoganError,), {})(message or kind)
		return Branch(given.branch, given.output) if given.branch else given.output


def of_run(run: Mapping[str, Any]) -> dict[str, Given]:
	"""What the steps of a run have given, as `get_run` gives one: those that have succeeded, and those that have failed."""
	return {
		each["id"]: Given(each["output"], each["branch"], each["error"] if each["status"] == FAILED else None)
		for each in run["steps"]
		if each["index"] is None and each["status"] in (SUCCEEDED, FAILED)
	}


def single_step(site: Site, asked: Asked, step: str, pinned: Mapping[str, Given]) -> dict[str, Any]:
	"""Try one step of the definition in `asked`; gives the report of a dry run, with that step and no other.

	Raises NotFound for a step that there is not, InputError where it reads a step that has no value, and what `dry_run` raises.
	"""
	found = _step(asked.definition, step)
	known = {name: given for name, given in pinned.items() if name in asked.definition.by_id and name != step}
	if missing := sorted((found.reads or set()) & asked.definition.by_id.keys() - known.keys() - {step}):
		raise InputError(
			f"Step {step!r} reads what {' and '.join(missing)} gave, and nothing is pinned for it."
			" Choose a run in which it has ended, or type a value."
		)
	stand_in = Pinned(known)
	actions = {**site.actions(), PINNED: stand_in}
	definition = parse(
		_source(asked.definition, step, known), actions=registry.schemas(actions), fills_run_as=True
	)
	report = dry_run(site, replace(asked, definition=definition, actions={PINNED: stand_in}))
	return {**report, "step": step, "steps": [each for each in report["steps"] if each["id"] == step]}


def _step(definition: Definition, name: str) -> Step:
	if name not in definition.by_id:
		raise NotFound(f"Workflow {definition.name!r} has no step {name!r}.")
	return definition.by_id[name]


def _source(definition: Definition, step: str, pinned: Mapping[str, Given]) -> dict[str, Any]:
	"""The definition that has the step, and one for each pinned value before it."""
	source = {key: value for key, value in definition.source.items() if key not in _LEFT_OUT}
	own = next(dict(each) for each in definition.source["steps"] if each["id"] == step)
	for key in _NOT_OF_IT:
		own.pop(key, None)
	before = [
		{"id": name, "after": [], "action": PINNED, "params": {"step": name}, "on_error": "continue"}
		for name in pinned
	]
	own["after"] = list(pinned)
	if pinned:
		own["when"] = "done"
	return {**source, "steps": [*before, own]}
