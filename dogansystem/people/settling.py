"""The end of an approval: by a decision, by its deadline, or because nobody is left; and telling those who were asked.

All of it happens on the site's own connection, because people are told in the same transaction.
"""

import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import TypeVar

from dogansystem.engine import approvals as rules_of
from dogansystem.engine import log
from dogansystem.engine.approvals import AT_DEADLINE, ESCALATE, EXPIRED, STATE_OF, Decision
from dogansystem.engine.changes import NEVER
from dogansystem.engine.errors import NobodyCanDecide, OutputTooLarge
from dogansystem.engine.outcomes import Done, Failed, failed
from dogansystem.engine.outputs import encode
from dogansystem.people import asking, telling
from dogansystem.people.asking import Wanted, person
from dogansystem.protocol import Database, Site
from dogansystem.store import approvals, deciding, open_approvals, reads, runs, versions
from dogansystem.store.approvals import Approval, Place
from dogansystem.store.changes import waits
from dogansystem.store.moment import Moment, as_text, moment
from dogansystem.store.queue import Wait

PATIENCE = 20.0  # seconds in which something is tried again that has lost against another transaction
BRIEFLY = 1  # seconds for which a process that has other things to do waits for somebody's lock
PAUSE_AFTER_CONFLICT, LONGEST_PAUSE = 0.02, 0.5  # seconds at most: after the first try, and after any
PAUSE = 30.0  # seconds for which this process leaves an approval alone whose people could not be told
MAX_TOLD = 50  # approvals whose end is told in one round
MAX_LOOKED_AT = 500  # approvals that some may not decide, in one look

Result = TypeVar("Result")
_left_alone: dict[tuple[str, str], float] = {}  # by site and approval; time.monotonic()


def finish(
	site: Site,
	approval: Approval,
	wait: int,
	result: str,
	made: Sequence[Decision],
	at: Moment,
	by: str | None,
) -> bool:
	"""Settle an approval that is locked, and let the step that waits for it go on. `by`: whose decision it was; None: the
	deadline. False: its wait has ended already; roll back."""
	deciding.settle(site.database, approval.name, STATE_OF[result], at, by)
	outcome = Done(_output(approval, result, made, by is not None), result)
	return _end(site, approval, wait, outcome, at)


def _output(approval: Approval, result: str, made: Sequence[Decision], by_person: bool) -> str:
	output = rules_of.output_of(approval.rules, result, made, by_person=by_person)
	what = f"The output of step {approval.step!r}"
	try:
		return encode(output, what)
	except OutputTooLarge:
		# Hundreds of long comments: they stay with the decisions.
		return encode(output | {"decisions": [each | {"comment": ""} for each in output["decisions"]]}, what)


def fail(site: Site, approval: Approval, wait: int, error: Exception, at: Moment) -> bool:
	"""Nobody is left who may decide: the step fails."""
	deciding.settle(site.database, approval.name, rules_of.CANCELLED, at, None, str(error))
	return _end(site, approval, wait, failed(error), at)


def _end(site: Site, approval: Approval, wait: int, outcome: Done | Failed, at: Moment) -> bool:
	db, run = site.database, approval.run
	if approval.remind:
		waits.forget(db, approvals.REMINDER, approval.name)
	definition = versions.load(site, reads.version_of_run(db, run))
	made = runs.end_wait(db, wait, run, approval.step_run, outcome, definition, at)
	if made is None:
		return False
	if made.check_items:  # the run is locked, so all items that have ended are seen
		runs.close_items(db, run, definition, approval.step, at)
	site.runs_changed([run])
	site.after_commit(site.doorbell.ring)
	return True


# What time brings


def in_transaction(site: Site, work: Callable[[], Result], patience: float = PATIENCE) -> Result:
	"""Do something in a transaction of this thread and commit it; again, for `patience` seconds, if it lost against another
	one."""

	def committed() -> Result:
		result = work()
		site.database.commit()
		return result

	site.database.rollback()  # what was read before is what was true then
	try:
		return repeated(site, committed, patience)
	except Exception as error:
		if not site.database.is_lost(error):
			site.database.rollback()
		raise


def _each(
	site: Site,
	names: Sequence[str],
	work: Callable[[str], bool],
	failed: Callable[[str], None] = lambda name: None,
) -> int:
	"""Do something with each approval, in a transaction of its own; gives with how many it was done. Raises the error of the
	first that failed, after the others."""
	done, errors = 0, []
	for name in names:
		try:
			done += in_transaction(site, partial(work, name), BRIEFLY)
		except Exception as error:
			if site.database.is_lost(error):
				raise
			failed(name)
			errors.append(error)
	if errors:
		raise errors[0]
	return done


def repeated(site: Site, work: Callable[[], Result], patience: float = PATIENCE) -> Result:
	"""Do something in a transaction of this thread that has written nothing yet; again, for a while, if it lost against another
	one. The caller commits.

	Where MariaDB keeps to its snapshots, whoever has waited for a lock loses: fifty people at once lose many times.
	"""
	until = time.monotonic() + patience
	for number in count(1):
		try:
			return work()
		except Exception as error:
			if site.database.is_lost(error):
				raise
			if time.monotonic() > until or not site.database.is_conflict(error):
				raise
			site.database.rollback()
			# A random part of what doubles with each try, so that those who collide come apart.
			time.sleep(
				random.random() * min(PAUSE_AFTER_CONFLICT * 2.0 ** min(number - 1, 10), LONGEST_PAUSE)
			)
	raise AssertionError("unreachable")


def fire(site: Site, wait: Wait) -> bool:
	"""Do what the deadline or a reminder of an approval asks for. False: there is nothing to do any more.

	Raises a conflict if somebody has locked it: whoever decides may stand still in the middle of it.
	"""
	name = str(wait.subject)
	if wait.kind == approvals.REMINDER:
		return in_transaction(site, partial(_remind, site, name, wait.id), BRIEFLY)
	return in_transaction(site, partial(_at_deadline, site, name), BRIEFLY)


def _at_deadline(site: Site, name: str) -> bool:
	approval, at = approvals.lock(site.database, name, BRIEFLY), moment(site)
	wait = approvals.wait_of(site.database, name)
	if wait is None or not approval.is_open or wait[1] > at.seconds:
		return False
	made = approvals.decisions(site.database, approval, locked=True)
	if approval.at_deadline == ESCALATE and not approval.escalated:
		return _escalate(site, approval, wait[0], made, at)
	result = AT_DEADLINE.get(approval.at_deadline, EXPIRED)
	return finish(site, approval, wait[0], result, made, at, None)


def _escalate(site: Site, approval: Approval, wait: int, made: Sequence[Decision], at: Moment) -> bool:
	"""Ask others instead of those who have not decided in time."""
	db, about = site.database, approval.escalation or {}
	wanted = Wanted(tuple(about.get("users", ())), tuple(about.get("roles", ())), about.get("source", ""))
	approved = sum(each.decision == rules_of.APPROVED for each in made)
	deciders = [each.by for each in made]
	try:
		users = asking.who(
			site, wanted, approval.rules, at.seconds, besides=deciders, approvals_made=approved
		)
	except NobodyCanDecide as error:
		return fail(site, approval, wait, error, at)
	until = at.seconds + about["deadline"] if about.get("deadline") is not None else None
	deadline = None if until is None else as_text(site.local_time(until))
	deciding.escalate(db, approval.name, deadline, at)
	waits.put_off(db, wait, NEVER if until is None else until)
	asked = [each for each in approvals.places(db, approval, locked=True) if each.is_asked]
	for place in asked:
		if not rules_of.among(place.user, users):
			deciding.end_place(db, approval.name, place.number, rules_of.NO_LONGER, at)
			telling.let_go(site, approval, place, "no longer asked", status=rules_of.OPEN)
	new = [user for user in users if not rules_of.among(user, [place.user for place in asked])]
	for number, user in enumerate(new, start=approval.people + 1):
		telling.ask_place(site, approval, number, user, at, "escalated", until=until)
	site.runs_changed([approval.run])
	return True


def _remind(site: Site, name: str, wait: int) -> bool:
	approval, at, db = approvals.lock(site.database, name, BRIEFLY), moment(site), site.database
	if not approval.is_open or not approval.remind:
		return waits.end(db, wait)
	next_one = at.seconds + approval.remind
	waits.put_off(db, wait, next_one)
	deciding.set_reminder(db, name, as_text(site.local_time(next_one)), at)
	known = approvals.wait_of(db, name)
	until = known[1] if known and known[1] < NEVER else None
	for place in approvals.places(db, approval, locked=True):
		if place.is_asked and site.people.exists(place.user):
			telling.remind(site, approval, place, at, until)
	return True


# Those who were asked


def to_tell(db: Database) -> list[str]:
	"""The approvals of whose end those who were asked have to be told."""
	return approvals.untold(db, MAX_TOLD + len(_left_alone))


def tell_ends(site: Site, names: Sequence[str]) -> int:
	"""Tell those who were asked of approvals that are settled; gives of how many. Each in a transaction of its own.

	Raises the error of the first that failed, after the others.
	"""
	now = time.monotonic()
	for name in names:
		if now - _left_alone.get((site.name, name), now) >= PAUSE:
			del _left_alone[(site.name, name)]
	wanted = [name for name in names if (site.name, name) not in _left_alone]
	return _each(
		site, wanted, partial(_tell_end, site), lambda name: _left_alone.update({(site.name, name): now})
	)


def _tell_end(site: Site, name: str) -> bool:
	db, at = site.database, moment(site)
	if not deciding.note_ended(db, name):
		return (
			False  # or somebody has locked it: whoever comes too late may stand still in the middle of that
		)
	approval = approvals.read(db, name)
	made = approvals.decisions(db, approval, locked=True)
	comment = made[-1].comment if made and approval.settled_by else ""
	for place in approvals.places(db, approval, locked=True):
		if place.is_asked:
			deciding.end_place(db, name, place.number, rules_of.NO_LONGER, at)
			by = approval.settled_by or ""
			telling.let_go(
				site, approval, place, "no longer asked", status=approval.status, by=by, comment=comment
			)
	return True


# Nobody left


def look_for_nobody(site: Site) -> int:
	"""Fail the steps that wait for people of whom none may decide any more; gives how many.

	Raises the error of the first that could not be looked at, after the others.
	"""
	site.database.rollback()
	asked = open_approvals.users_asked(site.database)
	gone = {name for user, names in asked.items() if not site.people.exists(user) for name in names}
	excluded = open_approvals.with_excluded(site.database)
	if len(excluded) > MAX_LOOKED_AT:  # not the first ones: most of them wait for somebody who may decide
		excluded = random.sample(excluded, MAX_LOOKED_AT)
	suspects = sorted({*gone, *excluded})
	site.database.rollback()
	return _each(site, suspects, partial(_look, site))


def _look(site: Site, name: str) -> bool:
	db = site.database
	approval, at = approvals.lock(db, name, BRIEFLY), moment(site)
	wait = approvals.wait_of(db, name)
	if wait is None or not approval.is_open:
		return False
	places = [each for each in approvals.places(db, approval, locked=True) if each.is_asked]
	reasons = nobody_left(site, approval, places, at.seconds)
	if not reasons:
		return False
	left_out = "; ".join(f"{user} {reason}" for user, reason in reasons.items())
	log.event(log.WARNING, "approval.nobody", approval=name, run=approval.run, left_out=left_out)
	return fail(
		site,
		approval,
		wait[0],
		NobodyCanDecide(f"Nobody is left who can decide this. Left out: {left_out}."),
		at,
	)


def nobody_left(site: Site, approval: Approval, places: Sequence[Place], at: float) -> dict[str, str]:
	"""Why none of those who are asked, and none who stands in for them, may decide; empty: somebody may."""
	reasons: dict[str, str] = {}
	for place in places:
		who = person(site, place.user, at)
		found = [who]
		if who.is_enabled:
			found += [person(site, user, at) for user in site.people.substitutes_of(place.user, at)]
		for each in found:
			if not (reason := rules_of.why_not(approval.rules, each)):
				return {}
			reasons[each.user] = reason
	return reasons
