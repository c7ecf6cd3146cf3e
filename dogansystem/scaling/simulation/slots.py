"""Wait queues before agents, and before the limit of runs of the simulated workflow."""

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush

from dogansystem.engine.definition import Step
from dogansystem.scaling.simulation.tasks import Run, Task
from dogansystem.scaling.simulation.workload import Agent, Workload

RUNS_PRIORITY = 5  # of a run that waits for its workflow's limit


class Slots:
	"""Wait queues before agents, and before the workflow's limit of runs. `let_in` is called with who got a slot."""

	def __init__(self, workload: Workload, let_in: Callable[[Task | Run], None], end: Callable[[Run], None]):
		self._limits, self._let_in, self._end = workload.definition.limits, let_in, end
		self._room = {
			step.agent or step.capability or "": _room(step, workload) for step in workload.definition.steps
		}
		self._room[None] = {"runs": self._limits.concurrent_runs}  # type: ignore[index]
		self._waiting: dict[str | None, list[tuple[int, int, Task | Run]]] = {}
		self._used: Counter[str] = Counter()
		self._running: dict[int, Run] = {}
		self._count = 0

	@property
	def length(self) -> int:
		"""How many wait, for whatever it is."""
		return sum(map(len, self._waiting.values()))

	@property
	def queues(self) -> int:
		"""How many wait queues have anybody in them."""
		return len(self._waiting)

	@property
	def has_room(self) -> bool:
		"""Whether somebody who waits could come in."""
		return any(self._free(resource) or self._may_replace(resource) for resource in self._waiting)

	def wait(self, waiter: Task | Run) -> bool:
		"""Wait for a slot. False: the limit of runs is full, and the workflow then wants no run."""
		is_run = isinstance(waiter, Run)
		resource = None if is_run else waiter.step.resource  # type: ignore[union-attr]
		if is_run and self._limits.when_full == "skip":
			if self._used["runs"] + len(self._waiting.get(None, ())) >= self._limits.concurrent_runs:
				return False
		priority = RUNS_PRIORITY if is_run else waiter.step.priority  # type: ignore[union-attr]
		self._count += 1
		heappush(self._waiting.setdefault(resource, []), (-priority, self._count, waiter))
		return True

	def admit(self) -> int:
		"""Let in as many as there is room for; gives how many came in."""
		return sum(self._admit(resource) for resource in list(self._waiting))

	def _admit(self, resource: str | None) -> int:
		queue, admitted = self._waiting[resource], 0
		while queue and (not queue[0][2].is_wanted or self._take(resource, queue[0][2])):
			heappop(queue)
			admitted += 1
		if not queue:
			del self._waiting[resource]
		return admitted

	def _take(self, resource: str | None, waiter: Task | Run) -> bool:
		if not self._free(resource) and self._may_replace(resource):
			self._end(next(iter(self._running.values())))
		free = self._free(resource)
		if not free:
			return False
		waiter.slot = min(free, key=self._used.__getitem__)
		self._used[waiter.slot] += 1
		if isinstance(waiter, Run):
			self._running[waiter.number] = waiter
		else:
			waiter.run.holding.add(waiter)
		self._let_in(waiter)
		return True

	def release(self, holder: Task | Run) -> bool:
		"""Give back a slot; whether there was one."""
		if holder.slot is None:
			return False
		self._used[holder.slot] -= 1
		holder.slot = None
		if isinstance(holder, Run):
			del self._running[holder.number]
		else:
			holder.run.holding.discard(holder)
		return True

	def _free(self, resource: str | None) -> list[str]:
		return [name for name, room in self._room[resource].items() if self._used[name] < room]  # type: ignore[index]

	def _may_replace(self, resource: str | None) -> bool:
		is_replaced = resource is None and self._limits.when_full == "replace"
		return is_replaced and not any(each.ending for each in self._running.values())


def _room(step: Step, workload: Workload) -> dict[str, int]:
	"""Who can do a step, and how many at a time; a capability that nobody is said to have is somebody's."""
	if step.agent:
		return {step.agent: workload.agents.get(step.agent, Agent()).capacity}
	able = {
		name: each.capacity for name, each in workload.agents.items() if step.capability in each.capabilities
	}
	return able or {f"capability {step.capability}": 1}
