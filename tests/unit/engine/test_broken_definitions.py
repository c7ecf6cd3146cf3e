"""Every broken definition in tests/unit/definitions/broken gives exactly the problems that expected.yaml lists."""

from pathlib import Path

import pytest
import yaml

from dogansystem.actions.registry import core_actions
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DefinitionError

BROKEN = Path(__file__).parent.parent / "definitions" / "broken"
EXPECTED = yaml.safe_load((BROKEN / "expected.yaml").read_text())
ACTIONS = {name: action.parameters for name, action in core_actions().items()}


def problems(file: Path) -> list[str]:
	with pytest.raises(DefinitionError) as caught:
		parse(file.read_text(), actions=ACTIONS, source_name=file.name)
	assert all(line.startswith(f"{file.name}: ") for line in str(caught.value).split("\n"))
	return [str(problem) for problem in caught.value.problems]


def test_there_is_a_file_for_each_expectation_and_the_other_way_around() -> None:
	files = {file.name for file in BROKEN.iterdir() if file.name != "expected.yaml"}
	assert files == set(EXPECTED)
	assert len(files) >= 100


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_broken_definition_is_told_everything_that_is_wrong_with_it(name: str) -> None:
	found = problems(BROKEN / name)
	expected = EXPECTED[name]
	assert len(found) == len(expected), "\n".join(found)
	for words in expected:
		assert any(line.startswith(words) for line in found), f"{words}\nis not among\n" + "\n".join(found)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_message_has_a_remedy(name: str) -> None:
	for line in problems(BROKEN / name):
		assert "; " in line or "did you mean" in line or "must be" in line or "give " in line, line


def test_problems_come_in_the_order_of_the_definition() -> None:
	places = [line.split(":")[0] for line in problems(BROKEN / "everything-at-once.yaml")]
	assert [place.split(".")[0] for place in places] == [
		"titel",
		"name",
		"triggers[0]",
		"steps[0]",
		*["steps[1]"] * 5,
	]
