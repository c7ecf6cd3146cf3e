"""The ordinary end of an attempt: what follows can be said without a look at the run, and is the same each time.

A workflow's steps end in the same few ways again and again. What `transition.decide` makes of each is kept with the
definition; only the output differs.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any

from dogansystem.engine import transition
from dogansystem.engine.attempted import result_of
from dogansystem.engine.changes import Changes, Result, StepChange
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
		made = _decided(definition, run, step, event, items_at_most, is_child)
		definition.ends[key] = made and _for_any_result(made)
	known: Callable[[Result], Changes] | None = definition.ends[key]
	return known and known(result_of(event.outcome))


def _decided(
	definition: Definition, run: str, step: Step, event: Attempted, items_at_most: int, is_child: bool
) -> Changes | None:
	assumed = transition.assumed(definition, run, step, event.item, event.outcome, items_at_most, is_child)
	return transition.decide(assumed, event) if assumed else None


def _for_any_result(made: Changes) -> Callable[[Result], Changes]:
	"""The same changes with another result of the step that ended, its own being the first. `dataclasses.replace` would copy
	every field each time, which takes twice as long: 11 us instead of 6, for each step."""
	own, *others = made.steps
	step = partial(StepChange, **_said(own, "result"))
	whole = partial(Changes, **_said(made, "steps"))
	return lambda result: whole(steps=(step(result=result), *others))


def _said(made: Changes | StepChange, without: str) -> dict[str, Any]:
	"""What is not as it is by default, `without` one field."""
	found = {each.name: (getattr(made, each.name), each.default) for each in fields(made)}
	return {name: value for name, (value, default) in found.items() if name != without and value != default}
