"""Baselines are kept and read, on SQLite and on MariaDB, and what cannot be recorded leaves nothing."""

import json

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.errors import InputError, NotFound
from dogansystem.homes.sandbox import TestClock
from dogansystem.scaling import measurement
from tests.unit.scaling.recorded import SATURATED, TEN, TWENTY, Recorded


def test_what_is_kept_is_what_was_measured(recorded: Recorded, sandbox: Sandbox):
	recorded.minutes(3, SATURATED, TEN)
	measured = measurement.from_samples(sandbox, 3)
	kept = json.loads(json.dumps(measurement.as_json(measured)))
	assert measurement.from_json(kept) == measured


def test_the_newest_baseline_is_meant_unless_one_is_named(recorded: Recorded, orchestrator: Orchestrator):
	for name, steps in (("first", SATURATED), ("second", 2 * SATURATED)):
		recorded.minutes(10, steps, TEN if name == "first" else TWENTY)
		orchestrator.record_baseline(name)
	assert [each["name"] for each in orchestrator.list_baselines()] == ["second", "first"]
	assert orchestrator.list_baselines()[0]["capacity"] == pytest.approx(190, rel=0.01)
	with_other = orchestrator.compare("first", "second")
	assert (with_other["before"]["name"], with_other["after"]["name"]) == ("first", "second")
	recorded.minutes(10, SATURATED, TEN)
	assert orchestrator.compare()["before"]["name"] == "second"


def test_nothing_is_kept_of_what_cannot_be_recorded(
	recorded: Recorded, orchestrator: Orchestrator, clock: TestClock
):
	with pytest.raises(NotFound, match="no baseline yet"):
		orchestrator.compare()
	with pytest.raises(InputError, match=r"No step was executed in the last 10 minutes.*put on a load"):
		orchestrator.record_baseline("empty")
	recorded.minutes(2, SATURATED, TEN)
	for minutes in (0, 1441):
		with pytest.raises(InputError, match="ask for 1 to 1440"):
			orchestrator.record_baseline("span", minutes)
	for name in ("now", " ", "x" * 141):
		with pytest.raises(InputError, match="cannot be a baseline's name"):
			orchestrator.record_baseline(name)
	assert orchestrator.list_baselines() == []
	orchestrator.record_baseline("taken")
	with pytest.raises(InputError, match="'taken' already"):
		orchestrator.record_baseline("taken")
	with pytest.raises(NotFound, match=r"no baseline named 'none'.*'taken'"):
		orchestrator.compare("none")
	with pytest.raises(InputError, match="less than a minute ago"):
		orchestrator.compare("taken")
	assert len(orchestrator.list_baselines()) == 1
