"""What is measured and simulated: workflows under an open load, each with workers, agents and a rate of arrivals.

A step waits for so many milliseconds, as one that asks a server elsewhere does, and leaves a row behind. Arrivals are
Poisson, from the seed that the simulation has too, so that both see the same rush hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PERSON = "person@example.com"


@dataclass(frozen=True, slots=True)
class Case:
	"""One configuration.

	Attributes:
		about: what it is there for, in words.
		workers: processes on one node.
		arrivals: runs that start per second.
		steps: of the workflow.
		service: what its steps take, in the words of `simulate --service`.
		failing: the share of attempts that fail.
		agents: names with their capacity.
		rings: the workers are threads of one process, which hear the doorbell, as those of a bench do.
	"""

	name: str
	about: str
	workers: int
	arrivals: float
	steps: tuple[Mapping[str, Any], ...]
	service: str
	failing: float = 0.0
	agents: Mapping[str, int] = field(default_factory=dict)
	limits: Mapping[str, Any] = field(default_factory=dict)
	rings: bool = False
	seconds: float = 22.0
	seed: int = 1

	@property
	def definition(self) -> dict[str, Any]:
		"""The workflow."""
		return {"name": self.name, "run_as": PERSON, "steps": list(self.steps)} | (
			{"limits": dict(self.limits)} if self.limits else {}
		)


def step(step_id: str, **rest: Any) -> dict[str, Any]:
	"""A step that takes as long as the run's input says, and fails as often."""
	params = {"seconds": "{{ input.seconds }}", "failures": "{{ input.failures }}"}
	return {"id": step_id, "action": "fault.effect", "params": params, **rest}


CASES = (
	Case("half", "one step of 50 ms, half of four workers", 4, 37.0, (step("a"),), "wait 50ms"),
	Case("busy", "one step of 50 ms, eight workers almost full", 8, 120.0, (step("a"),), "wait 50ms"),
	Case(
		"uneven",
		"exponential 100 ms, 16 workers almost full",
		16,
		125.0,
		(step("a"),),
		"wait exponential 100ms",
	),
	Case("chain", "three steps in a row", 8, 55.0, tuple(step(each) for each in "abc"), "wait 40ms"),
	Case(
		"join",
		"a fan of four and a join",
		8,
		24.0,
		(
			step("a"),
			*(step(f"b{number}", after=["a"]) for number in range(4)),
			step("c", after=[f"b{number}" for number in range(4)]),
		),
		"wait 40ms",
	),
	Case(
		"items",
		"twelve items, four at a time",
		8,
		10.0,
		(step("each", for_each=list(range(12)), max_parallel=4), step("then")),
		"wait 40ms",
	),
	Case(
		"lanes",
		"three priorities, four workers",
		4,
		19.0,
		tuple(step(f"p{priority}", after=[], priority=priority) for priority in (1, 5, 9)),
		"wait 50ms",
	),
	Case(
		"agent",
		"an agent that does three at a time is what is short",
		8,
		18.0,
		(step("a", agent="Desk"), step("b")),
		"wait 70ms",
		agents={"Desk": 3},
	),
	Case(
		"retry",
		"a third of the attempts fail and are tried again",
		4,
		40.0,
		(step("a", retry={"attempts": 3, "delay": 0.5, "backoff": "fixed"}),),
		"wait 50ms",
		failing=1 / 3,
	),
	Case(
		"limit",
		"at most six runs at a time",
		8,
		36.0,
		(step("a"), step("b")),
		"wait 50ms",
		limits={"concurrent_runs": 6},
	),
	Case("full", "more than eight workers can do", 8, 200.0, (step("a"),), "wait 50ms", seconds=20.0),
	Case("long", "steps of half a second, 16 workers", 16, 24.0, (step("a"),), "wait 500ms"),
	Case("rung", "rung for: half of four workers", 4, 37.0, (step("a"),), "wait 50ms", rings=True),
	Case(
		"rung-busy",
		"rung for: exponential 100 ms, eight busy",
		8,
		66.0,
		(step("a"),),
		"wait exponential 100ms",
		rings=True,
	),
	Case(
		"rung-chain", "rung for: two steps in a row", 8, 70.0, tuple(map(step, "ab")), "wait 50ms", rings=True
	),
)
