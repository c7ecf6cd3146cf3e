"""What holds for every valid definition: nothing is lost between text, form and stored version."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dogansystem.engine import durations
from dogansystem.engine.definitions.form import from_form, to_form
from dogansystem.engine.definitions.parse import canonical_json, checksum, parse
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.source import read
from dogansystem.engine.definitions.yaml_text import to_yaml
from dogansystem.engine.templates.render import render
from tests.unit.engine.definitions import data, definitions

common = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)


@common
@given(definitions)
@pytest.mark.contract("A definition is YAML or JSON")
def test_a_definition_and_its_canonical_source_are_the_same(source: dict[str, Any]) -> None:
	definition = parse(source)
	assert parse(definition.source) == definition
	assert parse(canonical_json(definition)) == definition
	assert parse(definition.source).source == definition.source


@common
@given(definitions)
@pytest.mark.contract(
	"a Dogan Workflow document on a site is the same thing as a form, and the two convert without loss"
)
def test_a_definition_and_its_form_are_the_same(source: dict[str, Any]) -> None:
	definition = parse(source)
	form = to_form(definition)
	assert from_form(form) == definition.source
	assert parse(from_form(json.loads(json.dumps(form)))) == definition


@common
@given(definitions)
@pytest.mark.contract("A definition is YAML or JSON")
def test_a_definition_and_its_yaml_are_the_same(source: dict[str, Any]) -> None:
	definition = parse(source)
	# Everything in quotes: what PyYAML writes without them follows YAML 1.1.
	text = yaml.safe_dump(definition.source, allow_unicode=True, default_style='"', sort_keys=False)
	assert parse(text) == definition
	assert checksum(parse(text)) == checksum(definition)


@common
@given(definitions)
def test_a_definition_and_the_yaml_that_is_exported_are_the_same(source: dict[str, Any]) -> None:
	definition = parse(source)
	text = to_yaml(definition.source)
	assert parse(text).source == definition.source
	assert yaml.safe_load(text) == definition.source


@given(st.text() | st.from_regex(r"[-+]?[0-9o.eExX:_ ]{1,8}|[~yYnNoOtTrRuUeEfFaAlLsS]{1,5}", fullmatch=True))
@example("\x85")
@example("a\n\x85")
@example("\u2028\n\u2029")
def test_a_text_stays_a_text_in_yaml(text: str) -> None:
	written = to_yaml({"text": text})
	assert read(written, Problems()) == {"text": text}
	assert yaml.safe_load(written) == {"text": text}


@given(data)
def test_data_without_templates_is_rendered_as_it_is(value: Any) -> None:
	plain = json.loads(json.dumps(value).replace("{{ ", "(( "))
	assert render(plain, {}) == plain


@given(st.one_of(st.integers(0, 10**9), st.floats(0, 10**9).map(lambda number: round(number, 6))))
def test_a_duration_reads_as_it_is_written(seconds: float) -> None:
	assert durations.parse_duration(durations.format_duration(seconds)) == seconds
	assert durations.parse_duration(durations.duration_text(seconds)) == seconds
