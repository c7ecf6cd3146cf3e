"""Takeover: the steps of a process that has died, or is believed to have, go on elsewhere, each of them once."""

import random
from functools import partial

from dogansystem.engine import log, outcomes
from dogansystem.engine.errors import Timeout
from dogansystem.engine.outcomes import Failed
from dogansystem.protocol import Database, Site
from dogansystem.store import names, nodes, processes, runs, samples
from dogansystem.store.attempts import Attempt, Finished, finish
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import moment
from dogansystem.store.processes import Process
from dogansystem.worker import failing, identity, items
from dogansystem.worker.control import Control
from dogansystem.worker.failing import alone, definition_of, without_unreadable
from dogansystem.worker.tally import lost_attempt

SILENT = 0.95  # of the lease, after which a process counts as dead: its steps go on before the lease is over


def marks_of(process: int) -> tuple[str, str]:
	"""The names of a process's connections: the one its steps work on, and the control connection."""
	return f"{process}.work", f"{process}.control"


def give_back(site: Site, control: Control, process: int) -> int:
	"""Return what a process has claimed and not begun; gives how many steps went back to the queue."""
	return without_unreadable(site, control, lambda: control.run(partial(_give_back, site, process)))


def _give_back(site: Site, process: int, db: Database) -> int:
	return runs.give_back(db, process, definition_of(site, db), moment(site))


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
			items.close(site, control, lease.run, step_id)
	# With `why` this is the heartbeat's thread, which must not use the site's own connection.
	if why is None:
		items.tell_changed(site, lease.run)
	return finished is not None
