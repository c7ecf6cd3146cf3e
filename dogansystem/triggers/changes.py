"""What changes for the triggers when a workflow is saved, enabled, disabled or deleted. Both homes call this."""

from dogansystem.protocol import Site
from dogansystem.store import reads, versions
from dogansystem.store.moment import moment
from dogansystem.triggers import document, schedule


def workflow_changed(site: Site, workflow: str) -> None:
	"""Plan a workflow's schedules again and make every process read the document triggers again, once this transaction
	commits."""
	db = site.database
	found = reads.enabled_workflow(db, workflow)
	definition = None
	if found and found[0] and found[1]:
		definition = versions.load(site, found[0])
	schedule.plan(site, db, workflow, definition, moment(site))
	site.touch(document.STAMP)
