"""The queueing formulas against published values, closed forms, exact arithmetic, and each other."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dogansystem.scaling.queueing import Queue, erlang_c, servers_for


def exact_erlang_c(servers: int, offered: Fraction) -> Fraction:
	"""The formula as the books print it, in fractions."""
	last = offered**servers / math.factorial(servers) * servers / (servers - offered)
	return last / (sum(offered**n / Fraction(math.factorial(n)) for n in range(servers)) + last)


@pytest.mark.parametrize(
	("servers", "offered", "expected"),
	# Table of Erlang C, as call centres print it.
	[(11, 10, 0.682), (12, 10, 0.449), (13, 10, 0.285), (14, 10, 0.174), (3, 2, 4 / 9), (2, 1, 1 / 3)],
)
def test_published_chances_of_waiting(servers: int, offered: float, expected: float):
	assert erlang_c(servers, offered) == pytest.approx(expected, abs=0.0006)


@given(st.integers(1, 60), st.fractions(0, Fraction(99, 100), max_denominator=100))
def test_the_chance_of_waiting_is_that_of_exact_arithmetic(servers: int, utilisation: Fraction):
	offered = servers * utilisation
	assert erlang_c(servers, float(offered)) == pytest.approx(
		float(exact_erlang_c(servers, offered)), rel=1e-9
	)


@pytest.mark.parametrize("servers", [1_000, 10_000, 100_000])
@pytest.mark.parametrize("spare", [0.5, 1.0, 2.0])
def test_many_servers_agree_with_the_limit_of_halfin_and_whitt(servers: int, spare: float):
	"""Operations Research 29 (1981), theorem 1: with spare = (1 - utilisation) √servers."""
	density = math.exp(-(spare**2) / 2) / math.sqrt(2 * math.pi)
	limit = 1 / (1 + spare * (1 + math.erf(spare / math.sqrt(2))) / 2 / density)
	offered = servers * (1 - spare / math.sqrt(servers))
	assert erlang_c(servers, offered) == pytest.approx(limit, abs=0.02)


def test_almost_idle_and_almost_full_servers_neither_overflow_nor_lose_everything():
	assert erlang_c(100_000, 1.0) == 0.0
	assert erlang_c(100_000, 99_999.999) == pytest.approx(1.0, abs=0.001)


def mean_wait(queue: Queue) -> float:
	"""Over all who arrive, from the formula itself: the exponential wait of those who do, times how many do."""
	waits = erlang_c(queue.servers, queue.offered)
	return waits * queue.wait(0.999) / math.log(waits / 0.001)


@given(st.floats(0.01, 0.99), st.floats(0.001, 100))
def test_one_server_is_the_closed_form_of_m_m_1(utilisation: float, service: float):
	queue = Queue(utilisation / service, service, 1)
	assert mean_wait(queue) == pytest.approx(utilisation * service / (1 - utilisation))


@given(st.floats(0.01, 0.99), st.floats(0, 10))
def test_one_server_is_the_formula_of_pollaczek_and_khinchine(utilisation: float, variation: float):
	queue = Queue(utilisation, 1.0, 1, service_variation=variation)
	assert mean_wait(queue) == pytest.approx(utilisation * (1 + variation) / 2 / (1 - utilisation))


def test_a_textbook_s_exchange():
	"""Three operators, 20 calls an hour each, 45 an hour arrive: 57 % wait, 2.3 minutes those who do (M/M/3)."""
	queue = Queue(45 / 3600, 180.0, 3)
	assert erlang_c(3, queue.offered) == pytest.approx(0.5678, abs=0.0005)
	assert mean_wait(queue) == pytest.approx(0.5678 * 240, rel=0.001)
	assert queue.wait(0.95) == pytest.approx(240 * math.log(0.5678 / 0.05), rel=0.001)


def chance_of_more_than(queue: Queue, seconds: float) -> float:
	"""The probability of a wait that is longer than this: of waiting at all, and then exponentially."""
	if queue.offered >= queue.servers:
		return 1.0
	mean = (1 + queue.service_variation) / 2 * queue.service / (queue.servers - queue.offered)
	return erlang_c(queue.servers, queue.offered) * math.exp(-seconds / mean)


queues = st.builds(
	lambda servers, utilisation, service, services: Queue(
		servers * utilisation / service, service, servers, services
	),
	st.integers(1, 300),
	st.floats(0.01, 0.99),
	st.floats(0.001, 60),
	st.floats(0.05, 5),
)


@given(queues, st.floats(0, 0.999))
def test_a_percentile_of_the_wait_has_its_share_behind_it(queue: Queue, share: float):
	wait = queue.wait(share)
	assert chance_of_more_than(queue, wait) <= 1 - share + 1e-9
	if wait:
		assert chance_of_more_than(queue, wait) == pytest.approx(1 - share, rel=1e-6)


@given(queues, st.floats(0, 5), st.sampled_from([0.5, 0.95, 0.99]))
def test_as_many_servers_as_are_needed_and_not_one_more(queue: Queue, wait: float, share: float):
	servers = servers_for(queue, wait, share)
	enough = replace(queue, servers=servers)
	assert enough.offered < enough.servers
	assert chance_of_more_than(enough, wait) <= 1 - share + 1e-9
	if servers > 1:
		fewer = replace(queue, servers=servers - 1)
		assert chance_of_more_than(fewer, wait) >= 1 - share - 1e-9


def test_a_thousand_times_the_work_needs_less_than_a_thousand_times_the_servers():
	small, large = Queue(0.8, 1.0, 1), Queue(80_000, 1.0, 1)
	assert servers_for(large, 0.5) < 1_000 * 100 * servers_for(small, 0.5)
	assert 80_000 < servers_for(large, 0.0) < 81_000


def test_servers_that_do_not_keep_up_make_everybody_wait_for_ever():
	queue = Queue(10, 1.0, 8)
	assert (queue.throughput, queue.wait(0.5)) == (8.0, math.inf)


def test_nothing_to_do_needs_one_server():
	assert servers_for(Queue(0, 1.0, 1), 0.0) == 1
	assert Queue(0, 1.0, 1).wait(0.99) == 0.0
