"""What holds work up now: exactly one thing, with the numbers that say so and what to do about it.

The question is where the time of a busy worker goes. Its processor time is measured per attempt. How many statements
are being executed, and how many of those wait for a row lock, is looked at many times within some seconds: their mean
over the busy workers is the share of time that a worker spends there (as with Oracle's active session history, and by
Little's law). What is left is waiting for others: web services, mail servers, timers.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dogansystem.scaling.evidence import Evidence, Line, Server
from dogansystem.scaling.words import listed, percent, rate, seconds, size, some

IDLE, WORKERS, CPU, DATABASE = "idle", "workers", "cpu", "database"
LOCKS, POOL, CONNECTIONS, CAPACITY = "locks", "buffer_pool", "connections", "capacity"

TITLES = {
	IDLE: "Idle: nothing waits",
	WORKERS: "Starved of workers",
	CPU: "CPU bound",
	DATABASE: "Database bound",
	LOCKS: "Lock bound",
	POOL: "Small buffer pool",
	CONNECTIONS: "Too few connections",
	CAPACITY: "Capacity reached",
}

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


@dataclass(frozen=True, slots=True)
class Diagnosis:
	"""The bottleneck: its `name` for programs, `title`, the sentences that prove it, and what to do."""

	name: str
	title: str
	evidence: tuple[str, ...]
	remedy: str
	shares: Shares


def diagnose(evidence: Evidence) -> Diagnosis:
	"""Name the bottleneck. The order matters: what is refused or not let in never becomes a worker's time."""
	shares = shares_of(evidence)
	for name, applies, says in _RULES:
		if applies(evidence, shares):
			sentences, remedy = says(evidence, shares)
			title = TITLES[name] if name != CAPACITY else _capacity_title(evidence.queue.lines[0])
			return Diagnosis(name, title, tuple(sentences), remedy, shares)
	raise AssertionError("the last rule always applies")


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


Said = tuple[list[str], str]


def _are_connections_short(evidence: Evidence, shares: Shares) -> bool:
	server = evidence.database
	return server is not None and (server.refused > 0 or server.connections >= server.max_connections)


def _say_connections(evidence: Evidence, shares: Shares) -> Said:
	server = _server(evidence)
	return [
		f"MariaDB allows {some(server.max_connections, 'connection')}; {server.connections} are open, and"
		f" {server.connections_highest} were at most.",
		f"It refused {some(server.refused, 'connection')} within the last {seconds(server.seconds)},"
		f" {server.refused_ever:,} since it started.",
	], "Raise max_connections, as written below; more workers would only be refused."


def _is_capacity_reached(evidence: Evidence, shares: Shares) -> bool:
	queue = evidence.queue
	return bool(queue.lines) and queue.in_line >= 1 and queue.in_line >= queue.ready


def _say_capacity(evidence: Evidence, shares: Shares) -> Said:
	queue, line = evidence.queue, evidence.queue.lines[0]
	kind, _, name = line.resource.partition(":")
	sentences = [
		f"{some(queue.in_line, 'step or run', 'steps or runs')} wait for a slot, and {round(queue.ready):,} for a worker.",
		f"{line.waiting} of them wait for {_resource(line)}"
		+ (f", which has {line.busy} of {line.capacity} slots taken." if line.capacity else "."),
		f"{evidence.workers.busy:.1f} of {some(evidence.workers_there, 'worker')} are busy: more of them do not help.",
	]
	if kind == "workflow":
		workflow = name.split(":")[0]
		return (
			sentences,
			f"Raise limits.concurrent_runs of the workflow {workflow}, if what it protects allows it.",
		)
	if kind == "agent":
		return (
			sentences,
			f"Raise the capacity of the agent {name}, or give its steps to a capability that several have.",
		)
	return sentences, f"Raise the capacity of the agents with the capability {name}, or enable one more."


def _is_idle(evidence: Evidence, shares: Shares) -> bool:
	queue = evidence.queue
	return queue.oldest_ready_seconds <= PATIENCE and queue.in_line < 1


def _say_idle(evidence: Evidence, shares: Shares) -> Said:
	queue, recent = evidence.queue, evidence.recent
	sentences = [
		f"{some(queue.ready, 'step is', 'steps are')} ready, none for longer than"
		f" {seconds(PATIENCE)}; nothing waits for a slot."
	]
	if recent.count:
		sentences.append(
			f"{some(recent.count, 'step')} in the last {seconds(recent.seconds)}, of which 95 % waited"
			f" {seconds(recent.wait_p95 or 0)} at most."
		)
	there = evidence.workers_there
	sentences.append(f"{evidence.workers.busy:.1f} of {some(there, 'worker')} are busy.")
	return sentences, "Nothing has to be done."


def _are_locks_in_the_way(evidence: Evidence, shares: Shares) -> bool:
	many = evidence.recent.conflicts >= CONFLICTS
	return many or (shares.locks >= LOCK_SHARE and shares.locks >= shares.database)


def _say_locks(evidence: Evidence, shares: Shares) -> Said:
	sentences = [
		*_waiting(evidence),
		f"A busy worker spends {percent(shares.locks)} of its time waiting for row locks.",
	]
	server = evidence.database
	if server:
		sentences.append(
			f"In {seconds(server.seconds)} there were {server.lock_waits} waits for rows, {seconds(server.lock_seconds)}"
			f" in all, and {some(server.deadlocks, 'deadlock')}; {server.lock_waiting:.1f} statements stood waiting"
			" at a time."
		)
	if evidence.recent.conflicts:
		sentences.append(f"{evidence.recent.conflicts:.2f} transactions per step were lost and repeated.")
	return sentences, (
		"Steps change the same rows. Give them to one agent with capacity 1, limit the workflow's concurrent_runs,"
		" or change fewer rows in a step: more workers would only stand in the same line."
	)


def _is_pool_small(evidence: Evidence, shares: Shares) -> bool:
	server = evidence.database
	if server is None or shares.database < POOL_SHARE:
		return False
	reads_disk = server.miss_rate >= MISSES and server.disk_reads / server.seconds >= MISSES_PER_SECOND
	is_full = server.working_set > server.buffer_pool or server.wait_free > 0 or server.uptime > WARM
	return reads_disk and is_full


def _say_pool(evidence: Evidence, shares: Shares) -> Said:
	server = _server(evidence)
	return [
		*_waiting(evidence),
		f"{percent(server.miss_rate)} of the pages that statements ask for are not in memory:"
		f" {rate(server.disk_reads / server.seconds)} pages a second are read from disk.",
		f"The buffer pool has {size(server.buffer_pool)}; this site's tables and indexes have {size(server.working_set)}.",
		f"A busy worker spends {percent(shares.database)} of its time in the database.",
	], "Raise innodb_buffer_pool_size, as written below."


def _is_database_busy(evidence: Evidence, shares: Shares) -> bool:
	return shares.database >= DATABASE_SHARE


def _say_database(evidence: Evidence, shares: Shares) -> Said:
	sentences = [
		*_waiting(evidence),
		f"A busy worker spends {percent(shares.database)} of its time in the database,"
		f" and {percent(shares.cpu)} on the processor.",
	]
	server = evidence.database
	if server is None:
		return sentences, "SQLite lets one write at a time: use a MariaDB sandbox, or a site."
	sentences.append(
		f"{server.running:.1f} statements are being executed at a time, {server.lock_waiting:.1f} of them waiting for locks;"
		f" {percent(1 - server.miss_rate)} of the pages they need are in memory."
	)
	sentences.append(f"A small transaction takes {seconds(server.commit_seconds)} with its commit.")
	return sentences, (
		"Give the database more processors or a faster disk, or a machine of its own; look at its slow query log for"
		" statements that lack an index. More workers would only ask it for more."
	)


def _is_cpu_short(evidence: Evidence, shares: Shares) -> bool:
	if shares.cores >= CPU_SHARE:
		return True
	return shares.cores >= MACHINE_SHARE and _busiest(evidence) >= MACHINE_BUSY


def _say_cpu(evidence: Evidence, shares: Shares) -> Said:
	cores = sum(each.cores or 0.0 for each in evidence.nodes if each.alive)
	sentences = [
		*_waiting(evidence),
		f"A step takes {seconds(evidence.recent.cpu)} of the processor and {seconds(evidence.recent.run)} in all:"
		f" a busy worker computes {percent(shares.cpu)} of its time.",
		f"{evidence.workers.busy:.1f} busy workers so use {percent(shares.cores)} of {some(cores, 'core')}.",
	]
	for each in evidence.nodes:
		if each.cpu_busy is not None:
			sentences.append(
				f"{each.name} said {seconds(each.age or 0)} ago that its processors were {percent(each.cpu_busy)} busy."
			)
	return sentences, (
		"Add cores: a larger machine, or another node. More workers on the same cores would only share them."
	)


def _always(evidence: Evidence, shares: Shares) -> bool:
	return True


def _say_workers(evidence: Evidence, shares: Shares) -> Said:
	workers, there = evidence.workers, evidence.workers_there
	sentences = _waiting(evidence)
	if not there:
		what = f"No worker listens to the queue{' ' + workers.queue if workers.queue else ''}."
		return [*sentences, what], "Start workers: nothing runs without them."
	sentences.append(f"{workers.busy:.1f} of {some(there, 'worker')} are busy.")
	if workers.busy < ALL_BUSY * there:
		return sentences, (
			"Workers are there and do not come: see whether others than this site's jobs keep them busy, whether Redis"
			" answers and the scheduler runs."
		)
	sentences.append(
		f"A busy worker spends {percent(shares.waiting)} of its time waiting for others, {percent(shares.database)} in the"
		f" database and {percent(shares.cpu)} on the processor."
	)
	full = [each for each in evidence.nodes if (each.cpu_busy or 0) >= MACHINE_BUSY]
	if full:
		names = listed([each.name for each in full])
		sentences.append(f"The processors of {names} are busy with other programs.")
		return sentences, f"Add workers on another node: {names} has no processor to spare."
	if shares.cores:
		sentences.append(f"They use {percent(shares.cores)} of the nodes' cores: there is room for more.")
	return sentences, "Add workers."


_RULES: tuple[tuple[str, Callable[[Evidence, Shares], bool], Callable[[Evidence, Shares], Said]], ...] = (
	(CONNECTIONS, _are_connections_short, _say_connections),
	(CAPACITY, _is_capacity_reached, _say_capacity),
	(IDLE, _is_idle, _say_idle),
	(LOCKS, _are_locks_in_the_way, _say_locks),
	(POOL, _is_pool_small, _say_pool),
	(DATABASE, _is_database_busy, _say_database),
	(CPU, _is_cpu_short, _say_cpu),
	(WORKERS, _always, _say_workers),
)


def _waiting(evidence: Evidence) -> list[str]:
	queue, recent = evidence.queue, evidence.recent
	sentence = (
		f"{some(queue.ready, 'step is', 'steps are')} ready, the oldest for"
		f" {seconds(queue.oldest_ready_seconds)}."
	)
	done = (
		f"{some(recent.count, 'step was', 'steps were')} done in the last {seconds(recent.seconds)}."
		if recent.count
		else ""
	)
	return [each for each in (sentence, done) if each]


def _capacity_title(line: Line) -> str:
	kind, _, name = line.resource.partition(":")
	if kind == "workflow":
		return f"Workflow limit reached: {name.split(':')[0]}"
	return f"Agent capacity reached: {name}"


def _resource(line: Line) -> str:
	kind, _, name = line.resource.partition(":")
	if kind == "workflow":
		workflow, _, key = name.partition(":")
		return f"the limit of the workflow {workflow}" + (f" for {key}" if key else "")
	return f"the {'agent' if kind == 'agent' else 'capability'} {name}"


def _busiest(evidence: Evidence) -> float:
	return max((each.cpu_busy or 0.0 for each in evidence.nodes if each.alive), default=0.0)


def _server(evidence: Evidence) -> Server:
	assert evidence.database is not None  # the rule has looked at it
	return evidence.database
