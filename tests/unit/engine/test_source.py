"""Reading definitions: YAML 1.2, JSON, plain data, and what is too much of any of them."""

import time
from datetime import date
from typing import Any

import pytest

from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.source import MAX_SIZE, read
from dogansystem.engine.definitions.yaml_source import Unreadable, plain_scalar
from dogansystem.engine.errors import DefinitionError


def told(source: Any) -> list[str]:
	"""What `parse` says is wrong."""
	with pytest.raises(DefinitionError) as caught:
		parse(source)
	return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
	("text", "value"),
	[
		("", None),
		("~", None),
		("null", None),
		("true", True),
		("False", False),
		("yes", "yes"),
		("on", "on"),
		("Off", "Off"),
		("n", "n"),
		("12", 12),
		("-7", -7),
		("007", 7),
		("0o17", 15),
		("0x1F", 31),
		("017", 17),
		("1_000", "1_000"),
		("12:30:45", "12:30:45"),
		("1.5", 1.5),
		("-.5", -0.5),
		("1e3", 1000.0),
		("2024-01-02", "2024-01-02"),
		("2024-01-02T10:00:00Z", "2024-01-02T10:00:00Z"),
		("1.2.3", "1.2.3"),
		("=", "="),
		("9" * 200, "9" * 200),
	],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: Any) -> None:
	given = plain_scalar(text)
	assert given == value
	assert type(given) is type(value)


def test_the_key_on_is_text() -> None:
	problems = Problems()
	assert read("on: document\nyes: 1\n1: x\n", problems) == {"on": "document", "yes": 1, "1": "x"}


def test_quoted_scalars_are_text() -> None:
	assert read("""a: '5'\nb: "true"\nc: !!str 5\nd: |\n  7\n""", Problems()) == {
		"a": "5",
		"b": "true",
		"c": "5",
		"d": "7\n",
	}


def test_a_merge_gives_way_to_the_mappings_own_keys() -> None:
	text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\nq: {'<<': 1}\n"
	given = read(text, Problems())
	assert given["z"] == {"a": 1, "b": 1, "c": 3}
	assert given["q"] == {"<<": 1}


def test_only_mappings_can_be_merged() -> None:
	with pytest.raises(Unreadable):
		read("a: {<<: 5}\n", problems := Problems())
	assert "`<<` merges mappings" in str(problems.found[0])


def test_json_and_yaml_flow_are_told_apart() -> None:
	assert read('{"a": [1, null], "b": "\\u00e9"}', Problems()) == {"a": [1, None], "b": "é"}
	assert read("{a: 1, b: [x]}", Problems()) == {"a": 1, "b": ["x"]}


def test_a_byte_order_mark_is_passed_over() -> None:
	assert read("\ufeffname: x\n", Problems()) == {"name": "x"}


def test_too_much_text_is_refused_before_it_is_read() -> None:
	text = "name: wf\n# " + "x" * MAX_SIZE
	assert told(text) == ["more than 1,048,576 bytes; keep large texts in documents or templates of the site"]
	assert told("é" * (MAX_SIZE // 2 + 1)) == told(text)


def test_too_much_plain_data_is_refused() -> None:
	step = {"id": "a", "action": "data.set"}
	assert "characters in all" in told({"name": "wf", "steps": [step], "title": "x" * (MAX_SIZE + 1)})[0]
	assert (
		"more than 50,000 values"
		in told({"name": "wf", "steps": [{**step, "params": {"x": [0] * 60_000}}]})[0]
	)
	deep: list[Any] = []
	deep.append(deep)
	assert "inside each other" in told({"name": "wf", "steps": [{**step, "params": {"x": deep}}]})[0]


def test_plain_data_without_form_in_json_is_refused_with_its_path() -> None:
	params = {"day": date(2024, 1, 2), "n": float("nan"), 5: "x", "big": 2**2000, "pair": (1, 2)}
	found = told({"name": "wf", "steps": [{"id": "a", "action": "data.set", "params": params}]})
	assert found == [
		"steps[0].params.day: is date, which JSON has no form for; write it as text",
		"steps[0].params.n: nan has no form in JSON; give a number, or null",
		"steps[0].params: the key 5 is a whole number; keys are text",
		"steps[0].params.big: is a number with too many digits; write it as text",
	]


def test_tuples_become_lists() -> None:
	definition = parse({"name": "wf", "steps": ({"id": "a", "action": "x", "params": {"p": (1, 2)}},)})
	assert definition.steps[0].params == {"p": [1, 2]}


@pytest.mark.parametrize(
	"text",
	[
		"[" * 500_000,
		"{" * 500_000,
		"- " * 100_000,
		'{"a":' * 100_000,
		"a: " * 100_000,
		"? " * 100_000,
		"&a " * 100_000,
		"!!str " * 100_000,
		"a: &a [x]\n" + "".join(f"b{n}: [{'*a, ' * 1000}]\n" for n in range(200)),
		"- {a: 1}\n" * 100_000,
		"'" * 500_000,
		"%" * 100_000,
		"\n" * 500_000 + "a: [",
		"|\n" + " \n" * 300_000 + "  x",
	],
	ids=lambda text: text[:8],
)
def test_a_hostile_text_is_refused_soon(text: str) -> None:
	started = time.process_time()
	assert told(text)
	assert time.process_time() - started < 10


def test_all_problems_are_found_in_one_reading_but_not_endlessly_many() -> None:
	steps = [{"id": "a b", "action": ""} for _ in range(500)]
	assert len(told({"name": "wf", "steps": steps})) == 200
