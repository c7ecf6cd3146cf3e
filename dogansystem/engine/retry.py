"""Whether a failed attempt is followed by another, and when. Source: workflow-format.md, semantics 6."""

from collections.abc import Callable, Sequence

from dogansystem.engine.definition import Retry
from dogansystem.engine.durations import MAX_DURATION
from dogansystem.engine.errors import PERMANENT

# A step that is killed with its worker did not fail itself, so it is tried again even where `attempts` is 1. Three
# times, because a step that kills its worker each time must not go on forever.
CRASH_ATTEMPTS = 3
WORKER_LOST = "WorkerLost"

# Frappe's errors of this name are ValidationErrors, yet they speak of the moment and not of the values.
PASSING = frozenset(
	{"DocumentLockedError", "InReadOnlyMode", "RateLimitExceededError", "TimestampMismatchError"}
)


def next_attempt(
	retry: Retry, attempt: int, error_names: Sequence[str], random: Callable[[], float]
) -> float | None:
	"""Seconds to wait before the next attempt, or None when there is none.

	Args:
		retry: the step's own rules.
		attempt: how many attempts there have been, the one that failed included; counts from 1.
		error_names: the names of the error's class and of its parents, nearest first.
		random: gives a number from 0 to 1, for the jitter.
	"""
	if attempt >= _allowed(retry, error_names) or not is_retried(retry, error_names):
		return None
	wait = longest_wait(retry, attempt)
	return wait * random() if retry.jitter else wait


def _allowed(retry: Retry, error_names: Sequence[str]) -> int:
	return max(retry.attempts, CRASH_ATTEMPTS) if WORKER_LOST in error_names else retry.attempts


def is_retried(retry: Retry, error_names: Sequence[str]) -> bool:
	"""Whether another attempt may help with an error of these names, as far as the step's rules say."""
	names = frozenset(error_names)
	if WORKER_LOST in names:
		return True
	if retry.on is not None:
		return not names.isdisjoint(retry.on)
	return names.isdisjoint(PERMANENT) or not names.isdisjoint(PASSING)


def longest_wait(retry: Retry, attempt: int) -> float:
	"""Seconds between an attempt and the next one before jitter: the delay times its factor, at most `max_delay`."""
	limit = MAX_DURATION if retry.max_delay is None else retry.max_delay
	if retry.backoff == "exponential":
		# Past 2^64 every delay is beyond its limit, and a float would overflow.
		factor = 2.0 ** min(attempt - 1, 64)
	else:
		factor = float(attempt) if retry.backoff == "linear" else 1.0
	return min(retry.delay * factor, limit)
