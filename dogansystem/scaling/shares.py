"""Where the time of a busy worker goes, and from where on a share of it is too much.

Its processor time is measured per attempt. How many statements are being executed, and how many of those wait for a row
lock, is looked at many times within some seconds: their mean over the busy workers is the share of time that a worker
spends there (as with Oracle's active session history, and by Little's law). What is left is waiting for others: web
services, mail servers, timers.
"""

from dataclasses import dataclass

from dogansystem.scaling.evidence import Evidence

PATIENCE = 1.0  # seconds that a step may stand ready before it counts as one that waits
LOCK_SHARE = 0.25  # of a worker's time spent waiting for row locks, from which on they are the bottleneck
CONFLICTS = 0.5  # transactions repeated per step, from which on the same is true without anybody waiting long
DATABASE_SHARE = 0.5  # of a worker's time spent in statements
POOL_SHARE = 0.25  # the same, where many pages have to be read from disk
MISSES = 0.01  # share of pages not in memory; InnoDB is taken to be well off above 99 %
MISSES_PER_SECOND = 50.0  # below which even a slow disk has nothing to do
WARM = 600.0  # seconds after which a server's buffer pool has been filled by what is used
CPU_SHARE = 0.7  # of all cores of the nodes, used by the workers
MACHINE_BUSY = 0.9  # of all cores, used by anybody …
MACHINE_SHARE = 0.25  # … of which the workers use at least this
ALL_BUSY = 0.8  # of the workers there are


@dataclass(frozen=True, slots=True)
class Shares:
	"""Where the time of a busy worker goes. They need not add up to 1: statements run on processors, too."""

	cpu: float
	database: float
	locks: float
	cores: float  # of all cores of the nodes, what the workers use; 0: not known

	@property
	def waiting(self) -> float:
		"""What is left: waiting for something outside."""
		return max(0.0, 1 - self.cpu - self.database - self.locks)


def shares_of(evidence: Evidence) -> Shares:
	"""Where the time of a busy worker goes."""
	recent, busy = evidence.recent, evidence.workers.busy
	cpu = min(recent.cpu / recent.run, 1.0) if recent.run else 0.0
	locks, database = 0.0, recent.database / recent.run if recent.run else 0.0
	if evidence.database and busy >= 0.5:
		locks = min(evidence.database.lock_waiting / busy, 1.0)
		running = min(evidence.database.running / busy, 1.0)
		database = max(0.0, running - locks)
	cores = sum(each.cores or 0.0 for each in evidence.nodes if each.alive)
	return Shares(
		round(cpu, 3), round(database, 3), round(locks, 3), round(busy * cpu / cores, 3) if cores else 0.0
	)
