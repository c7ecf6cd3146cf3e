"""What the items of a `for_each` step come to, all together. Source: workflow-format.md, semantics 5."""

import json
from collections.abc import Mapping, Sequence

from dogansystem.engine.changes import Result
from dogansystem.engine.definition import Step
from dogansystem.engine.errors import OutputTooLarge
from dogansystem.engine.outcomes import as_error
from dogansystem.engine.outputs import MAX_BYTES, check_size
from dogansystem.engine.run_state import ItemResult
from dogansystem.engine.states import FAILED, PENDING, READY, RUNNING, SUCCEEDED, WAITING

_ROOM = 200  # bytes kept for the entry that says how many errors were left out


def is_broken(step: Step, counts: Mapping[str, int]) -> bool:
	"""Whether a failed item makes the step fail."""
	return bool(counts.get(FAILED)) and step.on_error == "fail"


def unfinished(counts: Mapping[str, int]) -> int:
	"""How many items have not finished."""
	return sum(counts.get(state, 0) for state in (PENDING, READY, RUNNING, WAITING))


def result_of(step: Step, results: Sequence[ItemResult]) -> tuple[str, Result]:
	"""The state and the result of the step itself. `results` are in the items' order."""
	failures = [each for each in results if each.state == FAILED]
	errors = _errors(failures) if failures else None
	if failures and step.on_error == "fail":
		first = failures[0]
		message = f"item {first.item - 1}: {first.error}"
		return FAILED, Result(error_type=first.error_type, error=message, errors=errors)
	# Each output is JSON already; to read a list of thousands only to write it again would take most of a second.
	output = f"[{','.join(each.output or 'null' for each in results)}]"
	try:
		check_size(output, f"The output of step {step.id!r}")
	except OutputTooLarge as error:
		return FAILED, Result(error_type=type(error).__name__, error=str(error), errors=errors)
	return SUCCEEDED, Result(output, errors=errors)


def _errors(failures: Sequence[ItemResult]) -> str:
	"""The list `steps.<id>.errors` as JSON text: as many as fit into an output, and how many were left out."""
	written: list[str] = []
	size = 2
	for number, each in enumerate(failures):
		entry = {"index": each.item - 1, "error": as_error(each.error_type, each.error)}
		text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
		size += len(text.encode()) + 1
		if size > MAX_BYTES - _ROOM:
			left_out = len(failures) - number
			more = {"index": None, "error": f"{left_out} more errors were left out", "left_out": left_out}
			written.append(json.dumps(more, separators=(",", ":")))
			break
		written.append(text)
	return f"[{','.join(written)}]"
