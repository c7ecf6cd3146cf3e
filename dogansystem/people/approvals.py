"""What people do with approvals and asks: see them, decide, pass on, reassign. The same for every home and every way.

Each call works in this thread's transaction, which the caller commits: a decision, its comment and whatever it lets go on
are kept together or not at all. `user` is who does it; the caller has made sure that it is they.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Approver, Decision, Person
from dogansystem.engine.changes import NEVER
from dogansystem.engine.current import current
from dogansystem.engine.errors import AlreadyDecided, InputError, NotAllowed, NotAsked, NotFound
from dogansystem.engine.forms import as_json
from dogansystem.engine.sentence import Sentence, _
from dogansystem.people import settling, telling
from dogansystem.people.asking import person
from dogansystem.protocol import Site
from dogansystem.protocol.people import MANAGERS, SYSTEM_MANAGER
from dogansystem.store import approvals, deciding, open_approvals, reads
from dogansystem.store.approvals import Approval, Place
from dogansystem.store.moment import Moment, moment

ADMINISTRATOR = "Administrator"


_AT_DEADLINE = {
	"Approved": _("The deadline was at {0}: approved."),
	"Rejected": _("The deadline was at {0}: rejected."),
	"Expired": _("The deadline was at {0}: expired."),
}


def decide(
	site: Site,
	approval: str,
	user: str,
	decision: str,
	comment: str = "",
	values: Mapping[str, Any] | None = None,
	through: str = "api",
) -> dict[str, Any]:
	"""Decide an approval (`approved` or `rejected`), or answer an ask (`answered`), as one who is asked or who stands in for
	one who is.

	`values` are those of the fields asked, by name; `through` says which way it came: desk, mail, api, command. Gives the
	approval as `get` does.

	Raises NotFound; AlreadyDecided, which says who was first and when; NotAsked; DecisionIncomplete for a needed field or
	comment that is missing; InputError for a decision or value that does not fit; NotAllowed to a step of a workflow, which may
	act as anybody. Nothing is written then.
	"""
	db = site.database
	if current.get():
		raise NotAllowed("A step of a workflow decides nothing, whoever it acts as: people do.")
	known, at = approvals.lock(db, approval), moment(site)
	who = person(site, user, at.seconds)
	places = approvals.places(db, known, locked=True)
	made = approvals.decisions(db, known, locked=True)
	wait = _wait_of_open(site, known, places, made, who, at)
	place = _place_for(site, known, places, made, who)
	given = rules_of.checked(known.rules, decision, comment or "", values)
	whose = None if rules_of.same(place.user, user) else place.user
	by = place.user if whose is None else user
	mine = Decision(by, decision, whose, comment or "", given, at.text, through)
	deciding.add_decision(db, known, mine, at)
	deciding.end_place(db, known.name, place.number, rules_of.DECIDED, at)
	telling.let_go(site, known, place, "decided", status=known.status, by=by, comment=mine.comment)
	made = [*made, mine]
	result = rules_of.settled(known.rules, _approvers(site, places, decided=place.number), made)
	if result and not settling.finish(site, known, wait, result, made, at, by):
		raise AlreadyDecided(Sentence(_("Nobody is asked any more to decide {0}."), repr(known.subject)))
	site.runs_changed([known.run])
	return get(site, approval)


def _wait_of_open(
	site: Site,
	known: Approval,
	places: Sequence[Place],
	made: Sequence[Decision],
	who: Person,
	at: Moment,
) -> int:
	"""The wait that a decision of an open approval ends. Raises AlreadyDecided to those it concerns, and NotAsked to others."""
	wait = approvals.wait_of(site.database, known.name) if known.is_open else None
	if wait and wait[1] > at.seconds:
		return wait[0]
	if not any(rules_of.among(each.user, [who.user, *who.stands_in_for]) for each in places):
		raise rules_of.not_asked(who.user)
	if wait:
		raise AlreadyDecided(
			Sentence(_("It is too late: the deadline was at {0}."), (known.deadline or "")[:19])
		)
	raise AlreadyDecided(_why_over(known, made))


def _why_over(known: Approval, made: Sequence[Decision]) -> Sentence:
	at = (known.settled_at or "")[:19]
	if known.settled_by and made:
		return rules_of.has_decided(made[-1])
	if known.status == rules_of.CANCELLED:
		if not known.reason:
			return Sentence(_("Nobody is asked any more since {0}."), at)
		return Sentence(_("Nobody is asked any more since {0}. {1}"), at, known.reason)
	return Sentence(_AT_DEADLINE.get(known.status, _("The deadline was at {0}.")), at)


def _place_for(
	site: Site, known: Approval, places: Sequence[Place], made: Sequence[Decision], who: Person
) -> Place:
	place = rules_of.place_of(known.rules, _approvers(site, places), made, who)
	return next(each for each in places if each.number == place.number)


def _approvers(site: Site, places: Sequence[Place], decided: int | None = None) -> list[Approver]:
	"""Those who are or were asked, as the rules see them; `decided`: the number of who has just decided."""
	return [
		Approver(
			each.number,
			each.user,
			rules_of.DECIDED if each.number == decided else each.state,
			not each.is_asked or site.people.exists(each.user),
		)
		for each in places
	]


# Passing on


def pass_on(site: Site, approval: str, user: str, to: str) -> dict[str, Any]:
	"""Let `to` be asked instead of `user`, who is asked. Gives the approval as `get` does.

	Raises NotFound, AlreadyDecided, NotAsked; NotAllowed where the approval may not be passed on, or not to `to`.
	"""
	known, places, at = _locked(site, approval, user)
	place = _asked(places, user)
	if place is None:
		raise NotAsked(Sentence(_("{0} is not asked, and so has nothing to pass on."), user))
	rules_of.check_may(known.rules, person(site, user, at.seconds))
	if not known.rules.may_delegate:
		text = _("This may not be passed on: decide it yourself, or ask a System Manager to reassign it.")
		raise NotAllowed(Sentence(text))
	return _give(site, known, places, place, to, user, at)


def reassign(site: Site, approval: str, by: str, whose: str, to: str) -> dict[str, Any]:
	"""Let `to` be asked instead of `whose`, as the System Manager `by`. Gives the approval as `get` does.

	Raises NotFound, AlreadyDecided; NotAsked if `whose` is not asked; NotAllowed if `by` is no System Manager or `to` may
	not decide.
	"""
	if not _is_system_manager(site, by):
		raise NotAllowed(Sentence(_("{0} is no System Manager, and only a System Manager may reassign."), by))
	known, places, at = _locked(site, approval, whose)
	place = _asked(places, whose)
	if place is None:
		raise NotAsked(_nobody_waits_for(whose, places))
	return _give(site, known, places, place, to, by, at)


def _locked(site: Site, approval: str, user: str) -> tuple[Approval, list[Place], Moment]:
	known, at, db = approvals.lock(site.database, approval), moment(site), site.database
	places = approvals.places(db, known, locked=True)
	made = approvals.decisions(db, known, locked=True)
	_wait_of_open(site, known, places, made, person(site, user, at.seconds), at)
	for each in made:
		if rules_of.same(each.by, user) or (each.whose and rules_of.same(each.whose, user)):
			raise AlreadyDecided(rules_of.has_decided(each))
	return known, places, at


def _asked(places: Sequence[Place], user: str) -> Place | None:
	return next((each for each in places if each.is_asked and rules_of.same(each.user, user)), None)


def _give(
	site: Site, known: Approval, places: Sequence[Place], place: Place, to: str, by: str, at: Moment
) -> dict[str, Any]:
	"""Let somebody be asked in the place of another one."""
	db, to = site.database, to.strip()
	made = approvals.decisions(db, known, locked=True)
	if not to:
		raise InputError("to: name the user who shall decide.")
	try:
		rules_of.check_may(known.rules, person(site, to, at.seconds))
	except NotAsked as error:
		raise NotAllowed(Sentence(_("{0} Name somebody else."), error.args[0])) from None
	if _asked(places, to):
		raise NotAllowed(Sentence(_("{0} is asked already. Name somebody else."), to))
	if any(rules_of.same(each.by, to) for each in made):
		raise NotAllowed(Sentence(_("{0} has decided already. Name somebody else."), to))
	wait = approvals.wait_of(db, known.name)
	until = wait[1] if wait and wait[1] < NEVER else None
	deciding.end_place(db, known.name, place.number, rules_of.PASSED_ON, at)
	telling.let_go(site, known, place, "no longer asked", status=known.status, by=by)
	about: dict[str, Any] = {"until": until, "instead_of": place.user, "by": by}
	telling.ask_place(site, known, known.people + 1, to, at, "passed on", **about)
	site.runs_changed([known.run])
	return get(site, known.name)


# Seeing


def pending(site: Site, user: str | None = None) -> list[dict[str, Any]]:
	"""What waits for a user, or for those for whom they stand in (`for`), the oldest first; None: what waits for anybody.

	Each has `approval`, `kind` (`approve` or `ask`), `subject`, `document` (`{doctype, name}` or None), `workflow`, `run`,
	`step`, `index`, `asked_at`, `deadline`, and `asked`: the users who have not decided. With `user`, `for`: for whom they
	would decide; None: for themselves.
	"""
	who = None if user is None else person(site, user, site.now())
	users = None if who is None else [who.user, *who.stands_in_for]
	found = open_approvals.open_ones(site.database, users)
	asked, made = approvals.rows_of(site.database, [each.name for each in found])
	if who is None:
		return [_in_short(each, asked[each.name]) for each in found]
	is_enabled = {user: site.people.exists(user) for user in users or ()}
	waiting = []
	for each in found:
		approvers = approvals.approvers(asked[each.name], is_enabled)
		place, _ = rules_of.may_decide(each.rules, approvers, made[each.name], who)
		if place:
			whose = None if rules_of.same(place.user, who.user) else place.user
			waiting.append(_in_short(each, asked[each.name]) | {"for": whose})
	return waiting


def get(site: Site, approval: str, user: str | None = None) -> dict[str, Any]:
	"""An approval: what `pending` gives of it, and `status`, `message`, `proposed` (the call of an AI agent that is asked about),
	`fields`, `comment` (which rule), `needs` (a number or `all`), `rejects` (`first` or `all`), `delegate`, `at_deadline`,
	`escalated`, `settled_at`, `settled_by`, `reason`, `asked_by`, `approvers` (`user`, `state`, `instead_of`, `passed_by`,
	`asked_at`, `ended_at`) and `decisions` (`by`, `for`, `decision`, `comment`, `values`, `at`, `through`).

	With `user`: `may_decide`, and `why_not`, a sentence, where they may not; NotFound is raised if there is no such approval,
	or `user` is none who is or was asked, stands in for one, asked for it, started its run, owns its workflow, or is a
	System Manager or Dogan Manager.
	"""
	db = site.database
	known = approvals.read(db, approval)
	places, made = approvals.places(db, known), approvals.decisions(db, known)
	found = _in_short(known, places) | _in_full(known, places, made)
	if user is None:
		return found
	who = person(site, user, site.now())
	if not _may_see(site, known, places, who):
		raise NotFound(f"There is no approval {approval!r}.")
	place, why_not = rules_of.may_decide(known.rules, _approvers(site, places), made, who)
	if not known.is_open:
		place, why_not = None, _why_over(known, made)
	return found | {"may_decide": place is not None, "why_not": why_not}


def _in_short(known: Approval, places: Sequence[Place]) -> dict[str, Any]:
	document = {"doctype": known.document[0], "name": known.document[1]} if known.document else None
	return {
		"approval": known.name,
		"kind": known.rules.kind,
		"subject": known.subject,
		"document": document,
		"workflow": known.workflow,
		"run": known.run,
		"step": known.step,
		"index": known.item - 1 if known.item else None,
		"asked_at": known.asked_at,
		"deadline": known.deadline,
		"asked": [each.user for each in places if each.is_asked and known.is_open],
	}


def _in_full(known: Approval, places: Sequence[Place], made: Sequence[Decision]) -> dict[str, Any]:
	rules = known.rules
	return {
		"status": known.status,
		"message": known.message,
		"proposed": known.proposed,
		"fields": [as_json(each) for each in rules.fields],
		"comment": rules.comment,
		"needs": rules.needs or "all",
		"rejects": "all" if rules.rejects_all else "first",
		"delegate": rules.may_delegate,
		"at_deadline": known.at_deadline,
		"escalated": known.escalated,
		"settled_at": known.settled_at,
		"settled_by": known.settled_by,
		"reason": known.reason,
		"asked_by": known.asked_by,
		"approvers": [
			{
				key: getattr(each, key)
				for key in ("user", "state", "instead_of", "passed_by", "asked_at", "ended_at")
			}
			for each in places
		],
		"decisions": [
			{"by": each.by, "for": each.whose, "decision": each.decision, "comment": each.comment}
			| {"values": each.values or {}, "at": each.at, "through": each.through}
			for each in made
		],
	}


def _may_see(site: Site, known: Approval, places: Sequence[Place], who: Person) -> bool:
	asked = [each.user for each in places]
	involved = [known.asked_by, *asked]
	if rules_of.among(who.user, involved) or any(rules_of.among(each, asked) for each in who.stands_in_for):
		return True
	if rules_of.among(who.user, reads.people_of_run(site.database, known.run)):
		return True
	return who.user == ADMINISTRATOR or not MANAGERS.isdisjoint(site.people.roles(who.user))


def _is_system_manager(site: Site, user: str) -> bool:
	if user == ADMINISTRATOR:
		return True
	return site.people.exists(user) and SYSTEM_MANAGER in site.people.roles(user)


def _nobody_waits_for(user: str, places: Sequence[Place]) -> Sentence:
	asked = [each.user for each in places if each.is_asked]
	if not asked:
		return Sentence(_("{0} is not asked. It waits for nobody."), user)
	return Sentence(_("{0} is not asked. It waits for {1}."), user, ", ".join(asked))
