"""What holds work up now: exactly one thing, with the numbers that say so and what to do about it.

Where the time of a busy worker goes: its processor time is measured per attempt. How many statements are being executed,
and how many of those wait for a row lock, is looked at many times within some seconds: their mean over the busy workers
is the share of time that a worker spends there (as with Oracle's active session history, and by Little's law). What is
left is waiting for others: web services, mail servers, timers.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dogansystem.scaling.evidence import Evidence, Line, Server
from dogansystem.scaling.words import listed, percent, rate, seconds, size, some

IDLE, WORKERS, CPU, DATABASE = "idle", "workers", "cpu", "database"
LOCKS, POOL, CONNECTIONS, CAPACITY = "locks", "buffer_pool", "connections", "capacity"

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

Said = tuple[str, list[str], str]  # title, sentences, remedy


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
	of_cores = busy * cpu / cores if cores else 0.0
	return Shares(round(cpu, 3), round(database, 3), round(locks, 3), round(of_cores, 3))


def diagnose(evidence: Evidence) -> Diagnosis:
	"""Name the bottleneck. The order matters: what is refused or not let in never becomes a worker's time."""
	shares = shares_of(evidence)
	for name, applies, says in _RULES:
		if applies(evidence, shares):
			title, sentences, remedy = says(evidence, shares)
			return Diagnosis(name, title, tuple(sentences), remedy, shares)
	raise AssertionError("the last rule always applies")


# When each applies


def _are_connections_short(evidence: Evidence, shares: Shares) -> bool:
	server = evidence.database
	return server is not None and (server.refused > 0 or server.connections >= server.max_connections)


def _is_capacity_reached(evidence: Evidence, shares: Shares) -> bool:
	queue = evidence.queue
	workers_keep_up = queue.oldest_ready_seconds <= PATIENCE
	return bool(queue.lines) and queue.in_line >= 1 and (workers_keep_up or queue.in_line >= queue.ready)


def _is_idle(evidence: Evidence, shares: Shares) -> bool:
	return evidence.queue.oldest_ready_seconds <= PATIENCE and evidence.queue.in_line < 1


def _are_locks_in_the_way(evidence: Evidence, shares: Shares) -> bool:
	many = evidence.recent.conflicts >= CONFLICTS
	return many or (shares.locks >= LOCK_SHARE and shares.locks >= shares.database)


def _is_pool_small(evidence: Evidence, shares: Shares) -> bool:
	server = evidence.database
	if server is None or shares.database < POOL_SHARE:
		return False
	reads_disk = server.miss_rate >= MISSES and server.disk_reads / server.seconds >= MISSES_PER_SECOND
	is_full = server.working_set > server.buffer_pool or server.wait_free > 0 or server.uptime > WARM
	return reads_disk and is_full


def _is_cpu_short(evidence: Evidence, shares: Shares) -> bool:
	busiest = max((each.cpu_busy or 0.0 for each in evidence.nodes if each.alive), default=0.0)
	return shares.cores >= CPU_SHARE or (shares.cores >= MACHINE_SHARE and busiest >= MACHINE_BUSY)


# What each says


def _connections(evidence: Evidence, shares: Shares) -> Said:
	server = _server(evidence)
	sentences = [
		f"MariaDB allows {some(server.max_connections, 'connection')}; {server.connections} are open, and"
		f" {server.connections_highest} were at most.",
		f"It refused {some(server.refused, 'connection')} within the last {seconds(server.seconds)},"
		f" {server.refused_ever:,} since it started.",
	]
	remedy = "Raise max_connections, as written below; more workers would only be refused."
	return "Too few connections", sentences, remedy


def _capacity(evidence: Evidence, shares: Shares) -> Said:
	queue, line = evidence.queue, evidence.queue.lines[0]
	kind, _, name = line.resource.partition(":")
	workflow, _, key = name.partition(":")
	what = f"the {kind} {name}"
	if kind == "workflow":
		what = f"the limit of the workflow {workflow}" + (f" for {key}" if key else "")
	slots = f", which has {line.busy} of {line.capacity} slots taken." if line.capacity else "."
	sentences = [
		f"{some(queue.in_line, 'step or run', 'steps or runs')} wait for a slot, and {round(queue.ready):,} for a worker.",
		f"{line.waiting} of them wait for {what}{slots}",
		f"{_busy(evidence)}: more of them do not help.",
	]
	is_workflow = kind == "workflow"
	title = f"Workflow limit reached: {workflow}" if is_workflow else f"Agent capacity reached: {name}"
	return title, sentences, _capacity_remedy(line, kind, workflow if is_workflow else name)


def _capacity_remedy(line: Line, kind: str, name: str) -> str:
	if line.capacity == 0:
		whom = f"the agent {name}" if kind == "agent" else f"an agent with the capability {name}"
		return f"Enable {whom}: none is that could take them."
	if kind == "workflow":
		return f"Raise limits.concurrent_runs of the workflow {name}, if what it protects allows it."
	if kind == "agent":
		return f"Raise the capacity of the agent {name}, or give its steps to a capability that several have."
	return f"Raise the capacity of the agents with the capability {name}, or enable one more."


def _idle(evidence: Evidence, shares: Shares) -> Said:
	recent = evidence.recent
	sentences = [
		f"{some(evidence.queue.ready, 'step is', 'steps are')} ready, none for longer than"
		f" {seconds(PATIENCE)}; nothing waits for a slot."
	]
	if recent.count:
		sentences.append(
			f"{some(recent.count, 'step')} in the last {seconds(recent.seconds)}, of which 95 % waited"
			f" {seconds(recent.wait_p95 or 0)} at most."
		)
	return "Idle: nothing waits", [*sentences, f"{_busy(evidence)}."], "Nothing has to be done."


def _locks(evidence: Evidence, shares: Shares) -> Said:
	server, recent = evidence.database, evidence.recent
	sentences = [
		*_waiting(evidence),
		f"A busy worker spends {percent(shares.locks)} of its time waiting for row locks.",
	]
	if server:
		sentences.append(
			f"In {seconds(server.seconds)} there were {server.lock_waits} waits for rows, {seconds(server.lock_seconds)}"
			f" in all, and {some(server.deadlocks, 'deadlock')}; {server.lock_waiting:.1f} statements stood waiting"
			" at a time."
		)
	if recent.conflicts:
		sentences.append(f"{recent.conflicts:.2f} transactions per step were lost and repeated.")
	return (
		"Lock bound",
		sentences,
		"Steps change the same rows. Give them to one agent with capacity 1, limit the workflow's concurrent_runs,"
		" or change fewer rows in a step: more workers would wait for the same rows.",
	)


def _pool(evidence: Evidence, shares: Shares) -> Said:
	server = _server(evidence)
	sentences = [
		*_waiting(evidence),
		f"{percent(server.miss_rate)} of the pages that statements ask for are not in memory:"
		f" {rate(server.disk_reads / server.seconds)} pages a second are read from disk.",
		f"The buffer pool has {size(server.buffer_pool)}; this site's tables and indexes have {size(server.working_set)}.",
		f"A busy worker spends {percent(shares.database)} of its time in the database.",
	]
	return "Small buffer pool", sentences, "Raise innodb_buffer_pool_size, as written below."


def _database(evidence: Evidence, shares: Shares) -> Said:
	title, server = "Database bound", evidence.database
	sentences = [
		*_waiting(evidence),
		f"A busy worker spends {percent(shares.database)} of its time in the database,"
		f" and {percent(shares.cpu)} on the processor.",
	]
	if server is None:
		return title, sentences, "SQLite lets one write at a time: use a MariaDB sandbox, or a site."
	sentences += [
		f"{server.running:.1f} statements are being executed at a time, {server.lock_waiting:.1f} of them waiting for locks;"
		f" {percent(1 - server.miss_rate)} of the pages they need are in memory.",
		f"A small transaction takes {seconds(server.commit_seconds)} with its commit.",
	]
	return (
		title,
		sentences,
		"Give the database more processors or a faster disk, or a machine of its own; look at its slow query log for"
		" statements that lack an index. More workers would only ask it for more.",
	)


def _cpu(evidence: Evidence, shares: Shares) -> Said:
	cores = sum(each.cores or 0.0 for each in evidence.nodes if each.alive)
	sentences = [
		*_waiting(evidence),
		f"A step takes {seconds(evidence.recent.cpu)} of the processor and {seconds(evidence.recent.run)} in all:"
		f" a busy worker computes {percent(shares.cpu)} of its time.",
		f"{round(evidence.workers.busy, 1):g} busy workers so use {percent(shares.cores)} of {some(cores, 'core')}.",
	]
	sentences += [
		f"{each.name} said {seconds(each.age or 0)} ago that its processors were {percent(each.cpu_busy)} busy."
		for each in evidence.nodes
		if each.cpu_busy is not None
	]
	remedy = (
		"Add cores: a larger machine, or another node. More workers on the same cores would only share them."
	)
	return "CPU bound", sentences, remedy


def _workers(evidence: Evidence, shares: Shares) -> Said:
	title, workers, there = "Starved of workers", evidence.workers, evidence.workers_there
	sentences = _waiting(evidence)
	if not there:
		what = f"No worker listens to the queue{' ' + workers.queue if workers.queue else ''}."
		return title, [*sentences, what], "Start workers: nothing runs without them."
	sentences.append(f"{_busy(evidence)}.")
	if workers.busy < ALL_BUSY * there:
		return (
			title,
			sentences,
			"Workers are there and do not come: see whether others than this site's jobs keep them busy, whether Redis"
			" answers and the scheduler runs.",
		)
	sentences.append(
		f"A busy worker spends {percent(shares.waiting)} of its time waiting for others, {percent(shares.database)} in the"
		f" database and {percent(shares.cpu)} on the processor."
	)
	full = [each.name for each in evidence.nodes if (each.cpu_busy or 0) >= MACHINE_BUSY]
	if full:
		sentences.append(f"The processors of {listed(full)} are busy with other programs.")
		return title, sentences, f"Add workers on another node: {listed(full)} has no processor to spare."
	if shares.cores:
		sentences.append(f"They use {percent(shares.cores)} of the nodes' cores: there is room for more.")
	return title, sentences, "Add workers."


def _waiting(evidence: Evidence) -> list[str]:
	queue, recent = evidence.queue, evidence.recent
	found = [
		f"{some(queue.ready, 'step is', 'steps are')} ready, the oldest for {seconds(queue.oldest_ready_seconds)}."
	]
	if recent.count:
		done = some(recent.count, "step was", "steps were")
		found.append(f"{done} done in the last {seconds(recent.seconds)}.")
	return found


def _busy(evidence: Evidence) -> str:
	return f"{round(evidence.workers.busy, 1):g} of {some(evidence.workers_there, 'worker')} are busy"


def _server(evidence: Evidence) -> Server:
	assert evidence.database is not None  # the rule has looked at it
	return evidence.database


Rule = tuple[str, Callable[[Evidence, Shares], bool], Callable[[Evidence, Shares], Said]]
_RULES: tuple[Rule, ...] = (
	(CONNECTIONS, _are_connections_short, _connections),
	(CAPACITY, _is_capacity_reached, _capacity),
	(IDLE, _is_idle, _idle),
	(LOCKS, _are_locks_in_the_way, _locks),
	(POOL, _is_pool_small, _pool),
	(DATABASE, lambda evidence, shares: shares.database >= DATABASE_SHARE, _database),
	(CPU, _is_cpu_short, _cpu),
	(WORKERS, lambda evidence, shares: True, _workers),
)
NAMES = tuple(name for name, _, _ in _RULES)
