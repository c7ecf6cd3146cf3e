"""`on: run`: a run of another workflow has ended."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, shown
from dogansystem.engine.definitions.triggers.base import IN_START, Key, Kind
from dogansystem.engine.states import CANCELLED, FAILED, SUCCEEDED

ANY = "*"
ENDS = (SUCCEEDED, FAILED, CANCELLED)


def other_workflow(value: Any, path: str, problems: Problems) -> Any:
	"""The name of a workflow, or `*`."""
	return value if value == ANY else values.name(value, path, problems)


def ends_of_runs(value: Any, path: str, problems: Problems) -> Any:
	"""States in which runs end: one, or a list, kept as a list."""
	given = [value] if isinstance(value, str) else value
	names = values.listed_text(given, path, problems)
	if names is LEFT_OUT:
		return names
	for index, name in enumerate(names):
		if name not in ENDS:
			problems.unknown(
				at(path, index), f"{shown(name)} is no state in which a run ends", name, ENDS, "states"
			)
	return list(dict.fromkeys(names)) or problems.refuse(
		path, "names no state; give one, or leave the key out"
	)


class RunKind(Kind):
	"""Ends of other workflows' runs: the error workflow."""

	on = "run"
	about = (
		"A run of another workflow has ended. `trigger.run` is that run: `name`, `workflow`, `status`, `error`, "
		"`error_type`, `step` (the one that failed), `cause`, `started_by`, `document`, `input`, `output`. It is written with "
		"the end of that run, and starts one run for each end. A run that was started by `run` never starts another one by it."
	)
	starts_as = "the end of a run"
	keys: ClassVar[Mapping[str, Key]] = {
		"workflow": Key(
			other_workflow,
			"The workflow whose runs count, or `*` for all others.",
			field="of_workflow",
			required=True,
		),
		"status": Key(
			ends_of_runs,
			"How they have ended: a list of `Succeeded`, `Failed`, `Cancelled`.",
			field="ended_as",
			form="names",
			default=[FAILED],
		),
		"if": Key(values.condition, "A run starts only if it is true.", field="condition", in_reach=IN_START),
	}
