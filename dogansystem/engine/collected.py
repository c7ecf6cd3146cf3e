"""Changes as they are collected, one thing at a time; each is checked against the table of transitions."""

from dataclasses import replace
from typing import Any

from dogansystem.engine.changes import Changes, Queued, Ready, RunChange, Slot, StepChange, Wait
from dogansystem.engine.definition import Definition
from dogansystem.engine.run_state import Key, Place, RunState
from dogansystem.engine.states import RUNNING, check_run_change, check_step_change


class Collected:
	"""Collects what follows from one event. `states`, `status` and `ending` are those after what was collected so far."""

	def __init__(self, run: RunState) -> None:
		self.before = run
		self.states, self.branches = dict(run.states), dict(run.branches)
		self.status, self.ending, self.compensating = run.status, run.ending, run.compensating
		self._definition = run.definition
		self._run: RunChange | None = None
		self._resets: list[StepChange] = []
		self._steps: dict[Key, StepChange] = {}
		self._ready: list[Ready] = []
		self._queued: list[Queued] = []
		self._waits: list[Wait] = []
		self._leaves: list[Place] = []
		self._cancelled_items: list[str] = []
		self._frees: list[Key | None] = []
		self._other: dict[str, Any] = {}  # what there is one of at most: fields of Changes
		self._own: Key | None = None  # the step run whose lease ends with this event

	def changes(self) -> Changes:
		"""All that was collected."""
		return Changes(
			run=self._run,
			resets=tuple(self._resets),
			steps=tuple(self._steps.values()),
			ready=tuple(self._ready),
			queued=tuple(self._queued),
			waits=tuple(self._waits),
			leaves=tuple(self._leaves),
			cancelled_items=tuple(self._cancelled_items),
			frees=tuple(dict.fromkeys(self._frees)),
			**self._other,
		)

	@property
	def definition(self) -> Definition:
		"""The run's definition. Raises LookupError where it cannot be read: then only the run's end can be decided."""
		if self._definition is None:
			raise LookupError(f"The definition of run {self.before.name} cannot be read.")
		return self._definition

	# One thing at a time

	def note(self, **fields: Any) -> None:
		"""Set fields of `Changes` of which there is one."""
		self._other |= fields

	def set_step(self, step: str, item: int, new: str, *, old: str | None = None, **more: Any) -> None:
		"""A step run goes to another state. `old`: that of an item; a step's own is known."""
		known = self._steps.get((step, item))
		first = known.old if known else (old if item or old else self.states[step])
		assert first is not None
		check_step_change(first, new)
		change = StepChange(step, item, first, new, **more)
		self._steps[step, item] = replace(known, new=new) if known and not more else change
		if not item:
			self.states[step] = new
			if change.result and change.result.branch:
				self.branches[step] = change.result.branch

	def set_run(self, new: str, **more: Any) -> None:
		"""The run goes to another state, or is about to: `ending`."""
		check_run_change(self.status, new)
		known = self._run
		old = known.old if known else self.status
		self.status, self.ending = new, more.pop("ending", self.ending)
		self._run = (
			replace(known, new=new, ending=self.ending, **more)
			if known
			else RunChange(old, new, self.ending, **more)
		)

	def reopen(self, version: str | None, run_as: str | None, parameters: str | None = None) -> None:
		"""A finished run is Running again, before anything else happens to it."""
		check_run_change(self.status, RUNNING)
		change = RunChange(
			self.status, RUNNING, "", is_retry=True, version=version, run_as=run_as, parameters=parameters
		)
		self.note(reopened=change)
		self.status, self.ending, self.compensating = RUNNING, "", False

	def end_lease(self, key: Key) -> None:
		"""The lease of this step run ends with the event; it does not count as being executed."""
		self._own = key

	def wait(self, kind: str, **values: Any) -> None:
		"""Let something rest."""
		self._waits.append(Wait(kind, **values))

	def free(self, *holders: Key | None) -> None:
		"""Give back what these hold; None is the run."""
		self._frees += holders

	def take(self, resource: str, number: int, holder: Key | None) -> None:
		"""Use a slot."""
		self.note(takes=Slot(resource, number, holder))
