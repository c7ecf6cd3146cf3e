"""Disabling a workflow whose runs fail one after the other, and telling its people.

The rows of the runs are asked, not those who ended them: whoever looks after a run has failed comes to the same answer, and
of all who look at one moment one disables. Runs do not wait for each other by it: they lock nothing of their workflow.
"""

from dogansystem.engine import log
from dogansystem.engine.states import FAILED, SUCCEEDED
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect, versions
from dogansystem.store.moment import as_text
from dogansystem.triggers.planning import workflow_changed
from dogansystem.worker import notices

INDEX = "dogan_run_ended"
EVER = "1970-01-01 00:00:00"  # since when a workflow is enabled that an older release has enabled


def look(site: Site, workflow: str) -> bool:
	"""Disable a workflow if as many of its runs have failed in a row as its `limits.disable_after` says.

	True: this call has disabled it. Commits or rolls back this thread's transaction.
	"""
	db = site.database
	query = "SELECT current_version, enabled_since FROM `tabDogan Workflow` WHERE name = %s AND enabled = 1"
	known = dialect.first(db.sql(query, (workflow,)))
	number = versions.load(site, known[0]).limits.disable_after if known and known[0] else 0
	is_broken = known and number and _have_failed(db, workflow, number, as_text(known[1]) or EVER)
	db.rollback()  # in SQLite a transaction that has read may not become one that writes
	if not is_broken:
		return False
	if not site.catalog.disable(workflow):
		db.rollback()  # another process has just done it
		return False
	workflow_changed(site, workflow)
	_tell(site, workflow, number)
	db.commit()
	log.event(log.WARNING, "workflow.disabled", workflow=workflow, failed=number)
	return True


def _have_failed(db: Database, workflow: str, number: int, since: str) -> bool:
	"""Whether the last `number` runs to end have failed, of those started since the workflow was enabled."""
	rows = db.sql(
		f"SELECT status FROM `tabDogan Workflow Run`{dialect.along(db, INDEX)} WHERE workflow = %s AND finished_at >= %s AND queued_at >= %s"
		" AND status IN (%s, %s) ORDER BY finished_at DESC LIMIT %s",
		(workflow, since, since, FAILED, SUCCEEDED, number),
	)
	return [status for (status,) in rows] == [FAILED] * number


def _tell(site: Site, workflow: str, number: int) -> None:
	runs = "A run has" if number == 1 else f"{number} runs in a row have"
	text = (
		f"{runs} failed, so the workflow was disabled: its triggers start no runs any more. Open its runs to see why, mend"
		" the cause, try it with Run, and enable it again."
	)
	about = notices.about(site.database, workflow)
	people = notices.people(site, about)
	site.people.notice(people, f"{about.title}: disabled", text, [("Dogan Workflow", workflow)])
