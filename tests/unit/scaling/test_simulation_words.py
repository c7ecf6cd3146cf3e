"""What people write about a simulation: read as it is meant, or refused with a remedy."""

from random import Random
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dogansystem.engine.errors import InputError
from dogansystem.scaling.simulation import words
from dogansystem.scaling.simulation.question import Question
from dogansystem.scaling.simulation.system import Outages
from dogansystem.scaling.simulation.times import (
	Times,
	exponential,
	fixed,
	lognormal,
	measured,
	uniform,
)
from dogansystem.scaling.simulation.workload import Agent, Arrivals, Service
from dogansystem.store.figures import Histogram


@pytest.mark.parametrize(
	("text", "per_second"),
	[
		("50/s", 50.0),
		("3000/min", 50.0),
		("3000/m", 50.0),
		("1800/h", 0.5),
		("43200 / day", 0.5),
		("0.25/sec", 0.25),
	],
)
def test_rates(text: str, per_second: float):
	assert words.rate(text) == pytest.approx(per_second)


@pytest.mark.parametrize("text", ["50", "50/", "/s", "-1/s", "50/year", "many/s", "1e9/s"])
def test_what_is_no_rate(text: str):
	with pytest.raises(InputError) as caught:
		words.rate(text)
	assert str(caught.value) == f"{text!r} is no rate: write 50/s, 3000/min, 100/h or 20/d."


def test_prices():
	found = [Question(price=price).systems()[0].price for price in ("0.10/h", "73/month")]
	assert found == [pytest.approx(0.10), pytest.approx(0.1, rel=0.01)]


def test_arrivals():
	assert words.arrivals("50/s") == Arrivals(50.0)
	assert words.arrivals("regular 50/s") == Arrivals(50.0, is_regular=True)


@pytest.mark.parametrize(
	("text", "expected"),
	[
		("wait 100ms", Service(wait=fixed(0.1))),
		("cpu 20ms", Service(cpu=fixed(0.02))),
		("wait exponential 2s + cpu 5ms", Service(exponential(2.0), fixed(0.005))),
		("wait uniform 50ms-150ms", Service(uniform(0.05, 0.15))),
		("wait lognormal 1m cv 1.5", Service(lognormal(60.0, 1.5))),
	],
)
def test_services(text: str, expected: Service):
	assert words.service(text) == expected
	assert words.services([text, f"mail={text}"]) == (expected, {"mail": expected})


@pytest.mark.parametrize(
	"text",
	[
		"100ms",
		"sleep 1s",
		"wait",
		"wait soon",
		"wait uniform 2s-1s",
		"wait lognormal 1s cv -1",
		"wait normal 1s",
		"",
	],
)
def test_what_is_no_service(text: str):
	with pytest.raises(InputError, match="write "):
		words.service(text)


def test_outages():
	assert words.outages("node every 1h down 5m") == Outages(3600.0, 300.0)
	for text in ("node every 0 down 5m", "every 1h", "node every 1h down", "node every soon down 5m"):
		with pytest.raises(InputError, match="write `node every 1h down 5m`"):
			words.outages(text)


def test_numbers_shares_and_names():
	assert words.numbers("10,20", "--workers") == [10, 20]
	assert words.named(["mail=5%", "b = 0.1"], "--failing", words.share) == {"mail": 0.05, "b": 0.1}
	assert words.named(["Sales Desk=3 mail,post"], "--agent", words.agent) == {
		"Sales Desk": Agent(3, ("mail", "post"))
	}
	for wrong in ("", "0", "10;20", "10,-1"):
		with pytest.raises(InputError, match="--workers is"):
			words.numbers(wrong, "--workers")
	for share in ("x", "101%", "-1", "1.01"):
		with pytest.raises(InputError, match="is no share"):
			words.share(share)
	with pytest.raises(InputError, match="write NAME=VALUE"):
		words.named(["5%"], "--failing", words.share)


@pytest.mark.parametrize(
	"distribution",
	[fixed(0.2), exponential(0.2), uniform(0.1, 0.3), lognormal(0.2, 0.7)],
	ids=("fixed", "exponential", "uniform", "lognormal"),
)
def test_what_is_drawn_has_the_mean_and_variation_it_says(distribution: Times):
	chance = Random(1)
	drawn = [distribution.draw(chance) for _ in range(50_000)]
	assert fmean(drawn) == pytest.approx(distribution.mean, rel=0.02)
	assert pvariance(drawn) / distribution.mean**2 == pytest.approx(distribution.variation, rel=0.1, abs=1e-9)


# So few times that one which stands out is drawn often enough: by chance the mean is off by 5 % of it, and not by five times that.
@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=30))
def test_what_was_measured_is_drawn_again(times: list[float]):
	histogram = Histogram()
	for each in times:
		histogram.add(each)
	found, chance = measured(histogram), Random(1)
	assert found.mean == pytest.approx(fmean(times))
	assert fmean(found.draw(chance) for _ in range(12_000)) == pytest.approx(fmean(times), rel=0.25)
	assert min(times) / 3 <= found.draw(chance) <= max(times) * 3


def test_what_the_simulation_adds_is_taken_off_what_was_measured():
	histogram = Histogram()
	for _ in range(100):
		histogram.add(0.1)
	assert measured(histogram, less=0.002).mean == pytest.approx(0.098)
	assert measured(histogram, less=1.0).draw(Random(1)) == 0.0


def test_nothing_measured_is_an_error():
	with pytest.raises(InputError, match="let the workflow run first"):
		measured(Histogram())


def test_a_day_s_minutes_come_again_and_again():
	arrivals = Arrivals(1.5, by_minute=(3.0, 0.0))
	times = arrivals.times(Random(1))
	seen = [next(times) for _ in range(20_000)]
	assert all(int(at // 60) % 2 == 0 for at in seen)
	assert len(seen) / seen[-1] == pytest.approx(1.5, rel=0.05)


def test_times_in_words():
	assert words.time("1m30s") == fixed(90.0)
	assert words.time("fixed 0.5") == fixed(0.5)
