"""Wait queues before agents, and before the limit of runs of the simulated workflow."""

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, TypeAlias

from dogansystem.engine.definition import Step
from dogansystem.scaling.simulation.workload import Agent, Workload

# Those of `runs`, which imports this module.
Run: TypeAlias = Any
Task: TypeAlias = Any


class Slots:
	"""Wait queues before agents, and before the workflow's limit of runs (the resource None).

	`let_in` is called with who got a slot, `cancel` with a run that has to make room for another one.
	"""

	def __init__(
		self, workload: Workload, let_in: "Callable[[Task | Run], None]", cancel: "Callable[[Run], Any]"
	) -> None:
		self._limits, self._let_in, self._cancel = workload.definition.limits, let_in, cancel
		self._room: dict[str | None, dict[str, int]] = {
			step.agent or step.capability: _room(step, workload) for step in workload.definition.steps
		}
		self._room[None] = {"runs": self._limits.concurrent_runs or 0}
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

	def wait(self, waiter: "Task | Run") -> bool:
		"""Wait for a slot. False: the limit of runs is full, and the workflow then wants no run."""
		resource, limit = waiter.resource, self._limits.concurrent_runs or 0
		if resource is None and self._limits.when_full == "skip":
			if self._used["runs"] + len(self._waiting.get(None, ())) >= limit:
				return False
		self._count += 1
		heappush(self._waiting.setdefault(resource, []), (-waiter.priority, self._count, waiter))
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

	def _take(self, resource: str | None, waiter: "Task | Run") -> bool:
		if not self._free(resource) and self._may_replace(resource):
			self._cancel(next(iter(self._running.values())))
		free = self._free(resource)
		if not free:
			return False
		waiter.slot = min(free, key=self._used.__getitem__)
		self._used[waiter.slot] += 1
		if resource is None:
			self._running[waiter.number] = waiter
		self._let_in(waiter)
		return True

	def release(self, holder: "Task | Run") -> None:
		"""Give back a slot, if there is one."""
		if holder.slot is None:
			return
		self._used[holder.slot] -= 1
		holder.slot = None
		if holder.resource is None:
			del self._running[holder.number]

	def _free(self, resource: str | None) -> list[str]:
		return [name for name, room in self._room[resource].items() if self._used[name] < room]

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
