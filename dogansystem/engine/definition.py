"""What a workflow is, once it has been checked: frozen data that every other room reads.

`definitions.parse` checks YAML, JSON or plain data and reports every problem at once; `definitions.stored` builds what was
checked and stored before. Durations are seconds. Templates stay text here; `engine.templates` renders them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from dogansystem.engine.templates.render import step_references

ASKING = frozenset({"flow.approve", "flow.ask"})  # the actions by which people are asked
AGENT_ASK = "agent.ask"
IN_PARTS = frozenset({AGENT_ASK})  # actions whose steps have another attempt when what they wait for has come
DEFAULT_PRIORITY = 5  # 0 to 9, 9 first
DEFAULT_DISABLE_AFTER = 20  # failed runs in a row. Source: workflow-format.md, semantics 16
DEFAULT_MAX_PARALLEL = (
	100  # items of one for_each ready or running at a time, so that one run cannot flood a site
)


@dataclass(frozen=True, slots=True)
class Retry:
	"""When and how often a failed step is tried again.

	Attributes:
		attempts: how many times the step is tried in all.
		delay: seconds before the second attempt.
		backoff: `fixed`, `linear` or `exponential`.
		max_delay: upper bound of a wait in seconds, or None.
		jitter: whether a wait is drawn evenly from 0 to its length.
		on: names of errors that are retried; None means all but the permanent ones.
	"""

	attempts: int = 1
	delay: float = 10.0
	backoff: str = "exponential"
	max_delay: float | None = None
	jitter: bool = False
	on: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
	"""How many runs of a workflow may be under way, for how long one may take (seconds), and how many may fail in a row
	before the workflow is disabled (0: any number)."""

	concurrent_runs: int = 0
	when_full: str = "queue"
	key: str | None = None
	run_timeout: float | None = None
	disable_after: int = DEFAULT_DISABLE_AFTER


@dataclass(frozen=True, slots=True)
class Trigger:
	"""What starts a run. `on` is the kind; `keys` are the kind's own keys, checked, durations in seconds."""

	on: str
	keys: Mapping[str, Any]
	position: int


@dataclass(frozen=True, slots=True)
class Compensation:
	"""The action that undoes a step if the run fails later."""

	action: str
	params: Mapping[str, Any]
	retry: Retry = Retry()


@dataclass(frozen=True)
class Step:
	"""One step. `after` is resolved: a step without the key waits for the step before it in the list.

	`branches`: for the steps in `after` of which only some branches lead here, those branches.
	"""

	id: str
	action: str
	params: Mapping[str, Any]
	after: tuple[str, ...]
	title: str = ""
	condition: Any = None  # the key `if`; None: no condition
	has_condition: bool = False
	when: str = "succeeded"
	join: str = "all"
	for_each: Any = None
	max_parallel: int = DEFAULT_MAX_PARALLEL
	agent: str | None = None
	capability: str | None = None
	retry: Retry = Retry()
	timeout: float | None = None
	on_error: str = "fail"
	priority: int = DEFAULT_PRIORITY
	compensate: Compensation | None = None
	only_as: str | None = None  # as in Definition
	branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

	def is_taken(self, step: str, branch: str | None) -> bool:
		"""Whether the edge from `step` leads here if that succeeded in `branch`; None: it has no branches."""
		return step not in self.branches or branch in self.branches[step]

	@cached_property
	def reads(self) -> set[str] | None:
		"""The ids of the steps whose results its templates read; None where that cannot be told."""
		return step_references([self.condition, self.for_each, self.params])

	@property
	def is_in_parts(self) -> bool:
		"""Whether the end of a wait is not the step's end: it goes on with another attempt."""
		return self.action in IN_PARTS

	@property
	def is_limited(self) -> bool:
		"""Whether the step needs an agent's slot before it may start."""
		return bool(self.agent or self.capability)


@dataclass(frozen=True)
class Definition:
	"""A checked workflow definition.

	Attributes:
		parameters: the JSON Schema of each parameter, by its name.
		notify: who is told when a run fails: names of users, and `{"role": name}`.
		offer_to_assistants: whether assistants of people may start it, over MCP, with the rights of the person.
		only_as: who wrote it may not lend the permissions of others: its steps go to agents with this user only, and its
			triggers see the documents that this user may read. None: no such limit. No part of the source.
		source: the plain data it was made of, in canonical order.
	"""

	name: str
	steps: tuple[Step, ...]
	title: str = ""
	description: str = ""
	run_as: str | None = None
	limits: Limits = Limits()
	notify: tuple[str | Mapping[str, str], ...] = ()
	parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
	input: Mapping[str, Any] | None = None
	triggers: tuple[Trigger, ...] = ()
	output: Any = None
	offer_to_assistants: bool = False
	only_as: str | None = None
	source: Mapping[str, Any] = field(default_factory=dict)

	def limited_to(self, user: str | None) -> "Definition":
		"""The same definition, `only_as` this user."""
		steps = tuple(replace(step, only_as=user) for step in self.steps)
		return replace(self, steps=steps, only_as=user)

	@cached_property
	def ends(self) -> dict[tuple[object, ...], Any]:
		"""What follows when a step ends in an ordinary way, as far as it has happened: see `ordinary`."""
		return {}

	@cached_property
	def by_id(self) -> dict[str, Step]:
		"""The steps by their id."""
		return {step.id: step for step in self.steps}

	@cached_property
	def compensates(self) -> bool:
		"""Whether a step has something that undoes it."""
		return any(step.compensate for step in self.steps)

	@cached_property
	def goes_on_after_failures(self) -> bool:
		"""Whether a run may succeed although a step, or an item, has failed."""
		return any(step.on_error == "continue" or step.when in ("failed", "done") for step in self.steps)

	@cached_property
	def asks_people(self) -> bool:
		"""Whether a step waits for people to decide."""
		return any(step.action in ASKING | IN_PARTS for step in self.steps)

	def step_of(self, step: str, item: int) -> Step:
		"""The step behind a step run; for one with a negative `item` what undoes the step, as a step of its own."""
		found = self.by_id[step]
		if item >= 0 or found.compensate is None:
			return found
		undo = found.compensate
		return Step(
			found.id,
			undo.action,
			undo.params,
			(),
			retry=undo.retry,
			priority=found.priority,
			only_as=found.only_as,
		)

	@cached_property
	def followers(self) -> dict[str, tuple[Step, ...]]:
		"""For each step id, the steps that wait for it, sorted as `in_order`."""
		return {
			step.id: tuple(other for other in self.in_order if step.id in other.after) for step in self.steps
		}

	@cached_property
	def is_sequence(self) -> bool:
		"""Whether each step waits for the one before it and for nothing else, so that at most one is under way."""
		before = [(), *((step.id,) for step in self.steps)]
		return all(step.after == expected for step, expected in zip(self.steps, before, strict=False))

	@cached_property
	def in_order(self) -> tuple[Step, ...]:
		"""The steps sorted so that each comes after all it waits for; the list's order otherwise."""
		placed: dict[str, Step] = {}
		left = list(self.steps)
		while left:
			free = [step for step in left if all(name in placed for name in step.after)]
			for step in free:
				placed[step.id] = step
			left = [step for step in left if step.id not in placed]
			if not free:
				raise ValueError(
					f"workflow {self.name}: the steps {[step.id for step in left]} wait for each other"
				)
		return tuple(placed.values())

	def handles_failure(self, step_id: str) -> bool:
		"""Whether the run goes on when this step has failed for good."""
		if self.by_id[step_id].on_error == "continue":
			return True
		return any(step.when in ("failed", "done") for step in self.followers[step_id])
