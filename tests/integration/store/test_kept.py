"""What is kept after it was worked out: found again by meaning, shared as plain data, never needed."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.registry import core_actions, schemas
from dogansystem.engine.definitions.parse import canonical_json, parse
from dogansystem.engine.errors import UnreadableVersion
from dogansystem.homes.unshared import Unshared
from dogansystem.store import kept, versions
from dogansystem.store.kept import Kept
from dogansystem.triggers import document
from dogansystem.triggers.document import Wanted

EXAMPLES = Path(__file__).parents[3] / "examples"


class Shared(Unshared):
	"""Shared as in Redis, within this process. `is_away`: nothing is kept, as by a Redis that is gone."""

	def __init__(self) -> None:
		super().__init__()
		self.values: dict[str, bytes] = {}
		self.is_away = False

	def get(self, key: str) -> bytes | None:
		return None if self.is_away else self.values.get(key)

	def set(self, key: str, value: bytes, seconds: int) -> None:
		if not self.is_away:
			self.values[key] = value


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sandbox]:
	with Sandbox(tmp_path / "sandbox.db") as opened:
		opened.cache = Shared()
		yield opened


@pytest.fixture
def values() -> Iterator[Kept[Mapping[str, int]]]:
	made: Kept[Mapping[str, int]] = Kept("test", 3, dict, dict)
	yield made
	del kept._every["test"]


def other_process() -> Kept[Mapping[str, int]]:
	"""The same values in a process that has none yet."""
	return Kept("test", 3, dict, dict)


def found(site: Sandbox) -> dict[str, int]:
	return dict(kept.counts(site)["test"])


def test_a_value_is_worked_out_once_for_all_processes(site: Sandbox, values: Kept[Mapping[str, int]]):
	built: list[str] = []

	def build() -> Mapping[str, int]:
		built.append("built")
		return {"a": 1}

	assert [values.get(site, "k", build) for _ in range(5)] == [{"a": 1}] * 5
	assert found(site) == {"process": 4, "shared": 0, "built": 1}
	other = other_process()
	assert [other.get(site, "k", build) for _ in range(2)] == [{"a": 1}] * 2
	assert built == ["built"]
	assert found(site) == {"process": 5, "shared": 1, "built": 1}


def test_another_key_is_another_meaning(site: Sandbox, values: Kept[Mapping[str, int]]):
	assert values.get(site, "1", lambda: {"a": 1}) == {"a": 1}
	assert values.get(site, "2", lambda: {"a": 2}) == {"a": 2}
	assert values.get(site, "1", lambda: {"a": 3}) == {"a": 1}


def test_a_shared_cache_that_is_away_costs_the_work_and_nothing_else(
	site: Sandbox, values: Kept[Mapping[str, int]]
):
	site.cache.is_away = True
	assert values.get(site, "k", lambda: {"a": 1}) == {"a": 1}
	assert values.get(site, "k", lambda: {"a": 2}) == {"a": 1}
	assert other_process().get(site, "k", lambda: {"a": 1}) == {"a": 1}


@pytest.mark.parametrize("content", [b"", b"nonsense", b'{"a": 1', b"5", b"[" * 100_000, b"\xff"])
def test_a_shared_value_that_is_no_value_is_worked_out_again(
	site: Sandbox, values: Kept[Mapping[str, int]], content: bytes
):
	values.get(site, "k", lambda: {"a": 1})
	(key,) = site.cache.values
	site.cache.values[key] = content
	assert other_process().get(site, "k", lambda: {"a": 1}) == {"a": 1}


def test_a_value_ages_where_it_was_told_to(site: Sandbox):
	aging: Kept[int] = Kept("test", 3, str, int, seconds=0.01)
	assert aging.get(site, "k", lambda: 1) == 1
	site.cache.values.clear()  # there it ages by itself
	time.sleep(0.02)
	assert aging.get(site, "k", lambda: 2) == 2
	del kept._every["test"]


def test_no_more_values_are_kept_than_its_size(site: Sandbox, values: Kept[Mapping[str, int]]):
	for number in range(10):
		values.get(site, str(number), lambda number=number: {"a": number})
	assert len(values._values) == 3


@pytest.mark.parametrize(
	"path",
	[each for each in sorted(EXAMPLES.glob("*.yaml")) if ".test" not in each.name],
	ids=lambda path: path.stem,
)
@pytest.mark.parametrize("only_as", [None, "sales@example.com"])
def test_a_definition_and_its_triggers_are_the_same_after_they_were_shared(
	path: Path, only_as: str | None, site: Sandbox
):
	definition = parse(path.read_text(), fills_run_as=True, actions=schemas(core_actions()))
	if only_as:
		definition = definition.limited_to(only_as)
	wanted = {"ToDo": tuple(Wanted("w", "v", trigger) for trigger in definition.triggers)}
	for known, value in ((versions._kept, definition), (document._kept, wanted)):
		known.get(site, f"{path.stem} {only_as}", lambda value=value: value)
		known.forget(site)
		assert (
			known.get(site, f"{path.stem} {only_as}", lambda: pytest.fail("it was worked out again")) == value
		)


def test_a_version_that_is_broken_is_read_and_told_of_once(site: Sandbox, caplog: pytest.LogCaptureFixture):
	site.database.execute(
		"INSERT INTO `tabDogan Workflow Version` (name, workflow, version, definition, checksum, trusted)"
		" VALUES ('w@1-x', 'w', 1, 'nonsense', 'x', 1)"
	)
	for _ in range(3):
		with pytest.raises(UnreadableVersion, match="'w@1-x' cannot be used: it is broken"):
			versions.load(site, "w@1-x")
	assert len(caplog.records) == 1 and caplog.records[0].exc_info
	site.database.execute("DELETE FROM `tabDogan Workflow Version`")
	with pytest.raises(UnreadableVersion, match="it is broken"):
		versions.load(site, "w@1-x")


def test_a_version_that_is_not_there_yet_is_found_once_it_is(site: Sandbox):
	with pytest.raises(UnreadableVersion, match="there is none of that name"):
		versions.load(site, "w@1-y")
	definition = parse({"name": "w", "steps": [{"id": "a", "action": "data.set"}]})
	site.database.execute(
		"INSERT INTO `tabDogan Workflow Version` (name, workflow, version, definition, checksum, trusted)"
		" VALUES ('w@1-y', 'w', 1, %s, 'x', 1)",
		(canonical_json(definition),),  # as the first release stored it
	)
	assert versions.load(site, "w@1-y") == definition


def test_the_status_tells_how_often_something_was_found(site: Sandbox):
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow({"name": "w", "steps": [{"id": "a", "action": "data.set", "params": {}}]})
	for _ in range(3):
		orchestrator.start_run("w")
	site.database.commit()
	caches = orchestrator.get_system_status()["caches"]["definitions"]
	assert caches["asked"] >= 3 and caches["built"] == 1
	assert caches["hit_rate"] == round(1 - 1 / caches["asked"], 4)
	assert (
		'dogansystem_cache_lookups_total{cache="definitions",found="built"} 1' in orchestrator.get_metrics()
	)
