"""Telling people that runs of their workflow have failed: at most once an hour for each workflow, however many failed.

The rows of the runs are asked, not those who ended them: whichever way a run failed, and whatever died meanwhile, its people
are told. Who told them last, and when, is a row too, so that of all processes one tells.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dogansystem.engine.errors import UnreadableVersion
from dogansystem.engine.states import FAILED
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect, state, versions
from dogansystem.store.moment import Moment, as_text, moment
from dogansystem.worker.control import Control

LOOK_INTERVAL = 5.0  # seconds between two looks, for all processes of the site together
INTERVAL = 3600.0  # seconds between two notices of one workflow. Source: workflow-format.md, semantics 16
OLDEST = (
	2 * INTERVAL
)  # seconds after its end for which a run that failed is told of: it may wait for its turn
MAX_WORKFLOWS = 50  # told of in one look, others in the next one
MAX_STARTERS = 20  # people who started runs, told at a time
# Causes behind which a person stands. With others the run was started by the clock, in the name of `run_as`.
BY_PEOPLE = ("manual", "api", "document", "signal")
NOBODY = ("Guest", "")
ERROR_SHOWN = 300  # characters


@dataclass(frozen=True, slots=True)
class About:
	"""A workflow as those who are told of it know it, and its owner."""

	workflow: str
	title: str
	owner: str
	version: str | None


def about(db: Database, workflow: str) -> About:
	"""What is said of a workflow; of one that is gone, its name."""
	query = "SELECT title, owner, current_version FROM `tabDogan Workflow` WHERE name = %s"
	title, owner, version = dialect.first(db.sql(query, (workflow,))) or ("", "", None)
	return About(workflow, title or workflow, owner or "", version)


def people(site: Site, known: About) -> list[str]:
	"""A workflow's owner, and those whom its `notify` names."""
	found = [known.owner]
	for each in _notify(site, known):
		found += [each] if isinstance(each, str) else site.people.users_with_role(each["role"])
	return [user for user in dict.fromkeys(found) if user not in NOBODY]


def _notify(site: Site, known: About) -> Sequence[str | Mapping[str, str]]:
	try:
		return versions.load(site, known.version).notify if known.version else ()
	except UnreadableVersion:
		return ()  # its runs fail by it, and the owner is told of that


def failing(site: Site, control: Control) -> list[str]:
	"""The workflows with runs that failed lately, every few seconds: for whichever process comes first, to look at each."""
	at = moment(site)
	since = moment(site, at.seconds - OLDEST)
	found: list[str] = control.run_or_leave(lambda db: _look(db, at, since), [])
	return found


def _look(db: Database, at: Moment, since: Moment) -> list[str]:
	if not state.take_turn(db, "notices", at.seconds, LOOK_INTERVAL):
		return []
	rows = db.sql(
		"SELECT DISTINCT workflow FROM `tabDogan Workflow Run` WHERE status = %s AND finished_at > %s",
		(FAILED, since.text),
	)
	found = [workflow for (workflow,) in rows]
	# Not the first ones: those who were just told of them are not told again for an hour.
	return random.sample(found, MAX_WORKFLOWS) if len(found) > MAX_WORKFLOWS else found


def send(site: Site, workflow: str) -> bool:
	"""Tell the people of a workflow what has failed since they were last told. False: nothing, or it is too early.

	Commits or rolls back this thread's transaction.
	"""
	at = moment(site)
	db, key = site.database, f"failed:{workflow}"[:140]
	told_at = max(state.value(db, key), at.seconds - OLDEST)
	since = moment(site, told_at)
	runs = db.sql(
		"SELECT name, error_step, error, reference_doctype, reference_name FROM `tabDogan Workflow Run`"
		" WHERE status = %s AND workflow = %s AND finished_at > %s ORDER BY finished_at DESC LIMIT 1",
		(FAILED, workflow, since.text),
	)
	if not runs or not state.take_turn(db, key, at.seconds, INTERVAL):
		db.rollback()
		return False
	run, step, error, doctype, name = runs[0]
	query = "SELECT COUNT(*) FROM `tabDogan Workflow Run` WHERE status = %s AND workflow = %s AND finished_at > %s"
	number = int(db.sql(query, (FAILED, workflow, since.text))[0][0])
	documents = [("Dogan Workflow Run", run), *([(doctype, name)] if doctype else [])]
	known = about(db, workflow)
	subject, message = _words(known.title, number, step, error)
	told = dict.fromkeys([*people(site, known), *_starters(db, workflow, since)])
	site.people.notice(list(told), subject, message, documents)
	db.commit()
	return True


def told(site: Site, run: str) -> tuple[list[str], bool]:
	"""Who hears that a run has failed, and whether they have heard already: they are told of many at a time."""
	db = site.database
	query = "SELECT workflow, started_by, cause, finished_at FROM `tabDogan Workflow Run` WHERE name = %s"
	workflow, starter, cause, finished_at = db.sql(query, (run,))[0]
	found = people(site, about(db, workflow))
	if cause in BY_PEOPLE and starter not in NOBODY:
		found = list(dict.fromkeys([*found, starter]))
	told_at = state.value(db, f"failed:{workflow}"[:140])
	return found, bool(finished_at and told_at and moment(site, told_at).text >= (as_text(finished_at) or ""))


def _starters(db: Database, workflow: str, since: Moment) -> list[str]:
	"""Those who started what has failed."""
	starters = db.sql(
		"SELECT DISTINCT started_by FROM `tabDogan Workflow Run` WHERE status = %s AND workflow = %s AND finished_at > %s"
		f" AND cause IN ({dialect.marks(BY_PEOPLE)}) LIMIT {MAX_STARTERS}",
		(FAILED, workflow, since.text, *BY_PEOPLE),
	)
	return [user for (user,) in starters if user and user not in NOBODY]


def _words(title: str, number: int, step: str | None, error: str | None) -> tuple[str, str]:
	what = "A run has failed" if number == 1 else f"{number} runs have failed"
	why = (error or "").split("\n\n")[0][:ERROR_SHOWN].strip()
	where = f"It stopped at the step {step}. " if step and not why.startswith(f"Step {step}:") else ""
	newest = "" if number == 1 else "The newest of them: "
	text = f"{newest}{where}{why} Open the run to see its steps; once the cause is mended, Retry goes on from there."
	return f"{title}: {what}", text.strip()
