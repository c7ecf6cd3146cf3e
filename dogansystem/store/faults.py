"""Fault points: places with a name at which a test stops, kills or disturbs a process exactly there.

Nothing arms one in production. A point then costs a look at an empty dict (some 30 ns; a step's transaction takes
some 500,000).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

POINTS: Final = {
	"step.before_commit": "a step has acted; its result and what follows are not committed",
	"step.after_commit": "they are committed; whoever committed does not know, and nobody was rung for",
	"control.before_commit": "a claim, a heartbeat, a takeover, a timer … is written and not committed",
	"control.after_commit": "it is committed, and whoever committed does not know",
	"admission.before_commit": "the head of a wait queue was let in, not committed",
	"admission.after_commit": "the head of a wait queue was let in, and nobody was rung for",
}

# The same of what an AI agent does, where only some steps come by.
AGENT_POINTS: Final = {
	"model.before_asking": "what a request may cost is reserved and committed; it has not gone out",
	"model.after_asking": "the answer of a model is there, and not committed",
	"tool.after_call": "a tool has acted; that it has, and its result, are not committed",
}

_armed: dict[str, Callable[[], None]] = {}


def point(name: str) -> None:
	"""Do what a test has armed this point with. It may raise, or not come back at all."""
	if _armed and name in _armed:
		_armed[name]()


@contextmanager
def armed(name: str, act: Callable[[], None]) -> Iterator[None]:
	"""Within the block the point calls `act`, in whatever thread comes by. Raises KeyError for an unknown point."""
	(POINTS | AGENT_POINTS)[name]
	_armed[name] = act
	try:
		yield
	finally:
		_armed.pop(name, None)
