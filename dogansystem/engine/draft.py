"""Changes in the making: the moves that a run's story is made of, each checked against the table of transitions."""

from collections.abc import Iterable, Sequence
from typing import Any

from dogansystem.engine import flow
from dogansystem.engine.changes import (
	NewItems,
	Queued,
	Ready,
	StepChange,
	Successor,
)
from dogansystem.engine.collected import Collected
from dogansystem.engine.definition import DEFAULT_PRIORITY, Definition, Step
from dogansystem.engine.limits import resource_of_run, resource_of_step
from dogansystem.engine.run_state import LEASE, WAIT_QUEUE, Key, Parked, Place, undo_of
from dogansystem.engine.states import (
	CANCELLED,
	FAILED,
	PAUSED,
	PENDING,
	READY,
	RUNNING,
	SKIPPED,
	SUCCEEDED,
	WAITING,
	check_step_change,
)

NOT_BEGUN = frozenset({PENDING, READY, WAITING})


class Draft(Collected):
	"""The moves that a run's story is made of. `states`, `status` and `ending` are those after what was collected so far."""

	def expand(self, step: Step, values: Sequence[str]) -> None:
		"""Make the items of a `for_each` step, and open the first ones."""
		self.note(items=NewItems(step.id, tuple(values)))
		if self.status != PAUSED:
			self.open(
				[(step, item, 1) for item in range(1, min(step.max_parallel, len(values)) + 1)], PENDING
			)

	# What may start

	def go_on(self, *, stick: bool = False) -> None:
		"""Let happen what follows from the states of the steps. With `stick` one step may be handed over at once."""
		decision = flow.decide(self.definition, self.states, self.branches)
		for step in decision.skipped:
			self.set_step(step, 0, SKIPPED)
		ready = [self.definition.by_id[step] for step in decision.ready]
		if stick and self.status != PAUSED and not decision.ending:
			ready = self._hand_over(ready)
		self.open([(step, 0, 1) for step in ready])
		if decision.ending == FAILED:
			self.end(FAILED, error_step=decision.failed_step)
		elif decision.ending:
			self.finish(decision.ending)
		elif "successor" not in self._other:
			self.show_waiting()

	def _hand_over(self, ready: list[Step]) -> list[Step]:
		for step in ready:
			if not step.is_limited:
				self.set_step(step.id, 0, RUNNING, handed_over=True)
				self.note(successor=Successor(step.id, 0, 1, step.priority))
				return [other for other in ready if other is not step]
		return ready

	def open(self, steps: Iterable[tuple[Step, int, int]], old: str | None = None) -> None:
		"""Let `(step, item, attempt)`s start: in the ready queue, or in the wait queue where an agent's slot is needed
		first. In a paused run they are Ready, in no queue. `old` is the state of items."""
		for step, item, attempt in steps:
			before = old if item else None
			if self.status == PAUSED:
				self.set_step(step.id, item, READY, old=before)
			elif step.is_limited:
				self.set_step(step.id, item, WAITING, old=before)
				self._queued.append(Queued(resource_of_step(step), step.priority, step.id, item, attempt))
			else:
				self.set_step(step.id, item, READY, old=before)
				self._ready.append(Ready(step.id, item, attempt, step.priority))

	def open_items(self, step: Step) -> None:
		"""Let pending items start until `max_parallel` are open."""
		if self.status == PAUSED:
			return
		items = self.before.items[step.id]
		pending = items.pending[: max(0, step.max_parallel - items.open)]
		self.open([(step, item, attempts + 1) for item, attempts, _ in pending], PENDING)

	def put_in_queue(self, step: Step, item: int, attempt: int, agent: str | None) -> None:
		"""Let a step run be claimed that needs no agent's slot, or has it."""
		self._ready.append(Ready(step.id, item, attempt, step.priority, agent))

	def queue_again(self, parked: Iterable[Parked]) -> None:
		"""Put what is Ready into its queue, after a pause."""
		for each in parked:
			step = self.definition.step_of(each.step, each.item)
			self.open([(step, each.item, each.attempts + 1)], READY)

	def begin(self) -> None:
		"""Let the run start: at once, or when its workflow's limit has room."""
		if self.definition.limits.concurrent_runs:
			resource = resource_of_run(self.definition.name, self.before.limit_key)
			self._queued.append(Queued(resource, DEFAULT_PRIORITY))
		else:
			self.begin_now()

	def begin_now(self) -> None:
		"""Let the first steps start, and the clock of `run_timeout`."""
		if self.definition.limits.run_timeout:
			self.wait("run_timeout", delay=self.definition.limits.run_timeout)
		self.go_on()

	def show_running(self) -> None:
		"""A run that was Waiting goes on."""
		if self.status == WAITING:
			self.set_run(RUNNING)

	def show_waiting(self) -> None:
		"""A run in which nothing is running or ready, but something waits, is itself Waiting."""
		states = set(self.states.values())
		if self.status == RUNNING and WAITING in states and not states & {READY, RUNNING}:
			self.set_run(WAITING)

	# What goes back

	def park(self, places: Iterable[Place]) -> None:
		"""Keep what has not begun as Ready, in no queue, until the run is resumed."""
		for place in places:
			if place.begun:
				continue
			self._leaves.append(place)
			if place.step is not None:
				old = {LEASE: RUNNING, WAIT_QUEUE: WAITING}.get(place.table, READY)
				self.set_step(place.step, place.item, READY, old=old)
				self.free((place.step, place.item))

	def return_to_queue(self, place: Place) -> None:
		"""Let a claimed step be claimed by somebody else, with the slot it has."""
		assert place.step is not None
		step = self.definition.step_of(place.step, place.item)
		self._leaves.append(place)
		self.set_step(place.step, place.item, READY, old=RUNNING)
		self._ready.append(Ready(place.step, place.item, place.attempt, step.priority, place.agent))

	def leave(self, places: Iterable[Place]) -> None:
		"""Take rows out of queues and leases, whatever their run is."""
		self._leaves += places

	# The end

	def end(
		self,
		status: str,
		*,
		error_type: str | None = None,
		error: str | None = None,
		error_step: str | None = None,
	) -> None:
		"""Bring the run to its end: nothing more starts; what is running finishes first."""
		if error_step and error is None:
			change = self._steps.get((error_step, 0))  # a failure ends the run by the event that brings it
			if change and change.result:
				error_type, error = change.result.error_type, change.result.error
		failure = {"error_type": error_type, "error": error, "error_step": error_step}
		self.set_run(self.status, ending=status, is_failure=True, **failure)
		self.settle()

	def settle(self) -> None:
		"""In a run that is ending, cancel what has not begun, and end the run once nothing is running."""
		assert self.before.places is not None, "the places of the run's steps have to be read first"
		held = {place.key for place in self.before.places if place.begun} - {self._own}
		for place in self.before.places:
			if place.begun:
				continue
			self._leaves.append(place)
			if place.key and place.table == LEASE and place.item:
				self.set_step(*place.key, CANCELLED, old=RUNNING)
			if place.key:
				self.free(place.key)
		self._forget_waits()
		working = {key[0] for key in held if key}
		for step, state in self.states.items():
			if state in NOT_BEGUN or (state == RUNNING and step not in working):
				self.set_step(step, 0, CANCELLED)
			if state == RUNNING and self._may_have_items(step):
				self._cancelled_items.append(step)
		if RUNNING not in self.states.values():
			self.finish(self.ending)

	def _may_have_items(self, step: str) -> bool:
		return self._definition is None or self._definition.by_id[step].for_each is not None

	def finish(self, status: str) -> None:
		"""Write the end of the run and give back what it held; its output has to be rendered first, if it has one."""
		if status == SUCCEEDED and self._definition and self._definition.output is not None:
			self.note(renders_output=True)
		elif self.compensates(status):
			self.begin_to_undo(status)
		else:
			self.close(status)

	def compensates(self, status: str) -> bool:
		"""Whether what the run has done is undone before it ends like this."""
		if self._definition is None or not self._definition.compensates:
			return False
		return status == FAILED or (status == CANCELLED and self.compensating)

	def begin_to_undo(self, status: str, **failure: Any) -> None:
		"""Nothing runs any more; what has succeeded is undone, the last one first, and then the run ends."""
		self.compensating = True
		new = RUNNING if self.status == WAITING else self.status
		self.set_run(new, ending=status, compensating=True, **failure)
		self.note(undoes=True)

	def undo(self, key: Key) -> None:
		"""Let what undoes a step run begin, as a step run of its own."""
		step, item = key[0], undo_of(key[1])
		self.note(undo=key)
		if self.status != PAUSED:
			self._ready.append(Ready(step, item, 1, self.definition.by_id[step].priority))

	def close(self, status: str, **more: Any) -> None:
		"""The run has ended."""
		self.set_run(status, ending=status, has_ended=True, **more)
		if self.compensating:
			self.compensating = False
			self.set_run(status, compensating=False)
		if status == SUCCEEDED and self._definition and self._definition.goes_on_after_failures:
			self.note(counts_failures=True)
		if self.before.is_child:
			self.note(ended_child=True)
		if self._waits or self._definition is None or self._definition.limits.run_timeout:
			self._forget_waits()
		if self._definition is None or self._definition.limits.concurrent_runs:
			self.free(None)

	def _forget_waits(self) -> None:
		self._waits.clear()
		self.note(forgets_waits=True)
		self._withdraw()

	def _withdraw(self) -> None:
		if self._definition is None or self._definition.asks_people:
			self.note(withdraws=True)

	def cancel_items(self, step: str) -> None:
		"""Cancel the items of a failed `for_each` step that have not begun."""
		assert self.before.places is not None
		for place in self.before.places:
			if place.step == step and place.item and not place.begun:
				self._leaves.append(place)
				self.free((step, place.item))
				if place.table == LEASE:
					self.set_step(step, place.item, CANCELLED, old=RUNNING)
		self._cancelled_items.append(step)
		self._withdraw()

	def go_over(self, definition: Definition) -> None:
		"""Go on with another version of the workflow."""
		old = self.definition
		self._definition = definition
		new_steps = tuple(step for step in definition.steps if step.id not in old.by_id)
		old_steps = tuple(step.id for step in old.steps if step.id not in definition.by_id)
		self.states = {step.id: self.states.get(step.id, PENDING) for step in definition.steps}
		self.note(new_steps=new_steps, old_steps=old_steps)

	def set_back(self, steps: Iterable[str]) -> None:
		"""Make steps as they were when the run started."""
		for step in steps:
			check_step_change(self.states[step], PENDING)
			self._resets.append(StepChange(step, 0, self.states[step], PENDING))
			self.states[step] = PENDING
			self.branches.pop(step, None)
