"""The simulation against what real workers did: recorded by `./script/benchmark --only model --record`."""

import pytest

from benchmarks.model import program
from benchmarks.model.cases import CASES, Case
from benchmarks.model.compare import Compared, Figures, compare, table

RATES, MEASURED = program.recorded()


def test_every_case_is_recorded():
	assert set(MEASURED) == {case.name for case in CASES}
	assert len(CASES) >= 6


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_throughput_is_within_4_and_the_95th_percentile_of_the_wait_within_20_per_cent(case: Case):
	found = compare(case, MEASURED[case.name], RATES)
	throughput, wait = found.simulated.error(found.measured)
	assert abs(throughput) <= 0.04
	assert abs(wait) <= 0.20


def test_what_was_measured_was_measured_on_a_machine_that_had_time():
	assert all(each.late < 0.01 for each in MEASURED.values())


def test_a_miss_is_noticed_and_the_error_printed():
	measured = Figures(100.0, 0.1)
	good = Compared(CASES[0], measured, Figures(90.0, 0.12), Figures(100.0, 0.01))
	slow = Compared(CASES[0], measured, Figures(80.0, 0.1), Figures(100.0, 0.01))
	late = Compared(CASES[0], measured, Figures(100.0, 0.14), Figures(100.0, float("inf")))
	assert [each.is_missed for each in (good, slow, late)] == [False, True, True]
	lines = table([good, slow, late])
	assert "-10.0%" in lines[1] and "+20%" in lines[1] and "-90%" in lines[1] and lines[1].endswith("kept")
	assert lines[2].endswith("MISSED")
	figures = list(program.judged(slow))
	assert [each.is_missed for each in figures] == [True, False, False, False]
