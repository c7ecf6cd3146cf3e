"""Every template: complete, valid, and it does what the tests beside it say, in the sandbox, by the command line's own code."""

import json
from pathlib import Path

import pytest

from dogansystem.actions import registry
from dogansystem.engine.definitions.parse import parse
from dogansystem.workflows import Template, templates
from tests.unit.workflows import play

CASES = [(each, case) for each in templates() for case in play.cases(each)]


@pytest.mark.parametrize("each", templates(), ids=lambda each: each.name)
def test_a_template_is_complete(each: Template):
	assert each.folder.name == each.name
	assert each.title
	assert len(each.description) > 40
	assert each.roles, "its description does not end with the roles that Run As needs"
	assert each.doctypes or each.definition.triggers
	assert each.definition.run_as is None, "no user of ours is a user of theirs"
	actions = registry.core_actions()
	parse(
		each.source, actions=registry.schemas(actions), branches=registry.branches(actions), fills_run_as=True
	)


@pytest.mark.parametrize("each", templates(), ids=lambda each: each.name)
def test_all_parameters_are_used_and_none_is_a_person_of_ours(each: Template):
	written = json.dumps(
		[each.definition.source.get(key) for key in ("limits", "triggers", "steps", "output")]
	)
	for name, schema in each.definition.parameters.items():
		assert f"parameters.{name}" in written
		needs_own = schema.get("format") in ("user", "email") or str(schema.get("format")).startswith("link:")
		assert needs_own == ("default" not in schema)


@pytest.mark.parametrize(
	("each", "case"), CASES, ids=[f"{each.name}: {case['name']}" for each, case in CASES]
)
def test_it_does_what_it_should(each: Template, case: play.Case, tmp_path: Path):
	found = play.play(each, case, tmp_path)
	differences = play.differences(case["expect"], found)
	assert not differences, "\n".join(map(str, [*differences, found.get("error")]))


@pytest.mark.parametrize("each", templates(), ids=lambda each: each.name)
def test_it_acts_in_some_tests_and_keeps_still_in_others(each: Template):
	expected = [case["expect"] for case in play.cases(each)]
	assert any(each.get("outbox") or each.get("documents") for each in expected)
	assert any(each["status"] is None or each.get("outbox") == [] for each in expected)
