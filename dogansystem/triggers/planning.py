"""The kinds of triggers that the clock fires, and what is done with all of them: planned, fired, and found again."""

from collections.abc import Mapping

from dogansystem.engine.errors import UnreadableVersion
from dogansystem.protocol import Database, Site
from dogansystem.store import queue, reads, versions
from dogansystem.store.ends import WAIT
from dogansystem.store.moment import Moment, moment
from dogansystem.store.queue import Wait
from dogansystem.triggers import batch, document, run
from dogansystem.triggers.base import Timed, Write
from dogansystem.triggers.condition import Condition
from dogansystem.triggers.date import Date
from dogansystem.triggers.schedule import Schedule

_EVERY: tuple[Timed, ...] = (Schedule(), Date(), Condition())
TIMED: Mapping[str, Timed] = {kind.kind: kind for kind in _EVERY}


def workflow_changed(site: Site, workflow: str) -> None:
	"""Plan a workflow's triggers again and have every process read the document triggers again, once this transaction
	commits. Both homes call it when a workflow is saved, enabled, disabled or deleted."""
	plan(site, site.database, workflow, moment(site))
	site.touch(document.STAMP)


def plan(site: Site, db: Database, workflow: str, at: Moment) -> None:
	"""Make the waits of a workflow fit its triggers."""
	found = reads.enabled_workflow(db, workflow)
	definition = versions.load(site, found[0], db) if found and found[0] and found[1] else None
	db.begin()
	for kind in TIMED.values():
		kind.plan(site, db, workflow, definition, at)
	run.plan(db, definition)


def fire(site: Site, wait: Wait, write: Write) -> bool | None:
	"""Do what a due wait asks for. None: it is of a kind that this release does not know, and is left to a newer one."""
	if wait.kind == WAIT:
		return run.fire(site, wait, write)
	if wait.kind == batch.KIND:
		return batch.fire(site, wait, write)
	kind = TIMED.get(wait.kind)
	return kind.fire(site, wait, write) if kind else None


def without_wait(site: Site, db: Database) -> list[str]:
	"""The enabled workflows with a trigger that nothing waits for: a node of an older release has taken its wait."""
	standing = {(kind, *each) for kind in TIMED for each in queue.subjects_of(db, kind)}
	return [
		workflow
		for workflow, version in reads.enabled_workflows(db)
		if any(each not in standing for each in _wanted(site, db, workflow, version))
	]


def _wanted(site: Site, db: Database, workflow: str, version: str) -> set[tuple[str, str, str]]:
	try:
		triggers = versions.load(site, version, db).triggers
	except UnreadableVersion:
		return set()
	return {(each.on, workflow, TIMED[each.on].data(each)) for each in triggers if each.on in TIMED}
