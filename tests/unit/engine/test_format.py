"""The small rules of the format: names, keys, defaults. Source: workflow-format.md."""

from typing import Any

import pytest

from dogansystem.actions.registry import core_actions, schemas
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DefinitionError

STEP: dict[str, Any] = {"id": "a", "action": "data.set"}
TRIGGER: dict[str, Any] = {"on": "manual"}


def definition(**rest: Any) -> dict[str, Any]:
	return {"name": "try", "steps": [STEP], **rest}


def refused(source: dict[str, Any]) -> list[str]:
	"""The paths of what is wrong with it."""
	with pytest.raises(DefinitionError) as failure:
		parse(source, actions=schemas(core_actions()))
	return [problem.path for problem in failure.value.problems]


@pytest.mark.contract("lower case, digits, hyphens")
@pytest.mark.parametrize("name", ["Follow", "follow_up", "follow up", "-follow", "follow-", "", "føllow"])
def test_a_name_is_lower_case_digits_and_hyphens(name: str) -> None:
	assert parse(definition(name="follow-up-2")).name == "follow-up-2"
	assert refused(definition(name=name)) == ["name"]


@pytest.mark.contract("letters, digits, underscore; unique in the workflow")
@pytest.mark.parametrize("ids", [["a-b"], ["1a"], ["a b"], [""], ["a", "b", "a"]])
def test_an_id_is_letters_digits_and_underscores_and_stands_once(ids: list[str]) -> None:
	steps = [{**STEP, "id": each} for each in ("a", "B_2", "_c")]
	assert [step.id for step in parse(definition(steps=steps)).steps] == ["a", "B_2", "_c"]
	assert refused(definition(steps=[{**STEP, "id": each} for each in ids])) == [f"steps[{len(ids) - 1}].id"]


@pytest.mark.contract("Unknown keys are errors.")
@pytest.mark.parametrize(
	("source", "path"),
	[
		(definition(titel="x"), "titel"),
		(definition(limits={"runs": 1}), "limits.runs"),
		(definition(triggers=[{**TRIGGER, "rolle": "x"}]), "triggers[0].rolle"),
		(definition(steps=[{**STEP, "retries": 1}]), "steps[0].retries"),
		(definition(steps=[{**STEP, "retry": {"attempts": 2, "wait": 1}}]), "steps[0].retry.wait"),
		(definition(steps=[{**STEP, "compensate": {**STEP}}]), "steps[0].compensate.id"),
		(
			definition(steps=[{"id": "a", "action": "document.get", "params": {"doctype": "A", "name": "B", "x": 1}}]),
			"steps[0].params.x",
		),
	],
)  # fmt: skip
def test_an_unknown_key_is_an_error_wherever_it_stands(source: dict[str, Any], path: str) -> None:
	assert refused(source) == [path]


@pytest.mark.contract("0 to 9, 9 first, default 5")
@pytest.mark.contract("succeeded (default) | failed | done")
@pytest.mark.contract("fail (default) | continue")
def test_what_is_left_out_of_a_step_has_its_default() -> None:
	(step,) = parse(definition()).steps
	assert (step.priority, step.when, step.on_error, step.join) == (5, "succeeded", "fail", "all")
	for key, wrong in (("priority", 10), ("priority", -1), ("when", "never"), ("on_error", "stop")):
		assert refused(definition(steps=[{**STEP, key: wrong}])) == [f"steps[0].{key}"]
