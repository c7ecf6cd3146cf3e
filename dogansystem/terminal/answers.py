"""Answers that are given with `--answer`: they decide the approvals and asks of a step, as soon as those wait for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from dogansystem.engine.approvals import ASK, among
from dogansystem.engine.definition import ASKING, Definition
from dogansystem.engine.errors import DoganError, NotAsked
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.store import approvals, children
from dogansystem.store.approvals import Approval
from dogansystem.terminal import files

KEYS = frozenset({"decision", "by", "comment", "values"})
DECISIONS = {"approve": "approved", "reject": "rejected", "answer": "answered"}
EXAMPLE = 'Write it as ok=\'{"decision": "approved", "by": "x@example.com"}\'.'


@dataclass(frozen=True, slots=True)
class Answer:
	"""What somebody says to a step. `by` empty: the first who is asked."""

	step: str
	given: Mapping[str, Any]

	@property
	def by(self) -> str:
		"""Who decides."""
		return str(self.given.get("by") or "")


def read(texts: Iterable[str], definition: Definition) -> list[Answer]:
	"""The answers of `--answer`, each `STEP=JSON`. Raises FileError."""
	return [_answer(text, definition) for text in texts]


def _answer(text: str, definition: Definition) -> Answer:
	step, is_there, given = text.partition("=")
	if not is_there or not step:
		raise files.FileError(f"--answer: {text!r} names no step. {EXAMPLE}")
	if step not in definition.by_id:
		near = get_close_matches(step, definition.by_id, 1)
		hint = f" (did you mean {near[0]!r}?)" if near else ""
		raise files.FileError(f"--answer: no step named {step!r}{hint}.")
	if definition.by_id[step].action not in ASKING:
		raise files.FileError(f"--answer: step {step!r} asks nobody; {' and '.join(sorted(ASKING))} do.")
	value = files.json_value(given, f"--answer {step}")
	if not isinstance(value, Mapping) or value.keys() - KEYS:
		raise files.FileError(f"--answer {step}: must be a mapping of {', '.join(sorted(KEYS))}. {EXAMPLE}")
	return Answer(step, value)


@dataclass(slots=True)
class Answers:
	"""The answers that are left, and those that were refused.

	A step takes its answers in order. The last one counts again for other items of the step, and when it asks anew.
	"""

	site: Sandbox
	left: list[Answer] = field(default_factory=list)
	refused: list[dict[str, Any]] = field(default_factory=list)
	_again: dict[str, tuple[Answer, str]] = field(
		default_factory=dict
	)  # by step: what counted last, and for what

	def give(self, run: str) -> bool:
		"""Give answers to what a run, and the runs that it waits for, ask now; True if one counted."""
		counted = False
		for approval in self._open(run):
			while answer := self._next(approval):
				if self._counts(answer, approval):
					counted = True
					break
		return counted

	def _open(self, run: str) -> list[Approval]:
		database = self.site.database
		found = sorted(approvals.open_of_run(database, run), key=lambda each: (each.step, each.item))
		return found + [each for child in children.under_way(database, run) for each in self._open(child)]

	def _next(self, approval: Approval) -> Answer | None:
		given = [
			each
			for each in self.left
			if each.step == approval.step and not self._is_for_later(each, approval)
		]
		if given:
			self.left.remove(given[0])
			return given[0]
		again, of = self._again.get(approval.step, (None, ""))
		return again if again and of != approval.name and not self._is_spent(again, approval) else None

	def _is_spent(self, answer: Answer, approval: Approval) -> bool:
		"""Whether what counted for another item was tried here before."""
		return any(
			each["approval"] == approval.name and each["answer"] is answer.given for each in self.refused
		)

	def _is_for_later(self, answer: Answer, approval: Approval) -> bool:
		"""Whether it is the answer of somebody who is asked after the deadline."""
		if approval.escalated or not approval.escalation or not answer.by:
			return False
		people = self.site.people
		roles = approval.escalation.get("roles", [])
		later = [
			*approval.escalation.get("users", []),
			*(each for role in roles for each in people.users_with_role(role)),
		]
		now = [each.user for each in approvals.places(self.site.database, approval)]
		stands_in_for = people.stands_in_for(answer.by, self.site.now())
		return not among(answer.by, now) and any(among(each, later) for each in (answer.by, *stands_in_for))

	def _counts(self, answer: Answer, approval: Approval) -> bool:
		database, given = self.site.database, answer.given
		asked = [each.user for each in approvals.places(database, approval) if each.is_asked]
		decision = str(given.get("decision") or ("answered" if approval.rules.kind == ASK else ""))
		try:
			Orchestrator(self.site).decide(
				approval.name,
				DECISIONS.get(decision, decision),
				user=answer.by or asked[0],
				comment=str(given.get("comment") or ""),
				values=given.get("values"),
				through="command",
			)
			database.commit()
		except DoganError as error:
			database.rollback()
			reason = (
				f"{error} It waits for {', '.join(asked)}." if isinstance(error, NotAsked) else str(error)
			)
			index = approval.item - 1 if approval.item else None
			self.refused.append(
				{
					"step": approval.step,
					"index": index,
					"approval": approval.name,
					"answer": given,
					"reason": reason,
				}
			)
			return False
		self._again[approval.step] = (answer, approval.name)
		return True
