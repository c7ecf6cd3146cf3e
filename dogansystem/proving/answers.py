"""Answers for people in a run that somebody tries: they decide the approvals and asks of a step, as soon as those wait for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dogansystem.engine.approvals import ANSWERED, APPROVED, ASK, REQUIRED, among
from dogansystem.engine.errors import DoganError, NotAsked
from dogansystem.engine.forms import NUMBERS, Field
from dogansystem.people import approvals as deciding
from dogansystem.protocol import Site
from dogansystem.store import approvals, children, open_approvals
from dogansystem.store.approvals import Approval, Place

DECISIONS = {"approve": "approved", "reject": "rejected", "answer": "answered"}
ASSUMED = "Assumed by the dry run"  # the comment of a decision that nobody has given, where one is needed


@dataclass(frozen=True, slots=True)
class Answer:
	"""What somebody says to a step. `by` empty: the first who is asked."""

	step: str
	given: Mapping[str, Any]

	@property
	def by(self) -> str:
		"""Who decides."""
		return str(self.given.get("by") or "")


@dataclass(slots=True)
class Answers:
	"""The answers that are left, and those that were refused.

	A step takes its answers in order. The last one counts again for other items of the step, and when it asks anew.

	Attributes:
		assumes: whether what has no answer takes its first branch, as the first who is asked.
		assumed: what was decided that way: step, index, decision, by.
	"""

	site: Site
	left: list[Answer] = field(default_factory=list)
	refused: list[dict[str, Any]] = field(default_factory=list)
	assumes: bool = False
	assumed: list[dict[str, Any]] = field(default_factory=list)
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
			else:
				counted = (self.assumes and self._is_assumed(approval)) or counted
		return counted

	def _open(self, run: str) -> list[Approval]:
		database = self.site.database
		found = sorted(open_approvals.open_of_run(database, run), key=lambda each: (each.step, each.item))
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
		now = [each.user for each in self._places(approval)]
		stands_in_for = people.stands_in_for(answer.by, self.site.now())
		return not among(answer.by, now) and any(among(each, later) for each in (answer.by, *stands_in_for))

	def _places(self, approval: Approval) -> list[Place]:
		return list(approvals.places(self.site.database, approval))

	def _asked(self, approval: Approval) -> list[str]:
		return [each.user for each in self._places(approval) if each.is_asked]

	def _counts(self, answer: Answer, approval: Approval) -> bool:
		if not self._decides(answer, approval):
			return False
		self._again[approval.step] = (answer, approval.name)
		return True

	def _is_assumed(self, approval: Approval) -> bool:
		asked = self._asked(approval)
		if not asked or any(each["approval"] == approval.name for each in self.refused):
			return False
		decision = ANSWERED if approval.rules.kind == ASK else APPROVED
		given: dict[str, Any] = {"decision": decision, "by": asked[0], "values": _values(approval)}
		if approval.rules.comment == REQUIRED:
			given["comment"] = ASSUMED
		if not self._decides(Answer(approval.step, given), approval):
			return False
		self.assumed.append({"step": approval.step, "index": _index(approval), **given})
		return True

	def _decides(self, answer: Answer, approval: Approval) -> bool:
		database, given = self.site.database, answer.given
		asked = self._asked(approval)
		decision = str(given.get("decision") or ("answered" if approval.rules.kind == ASK else ""))
		try:
			deciding.decide(
				self.site,
				approval.name,
				answer.by or asked[0],
				DECISIONS.get(decision, decision),
				str(given.get("comment") or ""),
				given.get("values"),
				"command",
			)
			database.commit()
		except DoganError as error:
			database.rollback()
			reason = (
				f"{error} It waits for {', '.join(asked)}." if isinstance(error, NotAsked) else str(error)
			)
			self.refused.append(
				{
					"step": approval.step,
					"index": _index(approval),
					"approval": approval.name,
					"answer": given,
					"reason": reason,
				}
			)
			return False
		self.site.after_commit(self.site.doorbell.ring)
		return True


def _index(approval: Approval) -> int | None:
	return approval.item - 1 if approval.item else None


def _values(approval: Approval) -> dict[str, Any]:
	"""Something for each field that has to be filled in and has no default."""
	return {
		each.name: _something(each)
		for each in approval.rules.fields
		if each.required and each.default is None
	}


def _something(field: Field) -> Any:
	if field.type in NUMBERS or field.type == "Int":
		return 1
	if field.type == "Check":
		return True
	if field.type == "Select":
		return field.options[0]
	return {"Date": "2026-01-05", "Datetime": "2026-01-05 09:00:00", "Time": "09:00:00"}.get(
		field.type, ASSUMED
	)
