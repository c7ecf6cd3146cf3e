"""Every template of a definition: its syntax, the names it can reach, and the steps it reads.

A step may only read steps that are finished before it starts; anything else would depend on who was faster.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.engine.definitions import check_values
from dogansystem.engine.definitions.check_order import ancestors
from dogansystem.engine.definitions.check_triggers import FieldsOf
from dogansystem.engine.definitions.problems import Problems, at, listed
from dogansystem.engine.definitions.triggers.base import IN_START
from dogansystem.engine.definitions.triggers.registry import KINDS
from dogansystem.engine.errors import TemplateError
from dogansystem.engine.templates.compiled import Compiled, compile_template
from dogansystem.engine.templates.render import is_template, places

# Source: workflow-format.md, semantics 8.
IN_RUN = IN_START | {"steps"}
IN_ITEM = IN_RUN | {"item", "index"}
ALWAYS = "which is always true; write one {{ … }} with and, or, not"
NO_LIST = "which is no list; write one {{ … }} that gives a list"
OF_STEP = ("output", "status", "branch", "error", "errors")

_METHODS = frozenset(
	{"get", "items", "keys", "values"}
)  # of a mapping, as the document and the parameters are


@dataclass(frozen=True, slots=True)
class _Scope:
	"""What the templates of one place may use.

	Attributes:
		steps: the ids of the steps that are finished by then; None: any.
		owner: the id of the step they belong to.
		doctypes: what `doc` may be, and `fields`, which all of them have together; None: not known.
		whole: what is wrong with text around expressions in this place; empty: nothing.
	"""

	names: Collection[str]
	steps: Collection[str] | None = None
	owner: str | None = None
	doctypes: Sequence[str] = ()
	fields: Collection[str] | None = None
	whole: str = ""


def check_templates(definition: Mapping[str, Any], fields_of: FieldsOf | None, problems: Problems) -> None:
	"""Note everything that is wrong with the templates of a definition whose shape is right."""
	steps = definition.get("steps", [])
	known = [step["id"] for step in steps if "id" in step]
	declared = list(definition.get("parameters", {}))
	for place, value, scope in _places(definition, ancestors(steps), fields_of or (lambda doctype: None)):
		_check_keys(value, place, problems)
		for path, text in places(value, place):
			_check_text(text, path, scope, known, declared, problems)


def _places(
	definition: Mapping[str, Any], above: Mapping[str, set[str]], fields_of: FieldsOf
) -> Iterator[tuple[str, Any, _Scope]]:
	"""Every place for templates: its path, its value, its scope."""
	triggers = definition.get("triggers", [])
	doctypes = list(dict.fromkeys(found for each in triggers if (found := _doctype(each))))
	about = _fields(doctypes, fields_of)
	yield "limits.key", definition.get("limits", {}).get("key"), _Scope(IN_START, **about)
	for index, trigger in enumerate(triggers):
		doctype = _doctype(trigger)
		of_trigger = _fields([doctype] if doctype else [], fields_of)
		yield from _of_trigger(trigger, f"triggers[{index}]", of_trigger)
	for index, step in enumerate(definition.get("steps", [])):
		names = IN_ITEM if "for_each" in step else IN_RUN
		path, owner = f"steps[{index}]", step.get("id")
		reach: dict[str, Any] = {"steps": above.get(step.get("id", ""), set()), "owner": owner, **about}
		yield at(path, "if"), step.get("if"), _Scope(names, whole=ALWAYS, **reach)
		whole = NO_LIST if isinstance(step.get("for_each"), str) else ""
		yield at(path, "for_each"), step.get("for_each"), _Scope(IN_RUN, whole=whole, **reach)
		yield at(path, "params"), step.get("params"), _Scope(names, **reach)
		undo = {**reach, "steps": {*reach["steps"], owner}, "owner": None}
		yield at(path, "compensate.params"), step.get("compensate", {}).get("params"), _Scope(names, **undo)
	yield "output", definition.get("output"), _Scope(IN_RUN, **about)


def _doctype(trigger: Mapping[str, Any]) -> str | None:
	"""The type of the documents that a trigger is about."""
	kind = KINDS.get(trigger.get("on", ""))
	return trigger.get("doctype") or (kind.doctype if kind else None) or None


def _of_trigger(
	trigger: Mapping[str, Any], path: str, about: Mapping[str, Any]
) -> Iterator[tuple[str, Any, _Scope]]:
	for name, key in KINDS[trigger["on"]].keys.items() if trigger.get("on") in KINDS else ():
		if key.in_reach and name in trigger:
			whole = ALWAYS if key.check is check_values.condition else ""
			yield at(path, name), trigger[name], _Scope(key.in_reach, whole=whole, **about)


def _fields(doctypes: Sequence[str], fields_of: FieldsOf) -> dict[str, Any]:
	found = [fields_of(doctype) for doctype in doctypes]
	if not found or any(fields is None for fields in found):
		return {}
	return {"doctypes": doctypes, "fields": {name for fields in found for name in fields or ()}}


def _check_keys(value: Any, path: str, problems: Problems) -> None:
	if isinstance(value, Mapping):
		for key, inner in value.items():
			if is_template(key):
				message = f"the key {key!r} is not a place for a template; templates stand in values"
				problems.add(path, message)
			_check_keys(inner, at(path, key), problems)
	elif isinstance(value, list):
		for index, inner in enumerate(value):
			_check_keys(inner, at(path, index), problems)


def _check_text(
	text: str,
	path: str,
	scope: _Scope,
	known: Sequence[str],
	declared: Sequence[str],
	problems: Problems,
) -> None:
	if problems.is_full:
		return
	try:
		template = compile_template(text)
	except TemplateError as error:
		problems.add(path, f"{error}")
		return
	if scope.whole and not template.single and "{%" not in text:
		problems.add(path, f"is text around expressions, {scope.whole}")
	_check_names(template, path, scope, problems)
	for step, keys in (template.steps or {}).items():
		_check_step(step, keys, path, scope, known, problems)
	for name in sorted((template.parameters or {}).keys() - set(declared) - _METHODS):
		message = f"no parameter named {name!r}" + ("" if declared else "; add it to `parameters`")
		problems.unknown(path, message, name, declared, "parameters")
	if scope.fields is not None:
		for name in sorted((template.doc or {}).keys() - scope.fields - _METHODS):
			message = f"{' and '.join(scope.doctypes)} {'has' if len(scope.doctypes) == 1 else 'have'} no field {name!r}"
			problems.unknown(path, message, name, sorted(scope.fields), "fields")


def _check_names(template: Compiled, path: str, scope: _Scope, problems: Problems) -> None:
	for name in sorted(template.names - frozenset(scope.names)):
		if problems.is_full:
			return
		if name in ("item", "index"):
			message = (
				f"{name!r} is only there in the params and `if` of a step with `for_each`; add `for_each`"
			)
			problems.add(path, message)
		elif name in IN_ITEM:
			names = listed(sorted(scope.names))
			problems.add(path, f"{name!r} is not there yet when a run starts; use {names}")
		else:
			problems.unknown(path, f"no name {name!r} in reach", name, sorted(scope.names), "in reach")


def _check_step(
	step: str, keys: Collection[str], path: str, scope: _Scope, known: Sequence[str], problems: Problems
) -> None:
	if "steps" not in scope.names:
		return
	if step not in known:
		problems.unknown(path, f"no step named {step!r}", step, known, "steps")
		return
	if scope.steps is not None and step not in scope.steps:
		if step == scope.owner:
			problems.add(path, f"step {step!r} cannot read its own output; read a step before it")
		else:
			problems.add(path, f"step {step!r} is not finished before this one; add it to `after`")
	for key in sorted(keys):
		if key not in OF_STEP:
			problems.unknown(path, f"a step has no {key!r}", key, OF_STEP, "it has")
