"""Definitions that are right: what they become, and that nothing of them is lost on the way."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dogansystem.actions.registry import core_actions
from dogansystem.engine.definition import Definition, Limits, Retry
from dogansystem.engine.definitions import check_steps
from dogansystem.engine.definitions import parse as parsing
from dogansystem.engine.definitions.form import from_form, to_form
from dogansystem.engine.definitions.parse import canonical_json, checksum, parse
from dogansystem.engine.definitions.triggers.registry import KINDS

GOOD = Path(__file__).parent.parent / "definitions" / "good"
FILES = sorted(GOOD.iterdir())
ACTIONS = {name: action.parameters for name, action in core_actions().items()}


def load(name: str) -> Definition:
	return parse((GOOD / name).read_text(), actions=ACTIONS, source_name=name)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_canonical_source_gives_the_same_definition(file: Path) -> None:
	definition = load(file.name)
	assert parse(definition.source, actions=ACTIONS) == definition
	assert parse(canonical_json(definition), actions=ACTIONS) == definition
	assert checksum(parse(canonical_json(definition))) == checksum(definition)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_form_gives_the_same_definition(file: Path) -> None:
	definition = load(file.name)
	assert from_form(to_form(definition)) == definition.source


def keys_used(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
	yield from (("workflow", key) for key in source)
	yield from (("limits", key) for key in source.get("limits", {}))
	for trigger in source.get("triggers", []):
		yield from ((trigger["on"], key) for key in trigger if key != "on")
	for step in source["steps"]:
		yield from (("step", key) for key in step)
		yield from (("retry", key) for key in step.get("retry", {}))


def test_the_good_definitions_use_every_key_there_is() -> None:
	used = {pair for file in FILES for pair in keys_used(load(file.name).source)}
	known = {("workflow", key) for key in parsing.KEYS} | {("limits", key) for key in parsing.LIMITS}
	known |= {("step", key) for key in check_steps.KEYS if key != "compensate"} | {
		("retry", key) for key in check_steps.RETRY
	}
	known |= {(on, key) for on, kind in KINDS.items() for key in kind.keys}
	assert known - used == set()


def test_a_definition_has_what_its_text_says() -> None:
	definition = load("follow-up-quotation.yaml")
	assert definition.limits == Limits(5, "skip", "{{ doc.customer }}", 7200.0)
	assert definition.run_as == "sales@example.com"
	assert [trigger.on for trigger in definition.triggers] == ["schedule", "manual"]
	assert definition.triggers[0].keys == {
		"cron": "0 9 * * 1-5",
		"timezone": "Europe/Istanbul",
		"missed": "skip",
	}
	mail = definition.by_id["mail"]
	assert mail.retry == Retry(5, 30.0, "exponential", 3600.0, True, ("Timeout", "ConnectionError"))
	assert (mail.after, mail.timeout, mail.priority, mail.max_parallel) == (("quotes",), 300.0, 7, 10)
	assert definition.by_id["tell"].condition == "{{ steps.mail.errors }}"
	assert definition.handles_failure("mail")


def test_words_that_yaml_once_read_as_something_else_are_text() -> None:
	params = load("branches.yaml").by_id["left"].params
	assert params == {
		"on": "on",
		"yes": "no",
		"day": "2024-01-02",
		"time": "12:30:45",
		"version": "1_000",
		"really": True,
		"nothing": None,
	}


def test_anchors_and_merges_are_written_out() -> None:
	right = load("branches.yaml").by_id["right"]
	assert right.retry == Retry(attempts=3, delay=90.0, backoff="linear")
	assert right.params["on"] == "on"


def test_without_after_a_step_waits_for_the_one_before_it() -> None:
	definition = load("branches.yaml")
	assert definition.by_id["left"].after == ()
	assert definition.by_id["rows"].after == ("later",)


def test_conditions_are_kept_as_expressions() -> None:
	definition = load("branches.yaml")
	assert definition.by_id["never"].condition == "{{ false }}"
	assert definition.by_id["never"].has_condition
	assert not definition.by_id["left"].has_condition
	assert definition.by_id["text"].condition == "{% if steps.left.output %}yes{% endif %}"


def test_triggers_have_their_defaults_and_durations_in_seconds() -> None:
	triggers = load("every-trigger.yaml").triggers
	assert triggers[3].keys == {"every": 900.0, "missed": "once"}
	assert triggers[12].keys == {
		"doctype": "Quotation",
		"field": "valid_till",
		"offset": -3 * 86400.0,
		"at": "09:00",
		"filters": {"status": "Open"},
		"missed": "once",
	}
	assert triggers[13].keys["offset"] == -90.0
	assert triggers[14].keys["offset"] == 0.0
	assert (triggers[15].keys["every"], triggers[15].keys["again"]) == (60.0, "never")
	assert triggers[22].keys == {"workflow": "*", "status": ["Failed"]}
	assert triggers[23].keys["status"] == ["Cancelled", "Failed"]
	assert [trigger.position for trigger in triggers] == list(range(24))


def test_a_value_of_a_field_is_kept_as_text() -> None:
	triggers = load("every-trigger.yaml").triggers
	pairs = [(triggers[number].keys["from"], triggers[number].keys["to"]) for number in (9, 10, 11)]
	assert pairs == [("Open", ""), ("no", "1"), ('"quoted"', '"')]


def test_the_same_meaning_has_the_same_checksum() -> None:
	one = parse(
		"name: a\ntitle: ''\nsteps:\n- {id: x, action: data.set, timeout: 30, priority: 5, if: doc.a}"
	)
	other = parse(
		'{"steps": [{"if": "{{ doc.a }}", "timeout": "30s", "action": "data.set", "id": "x"}], "name": "a"}'
	)
	assert checksum(one) == checksum(other)
	assert len(checksum(one)) == 64


def test_another_meaning_has_another_checksum() -> None:
	one = parse("name: a\nsteps: [{id: x, action: data.set, params: {a: 1}}]")
	other = parse("name: a\nsteps: [{id: x, action: data.set, params: {a: 2}}]")
	assert checksum(one) != checksum(other)


def test_keys_of_json_and_yaml_that_differ_in_order_are_the_same_definition() -> None:
	one = parse("name: a\nsteps: [{id: x, action: data.set, params: {a: 1, b: 2}}]")
	other = parse("name: a\nsteps: [{id: x, action: data.set, params: {b: 2, a: 1}}]")
	assert canonical_json(one) == canonical_json(other)
