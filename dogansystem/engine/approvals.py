"""Who may decide an approval, and what comes of it. Pure. Source: workflow-format.md, *flow.approve* and *flow.ask*.

Users are compared without regard to case, as Frappe does: four eyes must not fail on a capital letter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.engine.errors import AlreadyDecided, DecisionIncomplete, InputError, NotAsked
from dogansystem.engine.forms import Field, checked_values, without_values
from dogansystem.engine.sentence import Sentence, _

APPROVE, ASK = "approve", "ask"  # the kinds
APPROVED, REJECTED, EXPIRED, ANSWERED = (
	"approved",
	"rejected",
	"expired",
	"answered",
)  # decisions and branches
DECISIONS = {APPROVE: (APPROVED, REJECTED), ASK: (ANSWERED,)}
COMMENT_RULES = OPTIONAL, REQUIRED, ON_REJECTION = "optional", "required", "on_rejection"
ESCALATE = "escalate"
AT_DEADLINE = {"expire": EXPIRED, "approve": APPROVED, "reject": REJECTED}
ALL = 0  # of `needs`: everybody who is asked
MAX_COMMENT = 2000  # characters
# The fields that hold a document's amount, the first one that it has.
AMOUNTS = ("base_grand_total", "grand_total", "total_claimed_amount", "base_total", "total", "amount")

# The states of an approval, and of one who is asked.
OPEN, CANCELLED = "Open", "Cancelled"
STATE_OF = {APPROVED: "Approved", REJECTED: "Rejected", EXPIRED: "Expired", ANSWERED: "Answered"}
ASKED, DECIDED, PASSED_ON, NO_LONGER = "Asked", "Decided", "Passed On", "No Longer Asked"


# Who has decided already, and when; with and without for whom.
_DECIDED = {
	APPROVED: (_("{0} has approved already, at {1}."), _("{0} has approved for {2} already, at {1}.")),
	REJECTED: (_("{0} has rejected already, at {1}."), _("{0} has rejected for {2} already, at {1}.")),
	ANSWERED: (_("{0} has answered already, at {1}."), _("{0} has answered for {2} already, at {1}.")),
}


@dataclass(frozen=True, slots=True)
class Rules:
	"""What an approval goes by; it does not change while it is open.

	Attributes:
		needs: so many approvals; ALL: those of everybody who is asked.
		rejects_all: one rejection is not enough; it is rejected once all have decided and too few have approved.
		not_by: who may not decide, nor may who stands in for them.
	"""

	kind: str = APPROVE
	needs: int = 1
	rejects_all: bool = False
	comment: str = OPTIONAL
	not_by: tuple[str, ...] = ()
	fields: tuple[Field, ...] = ()
	may_delegate: bool = True


@dataclass(frozen=True, slots=True)
class Person:
	"""Somebody as they are at this moment. `stands_in_for`: whose substitute they are."""

	user: str
	is_enabled: bool = True
	stands_in_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approver:
	"""Somebody who is or was asked. `number` counts from 1; `is_enabled`: as of now."""

	number: int
	user: str
	state: str = ASKED
	is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
	"""What somebody has decided. `whose`: for whom, where they stand in for somebody. `at` is text."""

	by: str
	decision: str
	whose: str | None = None
	comment: str = ""
	values: Mapping[str, Any] | None = None
	at: str = ""
	through: str = ""


def same(one: str, other: str) -> bool:
	"""Whether two names are those of one user."""
	return _key(one) == _key(other)


def _key(user: str) -> str:
	return user.strip().casefold()


def among(user: str, users: Iterable[str]) -> bool:
	"""Whether a user is one of these."""
	return _key(user) in {_key(each) for each in users}


def distinct(users: Iterable[str]) -> list[str]:
	"""Each user once, in the order given."""
	found: dict[str, str] = {}
	for each in users:
		found.setdefault(_key(each), each.strip())
	return [user for user in found.values() if user]


# Who may decide


def why_not(rules: Rules, person: Person) -> str:
	"""Why somebody may not decide, whoever asks them; empty if they may."""
	if not person.is_enabled:
		return "is disabled or does not exist"
	if among(person.user, rules.not_by):
		return "may not decide this (not_by)"
	excluded = [each for each in person.stands_in_for if among(each, rules.not_by)]
	return f"stands in for {excluded[0]}, who may not decide this (not_by)" if excluded else ""


def check_may(rules: Rules, person: Person) -> None:
	"""Raise NotAsked if somebody may not decide, whoever asks them."""
	user = person.user
	if not person.is_enabled:
		raise NotAsked(Sentence(_("{0} is disabled or does not exist: no decision of theirs counts."), user))
	if among(user, rules.not_by):
		raise NotAsked(Sentence(_("{0} may not decide this (not_by)."), user))
	if excluded := [each for each in person.stands_in_for if among(each, rules.not_by)]:
		text = _("{0} stands in for {1}, who may not decide this (not_by): no decision of theirs counts.")
		raise NotAsked(Sentence(text, user, excluded[0]))


def left_out(rules: Rules, people: Iterable[Person]) -> dict[str, str]:
	"""Those who may not decide, with the reason."""
	return {each.user: reason for each in people if (reason := why_not(rules, each))}


def place_of(
	rules: Rules, approvers: Sequence[Approver], decisions: Sequence[Decision], person: Person
) -> Approver:
	"""The one who is asked in whose place somebody may decide: themselves, or one for whom they stand in.

	Raises AlreadyDecided if they have decided, or it was decided for them; NotAsked.
	"""
	user = person.user
	check_may(rules, person)
	for each in decisions:
		if same(each.by, user) or (each.whose and same(each.whose, user)):
			raise AlreadyDecided(has_decided(each))
	own = [each for each in approvers if same(each.user, user)]
	if open_one := next((each for each in own if each.state == ASKED), None):
		return open_one
	represented = [each for each in approvers if among(each.user, person.stands_in_for)]
	if open_one := next((each for each in represented if each.state == ASKED and each.is_enabled), None):
		return open_one
	for each in decisions:
		if among(each.by, person.stands_in_for) or (each.whose and among(each.whose, person.stands_in_for)):
			raise AlreadyDecided(has_decided(each))
	if any(each.state == PASSED_ON for each in own):
		raise NotAsked(Sentence(_("{0} is not asked any more: the decision was passed on."), user))
	if own:
		raise NotAsked(Sentence(_("{0} is not asked any more."), user))
	raise not_asked(user)


def may_decide(
	rules: Rules, approvers: Sequence[Approver], decisions: Sequence[Decision], person: Person
) -> tuple[Approver | None, str]:
	"""In whose place somebody may decide, or why they may not."""
	try:
		return place_of(rules, approvers, decisions, person), ""
	except (AlreadyDecided, NotAsked) as error:
		return None, error.args[0]


def not_asked(user: str) -> NotAsked:
	"""The error of one who has nothing to do with it."""
	return NotAsked(Sentence(_("{0} is not asked."), user))


def has_decided(decision: Decision) -> Sentence:
	"""Who was first, and when."""
	for_oneself, for_another = _DECIDED[decision.decision]
	text = for_another if decision.whose else for_oneself
	return Sentence(text, decision.by, decision.at[:19], decision.whose)


# What comes of it


def checked(rules: Rules, decision: str, comment: str, values: Mapping[str, Any] | None) -> dict[str, Any]:
	"""The values given, as they are kept. Raises DecisionIncomplete, or InputError for what does not fit.

	A rejection needs no values.
	"""
	allowed = DECISIONS[rules.kind]
	if decision not in allowed:
		raise InputError(f"decision: {decision!r} is not possible here; it may be {' or '.join(allowed)}.")
	if len(comment) > MAX_COMMENT:
		raise InputError(f"comment: {len(comment)} characters are too many; at most {MAX_COMMENT} are kept.")
	is_needed = rules.comment == REQUIRED or (rules.comment == ON_REJECTION and decision == REJECTED)
	if is_needed and not comment.strip():
		raise DecisionIncomplete(Sentence(_("A comment is needed: say why.")))
	return checked_values(rules.fields, values or {}, complete=decision != REJECTED)


def settled(rules: Rules, approvers: Sequence[Approver], decisions: Sequence[Decision]) -> str | None:
	"""What the decisions have come to: `approved`, `rejected`, `answered`; None: others have to decide."""
	if rules.kind == ASK:
		return ANSWERED if decisions else None
	made = [each.decision for each in decisions]
	if REJECTED in made and not rules.rejects_all:
		return REJECTED
	if made.count(APPROVED) >= needed(rules, approvers):
		return APPROVED
	is_last = not any(each.state == ASKED for each in approvers)
	return REJECTED if is_last and REJECTED in made else None


def needed(rules: Rules, approvers: Sequence[Approver]) -> int:
	"""How many have to approve."""
	return rules.needs or max(1, sum(each.state in (ASKED, DECIDED) for each in approvers))


def output_of(rules: Rules, result: str, decisions: Sequence[Decision], *, by_person: bool) -> dict[str, Any]:
	"""The output of the step. `by_person`: the last of the decisions has settled it, and not the deadline."""
	values = dict(without_values(rules.fields))
	for each in decisions:
		values |= each.values or {}
	if rules.kind == ASK:
		return {"by": decisions[-1].by if decisions else None, "values": values}
	comment = decisions[-1].comment if by_person and decisions else ""
	return {
		"decision": result,
		"comment": comment,
		"values": values,
		"decisions": [_as_json(each) for each in decisions],
	}


def _as_json(decision: Decision) -> dict[str, Any]:
	return {
		"by": decision.by,
		"for": decision.whose,
		"decision": decision.decision,
		"comment": decision.comment,
		"at": decision.at,
		"through": decision.through,
	}
