"""Waking a drainer of a bench: one that lingers on a Redis list, or else a new RQ job.

Redis may lose any of this at any moment; the tick rings again while work waits. The keys start with `rq:` because
Frappe's Redis users may touch nothing else.
"""

import logging
import time
import uuid
from collections.abc import Callable
from functools import cached_property

import frappe
import redis
from frappe.utils import get_bench_id

from dogansystem.engine import log
from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.cache import may_be_away
from dogansystem.homes.frappe.queues import FALLBACK_QUEUE, QUEUE

DRAIN = "dogansystem.jobs.drain"

LISTEN = 2.0  # seconds a listener counts as listening; after that one that was killed is ignored
# No job is enqueued while a drain job of the site waits: all workers are busy then, and more jobs of this site would only
# delay another site's. Where none waits, one more is enqueued after this gap. So all workers of a node that joins are at
# work within a second or two; if each drainer called the next, that would take as many starts of a job.
CALL_GAP = 0.05  # seconds
# The gap where it cannot be known: no worker of our queue is known, or the queue is too long to be searched. A drainer
# that starts ends it. It is short, because it also lasts when the job was lost.
GUARD = 15.0  # seconds
LOOKED_THROUGH = 200  # jobs that wait

JOB = "dogansystem-drain"  # how the ids of drain jobs begin
LOOKED_AT = 20  # jobs that wait in a queue, the first of them

# Listeners are a set sorted by the time their listening ends, by the clock of Redis.
_RING = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) > redis.call('LLEN', KEYS[2]) then
	redis.call('RPUSH', KEYS[2], '1')
	redis.call('PEXPIRE', KEYS[2], ARGV[1])
	return 'woken'
end
local workers = redis.call('SCARD', KEYS[4]) > 0
local queue = workers and KEYS[5] or KEYS[6]
for _, job in ipairs(redis.call('LRANGE', queue, 0, ARGV[4] - 1)) do
	if string.sub(job, 1, #ARGV[5]) == ARGV[5] then return 'called' end
end
local gap = ARGV[3]
if not workers or redis.call('LLEN', queue) > tonumber(ARGV[4]) then gap = ARGV[2] end
if redis.call('SET', KEYS[3], '1', 'NX', 'PX', gap) then
	if workers then return 'workers' end
	return 'no workers'
end
return 'called'
"""
_LISTEN = """
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] + time[2] / 1000000 + ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], 60000)
"""

logger = logging.getLogger(__name__)


class Doorbell:
	"""The doorbell of one site. `before_wait` is called when a drainer has nothing to do."""

	def __init__(self, site: str, before_wait: Callable[[], None] = lambda: None) -> None:
		self._before_wait = before_wait
		prefix = f"rq:dogansystem:{get_bench_id()}:{site}"
		self._listeners, self._bell, self._guard = f"{prefix}:listeners", f"{prefix}:bell", f"{prefix}:called"
		self._workers = compat.workers_key(QUEUE)
		self._has_queue = compat.has_queue(QUEUE)
		self._queue, self._fallback = compat.queue_key(QUEUE), compat.queue_key(FALLBACK_QUEUE)
		self._id = uuid.uuid4().hex
		self._own_jobs = compat.job_id(JOB).encode()

	@cached_property
	def redis(self) -> redis.Redis:
		return compat.queue_connection()

	def ring(self) -> None:
		"""Wake one drainer: one that lingers, else a new one. Never raises."""
		try:
			queue = self._queue if self._has_queue else self._fallback
			keys = (self._listeners, self._bell, self._guard, self._workers, queue, self._fallback)
			times = (int(seconds * 1000) for seconds in (LISTEN, GUARD, CALL_GAP))
			answer = self.redis.eval(_RING, len(keys), *keys, *times, LOOKED_THROUGH, self._own_jobs)
			if answer in (b"workers", b"no workers"):
				self._call(has_workers=answer == b"workers")
		except (redis.RedisError, *compat.REFUSES_JOBS) as error:
			logger.warning("the doorbell could not be rung; the tick will: %s", error)
		except Exception:
			logger.exception("the doorbell could not be rung; the tick will")

	def wait(self, seconds: float) -> bool:
		"""Listen for at most `seconds`; True when it rang."""
		self._before_wait()
		deadline = time.monotonic() + seconds
		try:
			with may_be_away(log.WARNING):
				while (left := deadline - time.monotonic()) > 0:
					turn = min(left, LISTEN)
					self.redis.eval(_LISTEN, 1, self._listeners, turn, self._id)
					if self.redis.blpop([self._bell], timeout=max(turn, 0.01)):
						return True
				with self.redis.pipeline() as pipe:  # a ring that came since the last listening still counts
					return pipe.zrem(self._listeners, self._id).lpop(self._bell).execute()[1] is not None
			time.sleep(max(0.0, min(deadline - time.monotonic(), 1.0)))
			return False
		finally:
			with may_be_away():
				self.redis.zrem(self._listeners, self._id)

	def others_wait(self, queue: str) -> bool:
		"""Whether a job that is no drain job of this site waits in an RQ queue, given by its key's own name."""
		with may_be_away():
			waiting = self.redis.lrange(f"rq:queue:{queue}", 0, LOOKED_AT - 1)
			return any(not job.startswith(self._own_jobs) for job in waiting)
		return False

	def answered(self) -> None:
		"""A drainer that was called has come: the next ring may call another."""
		with may_be_away(log.WARNING):
			self.redis.delete(self._guard)

	def remove(self) -> None:
		"""Delete all keys: for uninstalling."""
		self.redis.delete(self._listeners, self._bell, self._guard)

	def _call(self, has_workers: bool) -> None:
		"""Enqueue a drain job: on our queue if the bench has it and somebody works on it, else on `long`."""
		queues = [QUEUE if has_workers and self._has_queue else FALLBACK_QUEUE]
		if not has_workers and self._has_queue and not self.redis.llen(self._queue):
			# After Redis was emptied it knows no workers, although they may be listening.
			queues.append(QUEUE)
		try:
			for queue in queues:
				# Each with its own id: a worker that died would keep a fixed one occupied.
				frappe.enqueue(DRAIN, queue=queue, job_id=f"{JOB}-{uuid.uuid4().hex}")
		except Exception:
			self.answered()
			raise
