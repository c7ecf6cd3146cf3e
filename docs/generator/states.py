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
from generator.markdown import code, sections, table

RUN_MEANINGS: Mapping[str, str] = {
	"Queued": "None of its steps has started: no worker has come to it yet, or its workflow's limit is full.",
	"Running": "A step runs or is ready.",
	"Waiting": "Everything that is left waits: for a time, for the next attempt, for an agent.",
	"Paused": "No further step starts until somebody resumes it.",
	"Succeeded": "It has ended, and no failure was left unhandled.",
	"Failed": "It has ended by a failure that nothing handled.",
	"Cancelled": "Somebody, a limit with `replace`, or `flow.stop` has ended it.",
}
STEP_MEANINGS: Mapping[str, str] = {
	"Pending": "The steps in its `after` have not finished.",
	"Ready": "Any worker may start it. In a paused run: it starts once the run is resumed.",
	"Running": "A worker has started it; of a `for_each` step, an item is under way.",
	"Waiting": "It rests until a time comes (`flow.wait`, or its next attempt), or until an agent is free.",
	"Succeeded": "It has done what it says.",
	"Failed": "Its last attempt failed.",
	"Skipped": "Its `if` was false, or its `when` did not fit how the steps before it ended.",
	"Cancelled": "Its run ended before it started.",
	"Compensated": "It was undone. Compensation is not carried out yet.",
}


def run_meanings() -> str:
	"""What the states of a run mean."""
	return _meanings(RUN_TRANSITIONS, RUN_MEANINGS)


def step_meanings() -> str:
	"""What the states of a step run mean."""
	return _meanings(STEP_TRANSITIONS, STEP_MEANINGS)


def _meanings(transitions: Mapping[str, frozenset[str]], meanings: Mapping[str, str]) -> str:
	left = set(transitions) ^ set(meanings)
	if left:
		raise SystemExit(f"docs/generator/states.py: {left} is not described, or does not exist")
	return table(("state", "means"), [(code(state), meanings[state]) for state in transitions])


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
