"""When a failed attempt is followed by another. Source: workflow-format.md, semantics 6."""

from itertools import pairwise

import pytest

from dogansystem.engine import errors
from dogansystem.engine.definition import Retry
from dogansystem.engine.durations import MAX_DURATION
from dogansystem.engine.retry import CRASH_ATTEMPTS, next_attempt

LOST = ("WorkerLost", "DoganError")


def waits(retry: Retry, names: tuple[str, ...] = ("OSError",), chance: float = 1.0) -> list[float]:
	"""The waits after each attempt, until there is no other."""
	found = []
	for attempt in range(1, 2000):
		wait = next_attempt(retry, attempt, names, lambda: chance)
		if wait is None:
			return found
		found.append(wait)
	raise AssertionError("never gave up")


@pytest.mark.parametrize(
	("backoff", "expected"),
	[("fixed", [30, 30, 30, 30]), ("linear", [30, 60, 90, 120]), ("exponential", [30, 60, 120, 240])],
)
@pytest.mark.contract("the backoff factor (fixed 1, linear n, exponential 2^(n−1))")
def test_the_wait_is_the_delay_times_the_backoffs_factor(backoff: str, expected: list[float]) -> None:
	assert waits(Retry(attempts=5, delay=30, backoff=backoff)) == expected


@pytest.mark.parametrize("backoff", ["fixed", "linear", "exponential"])
@pytest.mark.contract("at most `max_delay`")
def test_a_wait_is_at_most_max_delay(backoff: str) -> None:
	retry = Retry(attempts=1000, delay=30, backoff=backoff, max_delay=100)
	assert max(waits(retry)) <= 100
	assert waits(Retry(attempts=3, delay=500, backoff=backoff, max_delay=100)) == [100, 100]


def test_without_max_delay_a_wait_stays_within_the_calendar() -> None:
	found = waits(Retry(attempts=1000, delay=30))
	assert found[-1] == MAX_DURATION
	assert all(earlier <= later for earlier, later in pairwise(found))


@pytest.mark.contract("with full jitter if asked")
def test_full_jitter_draws_from_nothing_to_the_whole_wait() -> None:
	retry = Retry(attempts=4, delay=30, jitter=True, max_delay=100)
	assert waits(retry, chance=1.0) == [30, 60, 100]
	assert waits(retry, chance=0.5) == [15, 30, 50]
	assert waits(retry, chance=0.0) == [0, 0, 0]


def test_without_jitter_no_chance_is_drawn() -> None:
	def never() -> float:
		raise AssertionError

	assert next_attempt(Retry(attempts=2, delay=5), 1, ["OSError"], never) == 5


def test_without_a_retry_a_failure_is_final() -> None:
	assert waits(Retry()) == []


@pytest.mark.parametrize("name", sorted(errors.PERMANENT))
@pytest.mark.contract(
	"default: all but the ones that cannot change: validation, permission, missing document, bad template"
)
def test_what_cannot_change_is_not_retried_unless_it_is_named(name: str) -> None:
	assert waits(Retry(attempts=3), (name,)) == []
	assert waits(Retry(attempts=3), ("MandatoryError", name)) == []
	assert len(waits(Retry(attempts=3, on=(name,)), (name,))) == 2
	assert len(waits(Retry(attempts=3, on=(name,)), ("MandatoryError", name))) == 2


@pytest.mark.parametrize(
	"names", [("Timeout", "DoganError"), ("HTTPError", "DoganError"), ("OperationalError",)]
)
@pytest.mark.contract("default: all but the ones that cannot change")
def test_everything_else_is_retried(names: tuple[str, ...]) -> None:
	assert len(waits(Retry(attempts=3), names)) == 2


@pytest.mark.contract("`on` names the errors that are retried")
def test_with_on_only_the_named_errors_are_retried() -> None:
	retry = Retry(attempts=3, on=("Timeout", "ConnectionError"))
	assert len(waits(retry, ("Timeout", "DoganError"))) == 2
	assert len(waits(retry, ("ReadError", "ConnectionError"))) == 2
	assert waits(retry, ("HTTPError", "DoganError")) == []


@pytest.mark.parametrize("name", ["TimestampMismatchError", "DocumentLockedError"])
def test_a_validation_error_that_speaks_of_the_moment_is_retried(name: str) -> None:
	assert len(waits(Retry(attempts=3), (name, "ValidationError"))) == 2


def test_a_step_killed_with_its_worker_is_tried_again_without_any_retry() -> None:
	assert len(waits(Retry(), LOST)) == CRASH_ATTEMPTS - 1
	assert len(waits(Retry(attempts=2), LOST)) == CRASH_ATTEMPTS - 1


def test_a_killed_attempt_counts_and_more_attempts_are_not_cut_short() -> None:
	assert len(waits(Retry(attempts=5), LOST)) == 4
	assert next_attempt(Retry(attempts=5), 5, LOST, lambda: 0.0) is None
	assert next_attempt(Retry(attempts=2), 2, ["OSError"], lambda: 0.0) is None


def test_a_killed_step_is_tried_again_whatever_on_names() -> None:
	assert len(waits(Retry(attempts=2, on=("Timeout",)), LOST)) == CRASH_ATTEMPTS - 1


def test_a_killed_step_waits_like_any_other() -> None:
	assert waits(Retry(attempts=3, delay=7, backoff="fixed"), LOST) == [7, 7]
