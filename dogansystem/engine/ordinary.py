"""The ordinary end of an attempt: what follows can be said without a look at the run, and is the same each time.

A workflow's steps end in the same few ways again and again. What `transition.decide` makes of each is kept with the
definition; only the output differs.
"""

from dataclasses import replace

from dogansystem.engine import transition
from dogansystem.engine.attempted import result_of
from dogansystem.engine.changes import Changes
from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.events import Attempted
from dogansystem.engine.outcomes import Done


def changes(
	definition: Definition, run: str, step: Step, event: Attempted, items_at_most: int, is_child: bool
) -> Changes | None:
	"""What follows from `event` in a run that is under way; None: that depends on more of the run. See `transition.assumed`."""
	if event.item or not isinstance(event.outcome, Done):
		return _decided(definition, run, step, event, items_at_most, is_child)
	key = (step.id, event.outcome.branch, event.agent, event.stick, is_child)
	if key not in definition.ends:
		definition.ends[key] = _decided(definition, run, step, event, items_at_most, is_child)
	known: Changes | None = definition.ends[key]
	if known is None:
		return None
	own, *others = known.steps
	return replace(known, steps=(replace(own, result=result_of(event.outcome)), *others))


def _decided(
	definition: Definition, run: str, step: Step, event: Attempted, items_at_most: int, is_child: bool
) -> Changes | None:
	assumed = transition.assumed(definition, run, step, event.item, event.outcome, items_at_most, is_child)
	return transition.decide(assumed, event) if assumed else None
