"""Telling people that runs of their workflow have failed: at most once an hour for each workflow, however many failed.

The rows of the runs are asked, not those who ended them: whichever way a run failed, and whatever died meanwhile, its people
are told. Who told them last, and when, is a row too, so that of all processes one tells.
"""

from collections.abc import Sequence
from functools import partial

from dogansystem.engine.states import FAILED
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect, state
from dogansystem.store.moment import Moment, moment
from dogansystem.worker.control import Control
from dogansystem.worker.failing import alone

LOOK_INTERVAL = 5.0  # seconds between two looks, for all processes of the site together
INTERVAL = 3600.0  # seconds between two notices of one workflow. Source: workflow-format.md, semantics 16
OLDEST = (
	2 * INTERVAL
)  # seconds after its end for which a run that failed is told of: it may wait for its turn
MAX_WORKFLOWS = 50  # told of in one look
MAX_STARTERS = 20  # people who started runs, told at a time
# Causes behind which a person stands. With others the run was started by the clock, in the name of `run_as`.
BY_PEOPLE = ("manual", "api", "document", "signal")
NOBODY = ("Guest", "")
ERROR_SHOWN = 300  # characters


def send(site: Site, control: Control) -> int:
	"""Tell of what has failed since it was last told; gives how many workflows. Commits this thread's transaction."""
	at = moment(site)
	failed: list[str] = control.run_or_leave(lambda db: _look(db, at, moment(site, at.seconds - OLDEST)), [])
	return sum(alone(site, "notice", partial(_send, site, workflow, at), False) for workflow in failed)


def _look(db: Database, at: Moment, since: Moment) -> list[str]:
	"""The workflows with runs that failed lately, if it is the caller's turn to look."""
	if not state.take_turn(db, "notices", at.seconds, LOOK_INTERVAL):
		return []
	rows = db.sql(
		"SELECT DISTINCT workflow FROM `tabDogan Workflow Run` WHERE status = %s AND finished_at > %s LIMIT %s",
		(FAILED, since.text, MAX_WORKFLOWS),
	)
	return [workflow for (workflow,) in rows]


def _send(site: Site, workflow: str, at: Moment) -> bool:
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
	known = db.sql("SELECT owner, title FROM `tabDogan Workflow` WHERE name = %s", (workflow,))
	owner, title = (known[0][0] or "", known[0][1] or workflow) if known else ("", workflow)
	subject, message = _words(title, number, step, error)
	site.people.notice(_people(db, workflow, owner, since), subject, message, documents)
	db.commit()
	return True


def _people(db: Database, workflow: str, owner: str, since: Moment) -> Sequence[str]:
	"""The workflow's owner, and those who started what has failed."""
	starters = db.sql(
		"SELECT DISTINCT started_by FROM `tabDogan Workflow Run` WHERE status = %s AND workflow = %s AND finished_at > %s"
		f" AND cause IN ({dialect.marks(BY_PEOPLE)}) LIMIT {MAX_STARTERS}",
		(FAILED, workflow, since.text, *BY_PEOPLE),
	)
	everybody = dict.fromkeys([owner, *(user for (user,) in starters)])
	return [user for user in everybody if user and user not in NOBODY]


def _words(title: str, number: int, step: str | None, error: str | None) -> tuple[str, str]:
	what = "A run has failed" if number == 1 else f"{number} runs have failed"
	why = (error or "").split("\n\n")[0][:ERROR_SHOWN].strip()
	where = f"It stopped at the step {step}. " if step and not why.startswith(f"Step {step}:") else ""
	newest = "" if number == 1 else "The newest of them: "
	text = f"{newest}{where}{why} Open the run to see its steps; once the cause is mended, Retry goes on from there."
	return f"{title}: {what}", text.strip()
