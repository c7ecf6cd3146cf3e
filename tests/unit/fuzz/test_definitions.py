"""Definitions by chance: each is accepted and keeps its meaning, or ends in a DefinitionError that says what is wrong."""

from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dogansystem.actions.registry import core_actions, schemas
from dogansystem.engine.definitions.form import from_form, to_form
from dogansystem.engine.definitions.parse import canonical_json, check_input, checksum, parse
from dogansystem.engine.errors import DefinitionError, InputError, OutputNotJSON
from dogansystem.engine.templates.render import to_json_value
from tests.conftest import Tell
from tests.scale import of
from tests.unit.fuzz.mutator import changed_data, changed_text, definitions, odd_value, texts
from tests.unit.fuzz.play import play

ACTIONS: Mapping[str, Any] = schemas(core_actions())


def ends(source: Any) -> str:
	"""How reading a definition ends."""
	try:
		definition = parse(source, actions=ACTIONS)
	except DefinitionError as error:
		assert 1 <= len(error.problems) <= 200
		assert all(problem.message for problem in error.problems)
		assert len(str(error)) < 500_000
		return "refused"
	mark = checksum(definition)
	assert checksum(parse(canonical_json(definition))) == mark, "the canonical form means something else"
	assert checksum(parse(from_form(to_form(definition)))) == mark, "the form means something else"
	return "accepted"


def ends_of_input(case: tuple[Any, Any]) -> str:
	"""How a run's input ends at the `input` schema of a workflow, if there can be such a workflow."""
	schema, value = case
	try:
		definition = parse({"name": "wf", "input": schema, "steps": [{"id": "a", "action": "data.set"}]})
	except DefinitionError:
		return "refused"
	try:
		check_input(definition, to_json_value(value))
	except (InputError, OutputNotJSON):
		return "input refused"
	return "input accepted"


def test_changed_data_is_accepted_or_refused_and_nothing_else(tell: Tell) -> None:
	corpus = definitions()
	counted = play(400, 25_000, lambda chance: changed_data(chance, corpus), ends)
	assert min(counted["accepted"], counted["refused"]) > 5
	tell("fuzz: definitions as data", inputs=counted.total(), **counted)


def test_changed_text_is_accepted_or_refused_and_nothing_else(tell: Tell) -> None:
	corpus = texts()
	counted = play(400, 25_000, lambda chance: changed_text(chance, corpus), ends)
	assert min(counted["accepted"], counted["refused"]) > 5
	tell("fuzz: definitions as text", inputs=counted.total(), **counted)


SCHEMAS: list[Any] = [
	{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 1}}},
	{"type": "array", "items": {"type": "string", "format": "date"}, "uniqueItems": True, "maxItems": 3},
	{"oneOf": [{"type": "string", "pattern": "^a"}, {"enum": [1, None]}], "$defs": {"b": {"not": {}}}},
	{"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"multipleOf": 0.01}}},
	{"patternProperties": {"^a": {"const": 1}}, "additionalProperties": False, "dependentRequired": {"a": ["b"]}},
	{"if": {"required": ["a"]}, "then": {"minProperties": 2}, "else": {"propertyNames": {"maxLength": 3}}},
	{"prefixItems": [{"type": "number"}], "contains": {"const": 1}, "unevaluatedItems": False},
]  # fmt: skip


def schema_and_input(chance: Random) -> tuple[Any, Any]:
	values = [1, "a", "aa", None, [], {"a": 1}, {"a": 1, "b": [1]}, ["2025-01-01"], 0.03]
	return changed_data(chance, SCHEMAS), chance.choice([odd_value(chance), chance.choice(values)])


def test_a_changed_schema_and_any_input_are_accepted_or_refused(tell: Tell) -> None:
	counted = play(200, 10_000, schema_and_input, ends_of_input)
	assert min(counted["input refused"], counted["input accepted"], counted["refused"]) > 5
	inputs = counted.total()
	tell(
		"fuzz: schemas and inputs", inputs=inputs, **{key.replace(" ", "_"): n for key, n in counted.items()}
	)


@settings(max_examples=of(200, 5_000), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)  # fmt: skip
@given(
	st.one_of(
		st.text(max_size=200),
		st.recursive(
			st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=5),
			lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
			max_leaves=20,
		),
		st.fixed_dictionaries(
			{"name": st.just("wf"), "steps": st.lists(st.fixed_dictionaries({"id": st.text(max_size=5), "action": st.sampled_from([*ACTIONS, ""])}, optional={"params": st.dictionaries(st.text(max_size=10), st.text(max_size=10)), "if": st.text(max_size=20), "after": st.lists(st.text(max_size=5))}), max_size=3)}
		),
	)
)  # fmt: skip
def test_anything_at_all_is_accepted_or_refused(source: Any) -> None:
	ends(source)
