"""Large and odd input: many items, long chains, wide joins, outputs at the limit, any text, long names."""

import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dogansystem import Orchestrator
from dogansystem.engine.outputs import MAX_BYTES
from dogansystem.worker.drainer import Drainer
from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.load import PERSON, effect

ITEMS = scale.of(1_000, 10_000)
CHAIN = 500
JOIN = 200


@pytest.fixture(params=["sqlite", "mariadb"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FaultSandbox]:
	url = (
		str(tmp_path / "large.db")
		if request.param == "sqlite"
		else request.getfixturevalue("empty_mariadb_url")
	)
	with FaultSandbox(url) as opened:
		opened.set_settings(linger_seconds=0)
		yield opened


def run(
	site: FaultSandbox, steps: list[dict[str, Any]], given: Any = None, name: str = "large"
) -> dict[str, Any]:
	"""Run these steps to their end."""
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow({"name": name, "run_as": PERSON, "steps": steps})
	started = orchestrator.start_run(name, given)
	site.database.commit()
	Drainer(site, until=lambda: True).run()
	found = orchestrator.get_run(started)
	site.database.rollback()
	return found


def step(found: dict[str, Any], step_id: str) -> dict[str, Any]:
	return next(each for each in found["steps"] if each["id"] == step_id and each["index"] is None)


def acted(site: FaultSandbox) -> tuple[int, int]:
	"""How many effects there are, and of how many different steps."""
	((effects, different),) = site.database.sql("SELECT COUNT(*), COUNT(DISTINCT step_run) FROM fault_effect")
	site.database.rollback()
	return effects, different


def test_many_items_each_act_once_and_keep_their_order(site: FaultSandbox, tell: Tell):
	steps = [
		effect("each", for_each="{{ range(input) | list }}", max_parallel=20)
		| {"params": {"n": "{{ item }}"}},
		effect("count") | {"params": {"n": "{{ steps.each.output | length }}"}},
	]
	began = time.monotonic()
	found = run(site, steps, ITEMS)
	took = time.monotonic() - began
	assert found["status"] == "Succeeded", found["error"]
	assert step(found, "each")["output"] == [{"n": number} for number in range(ITEMS)]
	assert step(found, "count")["output"] == {"n": ITEMS}
	assert acted(site) == (ITEMS + 1, ITEMS + 1)
	tell(f"items on {site.dialect}", items=ITEMS, seconds=round(took, 1), lost=0, doubled=0)


def test_a_long_chain_runs_in_its_order(site: FaultSandbox, tell: Tell):
	steps = [effect("s0") | {"params": {"n": 0}}]
	steps += [
		effect(f"s{number}") | {"params": {"n": f"{{{{ steps.s{number - 1}.output.n + 1 }}}}"}}
		for number in range(1, CHAIN)
	]
	began = time.monotonic()
	found = run(site, steps)
	assert found["status"] == "Succeeded", found["error"]
	assert step(found, f"s{CHAIN - 1}")["output"] == {"n": CHAIN - 1}
	assert acted(site) == (CHAIN, CHAIN)
	tell(f"chain on {site.dialect}", steps=CHAIN, seconds=round(time.monotonic() - began, 1))


def test_many_steps_into_one_join_start_it_once(site: FaultSandbox, tell: Tell):
	ids = [f"s{number}" for number in range(JOIN)]
	steps = [effect(each, after=[]) for each in ids]
	found = run(site, [*steps, effect("join", after=ids)])
	assert found["status"] == "Succeeded", found["error"]
	assert acted(site) == (JOIN + 1, JOIN + 1)
	tell(f"join on {site.dialect}", steps_into_one=JOIN, joins=1)


def test_an_output_at_the_limit_is_kept_and_one_byte_more_is_refused(site: FaultSandbox):
	around = len('{"text":""}')
	fits = run(site, [text("{{ 'x' * input }}")], MAX_BYTES - around)
	assert fits["status"] == "Succeeded", fits["error"]
	assert len(step(fits, "a")["output"]["text"]) == MAX_BYTES - around
	refused = run(site, [text("{{ 'x' * input }}")], MAX_BYTES - around + 1)
	assert refused["status"] == "Failed"
	assert "OutputTooLarge" in refused["error"]


def text(value: str) -> dict[str, Any]:
	return {"id": "a", "action": "data.set", "params": {"text": value}}


def test_any_text_comes_through_as_it_is(site: FaultSandbox):
	"""Every assigned character of Unicode but surrogates, which JSON has no way to write."""
	characters = [
		chr(code)
		for code in range(sys.maxunicode + 1)
		if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co")
	]
	pieces = ["".join(characters[at : at + 5000]) for at in range(0, len(characters), 5000)]
	found = run(site, [text("{{ item }}") | {"for_each": "{{ input }}"}], pieces)
	assert found["status"] == "Succeeded", found["error"]
	assert [each["text"] for each in step(found, "a")["output"]] == pieces


def test_values_keep_what_they_are(site: FaultSandbox):
	given = {
		"null": None,
		"true": True,
		"zero": 0,
		"negative": -1,
		"big": 2**53 + 1,
		"float": 0.1,
		"tiny": 5e-324,
		"huge": 1.7976931348623157e308,
		"decimal": "1234567890.12345678901234567890",
		"date": "2026-02-29T25:61",
		"empty": "",
		"list": [],
		"map": {},
		"nested": [[[{"a": [None, {"": "key"}]}]]],
		"ключ 🔑": "value",
	}
	found = run(site, [text("{{ input }}")], given)
	kept = step(found, "a")["output"]["text"]
	assert kept == given
	assert {name: type(value) for name, value in kept.items()} == {
		name: type(value) for name, value in given.items()
	}


def test_names_of_140_characters(site: FaultSandbox):
	orchestrator = Orchestrator(site)
	long_agent = "Ä" * 140
	orchestrator.register_agent(long_agent, PERSON, ["c" * 140])
	name = "w" + "-long" * 27 + "-end"
	assert len(name) == 140
	steps = [
		effect("a", agent=long_agent),
		effect("b", capability="c" * 140),
	]
	found = run(site, steps, name=name)
	assert found["status"] == "Succeeded", found["error"]
	assert step(found, "a")["agent"] == long_agent
	key = "k" * 1000
	first = orchestrator.start_run(name, idempotency_key=key)
	assert orchestrator.start_run(name, idempotency_key=key) == first
	assert orchestrator.start_run(name, idempotency_key=key + "k") != first
	site.database.rollback()
