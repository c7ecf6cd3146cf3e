"""The benchmark itself: that its scenarios run, that its ratios are right, and that a missed promise is noticed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import __main__, report
from benchmarks.homes import sandbox
from benchmarks.report import Figure, Promise
from benchmarks.windows import QUICK, Sample, in_turns

ARGUMENTS = ("--only", "sqlite")


def figure(value: float, promise: Promise | None) -> Figure:
	return Figure.of("somewhere", "something", Sample((value,)), "%", promise)


def measured(monkeypatch: pytest.MonkeyPatch, *figures: Figure) -> None:
	"""Let these be what is measured."""
	monkeypatch.setattr(sandbox, "measure_sqlite", lambda size, with_claim: iter(figures))


def test_both_sides_have_their_windows_in_turns_and_the_first_round_does_not_count() -> None:
	calls: list[str] = []
	values = {"one": iter([99.0, 2.0, 9.0, 6.0]), "other": iter([1.0, 1.0, 3.0, 3.0])}

	def side(name: str) -> float:
		calls.append(name)
		return next(values[name])

	pairs = in_turns(lambda: side("one"), lambda: side("other"), rounds=3)
	assert calls == ["other", "one", "one", "other"] * 2
	assert pairs.ratios.values == (2.0, 3.0, 2.0)
	assert pairs.ratios.median == 2.0
	assert pairs.differences.values == (1.0, 6.0, 3.0)


@pytest.mark.parametrize(
	("promise", "value", "missed"),
	[
		(Promise("at least", 0.4), 0.4, False),
		(Promise("at least", 0.4), 0.39, True),
		(Promise("at most", 50), 50, False),
		(Promise("at most", 50), 50.1, True),
		(None, 0, False),
	],
)
def test_a_promise_is_kept_or_missed(promise: Promise | None, value: float, missed: bool) -> None:
	assert figure(value, promise).is_missed is missed


def test_a_missed_promise_ends_with_1_unless_nobody_checks(
	monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
	measured(monkeypatch, figure(0.5, Promise("at least", 0.4)), figure(0.3, Promise("at least", 0.4)))
	assert __main__.main(ARGUMENTS) == __main__.MISSED
	lines = capsys.readouterr().out.splitlines()
	assert [line.split()[-1] for line in lines[2:]] == ["kept", "MISSED"]
	assert __main__.main([*ARGUMENTS, "--no-check"]) == __main__.KEPT


def test_kept_promises_end_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
	measured(monkeypatch, figure(0.5, Promise("at least", 0.4)), figure(0.0, None))
	assert __main__.main(ARGUMENTS) == __main__.KEPT


def test_nothing_measured_is_no_success(
	monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
	monkeypatch.delenv("DOGAN_TEST_MARIADB", raising=False)
	assert __main__.main(["--only", "mariadb"]) == __main__.NOTHING
	assert "set DOGAN_TEST_MARIADB" in capsys.readouterr().err


def test_the_json_file_holds_the_figures_and_what_was_missed(
	monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
	figures = [figure(0.3, Promise("at least", 0.4, aim=0.6)), figure(0.1, None)]
	measured(monkeypatch, *figures)
	path = tmp_path / "figures.json"
	assert __main__.main([*ARGUMENTS, "--json", str(path)]) == __main__.MISSED
	data = json.loads(path.read_text())
	assert data["missed"] == ["somewhere: something"]
	assert [each["missed"] for each in data["figures"]] == [True, False]
	assert report.figures_of(data["figures"]) == figures


@pytest.fixture(scope="module")
def sqlite_figures() -> Iterator[dict[str, Figure]]:
	yield {each.what: each for each in sandbox.measure_sqlite(QUICK, with_claim=True)}


def test_the_scenarios_run_on_sqlite(sqlite_figures: dict[str, Figure]) -> None:
	assert list(sqlite_figures) == [
		"drainer / commits of one connection, runs of one step",
		"drainer / commits of one connection, runs of five steps",
		"drainer / commits of one connection, runs of 100 items",
		"time of a step, 30 steps with branches / in a sequence",
		"time of a step, 30 steps with branches / in a sequence, by those executed",
		"first step after commit, p50",
		"claim of 50 with 5,000 ready / with 1,000",
	]
	assert all(each.value > 0 and each.low <= each.value <= each.high for each in sqlite_figures.values())


def test_the_scenarios_run_on_mariadb(mariadb_url: str) -> None:
	figures = list(sandbox.measure_mariadb(QUICK, mariadb_url))
	assert len(figures) == 7
	(plain,) = [each.what for each in figures if not each.promise]
	assert plain.endswith("by those executed")
