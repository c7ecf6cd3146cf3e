"""What advice rests on: everything that was read of a site, its machines, its database and its Redis at one time.

It is plain data, so that a situation can be kept as JSON and judged again. Times are seconds, sizes are bytes, shares go
from 0 to 1.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dogansystem.health.nodes import CORDONED, LOST


@dataclass(frozen=True, slots=True)
class Line:
	"""A wait queue before `agent:NAME`, `capability:NAME` or `workflow:NAME:KEY`: how many wait, how many have a slot
	(`busy`), and how many may have one at a time; None: not known."""

	resource: str
	waiting: int
	busy: int
	capacity: int | None


@dataclass(frozen=True, slots=True)
class Queue:
	"""Steps that wait for a worker, and steps and runs that wait for a slot, in `lines`: means of several looks."""

	ready: float = 0.0
	oldest_ready_seconds: float = 0.0
	in_line: float = 0.0
	lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Workers:
	"""Those who take steps.

	Attributes:
		wanted: how many may work on one node at a time (`num_workers`).
		alive: processes that have registered, on all nodes; `busy` of them have a step in hand: means of several looks.
		listening: workers by node that would come when the doorbell rings, busy or not; empty where only processes tell.
		queue: what they listen to; empty where there is no such thing.
	"""

	wanted: int = 0
	alive: float = 0.0
	busy: float = 0.0
	listening: Mapping[str, int] = field(default_factory=dict)
	queue: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
	"""Attempts that ended within a span: how many, and what one of them takes on average: seconds in all (`run`), processor
	time of a worker (`cpu`), waiting for the database to write its result (`database`), transactions lost against others
	(`conflicts`)."""

	seconds: float = 0.0
	count: int = 0
	run: float = 0.0
	run_p95: float | None = None
	run_variation: float = 1.0
	wait_p95: float | None = None
	cpu: float = 0.0
	database: float = 0.0
	conflicts: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
	"""What has come in, steps per second: in the busiest minute of the last day, and on average over so many hours of it, in
	which so many workers were busy."""

	peak: float = 0.0
	mean: float = 0.0
	busy: float = 0.0
	hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Machine:
	"""A node: how many workers are alive there, and what it said of itself within some minutes; None: it did not."""

	name: str
	state: str
	alive: int = 0
	cores: float | None = None
	memory_total: float | None = None
	memory_available: float | None = None
	cpu_busy: float | None = None


@dataclass(frozen=True, slots=True)
class Server:
	"""A MariaDB server. What counts up is the difference between two readings `seconds` apart, unless it says otherwise.

	Attributes:
		hostname: the machine's own name.
		working_set: data and indexes of this site's tables, as the server estimates them.
		connections: open now; `connections_highest`: most that were ever open since `uptime` seconds.
		refused: connections refused because there were too many; `refused_ever` since it started.
		flush: innodb_flush_log_at_trx_commit.
		commit_seconds: how long a small transaction takes from its statement to the end of its commit, the median of some.
		reads: pages that were asked for; `disk_reads`: those that had to be read from disk.
		hit_rate_ever: share of the pages asked for that were in memory, since it started.
		wait_free: waits for a free page.
		running: statements that were being executed, without the one that asks: the mean of many looks.
		lock_waiting: how many of them waited for a row lock.
		keepalive: tcp_keepalive_time, the seconds of silence after which a connection's other end is asked whether it is
			still there; 0: the operating system's, which is two hours on Linux. None: not known.
	"""

	version: str
	hostname: str
	seconds: float
	uptime: float
	buffer_pool: float
	working_set: float
	max_connections: int
	connections: int
	connections_highest: int
	refused: int = 0
	refused_ever: int = 0
	flush: int = 1
	commit_seconds: float = 0.0
	reads: int = 0
	disk_reads: int = 0
	hit_rate_ever: float = 1.0
	wait_free: int = 0
	running: float = 0.0
	lock_waiting: float = 0.0
	deadlocks: int = 0
	keepalive: int | None = None

	@property
	def miss_rate(self) -> float:
		"""The share of pages asked for that were not in memory."""
		return self.disk_reads / self.reads if self.reads else 0.0


@dataclass(frozen=True, slots=True)
class Redis:
	"""One of the bench's Redis servers. `maxmemory` 0: no limit; `evicted` and `rejected` since it started."""

	role: str
	used_memory: float = 0.0
	maxmemory: float = 0.0
	policy: str = ""
	evicted: int = 0
	rejected: int = 0
	clients: int = 0
	max_clients: int = 0
	ping_seconds: float = 0.0
	problem: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
	"""All of it. `seconds`: how long was looked; `recent` are the steps that bottlenecks are judged by."""

	site: str
	at: float
	seconds: float
	dialect: str
	queue: Queue
	workers: Workers
	recent: Steps
	load: Load
	machines: tuple[Machine, ...] = ()
	database: Server | None = None
	redis: tuple[Redis, ...] = ()
	web_threads: int = 0
	agents_enabled: int = 0
	agents_limit: int = 0
	workflows: Mapping[str, Steps] = field(default_factory=dict)

	@property
	def on_bench(self) -> bool:
		"""Whether this is a site on a bench, and not a sandbox."""
		return bool(self.redis)

	@property
	def nodes(self) -> tuple[Machine, ...]:
		"""The machines that have workers, or had some and may have them again: not those that are lost or cordoned."""
		there = (each for each in self.machines if each.state != LOST or each.name in self.workers.listening)
		return tuple(each for each in there if each.state not in CORDONED)

	@property
	def workers_there(self) -> int:
		"""How many workers can work at a time: those that listen, as far as the setting lets them, else those that live."""
		listening, wanted = self.workers.listening, self.workers.wanted
		if not listening:
			return round(self.workers.alive)
		leaving = {each.name for each in self.machines if each.state in CORDONED}
		return sum(min(number, wanted) for name, number in listening.items() if name not in leaving)


def as_json(evidence: Evidence) -> dict[str, Any]:
	"""Evidence as plain data."""
	found: dict[str, Any] = json.loads(json.dumps(asdict(evidence)))
	return found


def from_json(data: Mapping[str, Any]) -> Evidence:
	"""The evidence that `as_json` has made plain."""
	lines = tuple(Line(**each) for each in data["queue"]["lines"])
	made = {
		"queue": Queue(**{**data["queue"], "lines": lines}),
		"workers": Workers(**data["workers"]),
		"recent": Steps(**data["recent"]),
		"load": Load(**data["load"]),
		"machines": tuple(Machine(**each) for each in data["machines"]),
		"database": Server(**data["database"]) if data["database"] else None,
		"redis": tuple(Redis(**each) for each in data["redis"]),
		"workflows": {name: Steps(**each) for name, each in data["workflows"].items()},
	}
	return Evidence(**{**data, **made})
