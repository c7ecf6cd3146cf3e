"""The JSON Schema of the format: it sees what a schema can see, and never refuses what the check accepts."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft7Validator

from dogansystem import workflows
from dogansystem.actions.registry import core_actions, schemas
from dogansystem.cli import main
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.source import read
from dogansystem.engine.definitions.yaml_source import Unreadable
from dogansystem.engine.errors import DefinitionError
from dogansystem.terminal.files import SCHEMA
from tests.conftest import Tell
from tests.unit.actions.test_registry import EXAMPLES as PARAMS
from tests.unit.engine.definitions import definitions
from tests.unit.fuzz import mutator
from tests.unit.fuzz.play import play

ROOT = Path(__file__).parents[3]
BROKEN = ROOT / "tests" / "unit" / "definitions" / "broken"
GOOD = sorted((ROOT / "tests" / "unit" / "definitions" / "good").iterdir())
SHIPPED = sorted((ROOT / "examples").glob("*.yaml")) + sorted(
	path
	for path in Path(workflows.__file__).parent.rglob("*.yaml")
	if not path.name.endswith(("agent.yaml", ".eval.yaml"))
)
ACTIONS = schemas(core_actions())
VALIDATOR = Draft7Validator(json.loads(SCHEMA.read_text()))

# What only the check sees: text that is no YAML, and what depends on another place of the definition or on what a text says.
UNSEEN = frozenset(
	f"{name}.yaml"
	for name in """
	after-itself after-unknown-step circle condition-without-run-as cron-never-comes
	date-without-run-as for-each-reads-item for-each-text id-twice if-always-true
	input-bad-pattern input-refers-outside input-refers-to-nothing item-without-for-each limit-key-reads-a-step
	offered-input output-reads-item output-unknown-step parameter-unknown parameter-without-parameters reads-itself
	reads-later-step reads-no-such-key reads-parallel-step reads-unknown-step schedule-without-run-as
	template-as-key template-refused-tag template-syntax template-unknown-filter template-unknown-name
	template-unknown-test timezone-unknown trigger-if-reads-a-step trigger-if-syntax two-circles
	when-failed-at-the-start
	""".split()
)


def data(path: Path) -> Any:
	"""The data in a file. Raises Unreadable."""
	problems = Problems()
	found = read(path.read_text(), problems, path.name)
	if problems.found:
		raise Unreadable
	return found


def test_it_is_a_schema() -> None:
	Draft7Validator.check_schema(VALIDATOR.schema)


def test_the_command_prints_it() -> None:
	assert json.loads(CliRunner().invoke(main, ["schema"]).stdout) == VALIDATOR.schema


@pytest.mark.parametrize("path", [*GOOD, *SHIPPED], ids=lambda path: path.name)
def test_what_works_is_valid(path: Path) -> None:
	if not path.name.endswith(".test.yaml"):
		assert [error.message for error in VALIDATOR.iter_errors(data(path))] == []


@pytest.mark.parametrize(("name", "params"), PARAMS)
def test_the_params_of_an_action_are_valid(name: str, params: dict[str, Any]) -> None:
	step = {"id": "a", "action": name, "params": params}
	assert [error.message for error in VALIDATOR.iter_errors({"name": "try", "steps": [step]})] == []


@pytest.mark.parametrize("path", sorted(BROKEN.iterdir()), ids=lambda path: path.name)
def test_what_a_schema_can_see_is_found(path: Path) -> None:
	if path.name == "expected.yaml":
		return
	try:
		found = VALIDATOR.is_valid(data(path))
	except Unreadable:
		return
	assert found is (path.name in UNSEEN)


@pytest.mark.parametrize(
	("step", "path"),
	[
		({"action": "document.get", "params": {"doctype": "A"}}, ["params"]),
		({"action": "document.get"}, []),
		({"action": "document.get", "params": {"doctype": "A", "name": "B", "x": 1}}, ["params"]),
		({"action": "document.list", "params": {"doctype": "A", "limit": "many"}}, ["params", "limit"]),
		({"action": "flow.stop", "params": {"status": "Done"}}, ["params", "status"]),
		({"action": "flow.wait", "params": {}}, ["params"]),
		({"action": "http.request", "params": {"url": "https://x", "json": 1, "form": {}}}, ["params"]),
		({"action": "document.gett"}, ["action"]),
		(
			{"action": "data.set", "compensate": {"action": "flow.wait", "params": {"for": 1}}},
			["compensate", "action"],
		),
		({"action": "data.set", "compensate": {"action": "document.get"}}, ["compensate"]),
	],
)
def test_each_action_has_its_own_params(step: dict[str, Any], path: list[str]) -> None:
	(error,) = VALIDATOR.iter_errors({"name": "try", "steps": [{"id": "a", **step}]})
	assert list(error.absolute_path) == ["steps", 0, *path]


def test_a_template_may_stand_for_any_value() -> None:
	for step in (
		{
			"action": "document.list",
			"params": {"doctype": "{{ input.x }}", "limit": "{{ input.n }}", "fields": "{{ input.f }}"},
		},
		{"action": "flow.stop", "params": {"status": "{{ input.x }}"}},
		{"action": "my_app.print", "params": {"anything": [1]}},
	):
		assert VALIDATOR.is_valid({"name": "try", "steps": [{"id": "a", **step}]}), step


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(definitions)
def test_what_the_check_accepts_it_accepts(source: dict[str, Any]) -> None:
	for accepted in (source, parse(source).source):
		assert [error.message for error in VALIDATOR.iter_errors(accepted)] == []


def test_what_the_check_accepts_of_definitions_that_were_changed_by_chance_it_accepts(tell: Tell) -> None:
	corpus = mutator.definitions()
	counted = play(1_200, 20_000, lambda chance: mutator.changed_data(chance, corpus), ends)
	assert counted["accepted"] > 50
	tell("fuzz: the schema of the format", inputs=counted.total(), **counted)


def ends(source: Any) -> str:
	"""How a definition ends at the check. One that it accepts is valid, as the check keeps it: without blanks around names."""
	try:
		definition = parse(source, actions=ACTIONS)
	except DefinitionError:
		return "refused"
	assert [error.message for error in VALIDATOR.iter_errors(definition.source)] == []
	return "accepted"
