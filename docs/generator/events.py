"""The events of a run, from their classes."""

from typing import get_args

from dogansystem.engine import events
from generator.markdown import code, summary, table


def write() -> str:
	"""Everything that can happen to a run."""
	return table(
		("event", "what happened"),
		[(code(kind.__name__), summary(kind.__doc__)) for kind in get_args(events.Event)],
	)
