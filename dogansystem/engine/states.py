"""The states of a run and of a step run, and which changes between them are allowed.

This is the leaf module that every room may import. The pictures in docs/ are drawn from the tables below.
"""

from typing import Final

PENDING: Final = "Pending"
READY: Final = "Ready"
QUEUED: Final = "Queued"
RUNNING: Final = "Running"
WAITING: Final = "Waiting"
PAUSED: Final = "Paused"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
SKIPPED: Final = "Skipped"
CANCELLED: Final = "Cancelled"
COMPENSATED: Final = "Compensated"

RUN_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
	QUEUED: frozenset({RUNNING, PAUSED, FAILED, CANCELLED}),
	RUNNING: frozenset({WAITING, PAUSED, SUCCEEDED, FAILED, CANCELLED}),
	WAITING: frozenset({RUNNING, PAUSED, SUCCEEDED, FAILED, CANCELLED}),
	PAUSED: frozenset({QUEUED, RUNNING, WAITING, SUCCEEDED, FAILED, CANCELLED}),
	# Retry from a step opens a finished run again.
	SUCCEEDED: frozenset({RUNNING}),
	FAILED: frozenset({RUNNING}),
	CANCELLED: frozenset({RUNNING}),
}

STEP_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
	# A sticky successor goes from Pending to Running without passing the ready queue.
	PENDING: frozenset({READY, RUNNING, WAITING, SKIPPED, CANCELLED}),
	READY: frozenset({RUNNING, WAITING, SUCCEEDED, FAILED, SKIPPED, CANCELLED}),
	RUNNING: frozenset({READY, WAITING, SUCCEEDED, FAILED, SKIPPED, CANCELLED}),
	WAITING: frozenset({READY, RUNNING, SUCCEEDED, FAILED, CANCELLED}),
	# Retry from a step sets that step and all after it back.
	SUCCEEDED: frozenset({PENDING, COMPENSATED}),
	FAILED: frozenset({PENDING}),
	SKIPPED: frozenset({PENDING}),
	CANCELLED: frozenset({PENDING}),
	COMPENSATED: frozenset({PENDING}),
}

RUN_STATES: Final = tuple(RUN_TRANSITIONS)
STEP_STATES: Final = tuple(STEP_TRANSITIONS)

RUN_FINISHED: Final = frozenset({SUCCEEDED, FAILED, CANCELLED})
STEP_FINISHED: Final = frozenset({SUCCEEDED, FAILED, SKIPPED, CANCELLED, COMPENSATED})


class TransitionError(AssertionError):
	"""Something was about to go from one state to another that the tables do not allow. Always a fault of this app."""


def check_run_change(old: str, new: str) -> None:
	"""Raise TransitionError unless a run may go from `old` to `new`, or stays as it is."""
	if old != new and not may_run_change(old, new):
		raise TransitionError(f"a run does not go from {old} to {new}")


def check_step_change(old: str, new: str) -> None:
	"""Raise TransitionError unless a step run may go from `old` to `new`, or stays as it is."""
	if old != new and not may_step_change(old, new):
		raise TransitionError(f"a step run does not go from {old} to {new}")


def may_run_change(old: str, new: str) -> bool:
	"""Whether a run may go from `old` to `new`. Unknown states may go nowhere."""
	return new in RUN_TRANSITIONS.get(old, ())


def may_step_change(old: str, new: str) -> bool:
	"""Whether a step run may go from `old` to `new`. Unknown states may go nowhere."""
	return new in STEP_TRANSITIONS.get(old, ())
