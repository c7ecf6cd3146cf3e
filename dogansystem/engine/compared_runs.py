"""In what two runs differ, step by step, as sentences that a person reads. A sentence is a text with places, as in `compared`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.engine.compared import ADDED, REMOVED, Sentence, label, leaves, shown
from dogansystem.engine.states import SUCCEEDED

MOST_OF_A_STEP = 20  # values of one step that are told; what is more is counted
SLOWER = 2.0  # times as long, and
NOTICED = 1.0  # seconds longer: what is less is chance

Run = Mapping[str, Any]


def _(text: str) -> str:
	"""Mark a text that people read; who shows it looks up its translation."""
	return text


@dataclass(frozen=True, slots=True)
class Difference(Sentence):
	"""One difference: `{0}` is the step's name, `{1}` what of it, `{2}` how it was in the first run, `{3}` in the second.

	`what` can be translated, and so can `before` and `after` where they are `states`.
	"""

	step: str
	text: str
	name: str = ""
	what: str = ""
	before: str = ""
	after: str = ""
	states: bool = False


def differences(one: Run, other: Run) -> list[Difference]:
	"""In what run `other` differs from run `one`: the runs themselves, and then their steps.

	A run has `status`, `error`, `input`, `parameters`, `output`, `version`, `document`, and `steps`: each with `id`, `title`, `status`,
	`branch`, `attempts`, `seconds` (None: it has not ended), `items` (a number for each state), `params`, `output` and `error`.
	"""
	return [*_of_runs(one, other), *_of_steps(one["steps"], other["steps"])]


def _of_runs(one: Run, other: Run) -> Iterator[Difference]:
	if one["status"] != other["status"]:
		text = _("The first run is {2}, the second is {3}")
		yield Difference("", text, before=one["status"], after=other["status"], states=True)
	if one["version"] != other["version"]:
		text = _("The first run went by version {2} of the workflow, the second by version {3}")
		yield Difference("", text, before=str(one["version"]), after=str(other["version"]))
	if one["document"] != other["document"]:
		text = _("The first run is about {2}, the second about {3}")
		yield Difference("", text, before=one["document"] or "–", after=other["document"] or "–")
	for part, text in (
		("input", _("Input: {1} was {2}, and {3} in the second run")),
		("parameters", _("Parameters of the workflow: {1} was {2}, and {3} in the second run")),
		("output", _("Output of the run: {1} was {2}, and {3} in the second run")),
	):
		yield from _of_values("", "", text, one[part], other[part])
	if one["error"] != other["error"]:
		text = _("Error of the run: {2}, in the second {3}")
		yield Difference("", text, before=one["error"] or "–", after=other["error"] or "–")


def _of_steps(before: Sequence[Run], after: Sequence[Run]) -> Iterator[Difference]:
	old, new = ({step["id"]: step for step in each} for each in (before, after))
	for step in dict.fromkeys((*new, *old)):
		name = _name(new.get(step) or old[step])
		if step not in old:
			yield Difference(step, _("Step {0} is in the second run alone"), name)
		elif step not in new:
			yield Difference(step, _("Step {0} is in the first run alone"), name)
		else:
			yield from _of_step(step, name, old[step], new[step])


def _of_step(step: str, name: str, one: Run, other: Run) -> Iterator[Difference]:
	if one["status"] != other["status"]:
		text = _("Step {0} is {2} in the first run and {3} in the second")
		yield Difference(step, text, name, "", one["status"], other["status"], states=True)
	if one["branch"] != other["branch"]:
		text = _("Step {0} ended as {2} in the first run and as {3} in the second")
		yield Difference(step, text, name, "", one["branch"] or "–", other["branch"] or "–")
	if one["attempts"] != other["attempts"]:
		text = _("Step {0} took {2} attempts in the first run and {3} in the second")
		yield Difference(step, text, name, "", str(one["attempts"]), str(other["attempts"]))
	if one["items"] != other["items"]:
		text = _("Step {0} had these items in the first run: {2}. In the second: {3}")
		yield Difference(step, text, name, "", _counts(one["items"]), _counts(other["items"]))
	yield from _of_times(step, name, one["seconds"], other["seconds"])
	yield from _of_values(
		step, name, _("Step {0}: {1} was {2}, and {3} in the second run"), one["params"], other["params"]
	)
	if one["status"] == other["status"] == SUCCEEDED:
		text = _("Output of step {0}: {1} was {2}, and {3} in the second run")
		yield from _of_values(step, name, text, one["output"], other["output"])
	if one["error"] != other["error"]:
		text = _("Error of step {0}: {2}, in the second run {3}")
		yield Difference(step, text, name, "", one["error"] or "–", other["error"] or "–")


def _of_times(step: str, name: str, one: float | None, other: float | None) -> Iterator[Difference]:
	if (
		one is None
		or other is None
		or abs(one - other) < NOTICED
		or max(one, other) < SLOWER * min(one, other)
	):
		return
	text = _("Step {0} took {2} seconds in the first run and {3} in the second")
	yield Difference(step, text, name, "", f"{one:.1f}", f"{other:.1f}")


def _of_values(step: str, name: str, text: str, one: Any, other: Any) -> Iterator[Difference]:
	found = list(leaves(one, other))
	for path, kind, before, after in found[:MOST_OF_A_STEP]:
		was, now = ("–" if kind == ADDED else shown(before)), ("–" if kind == REMOVED else shown(after))
		yield Difference(step, text, name, label(path) or _("the value"), was, now)
	if len(found) > MOST_OF_A_STEP:
		text = _("Step {0}: {2} more values are different") if step else _("{2} more values are different")
		yield Difference(step, text, name, "", str(len(found) - MOST_OF_A_STEP))


def _name(step: Run) -> str:
	return f"{step['title']} ({step['id']})" if step["title"] else str(step["id"])


def _counts(items: Mapping[str, int]) -> str:
	return ", ".join(f"{count} {state}" for state, count in sorted(items.items())) or "–"
