"""What has to be done beside the steps, by whichever process comes first: due timers, wait queues, dead processes' steps.

Every chore is fenced by a row, so that any number of processes may do them at the same moment. What another process has
locked is left for another time. Each chore, each timer and each process taken over is on its own: one that fails is told
of and stops none of the others.
"""

import time
from functools import partial

from dogansystem.engine.changes import Changes
from dogansystem.people import settling
from dogansystem.protocol import Database, Site
from dogansystem.store import (
	admission,
	approvals,
	names,
	queue,
	runs,
	state,
)
from dogansystem.store.moment import moment
from dogansystem.store.queue import Wait
from dogansystem.triggers import planning
from dogansystem.worker import disabling, items, notices, signalling, takeover
from dogansystem.worker.control import Control
from dogansystem.worker.failing import alone, definition_of, without_unreadable

TURN = 0.5  # seconds between two rounds of chores, for all processes of the site together
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
		return takeover.take_over_silent(site, control, own) if is_due else 0

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
		items.close_items(site, control, str(wait.run), names.parts(str(wait.step_run))[0])
	items.tell_changed(site, str(wait.run))
	return made is not None


def _wake(site: Site, db: Database, wait: Wait) -> Changes | None:
	definition = definition_of(site, db)(str(wait.run))
	return runs.wake(db, wait, definition, moment(site))


def deliver_signals(site: Site, control: Control) -> int:
	"""End the waits for signals that were sent, and start what they start; gives how many things happened."""

	def go_on(run: str, step_run: str, made: Changes) -> None:
		if made.check_items:
			items.close_items(site, control, run, names.parts(step_run)[0])
		items.tell_changed(site, run)

	return signalling.deliver(site, control, go_on)
