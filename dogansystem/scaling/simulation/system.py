"""What the work runs on: nodes with workers and cores, one database, and what a step costs beside what its action does.

The numbers of the engine are the worker's own; a test holds them against it. Those of the machine were measured with
`./script/benchmark` on a small one: a faster one does better, and `Machine` says so.
"""

from dataclasses import dataclass

from dogansystem.engine.errors import InputError

# The worker's rules. Sources: worker/drainer.py, worker/heartbeat.py, protocol.py, homes/sandbox/doorbell.py.
MAX_BATCH = 50  # steps claimed at a time
BATCH_SECONDS = 0.1  # of work in a batch
MAX_CHAIN = 50  # steps of one run in a row
HOLD = 0.25  # seconds after which what is left of a batch goes back if nothing else is ready
CHORES_INTERVAL = 0.5  # seconds between two looks at due timers while there is work
IDLE_INTERVAL = 1.0  # seconds an idle worker listens before it does chores again
BEAT_INTERVAL = 2.0  # seconds
PATIENCE = 1.0  # seconds a step may take before what is claimed behind it goes back to the queue
TICK_INTERVAL = 60.0  # seconds; of the bench's scheduler
RING_INTERVAL = 0.05  # seconds between two rings for help
LEASE, LINGER = 30.0, 10.0  # seconds; Dogan Settings
SILENT = 0.95  # of the lease, after which a process counts as dead
LOOK_INTERVAL = 0.05  # seconds between two looks of a sandbox's worker into the queue

MAX_WORKERS = 100_000


@dataclass(frozen=True, slots=True)
class Machine:
	"""What things cost, in seconds.

	The defaults: one drainer did 1,055 steps/s on a site, two 1,843, four 2,212, eight 2,409, with 50 to a claim. A
	database that takes one commit after another, 0.40 ms each, and 0.55 ms of the worker's own time give 1,050, 1,790,
	2,310 and 2,480.

	Attributes:
		step: processor time of a worker for a step, beside what the action does.
		claim: processor time of a worker for a claim and what is read with it.
		commit: time the database needs for one commit, during which no other commits.
		claim_commits: how many commits a claim is.
		chores: processor time of a worker for a look at timers, lines and other processes.
		admit: time of a worker for the head of a line: to see that it must wait, or to let it in.
		look: time of the database for a look into an empty queue.
		ring: from a ring to a claim, when a worker listens.
		call: from a ring to a claim, when an RQ job has to start first.
	"""

	step: float = 0.00055
	claim: float = 0.002
	commit: float = 0.0004
	claim_commits: int = 2
	chores: float = 0.001
	admit: float = 0.0025
	look: float = 0.00005
	ring: float = 0.002
	call: float = 0.05


@dataclass(frozen=True, slots=True)
class Outages:
	"""Nodes that die: each after `every` seconds on average, and is back `down` seconds later."""

	every: float
	down: float


@dataclass(frozen=True, slots=True)
class System:
	"""One configuration.

	Attributes:
		nodes: machines with workers.
		workers: of each node.
		cores: of each node; 0: as many as are wanted.
		has_doorbell: workers are rung for, as on a bench; else they look into the queue, as in a sandbox.
		price: of a node, per hour, in whatever money.

	Raises InputError for numbers that mean nothing.
	"""

	nodes: int = 1
	workers: int = 10
	cores: int = 0
	machine: Machine = Machine()
	has_doorbell: bool = True
	lease: float = LEASE
	linger: float = LINGER
	outages: Outages | None = None
	price: float | None = None

	def __post_init__(self) -> None:
		for name in ("nodes", "workers"):
			if getattr(self, name) < 1:
				raise InputError(f"{name} is {getattr(self, name)}: give 1 or more.")
		if self.nodes * self.workers > MAX_WORKERS:
			raise InputError(
				f"{self.nodes} nodes of {self.workers} workers are more than {MAX_WORKERS:,} workers: give fewer."
			)
		if self.cores < 0:
			raise InputError(f"cores is {self.cores}: give 1 or more, or 0 for as many as are wanted.")

	@property
	def all_workers(self) -> int:
		"""Of all nodes."""
		return self.nodes * self.workers

	@property
	def background(self) -> float:
		"""The share of the database's time that goes into beats, and into looks where there is no doorbell."""
		looks = 0.0 if self.has_doorbell else self.machine.look / LOOK_INTERVAL
		return self.all_workers * (self.machine.commit / BEAT_INTERVAL + looks)
