"""What has to be done beside the steps, by whichever process comes first: due timers, wait queues, dead processes' steps.

Every chore is fenced by a row, so that any number of processes may do them at the same moment. What another process has
locked is left for another time. Each chore, each timer and each process taken over is on its own: one that fails is told
of and stops none of the others.
"""

import random
import time
from functools import partial

from dogansystem.engine import log, outcomes
from dogansystem.engine.changes import Changes
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import Timeout
from dogansystem.engine.outcomes import Failed
from dogansystem.people import settling
from dogansystem.protocol import Database, Site
from dogansystem.store import (
	admission,
	approvals,
	names,
	nodes,
	processes,
	queue,
	runs,
	samples,
	state,
)
from dogansystem.store.attempts import Attempt, Finished, finish
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import moment
from dogansystem.store.processes import Process
from dogansystem.store.queue import Wait
from dogansystem.triggers import planning
from dogansystem.worker import disabling, failing, identity, notices, signalling
from dogansystem.worker.control import Control
from dogansystem.worker.failing import alone, definition_of, without_unreadable
from dogansystem.worker.tally import lost_attempt

TURN = 0.5  # seconds between two rounds of chores, for all processes of the site together
SILENT = 0.95  # of the lease, after which a process counts as dead: its steps go on before the lease is over
MAX_TIMERS = 100  # handled in one round, so that a step that became ready meanwhile gets its turn
WAIT_PAUSE = 30.0  # seconds for which this process leaves a timer alone whose handling has failed
LOCKED_PAUSE = 2.0  # seconds for which it leaves those of a run that somebody has locked
LOCKED = "locked"

# Since when (time.monotonic()) and why, by site and number.
_left_alone: dict[tuple[str, int], tuple[float, bool | str | None]] = {}


def do(site: Site, control: Control, *, in_turns: bool = False, own: int | None = None) -> int:
	"""Do all chores once; gives how many things happened. `own` is the caller's number, if it is a registered process.

	`in_turns`: the dead are left to another process, if one has just looked for them: a site with a hundred processes needs
	that no more often than one with two. What is in a wait queue is let in at once: a run that has just started may be what
	this process was rung for.
	"""

	def look_after_dead() -> int:
		is_due = not in_turns or control.run(lambda db: state.take_turn(db, "chores", site.now(), TURN))
		return take_over_silent(site, control, own) if is_due else 0

	happened = alone(site, "takeover", look_after_dead, 0)
	happened += alone(site, "timers", lambda: fire_timers(site, control), 0)
	happened += alone(site, "signals", lambda: deliver_signals(site, control), 0)
	happened += alone(site, "approvals", lambda: tell_ends(site, control), 0)
	happened += alone(site, "admission", lambda: admit(site, control), 0)
	alone(site, "notices", lambda: _tell_of_failures(site, control), None)
	return happened


def _tell_of_failures(site: Site, control: Control) -> None:
	"""Disable what fails all the time, and tell people of what has failed."""
	for workflow in notices.failing(site, control):
		alone(site, "disabling", partial(disabling.look, site, workflow), False)
		alone(site, "notice", partial(notices.send, site, workflow), False)


def admit(site: Site, control: Control) -> int:
	"""Let in what is in a wait queue as far as there is room; gives how many came in."""

	def let_in(db: Database) -> int:
		return admission.admit(db, definition_of(site, db), moment(site))

	return without_unreadable(site, control, lambda: control.run_or_leave(let_in, 0))


def marks_of(process: int) -> tuple[str, str]:
	"""The names of a process's connections: the one its steps work on, and the control connection."""
	return f"{process}.work", f"{process}.control"


def give_back(site: Site, control: Control, process: int) -> int:
	"""Return what a process has claimed and not begun; gives how many steps went back to the queue."""
	return without_unreadable(site, control, lambda: control.run(partial(_give_back, site, process)))


def _give_back(site: Site, process: int, db: Database) -> int:
	return runs.give_back(db, process, definition_of(site, db), moment(site))


def _tell(site: Site, run: str) -> None:
	"""Tell people that a run has changed, after a commit on the other connection."""
	site.runs_changed([run])
	site.database.commit()


def tell_ends(site: Site, control: Control) -> int:
	"""Tell people of approvals that are settled; gives of how many."""
	return settling.tell_ends(site, control.run(settling.to_tell))


# Timers and items


def fire_timers(site: Site, control: Control) -> int:
	"""Handle what is due, each timer in a transaction of its own; gives how many. One that fails is left for a while, and so
	are those of a run that somebody has locked."""
	due = control.run(lambda db: queue.due_waits(db, site.now(), MAX_TIMERS + len(_left_alone)))
	fired, locked = 0, set()
	for wait in due:
		key = (site.name, wait.id)
		since, why = _left_alone.get(key, (float("-inf"), None))
		if time.monotonic() - since < (LOCKED_PAUSE if why else WAIT_PAUSE):
			continue
		_left_alone.pop(key, None)
		about = {"run": wait.run, "kind": wait.kind}
		done: bool | str | None = LOCKED
		if wait.run not in locked:
			done = alone(site, "timer", partial(_tried, site, control, wait), None, **about)
		if done == LOCKED:
			locked.add(wait.run)
		if done in (LOCKED, None):
			_left_alone[key] = (time.monotonic(), done)
		fired += done is True
	return fired


def _tried(site: Site, control: Control, wait: Wait) -> bool | str | None:
	"""Fire a timer; LOCKED if somebody has locked what it is about."""
	try:
		return _fire(site, control, wait)
	except Exception as error:
		if not site.database.is_conflict(error):
			raise
		site.database.rollback()
		return LOCKED


def _fire(site: Site, control: Control, wait: Wait) -> bool | None:
	if wait.kind in (approvals.KIND, approvals.REMINDER):
		return settling.fire(site, wait)
	if wait.kind not in queue.RUN_KINDS:
		return planning.fire(site, wait, lambda work: control.run_or_leave(work, None))
	made = without_unreadable(site, control, lambda: control.run(lambda db: _wake(site, db, wait), tries=2))
	if made and made.check_items:
		close_items(site, control, str(wait.run), names.parts(str(wait.step_run))[0])
	_tell(site, str(wait.run))
	return made is not None


def _wake(site: Site, db: Database, wait: Wait) -> Changes | None:
	definition = definition_of(site, db)(str(wait.run))
	return runs.wake(db, wait, definition, moment(site))


def deliver_signals(site: Site, control: Control) -> int:
	"""End the waits for signals that were sent, and start what they start; gives how many things happened."""

	def go_on(run: str, step_run: str, made: Changes) -> None:
		if made.check_items:
			close_items(site, control, run, names.parts(step_run)[0])
		_tell(site, run)

	return signalling.deliver(site, control, go_on)


def close_items(
	site: Site,
	control: Control,
	run: str,
	step: str,
	definition: Definition | None = None,
	*,
	broken: bool = True,
) -> bool:
	"""Complete a `for_each` step if its last item is finished; True when its run went on or ended by it.

	If it cannot be done now, the tick does it. `definition` is the run's, where the caller has it.
	"""
	close = partial(_close_items, site, control, run, step, definition, broken)
	return alone(site, "items", close, False, run=run)


def _close_items(
	site: Site, control: Control, run: str, step: str, definition: Definition | None, broken: bool
) -> bool:
	def close(db: Database) -> bool:
		of_run = definition or definition_of(site, db)(run)
		return runs.close_items(db, run, of_run, step, moment(site), is_broken=broken)

	return without_unreadable(site, control, lambda: control.run_or_leave(close, False))


# Takeover


def take_over_silent(site: Site, control: Control, own: int | None = None) -> int:
	"""Take over the steps of processes whose heartbeat has stopped, or that have ended on this node; gives how many steps.

	Never those of the caller itself: its machine has slept, and its next heartbeat is due, or tells it that another process
	has declared it dead.
	"""
	others = [each for each in control.run(processes.every) if abs(each.id) != own]
	if any(_is_silent(site, each) for each in others):
		site.refresh_clock()  # by a clock that is wrong they all look dead
	return sum(
		alone(site, "takeover", partial(take_over, site, control, each), 0, process=each.id)
		for each in others
		if _is_silent(site, each) or identity.is_gone(each.pid_space, each.pid)
	)


def _is_silent(site: Site, process: Process) -> bool:
	"""Whether a process's heartbeat has stopped. One from the future is of before the database's clock was put back, or of
	a process that does not know: it registers again, or else its steps would wait until then."""
	since, lease = site.now() - process.beat_at, site.settings().lease
	return since > lease * SILENT or since < -lease


def abandon(site: Site, control: Control, number: int) -> None:
	"""Take over from this very process, whose main thread is in an attempt that its timeout could not end.

	Only where its transaction can be ended from here; otherwise it ends with the process, or its lease runs out.
	"""
	if not control.run(lambda db: db.end(marks_of(number)[0])):
		return
	text = "The attempt took longer than the step's timeout and could not be interrupted; its worker was given up."
	for process in control.run(processes.every):
		if process.id == number:
			take_over(site, control, process, outcomes.failed(Timeout(text)))


def take_over(site: Site, control: Control, process: Process, why: Failed | None = None) -> int:
	"""Return what a dead process had claimed; what it had begun counts as an attempt that failed, with WorkerLost unless
	`why` says something else. Gives how many steps."""
	# The process may only be stopped, or its machine has lost power, in the middle of a transaction: nobody shall wait for
	# its locks, and the lock of its own row comes first.
	number = abs(process.id)
	work_mark, control_mark = marks_of(number)
	if why is None:
		control.run(lambda db: db.end(control_mark))
	if not control.run(lambda db: _declare_dead(site, db, process)):
		return 0
	control.run(lambda db: db.end(work_mark))
	log.event(log.WARNING, "takeover", process=number, worker=process.worker, node=process.node)
	back = partial(_give_back, site, number)
	taken = without_unreadable(site, control, lambda: control.run_or_leave(back, 0))
	for lease, begun_at in control.run(lambda db: processes.begun_leases(db, number)):
		taken += _fail_lost(site, control, process, lease, begun_at, why)
	control.run(lambda db: processes.leave(db, -number))
	return taken


def _declare_dead(site: Site, db: Database, process: Process) -> bool:
	if not processes.declare_dead(db, process):
		return False
	if process.id > 0 and process.node != identity.node():  # the node of a process that takes over is alive
		nodes.lost(db, process.node, site.now())
	return True


def _fail_lost(
	site: Site, control: Control, process: Process, lease: Lease, begun_at: float, why: Failed | None
) -> bool:
	outcome = why or Failed(
		("WorkerLost",),
		f"Worker {process.worker} was killed or stopped responding while it executed attempt {lease.attempt}.",
	)
	step_id, item = names.parts(lease.step_run)

	def fail(db: Database) -> Finished | None:
		definition = definition_of(site, db)(lease.run)
		started = moment(site, begun_at)
		attempt = Attempt(lease, definition, definition.step_of(step_id, item), item, started, process.worker)
		finished = finish(db, attempt, outcome, moment(site), stick=False, chance=random.random())
		if finished is None:
			db.rollback()
		else:
			samples.note(db, site.now(), lost_attempt(process.node, definition.name))
		return finished

	finished = without_unreadable(site, control, lambda: control.run_or_leave(fail, None))
	if finished:
		name = "step.retry" if finished.again else "step.failed"
		log.event(log.WARNING, name, error_type=outcome.type, message=outcome.message, **failing.facts(lease))
		if finished.check_items:
			_close_items(site, control, lease.run, step_id, None, True)
	# With `why` this is the heartbeat's thread, which must not use the site's own connection.
	if why is None:
		_tell(site, lease.run)
	return finished is not None
