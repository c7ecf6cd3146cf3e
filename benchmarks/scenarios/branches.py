"""What a step costs in a workflow of 30 steps with branches, against a sequence of 30 steps."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks import work
from benchmarks.report import Figure, Promise, shown
from benchmarks.scenarios.commits import drained_rate
from benchmarks.windows import Sample, Size, in_turns
from dogansystem.orchestrator import Orchestrator
from dogansystem.protocol import Site

PROMISE = Promise("at most", 1.2)
SEQUENCE = "30 steps in a sequence"
BRANCHES = "30 steps with branches"


def _branching() -> list[dict[str, Any]]:
	"""Ten times: a choice, the step of its branch that is taken, and one of the branch that is not."""
	steps: list[dict[str, Any]] = []
	for number in range(1, 11):
		choice, left, right = (f"{what}_{number}" for what in ("choose", "left", "right"))
		after = [f"left_{number - 1}", f"right_{number - 1}"] if number > 1 else []
		cases = [{"name": "left", "if": "{{ true }}"}]
		steps += [
			{
				"id": choice,
				"action": "flow.choose",
				"params": {"cases": cases},
				"after": after,
				"join": "any",
			},
			work.nothing(left, after=[f"{choice}.left"]),
			work.nothing(right, after=[f"{choice}.else"]),
		]
	return steps


WORKFLOWS = {
	SEQUENCE: (30, [work.nothing(f"step_{number}") for number in range(1, 31)]),
	BRANCHES: (20, _branching()),  # the steps that are not taken are skipped, and not executed
}


def measure(where: str, site: Site, size: Size, user: str) -> Iterator[Figure]:
	"""On a site whose queue nobody else works on: by all 30 steps, and by those alone that are executed, which then pay for
	what is skipped.
	"""
	for shape, (_, steps) in WORKFLOWS.items():
		Orchestrator(site).import_workflow({"name": work.workflow_of(shape), "run_as": user, "steps": steps})
	site.database.commit()
	rates = {
		shape: partial(drained_rate, site, shape, size.steps, per_run=per_run)
		for shape, (per_run, _) in WORKFLOWS.items()
	}
	pairs = in_turns(rates[SEQUENCE], rates[BRANCHES], size.rounds)
	sides = {
		"sequence": shown(pairs.first.median, "/s"),
		"branches": shown(pairs.second.median, "/s"),
	}
	executed = WORKFLOWS[BRANCHES][0] / len(WORKFLOWS[BRANCHES][1])
	of_all = Sample(tuple(each * executed for each in pairs.ratios.values))
	what = "time of a step, 30 steps with branches / in a sequence"
	yield Figure.of(where, what, of_all, "x", PROMISE, **sides)
	yield Figure.of(where, f"{what}, by those executed", pairs.ratios, "x", **sides)
