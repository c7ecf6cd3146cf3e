"""The tick: once a minute, whatever the number of schedulers, it does what nobody else may have noticed.

Drainers do the same chores while they live. The tick is for the time when none does: it fires what is due, takes over
from the dead, completes what a crash left between two transactions, and rings while work waits. That is why Redis may
lose everything at any moment. Each part is on its own: one that fails is told of and stops none of the others.
"""

import random
import time
from functools import partial

from dogansystem.engine.states import CANCELLED, FAILED, SUCCEEDED
from dogansystem.people import settling
from dogansystem.protocol import Database, Settings, Site
from dogansystem.store import cutting, history, queue, samples, signals, state
from dogansystem.store.moment import moment
from dogansystem.triggers import planning
from dogansystem.worker import chores, fitness, items
from dogansystem.worker.control import Control
from dogansystem.worker.failing import alone
from dogansystem.worker.writer import Writer

TURN = 20.0  # seconds: a tick that comes sooner after another one leaves the work to it
MAX_ROUNDS = 100  # of timers in one tick
ROUNDS_SECONDS = (
	40.0  # after which the next tick goes on with them: thousands of documents may be due at once
)
SAMPLE_INTERVAL = 50.0  # seconds: a little less than between two ticks, of which one may be late
MAX_COMPLETED = 1000  # `for_each` steps that one tick looks at, the next one at others
DAY = 86_400.0  # seconds
PURGE_SECONDS = 5.0  # that one tick spends on counting, and on deleting each state; the next one goes on
PURGED = 100  # runs deleted in one transaction


def tick(site: Site) -> bool:
	"""Do what is due. False when another tick has just done it, or has to: this one leads to a second writer, or this node's
	code is too old for the tables."""
	control = Control(site)
	try:
		if control.run(fitness.is_too_old):
			fitness.tell_if_too_old(site)
			return False
		if Writer(site, control).is_elsewhere():
			return False
		if not control.run(lambda db: state.take_turn(db, "tick", site.now(), TURN)):
			return False
		alone(site, "plan", lambda: _plan_lost(site, control), None)
		until = time.monotonic() + ROUNDS_SECONDS
		for _ in range(MAX_ROUNDS):
			if not chores.do(site, control) or time.monotonic() > until:
				break
		alone(site, "items", lambda: _complete_items(site, control), None)
		alone(site, "approvals", lambda: settling.look_for_nobody(site), 0)
		alone(site, "ring", lambda: _ring_for_work(site, control), None)
		alone(site, "sample", lambda: sample(site, control), None)
		alone(site, "retention", lambda: look_after_history(site, control), None)
		alone(site, "signals", lambda: _forget_signals(site, control), None)
		alone(site, "prompts", lambda: _cut_prompts(site, control), None)
		return True
	finally:
		control.close()


def _complete_items(site: Site, control: Control) -> None:
	"""Complete `for_each` steps whose last item's process died before it could look."""
	found = control.run(queue.open_for_each_steps)
	if len(found) > MAX_COMPLETED:  # not the first ones: those whose items wait for people stay for days
		found = random.sample(found, MAX_COMPLETED)
	for run, step in found:
		items.close_items(site, control, run, step)


def _plan_lost(site: Site, control: Control) -> None:
	"""Plan again what nothing waits for."""
	site.database.rollback()  # documents are read as they are now
	for workflow in control.run(partial(planning.without_wait, site)):
		alone(site, "plan", partial(_plan, site, control, workflow), None, workflow=workflow)


def _plan(site: Site, control: Control, workflow: str) -> None:
	control.run(lambda db: planning.plan(site, db, workflow, moment(site)))


def _ring_for_work(site: Site, control: Control) -> None:
	if not control.run(queue.is_empty):
		site.doorbell.ring()


def sample(site: Site, control: Control) -> bool:
	"""Add up what all processes measured, and look how full everything is. False: another process has just done it."""

	def take(db: Database) -> bool:
		now = site.now()
		if not state.take_turn(db, "sample", now, SAMPLE_INTERVAL):
			return False
		samples.fold(db, now)
		samples.observe(db, now)
		samples.forget(db, now)
		return True

	return control.run_or_leave(take, False)


def look_after_history(site: Site, control: Control) -> None:
	"""Count the runs that have ended and delete those past their time, for some seconds."""
	until = time.monotonic() + PURGE_SECONDS
	while time.monotonic() < until and control.run_or_leave(history.count, 0) == history.BATCH:
		pass
	for status, days in kept_days(site.settings()).items():
		if days:
			_purge(site, control, status, days)


def _forget_signals(site: Site, control: Control) -> None:
	before = site.now() - max(1, site.settings().signal_retention) * DAY
	until = time.monotonic() + PURGE_SECONDS
	while time.monotonic() < until:
		if control.run_or_leave(lambda db: signals.forget(db, before, PURGED), 0) < PURGED:
			return


def _cut_prompts(site: Site, control: Control) -> None:
	"""Cut what AI agents were asked and have said, some days after their asks, or their runs, have ended."""
	days = site.settings().ai_retention
	if not days:
		return
	at, before = moment(site), site.now() - days * DAY
	until = time.monotonic() + PURGE_SECONDS
	for cut in (
		lambda db: cutting.cut_ended(db, before, PURGED, at),
		lambda db: cutting.cut_left(db, moment(site, before).text, PURGED, at),
	):
		while time.monotonic() < until and control.run_or_leave(cut, 0) == PURGED:
			pass


def kept_days(settings: Settings) -> dict[str, int]:
	"""For how many days runs are kept after they ended, by the state they ended in; 0: for ever."""
	unsuccessful = settings.keep_failed_days or settings.keep_finished_days
	return {SUCCEEDED: settings.keep_finished_days, FAILED: unsuccessful, CANCELLED: unsuccessful}


def _purge(site: Site, control: Control, status: str, days: int) -> None:
	before = moment(site, site.now() - days * DAY).text
	until = time.monotonic() + PURGE_SECONDS
	runs: list[str] = [""] * PURGED
	while len(runs) == PURGED and time.monotonic() < until:
		runs = control.run_or_leave(lambda db: history.purge(db, status, before, PURGED), [])
		if runs:
			site.runs_deleted(runs)
