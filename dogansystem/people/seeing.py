"""What people see of approvals and asks: what waits for them, one of them in full, and why nothing is to be decided any more."""

from collections.abc import Sequence
from typing import Any

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Approver, Decision, Person
from dogansystem.engine.errors import NotFound
from dogansystem.engine.forms import as_json
from dogansystem.engine.sentence import Sentence, _
from dogansystem.people.asking import person
from dogansystem.protocol import Site
from dogansystem.protocol.people import ADMINISTRATOR, MANAGERS
from dogansystem.store import approvals, open_approvals, reads
from dogansystem.store.approvals import Approval, Place

_AT_DEADLINE = {
	"Approved": _("The deadline was at {0}: approved."),
	"Rejected": _("The deadline was at {0}: rejected."),
	"Expired": _("The deadline was at {0}: expired."),
}


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
	place, why_not = rules_of.may_decide(known.rules, approvers_of(site, places), made, who)
	if not known.is_open:
		place, why_not = None, why_over(known, made)
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


def why_over(known: Approval, made: Sequence[Decision]) -> Sentence:
	"""Why nothing is to be decided any more of an approval that is not open: who was first, what its deadline brought, or why it
	was cancelled."""
	at = (known.settled_at or "")[:19]
	if known.settled_by and made:
		return rules_of.has_decided(made[-1])
	if known.status == rules_of.CANCELLED:
		if not known.reason:
			return Sentence(_("Nobody is asked any more since {0}."), at)
		return Sentence(_("Nobody is asked any more since {0}. {1}"), at, known.reason)
	return Sentence(_AT_DEADLINE.get(known.status, _("The deadline was at {0}.")), at)


def approvers_of(site: Site, places: Sequence[Place], decided: int | None = None) -> list[Approver]:
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
