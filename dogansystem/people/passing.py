"""Another one is asked in somebody's place: passed on by who is asked, or reassigned by a System Manager.

Each call works in this thread's transaction, which the caller commits. `user` and `by` are who does it; the caller has made sure
that it is they.
"""

from collections.abc import Sequence
from typing import Any

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.changes import NEVER
from dogansystem.engine.errors import AlreadyDecided, InputError, NotAllowed, NotAsked
from dogansystem.engine.sentence import Sentence, _
from dogansystem.people import telling
from dogansystem.people.approvals import wait_of_open
from dogansystem.people.asking import person
from dogansystem.people.seeing import get
from dogansystem.protocol import Site
from dogansystem.protocol.people import ADMINISTRATOR, SYSTEM_MANAGER
from dogansystem.store import approvals, deciding
from dogansystem.store.approvals import Approval, Place
from dogansystem.store.moment import Moment, moment


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
	wait_of_open(site, known, places, made, person(site, user, at.seconds), at)
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


def _is_system_manager(site: Site, user: str) -> bool:
	if user == ADMINISTRATOR:
		return True
	return site.people.exists(user) and SYSTEM_MANAGER in site.people.roles(user)


def _nobody_waits_for(user: str, places: Sequence[Place]) -> Sentence:
	asked = [each.user for each in places if each.is_asked]
	if not asked:
		return Sentence(_("{0} is not asked. It waits for nobody."), user)
	return Sentence(_("{0} is not asked. It waits for {1}."), user, ", ".join(asked))
