"""Every template: complete, valid, and it does what the tests beside it say, in the sandbox, by the command line's own code."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dogansystem.actions import registry
from dogansystem.cli import main
from dogansystem.engine.definitions.parse import parse
from dogansystem.proving.cases import Case
from dogansystem.terminal import playing
from dogansystem.workflows import TEST, Template, samples, templates


def cases(each: Template) -> list[Case]:
	return playing.read(each.folder / TEST)[1]


CASES = [(each, case) for each in templates() for case in cases(each)]


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


@pytest.mark.parametrize(("each", "case"), CASES, ids=[f"{each.name}: {case.name}" for each, case in CASES])
def test_it_does_what_it_should(each: Template, case: Case):
	definition, _ = playing.read(each.folder / TEST)
	played = playing.play(each.folder / TEST, definition, case)
	assert not played.differs, played.run.get("error")
	for name in ("outbox", "documents"):  # a test of ours names all of them
		if name in case.expect:
			found = played.run[name]
			assert len(case.expect[name]) == len(
				found if name == "outbox" else [*found["created"], *found["updated"]]
			)


@pytest.mark.parametrize("each", templates(), ids=lambda each: each.name)
def test_it_acts_in_some_tests_and_keeps_still_in_others(each: Template):
	expected = [case.expect for case in cases(each)]
	assert any(each.get("outbox") or each.get("documents") for each in expected)
	assert any(each["status"] is None or each.get("outbox") == [] for each in expected)


# Beginning with one


def run(*words: str) -> tuple[int, Any]:
	result = CliRunner().invoke(main, [*words, "--json"])
	return result.exit_code, json.loads(result.stdout)


@pytest.mark.contract("a definition, a test and sample documents to start from")
@pytest.mark.parametrize("each", templates(), ids=lambda each: each.name)
def test_what_new_writes_is_checked_run_and_does_something(
	each: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.chdir(tmp_path)
	code, written = run("new", "my-own", "--template", each.name)
	assert code == 0, written
	assert sorted(written["files"]) == sorted(path.name for path in tmp_path.iterdir())
	assert run("check", "my-own.yaml")[0] == 0
	code, found = run(*written["run"][1:])
	assert (code, found.get("status")) == (0, "Succeeded"), found.get("error")
	assert found["workflow"] == "my-own"
	assert found["outbox"] or found["documents"]["created"], "the samples show nothing"


def test_new_begins_with_a_plain_one_and_writes_over_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.chdir(tmp_path)
	assert run("new", "first")[0] == 0
	test = (tmp_path / "first.test.yaml").read_text()
	assert "workflow: first.yaml" in test
	before = (tmp_path / "first.yaml").read_text()
	code, found = run("new", "first", "--template", "birthdays")
	assert (code, "first.yaml is there already" in found["error"]) == (2, True)
	assert (tmp_path / "first.yaml").read_text() == before


def test_a_name_that_no_workflow_can_have_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.chdir(tmp_path)
	for name in ("My Own", "../out", 'a"b'):
		code, found = run("new", name)
		assert (code, [each["path"] for each in found["problems"]]) == (2, ["name"])
	assert not list(tmp_path.iterdir())


def test_an_unknown_template_names_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.chdir(tmp_path)
	code, found = run("new", "mine", "--template", "birthday")
	assert (code, "birthdays" in found["error"]) == (3, True)


def test_templates_are_listed_with_what_they_need_and_ask():
	code, found = run("templates")
	listed = {each["name"]: each for each in found["templates"]}
	assert code == 0
	assert set(listed) == {each.name for each in templates()}
	assert listed["leave-unanswered"]["apps"] == ["hrms"]
	assert listed["reorder-stock"]["roles"] == ["Stock User"]
	assert listed["reorder-stock"]["parameters"]["warehouse"]["format"] == "link:Warehouse"
	lines = CliRunner().invoke(main, ["templates"]).stdout.splitlines()
	assert len(lines) == len(templates())


def test_samples_count_days_and_years_from_today(tmp_path: Path):
	file = tmp_path / "samples.jsonl"
	file.write_text('{"a": "-2d", "b": ["+1d 09:00:00"], "c": "-4y", "d": "-1y", "e": "2d", "f": 3}\n')
	(found,) = samples(file, date(2024, 2, 29))
	expected = {"a": "2024-02-27", "b": ["2024-03-01 09:00:00"], "c": "2020-02-29", "d": "2023-02-28", "e": "2d", "f": 3}  # fmt: skip
	assert found == expected
