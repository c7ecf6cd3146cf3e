"""Run triggers: a run of another workflow has ended.

The end of a run leaves a wait, in the transaction that ends it (`store.changes.ends`), if an enabled workflow asks for such
ends. Whichever process finds it due starts what it starts, in the transaction that removes it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from dogansystem.engine import current
from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.definitions.triggers.run import ANY
from dogansystem.engine.errors import TooDeep, UnreadableVersion
from dogansystem.protocol import Database, Site
from dogansystem.store import ends, reads, versions
from dogansystem.store.changes import waits
from dogansystem.store.ends import Ended
from dogansystem.store.moment import moment
from dogansystem.store.queue import Wait
from dogansystem.triggers import starting
from dogansystem.triggers.base import Write, of_kind
from dogansystem.triggers.faults import survived, tell

KIND = "run"


def plan(db: Database, definition: Definition | None) -> None:
	"""Have the ends that a workflow asks for noted from now on."""
	for status in {status for trigger in of_kind(definition, KIND) for status in trigger.keys["status"]}:
		ends.note_from_now_on(db, status)


def fire(site: Site, wait: Wait, write: Write) -> bool:
	"""Start what the end of a run starts. False: another process has done it, or is about to."""
	site.database.rollback()  # what is read next is what is true now
	try:
		started = write(lambda db: _deliver(site, db, wait))
		if started:
			site.runs_changed(started)
			site.database.commit()
			site.doorbell.ring()
		return started is not None
	finally:
		site.database.rollback()


def _deliver(site: Site, db: Database, wait: Wait) -> list[str] | None:
	if not waits.end(db, wait.id):
		return None
	ended = ends.of_wait(db, wait)
	if ended is None or ended.cause == KIND:
		return []  # deleted since, or started by a run's end itself
	wanting = list(_wanting(site, db, ended))
	if not wanting:
		_forget_unless_wanted(site, db, ended.status)
	token = current.current.set(current.Cause(ended.name, ended.step or "", ended.depth))
	try:
		return [run for each in wanting if (run := _survived(site, db, *each, ended))]
	finally:
		current.current.reset(token)


def _wanting(site: Site, db: Database, ended: Ended) -> Iterator[tuple[str, str, Trigger]]:
	for workflow, version, trigger in _every(site, db):
		is_meant = trigger.keys["workflow"] in (ANY, ended.workflow) and workflow != ended.workflow
		if is_meant and ended.status in trigger.keys["status"]:
			yield workflow, version, trigger


def _every(site: Site, db: Database) -> Iterator[tuple[str, str, Trigger]]:
	for workflow, version in reads.enabled_workflows(db):
		try:
			triggers = of_kind(versions.load(site, version, db), KIND)
		except UnreadableVersion as error:
			tell(site, db, f"workflow={workflow} the ends of runs start nothing", error)
			continue
		for trigger in triggers:
			yield workflow, version, trigger


def _forget_unless_wanted(site: Site, db: Database, status: str) -> None:
	"""Have ends of this kind noted no longer, if really no enabled workflow asks for them.

	Who enables one at this moment is waited for, or waits: both write the same row first.
	"""
	ends.lock(db, status)
	if not any(status in trigger.keys["status"] for _, _, trigger in _every(site, db)):
		ends.note_no_longer(db, status)


def _survived(
	site: Site, db: Database, workflow: str, version: str, trigger: Trigger, ended: Ended
) -> str | None:
	what = f"workflow={workflow} the end of {ended.name} started nothing"
	try:
		return survived(site, db, what, partial(_start, site, db, workflow, version, trigger, ended), None)
	except TooDeep as error:
		tell(site, db, what, error)
		return None


def _start(
	site: Site, db: Database, workflow: str, version: str, trigger: Trigger, ended: Ended
) -> str | None:
	definition, at = versions.load(site, version, db), moment(site)
	user = definition.run_as or ""
	about: dict[str, Any] = {"on": KIND, "run": ended.as_json()}
	given: dict[str, Any] = {"cause": KIND, "started_by": user, "trigger": about}

	def holds() -> bool:
		return starting.condition_holds(site, definition, trigger, None, about, user, at)

	return starting.start_or_fail(site, db, workflow, version, at, holds=holds, **given)
