"""Files of cases, `*.eval.yaml`: read, and checked, each problem with its path."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from dogansystem.engine.definition import AGENT_ASK, Definition
from dogansystem.engine.definitions.problems import Problems, at
from dogansystem.engine.definitions.schema_errors import note_all
from dogansystem.engine.definitions.yaml_source import Unreadable, read_yaml
from dogansystem.engine.errors import DefinitionError
from dogansystem.proving import cases
from dogansystem.proving.cases import Case

FORMS = ("equals", "schema", "contains", "lacks", "number")  # of what is checked of a value, one of them
COMMON = ("now", "documents", "parameters")  # what all cases of a file may share
BRANCHES = ("answered", "gave_up")

_CHECK = {
	"type": "object",
	"additionalProperties": False,
	"properties": {
		"at": {"type": "string"},
		"equals": {},
		"schema": {"type": "object"},
		"contains": {},
		"lacks": {},
		"number": {"type": "number"},
		"within": {"type": "number", "minimum": 0},
	},
}
_CALL = {
	"type": ["string", "object"],
	"required": ["tool"],
	"additionalProperties": False,
	"properties": {"tool": {"type": "string"}, "params": {"type": "object"}},
}
_BRANCH = {"enum": list(BRANCHES)}
_EXPECT = {
	"type": "object",
	"additionalProperties": False,
	"minProperties": 1,
	"properties": {
		"branch": {"anyOf": [_BRANCH, {"type": "array", "items": _BRANCH}]},
		"value": {"anyOf": [_CHECK, {"type": "array", "items": _CHECK}]},
		"calls": {"type": "array", "items": _CALL},
		"forbidden": {"type": "array", "items": _CALL},
		"rubric": {"type": "string", "minLength": 1},
	},
}
_FILE = Draft202012Validator(
	{
		"type": "object",
		"additionalProperties": False,
		"required": ["workflow", "cases"],
		"properties": {
			"workflow": {"type": "string"},
			"step": {"type": "string"},
			"judge": {"type": "string"},
			"now": {"type": "string"},
			"documents": {"type": "array"},
			"parameters": {"type": "object"},
			"cases": {
				"type": "array",
				"minItems": 1,
				"items": {
					"type": "object",
					"required": ["name", "expect"],
					"properties": {"name": {"type": "string", "minLength": 1}, "expect": _EXPECT},
				},
			},
		},
	}
)


@dataclass(frozen=True, slots=True)
class EvalCase:
	"""One case: what is `given`, as a test has it, and what is expected of the agent's answer."""

	name: str
	given: Case
	expect: Mapping[str, Any]

	@property
	def checks(self) -> list[Mapping[str, Any]]:
		"""What is checked of the value."""
		return _as_list(self.expect.get("value", []))

	@property
	def branches(self) -> list[str]:
		"""The ways in which the step may end."""
		return _as_list(self.expect.get("branch", BRANCHES[0]))


@dataclass(frozen=True, slots=True)
class EvalFile:
	"""A file of cases. `step` is the one that asks; `judge` the model that judges by rubrics, if the file names one."""

	definition: Definition
	step: str
	judge: str
	cases: tuple[EvalCase, ...]

	@property
	def agent(self) -> str:
		"""Who is asked."""
		return str(self.definition.by_id[self.step].agent)


def read(text: str, name: str, definition_of: Callable[[str], Definition]) -> EvalFile:
	"""The cases of a file. `name` is the file's, for errors.

	Raises DefinitionError with everything that is wrong, and what `definition_of` raises for the file it is given.
	"""
	problems = Problems()
	try:
		found = read_yaml(text, problems)
	except Unreadable:
		found = None
	if not problems.found:
		note_all(_FILE.iter_errors(found), "", problems)
	_stop(problems, name)
	definition = definition_of(found["workflow"])
	step = _step(found.get("step"), definition, problems)
	common = {key: found[key] for key in COMMON if key in found}
	read = [
		_case(each, common, definition, at("cases", place), problems)
		for place, each in enumerate(found["cases"])
	]
	names = [each["name"] for each in found["cases"]]
	for place, each in enumerate(names):
		if each in names[:place]:
			problems.add(f"cases[{place}].name", f"another case is called {each!r} too")
	_stop(problems, name)
	return EvalFile(definition, step, found.get("judge", ""), tuple(each for each in read if each))


def _stop(problems: Problems, name: str) -> None:
	if problems.found:
		raise DefinitionError(problems.found, name)


def _step(given: str | None, definition: Definition, problems: Problems) -> str:
	asking = [each.id for each in definition.steps if each.action == AGENT_ASK]
	if given is None and len(asking) == 1:
		given = asking[0]
	if given not in asking:
		known = f"; these do: {', '.join(asking)}" if asking else ""
		problems.add(
			"step",
			f"must name a step that asks an AI agent{known}"
			if given is None
			else f"step {given!r} asks no AI agent{known}",
		)
	elif not definition.by_id[given].agent:
		problems.add("step", f"step {given!r} names a capability; let it name the agent itself")
	return str(given)


def _case(
	found: Mapping[str, Any], common: Mapping[str, Any], definition: Definition, path: str, problems: Problems
) -> EvalCase | None:
	given = {key: each for key, each in found.items() if key not in ("name", "expect")}
	merged = {**common, **given}
	for key, join in (("documents", list), ("parameters", dict)):
		if key in common and isinstance(given.get(key), join):
			merged[key] = [*common[key], *given[key]] if join is list else {**common[key], **given[key]}
	for place, problem in _wrong(found["expect"]):
		problems.add(f"{path}.expect.{place}", problem)
	try:
		return EvalCase(found["name"], cases.one(merged, definition), found["expect"])
	except DefinitionError as error:
		for each in error.problems:
			problems.add(f"{path}.{each.path}", each.message)
	return None


def _wrong(expect: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
	"""What no schema says in words that help."""
	for place, each in enumerate(_as_list(expect.get("value", []))):
		where = f"value[{place}]"
		forms = [key for key in FORMS if key in each]
		if len(forms) != 1:
			yield where, f"needs one of {', '.join(FORMS)}, and has {' and '.join(forms) or 'none'}"
		if "within" in each and "number" not in each:
			yield f"{where}.within", "goes with number alone"
		try:
			Draft202012Validator.check_schema(each.get("schema", {}))
		except SchemaError as error:
			yield f"{where}.schema", f"is no JSON Schema: {error.json_path}: {error.message}"


def _as_list(value: Any) -> list[Any]:
	return list(value) if isinstance(value, list) else [value]
