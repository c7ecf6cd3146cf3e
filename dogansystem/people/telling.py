"""Telling those who are asked, and sharing the document with them for as long as they are."""

from collections.abc import Sequence

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Person
from dogansystem.protocol import Asked, Site, Told
from dogansystem.store import deciding
from dogansystem.store.approvals import Approval, Place
from dogansystem.store.moment import Moment


def ask_place(
	site: Site,
	approval: Approval,
	number: int,
	user: str,
	at: Moment,
	what: Told,
	*,
	until: float | None,
	instead_of: str | None = None,
	by: str = "",
) -> None:
	"""Let somebody be asked as the `number`th, share the document with them and who stands in for them, and tell them."""
	told = [user, *_substitutes(site, approval, user, at)]
	shared = _share(site, approval, told)
	deciding.add_place(
		site.database,
		approval.name,
		number,
		user,
		approval.run,
		at,
		instead_of=instead_of,
		passed_by=by or None,
		told=told,
		shared_with=shared,
	)
	_tell(site, approval, user, told, what, until, by)


def remind(site: Site, approval: Approval, place: Place, at: Moment, until: float | None) -> None:
	"""Remind somebody, and who stands in for them now."""
	told = [place.user, *_substitutes(site, approval, place.user, at)]
	shared = _share(site, approval, told)
	everybody = list(dict.fromkeys([*place.told, *told]))
	deciding.note_told(
		site.database, approval.name, place.number, everybody, [*place.shared_with, *shared], at
	)
	new = [user for user in told if user not in place.told]
	_tell(site, approval, place.user, [user for user in told if user not in new], "reminded", until, "")
	_tell(site, approval, place.user, new, "asked", until, "")


def let_go(
	site: Site, approval: Approval, place: Place, what: Told, *, status: str, by: str = "", comment: str = ""
) -> None:
	"""Tell those who were asked for a place that it is over, and take back what was shared with them for it."""
	asked = as_asked(approval, None, status)
	for user in place.told or (place.user,):
		instead_of = "" if user == place.user else place.user
		site.people.tell(user, what, asked, by, comment, instead_of)
	for user in place.shared_with:
		if approval.document and not deciding.hand_over_share(site.database, approval, user):
			site.people.unshare(user, approval.document)


def as_asked(approval: Approval, until: float | None, status: str = "") -> Asked:
	"""An approval as those see it who are told of it."""
	return Asked(
		name=approval.name,
		kind=approval.rules.kind,
		workflow=approval.workflow,
		run=approval.run,
		subject=approval.subject,
		message=approval.message,
		proposed=approval.proposed,
		document=approval.document,
		asked_by=approval.asked_by,
		deadline=until,
		status=status or approval.status,
	)


def _tell(
	site: Site, approval: Approval, whose: str, users: Sequence[str], what: Told, until: float | None, by: str
) -> None:
	asked = as_asked(approval, until)
	for user in users:
		site.people.tell(user, what, asked, by, "", "" if user == whose else whose)


def _share(site: Site, approval: Approval, users: Sequence[str]) -> list[str]:
	"""Share the document with those who may not read it; gives with whom that has made a share."""
	document = approval.document
	if document is None:
		return []
	people = site.people
	return [user for user in users if not people.may_read(user, document) and people.share(user, document)]


def _substitutes(site: Site, approval: Approval, user: str, at: Moment) -> list[str]:
	"""Those who stand in for a user now and may decide."""
	people = site.people
	found = []
	for each in people.substitutes_of(user, at.seconds):
		who = Person(each, people.exists(each), tuple(people.stands_in_for(each, at.seconds)))
		if not rules_of.why_not(approval.rules, who) and not rules_of.same(each, user):
			found.append(each)
	return found
