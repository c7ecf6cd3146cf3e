"""A definition as it is stored: built without a check, whatever release wrote it."""

import json
import time
from pathlib import Path

import pytest

from dogansystem.engine.definitions import stored
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.stored import FORMAT, build, canonical_json, checksum
from dogansystem.engine.errors import UnreadableVersion

ROOT = Path(__file__).parents[3]
FILES = [
	path
	for folder in ("tests/unit/definitions/good", "dogansystem/workflows", "examples")
	for path in sorted((ROOT / folder).iterdir())
	if path.suffix in (".yaml", ".json") and ".test." not in path.name
]
STEP = {"id": "a", "action": "data.set"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_stored_builds_the_same_definition(file: Path) -> None:
	definition = parse(file.read_text(), fills_run_as=True)
	built = build(canonical_json(definition))
	assert built == definition
	assert (canonical_json(built), checksum(built)) == (canonical_json(definition), checksum(definition))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_the_first_release_stored_builds_the_same_definition(file: Path) -> None:
	definition = parse(file.read_text(), fills_run_as=True)
	assert build(canonical_json(definition)) == definition


def test_the_checksum_does_not_change_with_the_format() -> None:
	# As the first release computed it, so that saving an unchanged workflow makes no new version.
	definition = parse({"name": "wf", "steps": [STEP]})
	assert checksum(definition) == "d860cd59f4602eae1f60905dc1eed1beea05fd8f202e6206dea0ac98b9674835"
	assert json.loads(canonical_json(definition)) == {
		"name": "wf",
		"steps": [STEP],
	}  # as the first release reads it


def test_what_todays_check_refuses_is_built_all_the_same() -> None:
	undo = {"action": "data.unset", "params": {"x": 1}}
	source = {
		"name": "wf",
		"triggers": [{"on": "schedule", "every": "15m"}, {"on": "webhook", "secret": "x"}, {"on": "dream"}],
		"steps": [{**STEP, "params": {"x": "{{ nonsense("}, "compensate": undo, "later": True}],
	}
	built = build(json.dumps(source))
	assert [trigger.on for trigger in built.triggers] == ["schedule", "webhook", "dream"]
	assert built.triggers[0].keys == {"every": 900.0, "missed": "once"}
	assert built.steps[0].compensate and built.steps[0].compensate.action == "data.unset"
	assert built.source == source


@pytest.mark.parametrize(
	"text",
	[
		"", "nonsense", "[]", "{}", "5", "null", '{"name": "wf"}', '{"name": "wf", "steps": 5}', "[" * 100_000,
		'{"name": "wf", "steps": [{"id": "a"}]}', '{"name": "wf", "steps": [{"id": "a", "action": "x", "after": 1}]}',
		'{"name": "wf", "steps": [], "limits": {"run_timeout": "soon"}}',
	],
)  # fmt: skip
def test_a_broken_text_is_an_error_that_names_the_version(text: str) -> None:
	with pytest.raises(
		UnreadableVersion, match=r"'wf@1-ab' cannot be used: it is broken .*; save the workflow"
	):
		build(text, "wf@1-ab")


def test_a_newer_format_is_an_error_that_says_to_upgrade() -> None:
	text = json.dumps({"anything": 5})
	with pytest.raises(UnreadableVersion, match=f"its format is {FORMAT + 1} .*; upgrade the app"):
		build(text, "wf@1-ab", FORMAT + 1)


def test_an_older_format_is_brought_to_the_newest_one(monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(stored, "FORMAT", 3)
	monkeypatch.setattr(
		stored, "MIGRATIONS", {1: lambda old: {"name": old["title"]}, 2: lambda old: old | {"steps": [STEP]}}
	)
	assert build('{"title": "wf"}', number=1).by_id.keys() == {"a"}


def test_building_takes_far_less_than_a_millisecond() -> None:
	texts = [canonical_json(parse(file.read_text(), fills_run_as=True)) for file in FILES]
	best = 1.0
	for _ in range(20):
		started = time.process_time()
		for text in texts:
			build(text)
		best = min(best, (time.process_time() - started) / len(texts))
	assert best < 0.001
