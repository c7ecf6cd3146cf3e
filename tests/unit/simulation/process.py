"""A process of the simulation: it does what `worker.drainer` does, one transaction at a time, and can die after each."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from dogansystem.actions.base import StepContext
from dogansystem.engine import current, ordinary, transition
from dogansystem.engine.definition import ASKING, Definition, Step
from dogansystem.engine.errors import LimitReached, WrongState
from dogansystem.engine.events import Attempted
from dogansystem.engine.outcomes import (
	Continues,
	Done,
	Expanded,
	Failed,
	Outcome,
	Skipped,
	Stops,
	Waits,
	failed,
)
from dogansystem.engine.outputs import encode
from dogansystem.engine.signals import subject_of
from dogansystem.engine.states import PENDING, RUNNING
from dogansystem.store import context, names, processes, reads, run_state, runs, versions
from dogansystem.store.attempts import Attempt, Finished, finish
from dogansystem.store.changes import claims
from dogansystem.store.changes.statements import is_contested
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment, moment
from dogansystem.triggers.starting import start_run
from dogansystem.worker import failing
from tests.unit.simulation.definitions import ASKS, BELOW, ERRORS, PERSON
from tests.unit.simulation.invariants import Broken

if TYPE_CHECKING:
	from tests.unit.simulation.world import World

ELSEWHERE = "another node"  # so that nobody asks this machine whether the process lives
MAX_CLAIMED = 4
MAX_ITEMS = 5
MAX_CHILDREN = 2  # runs below each other


class Process:
	"""What it holds in memory is lost when it crashes; what it holds in the database is not."""

	def __init__(self, world: "World", number: int, *, obliging: bool = False):
		"""`obliging`: every step it executes succeeds at once."""
		self.world = world
		self.worker = f"worker {number}"
		self.stalled = False
		self.gone = False
		self._obliging = obliging
		self._floor = claims.Floor()
		self._seq = 0
		self._batch: deque[Lease] = deque()
		self._definitions: dict[str, Definition] = {}  # of the runs it has had in hand
		self._begun: int | None = None  # number of the lease that was begun with the last commit
		self._in_hand: Lease | None = None
		self._is_successor = False
		self._to_do: deque[Callable[[], object]] = deque()
		at = moment(world.place)
		self.id = world.control.run(
			lambda db: processes.register(db, ELSEWHERE, ELSEWHERE, number, self.worker, at)
		)

	def __repr__(self) -> str:
		return self.worker

	@property
	def chance(self) -> Random:
		return self.world.chance

	# Working

	def go_on(self) -> str:
		"""Do the next thing, in one transaction; gives what it was."""
		if self._to_do:
			self._to_do.popleft()()
			return "followed up"
		if self._in_hand:
			return self._finish(self._in_hand)
		if self._batch:
			return self._begin()
		return self._claim()

	def _claim(self) -> str:
		at, limit = moment(self.world.place), self.chance.randint(1, MAX_CLAIMED)
		leases = self.world.control.run(
			lambda db: claims.claim(db, self.id, self.worker, self._seq, limit, self._floor, at)
		)
		if leases and not self.world.is_registered(self.id):
			raise Broken(
				"a_fenced_owner_changes_nothing", f"{self.worker} was declared dead and claimed {leases}"
			)
		self._seq += len(leases)
		self._batch.extend(leases)
		self._definitions |= {each.run: self._definition(each.run) for each in leases}
		if leases:
			self._to_do.append(lambda: self._show_running(leases))
		elif not self.world.is_registered(self.id):
			self.gone = True
		return f"claimed {[each.step_run for each in leases]}"

	def _definition(self, run: str) -> Definition:
		db = self.world.place.watcher
		found = versions.load(self.world.place, reads.version_of_run(db, run), db)
		db.rollback()
		return found

	def _show_running(self, leases: list[Lease]) -> None:
		at = moment(self.world.place)
		self.world.control.run(lambda db: claims.show_runs_running(db, {each.run for each in leases}, at))

	def _begin(self) -> str:
		lease = self._batch.popleft()
		at = moment(self.world.place)
		if lease.seq != self._begun:
			held = self.world.holds(lease)
			if self.world.control.run(lambda db: claims.begin(db, lease, at)) != held:
				raise Broken(
					"a_fenced_owner_changes_nothing", f"{self.worker} began {lease.step_run}, held: {held}"
				)
			if not held:
				return f"found {lease.step_run} taken back"
		self._in_hand, self._is_successor = lease, False
		return f"began {lease.step_run}"

	def _finish(self, lease: Lease) -> str:
		place = self.world.place
		db = place.database
		held = self.world.holds(lease)
		before = None if held else place.dump()
		definition = self._definitions[lease.run]
		step_id, item = names.parts(lease.step_run)
		step = definition.step_of(step_id, item)
		at = moment(place)
		items = self._count_items(lease) if item else 0
		is_child = context.load_runs(place.watcher, [lease.run])[lease.run].cause == current.CHILD
		place.watcher.rollback()
		attempt = Attempt(lease, definition, step, item, at, self.worker, items, is_child)
		db.begin()
		outcome = self._outcome(step, item, lease)
		self._act(lease, outcome)
		self.world.known.stopped |= {lease.run} if isinstance(outcome, Stops) else set()
		if held:
			self._compare_paths(attempt, outcome, at)
		finished = self._write_in_either_way(
			db,
			attempt,
			outcome,
			at,
			stick=self.chance.random() < 0.7,
			chance=self.chance.random(),
			behind=self._batch[0] if self._batch else None,
			commit=held or self.chance.random() < 0.5,
		)
		self._in_hand = None
		if (finished is not None) != held:
			raise Broken(
				"a_fenced_owner_changes_nothing", f"{self.worker} finished {lease.step_run}, held: {held}"
			)
		if finished is None:
			db.rollback()
			if place.dump() != before:
				raise Broken(
					"a_fenced_owner_changes_nothing", f"{self.worker} lost {lease.step_run} and changed rows"
				)
			return f"had lost {lease.step_run}"
		self._after(finished, attempt)
		return f"finished {lease.step_run}: {type(outcome).__name__}"

	def _write_in_either_way(self, *rest: Any, **named: Any) -> Finished | None:
		"""By what is assumed of the run where that is possible, or, now and then, in any case with the run under lock."""
		if self.chance.random() < 0.7:
			return finish(*rest, **named)
		with patch.object(ordinary, "changes", lambda *_: None):
			return finish(*rest, **named)

	def _compare_paths(self, attempt: Attempt, outcome: Outcome, at: Moment) -> None:
		"""What is decided from what is assumed of a run is what is decided of the run under lock."""
		lease, step, item = attempt.lease, attempt.step, attempt.item
		event = Attempted(step.id, item, lease.attempt, outcome, lease.agent, 0.5, True)
		assumed = ordinary.changes(
			attempt.definition, lease.run, step, event, attempt.items, attempt.is_child
		)
		if assumed is None:
			return
		known = run_state.read(self.world.place.database, lease.run, attempt.definition, event, at)
		if known is None or known.status != RUNNING or known.ending:
			return  # the guard of the statement notices
		contested = [each for each in assumed.steps if is_contested(attempt.definition, each)]
		if any(known.states[each.step] != PENDING for each in contested):
			return  # and so does this one's
		if assumed != transition.decide(known, event):
			raise Broken("what_is_assumed_is_so", f"{lease.step_run}: {assumed}, and it is {known}")

	def _act(self, lease: Lease, outcome: Outcome) -> None:
		"""The effect of the step's action, in the step's transaction."""
		kind = {Done: "done", Stops: "done", Waits: "wait"}.get(type(outcome))
		definition = self._definitions[lease.run]
		if kind == "wait" and definition.by_id[names.parts(lease.step_run)[0]].is_in_parts:
			return  # it acts when it is done, however often it has waited before
		if kind:
			self.world.place.database.execute(
				"INSERT INTO sim_effect (step_run, generation, kind, process) VALUES (%s, %s, %s, %s)",
				(lease.step_run, self.world.known.generations[lease.step_run], kind, self.id),
			)

	def _after(self, finished: Finished, attempt: Attempt) -> None:
		self._begun = finished.begun.seq if finished.begun else None
		if finished.successor:
			self._in_hand, self._is_successor = finished.successor, True
		if finished.freed:
			self._to_do.append(self.world.admit)
		begun = finished.begun
		another = begun and begun.is_of(attempt.lease.run, attempt.step.id)
		if finished.check_items and (finished.broken or not another):
			self._to_do.append(lambda: self._close_items(attempt, finished.broken))

	def _close_items(self, attempt: Attempt, broken: bool) -> None:
		run, step = attempt.lease.run, attempt.step.id
		at = moment(self.world.place)
		if self.world.control.run(
			lambda db: runs.close_items(db, run, attempt.definition, step, at, is_broken=broken)
		):
			self._to_do.append(self.world.admit)

	def _count_items(self, lease: Lease) -> int:
		return self.world.control.run(lambda db: reads.items_at_most(db, lease.run))

	def _outcome(self, step: Step, item: int, lease: Lease) -> Outcome:
		chance, output = self.chance, encode({"index": item - 1} if item > 0 else {}, "")
		if step.for_each is not None and not item:
			return Expanded([encode(number, "") for number in range(chance.randint(0, MAX_ITEMS))])
		if item >= 0 and step.action.startswith("flow.") and (self._obliging or chance.random() < 0.8):
			return self._steered(step, lease)
		if step.is_in_parts and item >= 0:
			return self._part(step, lease, output)
		if self._obliging:
			return Done(output)
		if item < 0:  # what undoes a step neither waits nor steers
			return Done(output) if chance.random() < 0.7 else Failed((chance.choice(ERRORS),), "by chance")
		if step.has_condition and chance.random() < 0.2:
			return Skipped()
		roll = chance.random()
		if roll < 0.68:
			return Done(output)
		if roll < 0.85:
			error = chance.choice(ERRORS)
			return Failed((error,), f"{error} by chance")
		if roll < 0.97 or item:
			return Waits(self.world.place.now() + chance.choice([1, 30, 600]), output)
		return Stops(chance.choice(["Succeeded", "Failed"]), "enough", output)

	def _part(self, step: Step, lease: Lease, output: str) -> Outcome:
		"""What an attempt of an AI agent comes to: the next part begins at once, later, or when people or a run let it."""
		chance = self.chance
		if self._obliging or (roll := chance.random()) < 0.3:
			return Done(output, chance.choice(("answered", "gave_up")))
		if roll < 0.55:
			return Continues()
		if roll < 0.7:
			return Continues(self.world.place.now() + chance.choice([1, 30, 600]))
		if roll < 0.8:
			return self._asked(replace(step, action=ASKS["action"], params=ASKS["params"]), lease)
		if roll < 0.9:
			return self._started(replace(step, params={"workflow": BELOW}), lease)
		return Failed((chance.choice(ERRORS),), "by chance")

	def _steered(self, step: Step, lease: Lease) -> Outcome:
		"""What the action of a step comes to that steers the run itself."""
		if step.action == "flow.choose":
			branch = self.chance.choice(("yes", "no", "else"))
			return Done(encode({"branch": branch}, ""), branch)
		if step.action == "flow.wait_for":
			until = self.world.place.now() + 600 if "deadline" in step.params else None
			return Waits(until, kind="signal", key=subject_of(step.params["signal"]))
		if step.action in ASKING:
			return self._asked(step, lease)
		return self._started(step, lease)

	def _asked(self, step: Step, lease: Lease) -> Outcome:
		"""Ask people, as the action does."""
		place = self.world.place
		about: Any = {"workflow": "", "step": step.id, "item": None, "attempt": lease.attempt, "user": PERSON}
		context_of_step = StepContext(
			site=place, run=lease.run, idempotency_key=lease.step_run, now=place.now(), **about
		)
		wait = place.actions()[step.action].run(dict(step.params), context_of_step)
		return Waits(wait.until, kind=wait.kind, key=wait.key)

	def _started(self, step: Step, lease: Lease) -> Outcome:
		"""Start a run of another workflow, in the step's transaction, and wait for it."""
		place = self.world.place
		data = context.load_runs(place.database, [lease.run])[lease.run]
		if data.depth >= MAX_CHILDREN:
			return failed(LimitReached("deep enough"))
		token = current.current.set(current.Cause(lease.run, step.id, data.depth))
		try:
			given = {"customer": "A", "items": [1, 2]}
			about: Any = {"cause": current.CHILD, "started_by": PERSON, "input": given}
			run = start_run(place, place.database, step.params["workflow"], moment(place), **about)
		except (LimitReached, WrongState) as error:  # so many of its runs have failed that it was disabled
			return failed(error)
		finally:
			current.current.reset(token)
		return Waits(None, kind="child", key=run)

	# What else may happen to it

	def beat(self) -> str:
		"""Say that it lives, if it does."""
		at = moment(self.world.place)
		alive = self.world.is_registered(self.id)
		if self.world.control.run(lambda db: processes.beat(db, self.id, at, 0, 0)) != alive:
			raise Broken("a_fenced_owner_changes_nothing", f"{self.worker} beat, registered: {alive}")
		return "beat"

	def give_back(self) -> str:
		"""Return what is claimed and not begun, because the step in hand is slow. It does not know that in memory."""
		at = moment(self.world.place)
		return f"gave back {self.world.control.run(lambda db: self._return(db, at))}"

	def _return(self, db, at) -> int:
		return runs.give_back(db, self.id, failing.definition_of(self.world.place, db), at)

	def reconnect(self) -> str:
		"""It has lost its connection, with all that was not committed, and begins anew."""
		self._batch.clear()
		self._to_do.clear()
		self._in_hand = None
		self.world.control.run(lambda db: claims.unbegin_all(db, self.id))
		return "reconnected, " + self.give_back()

	def leave(self) -> str:
		"""SIGTERM: what is in hand is finished, the rest goes back."""
		while self._in_hand and not self._is_successor:
			self.go_on_with_hand()
		if self._in_hand:
			lease = self._in_hand
			self.world.control.run(lambda db: claims.unbegin(db, lease))
		elif self._batch and self._batch[0].seq == self._begun:
			lease = self._batch[0]
			self.world.control.run(lambda db: claims.unbegin(db, lease))
		said = self.give_back()
		self.world.control.run(lambda db: processes.leave(db, self.id))
		while self._to_do:
			self._to_do.popleft()()
		self.gone = True
		return said

	def go_on_with_hand(self) -> None:
		assert self._in_hand
		self._finish(self._in_hand)

	def crash(self) -> str:
		"""Die, with all it knew."""
		self.gone = True
		return "crashed"
