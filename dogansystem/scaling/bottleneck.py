"""What holds work up now: exactly one thing, with the numbers that say so and what to do about it.

Where the time of a busy worker goes: its processor time is measured per attempt. How many statements are being executed,
and how many of those wait for a row lock, is looked at many times within some seconds: their mean over the busy workers
is the share of time that a worker spends there (as with Oracle's active session history, and by Little's law). What is
left is waiting for others: web services, mail servers, timers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dogansystem.health.throughput import MINUTE
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.words import listed, number, percent, seconds, size, some

IDLE, WORKERS, CPU, DATABASE = "idle", "workers", "cpu", "database"
LOCKS, POOL, CONNECTIONS, CAPACITY = "locks", "buffer_pool", "connections", "capacity"

PATIENCE = 1.0  # seconds that a step may stand ready before it counts as one that waits
LOCK_SHARE = 0.25  # of a worker's time spent waiting for row locks, from which on they are the bottleneck
CONFLICTS = 0.5  # transactions repeated per step, from which on the same is true without anybody waiting long
DATABASE_SHARE = 0.5  # of a worker's time spent in statements
POOL_SHARE = 0.25  # the same, where many pages have to be read from disk
MISSES = 0.01  # share of pages not in memory; InnoDB is taken to be well off above 99%
MISSES_PER_SECOND = 50.0  # below which even a slow disk has nothing to do
WARM = 600.0  # seconds after which a server's buffer pool has been filled by what is used
CPU_SHARE = 0.7  # of all cores of the nodes, used by the workers
MACHINE_BUSY = 0.9  # of all cores, used by anybody …
MACHINE_SHARE = 0.25  # … of which the workers use at least this
ALL_BUSY = 0.8  # of the workers there are

Said = tuple[str, str, str]  # title, a sentence that proves it beside the common ones, remedy


@dataclass(frozen=True, slots=True)
class Shares:
	"""Where the time of a busy worker goes. They need not add up to 1: statements run on processors, too."""

	cpu: float
	database: float
	locks: float
	waiting: float  # what is left: waiting for something outside
	cores: float  # of all cores of the nodes, what the workers use; 0: not known


@dataclass(frozen=True, slots=True)
class Diagnosis:
	"""The bottleneck: its `name` for programs, `title`, the sentences that prove it, and what to do."""

	name: str
	title: str
	evidence: tuple[str, ...]
	remedy: str
	shares: Shares


def shares_of(evidence: Evidence) -> Shares:
	"""Where the time of a busy worker goes."""
	recent, busy, server = evidence.recent, evidence.workers.busy, evidence.database
	cpu = min(recent.cpu / recent.run, 1.0) if recent.run else 0.0
	locks, database = 0.0, recent.database / recent.run if recent.run else 0.0
	if server and busy >= 0.5:
		locks = min(server.lock_waiting / busy, 1.0)
		database = max(0.0, min(server.running / busy, 1.0) - locks)
	cores = sum(each.cores or 0.0 for each in evidence.nodes if each.alive)
	shares = (
		cpu,
		database,
		locks,
		max(0.0, 1 - cpu - database - locks),
		busy * cpu / cores if cores else 0.0,
	)
	return Shares(*(round(each, 3) for each in shares))


def diagnose(evidence: Evidence) -> Diagnosis:
	"""Name the bottleneck: the first rule that holds. What is refused or not let in never becomes a worker's time."""
	shares = shares_of(evidence)
	for name, rule in RULES:
		if said := rule(evidence, shares):
			title, proof, remedy = said
			sentences = (*_common(evidence, shares), *filter(None, [proof]))
			return Diagnosis(name, title, sentences, remedy, shares)
	raise AssertionError("the last rule always holds")


def _common(evidence: Evidence, shares: Shares) -> Iterator[str]:
	"""What is true of every situation: what waits, what is done, and what workers do meanwhile."""
	queue, recent = evidence.queue, evidence.recent
	oldest = f", the oldest for {seconds(queue.oldest_ready_seconds)}" if queue.ready else ""
	in_line = some(queue.in_line, "step or run waits", "steps or runs wait")
	yield f"{some(queue.ready, 'step is', 'steps are')} ready{oldest}; {in_line} for a slot."
	if recent.count:
		done = some(recent.count, "step was", "steps were")
		waited = f"95% of them had waited {seconds(recent.wait_p95 or 0)} at most"
		span = "minute" if recent.seconds == MINUTE else "hour"
		yield f"{done} done in the last {span}; {waited}."
	if evidence.workers_there:
		yield f"{number(round(evidence.workers.busy, 1))} of {some(evidence.workers_there, 'worker')} are busy."
	if recent.count and evidence.workers.busy:
		yield (
			f"A busy worker spends {percent(shares.waiting)} of its time waiting for others, {percent(shares.database)} in"
			f" the database, {percent(shares.locks)} waiting for row locks, and {percent(shares.cpu)} on the processor"
			+ (f": all of them use {percent(shares.cores)} of the nodes' cores." if shares.cores else ".")
		)


# The rules: each says what holds work up if it is this, else nothing.


def _connections(evidence: Evidence, shares: Shares) -> Said | None:
	server = evidence.database
	if server is None or not (server.refused or server.connections >= server.max_connections):
		return None
	proof = (
		f"MariaDB allows {some(server.max_connections, 'connection')}, and {server.connections} are open. It refused"
		f" {server.refused:,} within the last {seconds(server.seconds)}, {server.refused_ever:,} since it started."
	)
	return (
		"Too few connections",
		proof,
		"Raise max_connections, as written below; more workers would only be refused.",
	)


def _capacity(evidence: Evidence, shares: Shares) -> Said | None:
	queue = evidence.queue
	workers_keep_up = queue.oldest_ready_seconds <= PATIENCE
	if not queue.lines or queue.in_line < 1 or not (workers_keep_up or queue.in_line >= queue.ready):
		return None
	line = queue.lines[0]
	kind, _, name = line.resource.partition(":")
	if kind == "workflow":
		workflow, _, key = name.partition(":")
		proof = f"{line.waiting} wait for the limit of the workflow {workflow}" + (
			f" for {key}." if key else "."
		)
		remedy = f"Raise limits.concurrent_runs of the workflow {workflow}, if what it protects allows it."
		return f"Workflow limit reached: {workflow}", proof, remedy
	who = f"the agent {name}" if kind == "agent" else f"an agent with the capability {name}"
	proof = f"{line.waiting} wait for {who}: {line.busy} of {line.capacity} slots taken."
	if not line.capacity:
		remedy = f"Enable {who}: none is that could take them."
	elif kind == "agent":
		remedy = f"Raise the capacity of {who}, or give its steps to a capability that several have."
	else:
		remedy = f"Raise the capacity of the agents with the capability {name}, or enable one more."
	return f"Agent capacity reached: {name}", f"{proof} More workers do not help.", remedy


def _idle(evidence: Evidence, shares: Shares) -> Said | None:
	if evidence.queue.oldest_ready_seconds > PATIENCE or evidence.queue.in_line >= 1:
		return None
	return "Idle: nothing waits", "", "Nothing has to be done."


def _locks(evidence: Evidence, shares: Shares) -> Said | None:
	conflicts, server = evidence.recent.conflicts, evidence.database
	if conflicts < CONFLICTS and not (shares.locks >= LOCK_SHARE and shares.locks >= shares.database):
		return None
	deadlocks = f" {some(server.deadlocks, 'deadlock')} in {seconds(server.seconds)}." if server else ""
	return (
		"Lock bound",
		f"{conflicts:.2f} transactions per step were lost and repeated.{deadlocks}",
		"Steps change the same rows. Give them to one agent with capacity 1, limit the workflow's concurrent_runs,"
		" or change fewer rows in a step: more workers would wait for the same rows.",
	)


def _pool(evidence: Evidence, shares: Shares) -> Said | None:
	server = evidence.database
	if server is None or shares.database < POOL_SHARE:
		return None
	per_second = server.disk_reads / server.seconds
	is_full = server.working_set > server.buffer_pool or server.wait_free > 0 or server.uptime > WARM
	if server.miss_rate < MISSES or per_second < MISSES_PER_SECOND or not is_full:
		return None
	proof = (
		f"{percent(server.miss_rate)} of the pages that statements ask for are not in memory: {number(per_second)} a second"
		f" are read from disk. The buffer pool has {size(server.buffer_pool)}; this site's tables and indexes have"
		f" {size(server.working_set)}."
	)
	return "Small buffer pool", proof, "Raise innodb_buffer_pool_size, as written below."


def _database(evidence: Evidence, shares: Shares) -> Said | None:
	if shares.database < DATABASE_SHARE:
		return None
	title, server = "Database bound", evidence.database
	if server is None:
		return title, "", "SQLite lets one write at a time: use a MariaDB sandbox, or a site."
	return (
		title,
		f"A small transaction takes {seconds(server.commit_seconds)} with its commit.",
		"Give the database more processors or a faster disk, or a machine of its own; look at its slow query log for"
		" statements that lack an index. More workers would only ask it for more.",
	)


def _cpu(evidence: Evidence, shares: Shares) -> Said | None:
	busiest = max((each.cpu_busy or 0.0 for each in evidence.nodes if each.alive), default=0.0)
	if shares.cores < CPU_SHARE and not (shares.cores >= MACHINE_SHARE and busiest >= MACHINE_BUSY):
		return None
	recent = evidence.recent
	return (
		"CPU bound",
		f"A step takes {seconds(recent.cpu)} of the processor and {seconds(recent.run)} in all.",
		"Add cores: a larger machine, or another node. More workers on the same cores would only share them.",
	)


def _workers(evidence: Evidence, shares: Shares) -> Said | None:
	title, workers, there = "Starved of workers", evidence.workers, evidence.workers_there
	if not there:
		proof = f"No worker listens to the queue {workers.queue}".rstrip() + "."
		return title, proof, "Start workers: nothing runs without them."
	if workers.busy < ALL_BUSY * there:
		remedy = (
			"Workers are there and do not come: see whether others than this site's jobs keep them busy, whether Redis"
			" answers and the scheduler runs."
		)
		return title, "", remedy
	full = listed([each.name for each in evidence.nodes if (each.cpu_busy or 0) >= MACHINE_BUSY])
	if full:
		proof = f"The processors of {full} are busy with other programs."
		return title, proof, f"Add workers on another node: {full} has no processor to spare."
	return title, "", "Add workers."


RULES = (
	(CONNECTIONS, _connections),
	(CAPACITY, _capacity),
	(IDLE, _idle),
	(LOCKS, _locks),
	(POOL, _pool),
	(DATABASE, _database),
	(CPU, _cpu),
	(WORKERS, _workers),
)
NAMES = tuple(name for name, _ in RULES)
