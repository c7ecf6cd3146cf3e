"""Admission: letting in what waits for a slot, runs where their workflow's limit has room, steps where an agent is free.

Nobody takes a slot in a document's transaction or while claiming. Whoever frees a slot or joins a wait queue calls `admit`
after its commit, idle drainers and the tick do too; each admission is one short transaction.
"""

import random
from dataclasses import dataclass

from dogansystem.engine import log
from dogansystem.engine.changes import Changes
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import NotFound
from dogansystem.engine.events import Admitted, Refused
from dogansystem.engine.rates import parse_rate
from dogansystem.engine.run_state import RunState
from dogansystem.protocol import Database
from dogansystem.store import agents, changes, faults, names, queue, rates, run_state, runs
from dogansystem.store.changes.fences import QueueFence
from dogansystem.store.moment import Moment
from dogansystem.store.runs import DefinitionOf

CONFLICTS = 3  # lost races for the head of a wait queue, or for its run, before it is left for another time
FIRST_COME = 0.1  # of the admissions go to whoever has waited longest
MAX_RESOURCES = 1000  # wait queues looked at in one call, others in the next one


@dataclass(frozen=True, slots=True)
class Waiter:
	"""The head of a wait queue."""

	id: int
	resource: str
	run: str
	step_run: str | None
	attempt: int


def admit(db: Database, definition_of: DefinitionOf, at: Moment) -> int:
	"""Let in as many as there is room for, committing each; gives how many came in.

	`definition_of` gives the definition of a run by the run's name. Raises the first error of a queue, after the other queues.
	"""
	queues = [resource for (resource,) in db.sql("SELECT DISTINCT resource FROM dogan_line")]
	db.rollback()
	if len(queues) > MAX_RESOURCES:  # not the first ones: these may be full for days
		queues = random.sample(queues, MAX_RESOURCES)
	admitted, errors = 0, []
	for resource in queues:
		try:
			admitted += _admit_queue(db, resource, definition_of, at)
		except Exception as error:
			if db.is_lost(error):
				raise
			db.rollback()
			errors.append(error)
	if errors:
		raise errors[0]
	return admitted


def _admit_queue(db: Database, resource: str, definition_of: DefinitionOf, at: Moment) -> int:
	admitted = conflicts = 0
	while conflicts < CONFLICTS:
		try:
			came_in = _admit_head(db, resource, definition_of, at)
		except Exception as error:
			db.rollback()
			if not (db.is_conflict(error) or db.is_duplicate(error)):
				raise
			conflicts += 1  # lost a race for the slot; look again
			continue
		if came_in is None:
			break
		admitted += came_in
	return admitted


def _admit_head(db: Database, resource: str, definition_of: DefinitionOf, at: Moment) -> int | None:
	"""Let in the head of a wait queue: 1, or 0 when it left the queue otherwise; None when it has to wait."""
	db.begin()
	# Now and then whoever has waited longest, whatever its priority, so that urgent ones starve nobody.
	order = "id" if random.random() < FIRST_COME else "lane, id"
	rows = db.sql(
		f"SELECT id, resource, run, step_run, attempt FROM dogan_line WHERE resource = %s ORDER BY {order} LIMIT 1",
		(resource,),
	)
	result = None
	if rows:
		waiter = Waiter(*rows[0])
		definition = _definition(waiter, definition_of)
		if definition is None:
			result = _let_go(db, waiter, at)
		elif waiter.step_run is None:
			result = _admit_run(db, waiter, definition, definition_of, at)
		else:
			result = _admit_step(db, waiter, definition, at)
	if result is None:
		db.rollback()
	else:
		faults.point("admission.before_commit")
		db.commit()
		faults.point("admission.after_commit")
	return result


def _definition(waiter: Waiter, definition_of: DefinitionOf) -> Definition | None:
	"""What a run goes by; None if somebody has deleted it by hand."""
	try:
		return definition_of(waiter.run)
	except NotFound:
		return None


def _let_go(db: Database, waiter: Waiter, at: Moment) -> int:
	"""A run that is gone leaves its place."""
	changes.write(db, waiter.run, Changes(), at, fence=QueueFence(waiter.id))
	return 0


def _refuse(
	db: Database, waiter: Waiter, definition: Definition, event: Refused, at: Moment
) -> Changes | None:
	made = runs.happen(db, waiter.run, definition, event, at, fence=QueueFence(waiter.id))
	if made is None:
		db.rollback()
	return made


def _admit_run(
	db: Database, waiter: Waiter, definition: Definition, definition_of: DefinitionOf, at: Moment
) -> int | None:
	limits = definition.limits
	# A limit that a newer version has lifted would leave capacity 0 here: the run's own version decides.
	admitted = _admit_run_to_slot(db, waiter, definition, at)
	if admitted is not None:
		return admitted
	if limits.when_full == "skip":
		message = f"Skipped: {limits.concurrent_runs} runs of {definition.name} are under way (limits.concurrent_runs)."
		_refuse(db, waiter, definition, Refused("LimitReached", message), at)
		return 0
	if limits.when_full == "replace" and _cancel_oldest(db, waiter.resource, definition_of, at):
		# The one that was cancelled gives back its slot when its last step has finished: now, or later.
		return _admit_run_to_slot(db, waiter, definition, at) or 0
	return None


def _admit_run_to_slot(db: Database, waiter: Waiter, definition: Definition, at: Moment) -> int | None:
	state = run_state.lock(db, waiter.run, definition)  # before the slots: in the order of locks
	number = queue.free_slot(db, waiter.resource, definition.limits.concurrent_runs)
	if number is None:
		return None
	return _let_in(db, waiter, state, Admitted(waiter.resource, number), at)


def _let_in(db: Database, waiter: Waiter, state: RunState | None, event: Admitted, at: Moment) -> int:
	if state is None:
		return _let_go(db, waiter, at)
	made = runs.follow(db, state, event, at, fence=QueueFence(waiter.id))
	if made is None:
		db.rollback()  # somebody else has let it in
	return int(bool(made and made.takes))


def _cancel_oldest(db: Database, resource: str, definition_of: DefinitionOf, at: Moment) -> bool:
	"""Cancel the oldest run under the limit, unless one is being cancelled already. Run names are sorted by time."""
	holders = db.sql(
		"SELECT s.holder, r.ending FROM dogan_slot s JOIN `tabDogan Workflow Run` r ON r.name = s.holder"
		" WHERE s.resource = %s ORDER BY s.holder",
		(resource,),
	)
	if not holders or any(ending for _, ending in holders):
		return False
	runs.cancel(db, holders[0][0], definition_of(holders[0][0]), at)
	return True


def _has_rate(db: Database, resource: str, rate: str, at: Moment) -> bool:
	"""Whether an agent may be given one more step now; if so, it counts. A step that may not waits, and is no failure."""
	try:
		allowed = parse_rate(rate)
	except ValueError as error:  # written past the form: its steps wait, and nobody else's
		log.event(log.WARNING, "agent.rate", resource=resource, message=str(error))
		return False
	return allowed is None or rates.take(db, resource, *allowed, at.seconds)


def _admit_step(db: Database, waiter: Waiter, definition: Definition, at: Moment) -> int | None:
	step_id, item = names.parts(str(waiter.step_run))
	step = definition.by_id[step_id]
	candidates = agents.candidates(db, step)
	if not candidates:
		problem = agents.why_none(db, step)
		if problem is None:
			return None  # there is one, but it is disabled: the step waits for it
		made = _refuse(
			db, waiter, definition, Refused(type(problem).__name__, str(problem), step_id, item), at
		)
		if made and made.check_items:
			db.commit()
			runs.close_items(db, waiter.run, definition, step_id, at)
		return 0
	state = run_state.lock(db, waiter.run, definition)
	for agent in candidates:
		resource = f"agent:{agent.name}"
		number = queue.free_slot(db, resource, agent.capacity)
		if number is not None and _has_rate(db, resource, agent.rate, at):
			event = Admitted(resource, number, step_id, item, waiter.attempt, agent.name)
			return _let_in(db, waiter, state, event, at)
	return None
