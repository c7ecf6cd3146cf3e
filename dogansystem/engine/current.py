"""The run whose step is being executed in this thread, so that runs which its writes start know what they came from."""

from contextvars import ContextVar
from dataclasses import dataclass

CHILD = "flow.run"  # the cause of a run that a step of another one has started
MAX_DEPTH = 8  # runs above one another in a chain of causes. Source: workflow-format.md, triggers


@dataclass(frozen=True, slots=True)
class Cause:
	"""A run as the cause of others; `depth` is its own."""

	run: str
	step: str
	depth: int


current: ContextVar[Cause | None] = ContextVar("dogansystem_cause", default=None)
