"""The decision of somebody who is asked, the same for every home and every way. `passing` has another one asked instead; `seeing`
shows what is asked.

Each call works in this thread's transaction, which the caller commits: a decision, its comment and whatever it lets go on
are kept together or not at all. `user` is who does it; the caller has made sure that it is they.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Decision, Person
from dogansystem.engine.current import current
from dogansystem.engine.errors import AlreadyDecided, NotAllowed
from dogansystem.engine.sentence import Sentence, _
from dogansystem.people import settling, telling
from dogansystem.people.asking import person
from dogansystem.people.seeing import approvers_of, get, why_over
from dogansystem.protocol import Site
from dogansystem.store import approvals, deciding
from dogansystem.store.approvals import Approval, Place
from dogansystem.store.moment import Moment, moment


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
	wait = wait_of_open(site, known, places, made, who, at)
	place = _place_for(site, known, places, made, who)
	given = rules_of.checked(known.rules, decision, comment or "", values)
	whose = None if rules_of.same(place.user, user) else place.user
	by = place.user if whose is None else user
	mine = Decision(by, decision, whose, comment or "", given, at.text, through)
	deciding.add_decision(db, known, mine, at)
	deciding.end_place(db, known.name, place.number, rules_of.DECIDED, at)
	telling.let_go(site, known, place, "decided", status=known.status, by=by, comment=mine.comment)
	made = [*made, mine]
	result = rules_of.settled(known.rules, approvers_of(site, places, decided=place.number), made)
	if result and not settling.finish(site, known, wait, result, made, at, by):
		raise AlreadyDecided(Sentence(_("Nobody is asked any more to decide {0}."), repr(known.subject)))
	site.runs_changed([known.run])
	return get(site, approval)


def wait_of_open(
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
	raise AlreadyDecided(why_over(known, made))


def _place_for(
	site: Site, known: Approval, places: Sequence[Place], made: Sequence[Decision], who: Person
) -> Place:
	place = rules_of.place_of(known.rules, approvers_of(site, places), made, who)
	return next(each for each in places if each.number == place.number)
