"""The work that is measured: workflows whose steps do nothing, so that only what surrounds a step is timed."""

from collections.abc import Mapping
from typing import Any

from dogansystem.orchestrator import Orchestrator
from dogansystem.protocol import Site
from dogansystem.store.moment import moment
from dogansystem.triggers.starting import start_run

RUNS_TO_A_COMMIT = 100
ITEMS = 100


def nothing(step_id: str, **rest: Any) -> dict[str, Any]:
	"""A step that does nothing."""
	return {"id": step_id, "action": "data.set", "params": {"done": True}, **rest}


# Each shape with the steps that a run of it executes: the drainer has a path of its own for each of them.
SHAPES: Mapping[str, tuple[int, list[dict[str, Any]], Any]] = {
	"runs of one step": (1, [nothing("only")], None),
	"runs of five steps": (5, [nothing(f"step_{number}") for number in range(1, 6)], None),
	"runs of 100 items": (
		ITEMS + 1,
		[nothing("each", for_each="{{ input.items }}")],
		{"items": list(range(ITEMS))},
	),
}


def install(site: Site, user: str) -> None:
	"""Keep the workflows of all shapes, with `user` acting in their steps. Commits."""
	for shape, (_, steps, _) in SHAPES.items():
		definition = {"name": workflow_of(shape), "run_as": user, "steps": steps}
		Orchestrator(site).import_workflow(definition)
	site.database.commit()


def workflow_of(shape: str) -> str:
	"""The name of the workflow with this shape."""
	return f"benchmark-{shape.replace(' ', '-')}"


def prepare(site: Site, shape: str, steps: int, per_run: int | None = None) -> int:
	"""Start runs that execute about `steps` steps, without a ring at the doorbell; gives how many they are. Commits.

	`per_run`: the steps that a run executes, if the workflow is none of SHAPES.
	"""
	given = None
	if per_run is None:
		per_run, _, given = SHAPES[shape]
	runs = max(1, steps // per_run)
	for number in range(runs):
		start_one(site, shape, given)
		if number % RUNS_TO_A_COMMIT == RUNS_TO_A_COMMIT - 1:
			site.database.commit()
	site.database.commit()
	return runs * per_run


def start_one(site: Site, shape: str, given: Any = None) -> str:
	"""Start a run in the open transaction; gives its name."""
	return start_run(
		site,
		site.database,
		workflow_of(shape),
		moment(site),
		cause="api",
		started_by=site.user,
		input=given,
	)
