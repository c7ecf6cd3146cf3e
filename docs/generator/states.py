"""State diagrams, drawn from the table of allowed changes in `dogansystem.engine.states`."""

from collections.abc import Mapping

from dogansystem.engine.states import (
	PENDING,
	QUEUED,
	RUN_FINISHED,
	RUN_TRANSITIONS,
	STEP_FINISHED,
	STEP_TRANSITIONS,
)
from generator.markdown import sections


def run_diagram() -> str:
	"""The states of a run."""
	return _diagram(RUN_TRANSITIONS, QUEUED, RUN_FINISHED)


def step_diagram() -> str:
	"""The states of a step run."""
	return _diagram(STEP_TRANSITIONS, PENDING, STEP_FINISHED)


def _diagram(transitions: Mapping[str, frozenset[str]], first: str, finished: frozenset[str]) -> str:
	order = list(transitions)
	lines = ["```mermaid", "stateDiagram-v2", f"\t[*] --> {first}"]
	for old, following in transitions.items():
		for new in sorted(following, key=order.index):
			back = " : retry" if old in finished and new not in finished else ""
			lines.append(f"\t{old} --> {new}{back}")
	lines += [f"\t{state} --> [*]" for state in order if state in finished]
	return sections("\n".join([*lines, "```"]))
