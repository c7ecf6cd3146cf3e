"""A drainer against one `frappe.enqueue` per step, on the same RQ worker: the steps and the jobs do nothing.

The worker is one process of the bench that forks for each job. Every step's result, run and history are written; of a
job nothing remains.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import frappe
from frappe.utils.background_jobs import get_queue, get_workers
from rq import Worker
from rq.worker import WorkerStatus

from benchmarks import work
from benchmarks.report import Figure, Promise, shown
from benchmarks.windows import Size, in_turns
from dogansystem.homes.frappe.doorbell import QUEUE
from dogansystem.homes.frappe.site import FrappeSite

PROMISE = Promise("at least", 15, aim=25)
NOTHING = "frappe.ping"  # the job: a function of Frappe's that only returns a word
PATIENCE = 120.0  # seconds for one window
LOOK_INTERVAL = 0.005  # seconds between two looks at the queue in Redis
SETTLED = 20  # looks in a row that must find nothing to do


def measure(where: str, site: FrappeSite, size: Size) -> Iterator[Figure]:
	"""One worker must have been started for the queue, and drainers must not linger: the jobs need it again."""
	_wait_until(lambda: get_workers(get_queue(QUEUE)))
	(worker,) = get_workers(get_queue(QUEUE))
	for shape in work.SHAPES:
		pairs = in_turns(
			partial(_steps_rate, worker, site, shape, size.worker_steps),
			partial(_jobs_rate, worker, size.jobs),
			size.worker_rounds,
		)
		yield Figure.of(
			where,
			f"drainer / a job for each step, {shape}",
			pairs.ratios,
			"x",
			PROMISE,
			steps=shown(pairs.first.median, "/s"),
			jobs=shown(pairs.second.median, "/s"),
		)


def _jobs_rate(worker: Worker, jobs: int) -> float:
	"""Jobs per second, counted from the moment all of them are in the queue, so that filling it costs them nothing."""
	goal = _executed(worker) + jobs
	for _ in range(jobs):
		frappe.enqueue(NOTHING, queue=QUEUE)
	left = goal - _executed(worker)
	started = time.perf_counter()
	_wait_until(lambda: _executed(worker) >= goal)
	return left / (time.perf_counter() - started)


def _executed(worker: Worker) -> int:
	worker.refresh()
	if worker.failed_job_count:
		raise RuntimeError(f"a job on the queue {QUEUE!r} failed; logs/worker.log of the bench says why")
	return int(worker.successful_job_count)


def _steps_rate(worker: Worker, site: FrappeSite, shape: str, steps: int) -> float:
	"""Steps per second from the ring until the last step is finished; the job that becomes the drainer included."""
	goal = _executed(worker) + 1
	expected = work.prepare(site, shape, steps)
	rang_at = site.local_time(site.now())
	site.doorbell.ring()
	_wait_until(lambda: _executed(worker) >= goal)
	_wait_until(lambda: _is_idle(worker))
	done, finished_at = _finished_since(site, rang_at)
	if done != expected:
		raise RuntimeError(
			f"{done} steps of {expected} were executed; logs/worker.log of the bench may say why"
		)
	return done / (finished_at - rang_at).total_seconds()


def _is_idle(worker: Worker) -> bool:
	"""Whether the worker has nothing to do, for long enough to be no pause between two jobs.

	A drainer that has much to do rings for another one. Its job comes behind and must not meet the next window.
	"""
	for _ in range(SETTLED):
		worker.refresh()
		if get_queue(QUEUE).count or worker.get_state() != WorkerStatus.IDLE:
			return False
		time.sleep(LOOK_INTERVAL)
	return True


def _finished_since(site: FrappeSite, moment: datetime) -> tuple[int, datetime]:
	rows = site.database.sql(
		"SELECT COUNT(*), MAX(finished_at) FROM `tabDogan Step Run` WHERE status = 'Succeeded' AND finished_at >= %s",
		(moment,),
	)
	site.database.rollback()
	return rows[0]


def _wait_until(question: Callable[[], object]) -> None:
	until = time.monotonic() + PATIENCE
	while time.monotonic() < until:
		if question():
			return
		time.sleep(LOOK_INTERVAL)
	raise RuntimeError(f"the worker has not worked off its queue within {PATIENCE:.0f} seconds")
