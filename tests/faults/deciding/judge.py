"""Judges what people have decided. It knows nothing of the engine: no table, no lock, no rule of ours.

It knows what each person asked for and was told (`Try`), and what is there in the end (`Approval`, `Signal`). Each try has a
token that no other has and that is kept with the decision, so that a decision says which try it is of.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.verdict import Kinds

DECIDED, LATE = (
	"decided",
	"late",
)  # what somebody was told; nothing: the connection was lost, or they were killed
APPROVED, REJECTED, ANSWERED, EXPIRED = "approved", "rejected", "answered", "expired"
SIGNAL = "signal"
NO_LONGER, ASKED = "no longer asked", "asked"


@dataclass(frozen=True, slots=True)
class Try:
	"""Somebody tried to decide `about` an approval, or to send the signal of a run: `decision` is then `SIGNAL`.

	Attributes:
		token: of this try alone.
		told: DECIDED, LATE, or empty.
		says: what they were told with it.
	"""

	about: str
	by: str
	decision: str
	token: str
	told: str = ""
	says: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
	"""A decision that is kept. `at` as people read it."""

	by: str
	decision: str
	token: str
	at: str


@dataclass(frozen=True, slots=True)
class Approval:
	"""What was asked of people, as it is in the end.

	Attributes:
		needs: how many have to approve; 0: a form, for one to fill in.
		asked: the users.
		result: one of the words above; empty: it is open.
		by: who settled it; empty: the deadline did.
		went_on: what the run did by it, by the name of the branch; each has to be there once.
		used: the token that the run went on with, if it shows one.
		told: how often each user was told what.
	"""

	name: str
	run: str
	needs: int
	asked: frozenset[str]
	result: str
	by: str
	decisions: Sequence[Decision]
	went_on: Mapping[str, int] = field(default_factory=dict)
	used: str | None = None
	told: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signal:
	"""The signals that are kept for a run: the token of each, and the one that the run went on with."""

	run: str
	sent: Sequence[str]
	used: str | None


@dataclass(slots=True)
class Verdict(Kinds):
	"""What is wrong, by kind; each entry names the approval or the run.

	Attributes:
		lost: somebody was told that it is decided, or sent, and it is not there.
		doubled: somebody has decided it twice, or more have decided than were needed, or a signal is there twice.
		forged: a decision or signal that nobody tried.
		denied: somebody was told that they came too late, and their decision is there.
		unexplained: somebody was told that they came too late, and not whose decision came first and when.
		wrong: the result does not follow from the decisions.
		open: nobody has settled it.
		astray: the run did not go on as the result says, exactly once.
		mistaken: the run went on with another token than that of the decision.
		retold: somebody was not told once that they are asked, or not once that they are not any more.
	"""

	lost: list[str] = field(default_factory=list)
	doubled: list[str] = field(default_factory=list)
	forged: list[str] = field(default_factory=list)
	denied: list[str] = field(default_factory=list)
	unexplained: list[str] = field(default_factory=list)
	wrong: list[str] = field(default_factory=list)
	open: list[str] = field(default_factory=list)
	astray: list[str] = field(default_factory=list)
	mistaken: list[str] = field(default_factory=list)
	retold: list[str] = field(default_factory=list)


def judge(tries: Sequence[Try], approvals: Sequence[Approval], signals: Sequence[Signal] = ()) -> Verdict:
	"""What is wrong with what is there in the end."""
	verdict = Verdict()
	of: dict[str, list[Try]] = defaultdict(list)
	for each in tries:
		of[each.about].append(each)
	for approval in approvals:
		_judge_tries(verdict, of[approval.name], approval)
		_judge_result(verdict, approval)
		_judge_told(verdict, approval)
	there = {each.name for each in approvals}
	for signal in signals:
		_judge_signal(verdict, of[signal.run], signal)
	there |= {each.run for each in signals}
	verdict.lost += [each.about for each in tries if each.about not in there and each.told == DECIDED]
	return verdict


def _judge_tries(verdict: Verdict, tries: Sequence[Try], approval: Approval) -> None:
	"""Compare what people were told with the decisions."""
	kept = {each.token: each for each in approval.decisions}
	tried = {each.token: each for each in tries}
	for decision in approval.decisions:
		of = tried.get(decision.token)
		if of is None or (of.by, of.decision) != (decision.by, decision.decision):
			verdict.forged.append(f"{approval.name} by {decision.by}")
	for each in tries:
		if each.told == DECIDED and each.token not in kept:
			verdict.lost.append(f"{approval.name} by {each.by}")
		if each.told == LATE and each.token in kept:
			verdict.denied.append(f"{approval.name} by {each.by}")
		if each.told == LATE and not _is_explained(each, approval):
			verdict.unexplained.append(f"{approval.name} by {each.by}: {each.says}")


def _is_explained(late: Try, approval: Approval) -> bool:
	"""Whether somebody who came too late was told whose decision came first and when, or of the deadline."""
	if any(each.by in late.says and each.at in late.says for each in approval.decisions):
		return True
	return "deadline" in late.says and not approval.by


def _judge_result(verdict: Verdict, approval: Approval) -> None:
	"""Whether the result follows from the decisions, and the run from the result."""
	made = [each.decision for each in approval.decisions]
	by = Counter(each.by for each in approval.decisions)
	if any(number > 1 for number in by.values()) or len(made) > max(1, approval.needs):
		verdict.doubled.append(approval.name)
	if not approval.result:
		verdict.open.append(approval.name)
		return
	last = approval.decisions[-1].by if approval.decisions else ""
	expected = _result(approval.needs, made)
	if approval.result != (expected or EXPIRED) or approval.by != (last if expected else ""):
		verdict.wrong.append(f"{approval.name}: {approval.result} by {approval.by or 'nobody'} of {made}")
	if approval.went_on != {approval.result: 1}:
		verdict.astray.append(f"{approval.name}: {approval.result}, and {dict(approval.went_on)}")
	if approval.used is not None and approval.used not in {each.token for each in approval.decisions}:
		verdict.mistaken.append(approval.name)


def _result(needs: int, made: Sequence[str]) -> str:
	"""What decisions come to; empty: to nothing yet."""
	if not needs:
		return ANSWERED if made else ""
	if REJECTED in made:
		return REJECTED
	return APPROVED if made.count(APPROVED) >= needs else ""


def _judge_told(verdict: Verdict, approval: Approval) -> None:
	"""Everybody is told once that they are asked; and once, unless they have decided, that they are not any more."""
	have_decided = {each.by for each in approval.decisions}
	wanted = {(user, ASKED): 1 for user in approval.asked}
	wanted |= {(user, NO_LONGER): 1 for user in approval.asked - have_decided if approval.result}
	if dict(approval.told) != wanted:
		verdict.retold.append(f"{approval.name}: {dict(approval.told)}")


def _judge_signal(verdict: Verdict, tries: Sequence[Try], signal: Signal) -> None:
	if len(signal.sent) > 1:
		verdict.doubled.append(signal.run)
	if any(each.told == DECIDED for each in tries) and not signal.sent:
		verdict.lost.append(signal.run)
	if not set(signal.sent) <= {each.token for each in tries}:
		verdict.forged.append(signal.run)
	if signal.used not in signal.sent:
		verdict.mistaken.append(signal.run)
