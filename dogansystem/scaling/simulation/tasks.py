"""What moves through the simulation: runs, the steps of runs that can be executed, and where these stand ready."""

from collections import deque

from dogansystem.scaling.simulation.plan import PlannedStep

LANES = 10


class Items:
	"""The items of one `for_each` step of a run.

	`open` are those that are ready, running or waiting, `running` those that a worker executes.
	"""

	__slots__ = ("has_failed", "is_broken", "number", "open", "pending", "running")

	def __init__(self, total: int) -> None:
		self.pending = total
		self.number = 0  # of the one opened last
		self.open = 0
		self.running = 0
		self.has_failed = False
		self.is_broken = False  # one has failed, so that no further one starts


class Run:
	"""One run. `states` has a byte for each step, as `plan.STATES` numbers them; `running` counts attempts."""

	__slots__ = ("ending", "holding", "is_over", "items", "key", "number", "running", "started_at", "states")

	def __init__(self, number: int, states: bytes, started_at: float, key: int) -> None:
		self.number = number
		self.states = bytearray(states)
		self.started_at = started_at
		self.key = key  # value of the key of the workflow's limit
		self.running = 0
		self.ending: str | None = None
		self.is_over = False
		self.items: dict[int, Items] = {}
		self.holding: set[Task] = set()  # those that have an agent's slot


class Task:
	"""A step of a run, or one item of it (from 1), that can be executed."""

	__slots__ = ("agent", "attempt", "is_begun", "item", "ready_at", "run", "step")

	def __init__(self, run: Run, step: PlannedStep, item: int, attempt: int, ready_at: float) -> None:
		self.run = run
		self.step = step
		self.item = item
		self.attempt = attempt
		self.ready_at = ready_at
		self.agent: str | None = None
		self.is_begun = False

	@property
	def is_wanted(self) -> bool:
		"""Whether it may still begin: its run is not ending, and no other item of its step has failed."""
		run = self.run
		if run.ending:
			return False
		return not (self.item and run.items[self.step.position].is_broken)


class ReadyQueue:
	"""What may be claimed, in lanes: all of the most urgent before the first of the next."""

	__slots__ = ("_lanes", "count")

	def __init__(self) -> None:
		self.count = 0
		self._lanes: tuple[deque[Task], ...] = tuple(deque() for _ in range(LANES))

	def put(self, task: Task) -> None:
		"""At the end of its lane."""
		self._lanes[task.step.lane].append(task)
		self.count += 1

	def take(self, limit: int) -> list[Task]:
		"""Up to `limit`, the most urgent first. What nobody wants any more leaves the queue on the way."""
		found: list[Task] = []
		if not self.count:
			return found
		for lane in self._lanes:
			while lane:
				task = lane.popleft()
				self.count -= 1
				if task.is_wanted:
					found.append(task)
					if len(found) == limit:
						return found
		return found
