"""From YAML, JSON or plain data to a checked `Definition`, or to all that is wrong with it at once."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine.definition import DEFAULT_DISABLE_AFTER, Definition
from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.check_actions import Branches, check_actions, check_agents, check_branches
from dogansystem.engine.definitions.check_order import check_order
from dogansystem.engine.definitions.check_runs import SourceOf, check_runs
from dogansystem.engine.definitions.check_steps import steps
from dogansystem.engine.definitions.check_templates import check_templates
from dogansystem.engine.definitions.check_triggers import FieldsOf, check_fields, check_run_as, trigger
from dogansystem.engine.definitions.check_values import Check
from dogansystem.engine.definitions.input_schema import check_input, input_schema
from dogansystem.engine.definitions.parameters import parameter_schemas
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, kind
from dogansystem.engine.definitions.source import read
from dogansystem.engine.definitions.stored import build_source, canonical_json, checksum
from dogansystem.engine.definitions.yaml_source import Unreadable
from dogansystem.engine.errors import DefinitionError, Problem

__all__ = ["canonical_json", "check_input", "checksum", "parse"]

MAX_CONCURRENT_RUNS = 100_000
MAX_FAILED_RUNS = 1000  # in a row; all of them are looked at whenever one fails


def parse(
	source: str | Mapping[str, Any],
	*,
	actions: Mapping[str, Mapping[str, Any]] | None = None,
	branches: Branches | None = None,
	source_of: SourceOf | None = None,
	fields_of: FieldsOf | None = None,
	fills_run_as: bool = False,
	source_name: str = "",
) -> Definition:
	"""Check a definition in full and give it as data that every room reads.

	Args:
		source: YAML or JSON text, or plain data.
		actions: the JSON Schema of each action's params by the action's name; None skips that check.
		branches: gives the branches of a step by its action and its params; None skips that check.
		source_of: gives another workflow as plain data; None: no other is known.
		fields_of: gives the names of a DocType's fields, perhaps with their types, or None where it does not know them; None
			skips that check.
		fills_run_as: whether `run_as` is filled in when the definition is saved, so that it may be left out.
		source_name: the file, for messages.

	Raises:
		DefinitionError: with every problem found, each with its path and a remedy.
	"""
	problems = Problems()
	checked: dict[str, Any] = {}
	try:
		checked = _check(read(source, problems, source_name), actions, branches, fields_of, problems)
		check_runs(checked, source_of or (lambda name: None), problems)
		if not fills_run_as:
			check_run_as(checked, problems)
	except Unreadable:
		pass
	if problems.found:
		raise DefinitionError(sorted(problems.found, key=_place), source_name)
	return build_source(checked)


def _check(
	data: Any,
	actions: Mapping[str, Mapping[str, Any]] | None,
	branches: Branches | None,
	fields_of: FieldsOf | None,
	problems: Problems,
) -> dict[str, Any]:
	if data is None:
		problems.add("", "is empty; a definition has a name and steps")
		return {}
	checked = values.mapping(data, "", problems, KEYS, ["name", "steps"])
	in_order = checked.get("steps", [])
	check_order(in_order, "steps", problems)
	check_agents(in_order, "steps", problems)
	if actions is not None:
		check_actions(in_order, "steps", actions, problems)
	if branches is not None:
		check_branches(in_order, "steps", branches, problems)
	if fields_of is not None:
		check_fields(checked.get("triggers", []), fields_of, problems)
	check_templates(checked, fields_of, problems)
	_check_offered(checked, problems)
	return checked


def _check_offered(checked: Mapping[str, Any], problems: Problems) -> None:
	"""Assistants give arguments by name, so that the input has to be a mapping."""
	wanted = checked.get("input", {}).get("type", "object")
	if checked.get("offer_to_assistants") and wanted != "object":
		problems.add(
			"input",
			"must have `type: object` where `offer_to_assistants` is true; put the value into a property",
		)


def _place(problem: Problem) -> tuple[int, int]:
	"""Where a problem's key and row stand in a definition, so that a person can go through it from top to bottom."""
	head, _, rest = problem.path.replace("[", ".", 1).partition(".")
	row = rest.partition("]")[0]
	return list(KEYS).index(head) if head in KEYS else -1, int(row) if row.isdigit() else -1


def _limits(value: Any, path: str, problems: Problems) -> Any:
	return values.mapping(value, path, problems, LIMITS) or LEFT_OUT


def _triggers(value: Any, path: str, problems: Problems) -> Any:
	if not isinstance(value, list):
		return problems.refuse(path, f"must be a list of triggers, not {kind(value)}")
	return [trigger(each, at(path, index), problems) for index, each in enumerate(value)] or LEFT_OUT


LIMITS: Mapping[str, Check] = {
	"concurrent_runs": values.whole(0, MAX_CONCURRENT_RUNS, default=0),
	"when_full": values.choice("queue", "skip", "replace", default="queue"),
	"key": values.template,
	"run_timeout": values.duration(),
	"disable_after": values.whole(0, MAX_FAILED_RUNS, default=DEFAULT_DISABLE_AFTER),
}
# In the order in which people read a definition; the canonical source has it too.
KEYS: Mapping[str, Check] = {
	"name": values.name,
	"title": values.text(values.MAX_LABEL),
	"description": values.text(),
	"run_as": values.label,
	"limits": _limits,
	"notify": values.people,
	"offer_to_assistants": values.flag,
	"parameters": parameter_schemas,
	"input": input_schema,
	"triggers": _triggers,
	"steps": steps,
	"output": values.data,
}
