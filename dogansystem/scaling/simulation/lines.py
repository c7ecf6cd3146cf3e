"""Who stands in line: steps for an agent, runs for room under their workflow's limit. As `store.admission` has it."""

from collections import Counter
from collections.abc import Callable, Mapping
from heapq import heappop, heappush

from dogansystem.engine.definition import Limits
from dogansystem.scaling.simulation.plan import Plan
from dogansystem.scaling.simulation.tasks import Run, Task
from dogansystem.scaling.simulation.workload import Agent

RUNS_LANE = 4  # of priority 5


class Lines:
	"""Lines and slots. `let_in` is called with a step that has got an agent, `open_run` with a run that has got room."""

	def __init__(
		self,
		plan: Plan,
		let_in: Callable[[Task], None],
		open_run: Callable[[Run], None],
		end: Callable[[Run], None],
	) -> None:
		self._limits: Limits = plan.definition.limits
		self._agents = _agents(plan)
		self._let_in, self._open_run, self._end = let_in, open_run, end
		self._waiting: dict[str, list[tuple[int, int, Task | Run]]] = {}
		self._in_use: Counter[str] = Counter()
		self._holders: dict[str, dict[int, Run]] = {}
		self._count = 0

	@property
	def length(self) -> int:
		"""How many stand in line, for whatever it is."""
		return sum(map(len, self._waiting.values()))

	@property
	def count(self) -> int:
		"""How many lines there are with anybody in them."""
		return len(self._waiting)

	@property
	def has_room(self) -> bool:
		"""Whether somebody who stands in line could come in."""
		return bool(self._waiting) and any(self._has_room(resource) for resource in self._waiting)

	def _has_room(self, resource: str) -> bool:
		agents = self._agents.get(resource)
		if agents:
			return any(self._in_use[name] < room for name, room in agents.items())
		if self._in_use[resource] < self._limits.concurrent_runs:
			return True
		holders = self._holders.get(resource, {})
		return self._limits.when_full == "replace" and not any(each.ending for each in holders.values())

	def stand(self, task: Task) -> None:
		"""Wait for an agent."""
		self._join(str(task.step.resource), task.step.lane, task)

	def stand_run(self, run: Run) -> bool:
		"""Wait for room under the limit of runs. False: it is full, and the workflow then wants no run."""
		resource = _resource_of_run(run)
		if self._limits.when_full == "skip":
			under_way = self._in_use[resource] + len(self._waiting.get(resource, ()))
			if under_way >= self._limits.concurrent_runs:
				return False
		self._join(resource, RUNS_LANE, run)
		return True

	def admit(self) -> int:
		"""Let in as many as there is room for; gives how many came in."""
		if not self._waiting:
			return 0
		return sum(self._admit_line(resource) for resource in list(self._waiting))

	def release(self, task: Task) -> bool:
		"""Give back an agent's slot; whether there was one."""
		if task.agent is None:
			return False
		self._in_use[task.agent] -= 1
		task.run.holding.discard(task)
		task.agent = None
		return True

	def release_run(self, run: Run) -> None:
		"""Give back the room of a run that is over."""
		resource = _resource_of_run(run)
		if self._holders.get(resource, {}).pop(run.number, None):
			self._in_use[resource] -= 1

	def _join(self, resource: str, lane: int, waiter: Task | Run) -> None:
		self._count += 1
		heappush(self._waiting.setdefault(resource, []), (lane, self._count, waiter))

	def _admit_line(self, resource: str) -> int:
		line, admitted = self._waiting[resource], 0
		while line:
			waiter = line[0][2]
			if isinstance(waiter, Run):
				came_in = bool(waiter.ending) or self._admit_run(resource, waiter)
			else:
				came_in = not waiter.is_wanted or self._admit_task(resource, waiter)
			if not came_in:
				return admitted
			heappop(line)
			admitted += 1
		del self._waiting[resource]
		return admitted

	def _admit_task(self, resource: str, task: Task) -> bool:
		agents = self._agents[resource]
		name = min(agents, key=self._in_use.__getitem__) if len(agents) > 1 else next(iter(agents))
		if self._in_use[name] >= agents[name]:
			name = next((each for each, room in agents.items() if self._in_use[each] < room), "")
			if not name:
				return False
		self._in_use[name] += 1
		task.agent = name
		task.run.holding.add(task)
		self._let_in(task)
		return True

	def _admit_run(self, resource: str, run: Run) -> bool:
		holders = self._holders.setdefault(resource, {})
		if self._in_use[resource] >= self._limits.concurrent_runs:
			if self._limits.when_full != "replace" or any(each.ending for each in holders.values()):
				return False
			self._end(next(iter(holders.values())))
			if self._in_use[resource] >= self._limits.concurrent_runs:
				return False  # its last step is running
		self._in_use[resource] += 1
		holders[run.number] = run
		self._open_run(run)
		return True


def _resource_of_run(run: Run) -> str:
	return f"workflow:{run.key}"


def _agents(plan: Plan) -> dict[str, dict[str, int]]:
	"""For each thing that steps stand in line for, who can do it, and how many at a time."""
	found: dict[str, dict[str, int]] = {}
	for step in plan.definition.steps:
		if step.agent:
			agent = plan.workload.agents.get(step.agent, Agent())
			found[f"agent:{step.agent}"] = {step.agent: agent.capacity}
		elif step.capability:
			able = _able(plan.workload.agents, step.capability)
			found[f"capability:{step.capability}"] = able or {f"capability:{step.capability}": 1}
	return found


def _able(agents: Mapping[str, Agent], capability: str) -> dict[str, int]:
	return {name: each.capacity for name, each in agents.items() if capability in each.capabilities}
