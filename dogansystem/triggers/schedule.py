"""Schedule triggers: each is a timer row, so that one due time fires once however many schedulers there are.

The row is taken, the next one written and the run started in one transaction. After downtime the trigger's `missed`
decides how many of the times that passed are made up for.
"""

import json
from functools import partial
from typing import Any

from dogansystem.engine import schedule
from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.errors import NotFound, UnreadableVersion, WrongState
from dogansystem.engine.outputs import encode
from dogansystem.protocol import Database, Site
from dogansystem.store import reads, versions
from dogansystem.store.changes import waits
from dogansystem.store.moment import Moment, as_text, moment
from dogansystem.store.queue import Wait
from dogansystem.triggers import document, starting
from dogansystem.triggers.faults import survived, tell

KIND = "schedule"
PAUSE = 3600.0  # seconds until a schedule whose next time cannot be computed is looked at again


def workflow_changed(site: Site, workflow: str) -> None:
	"""Plan a workflow's schedules again and have every process read the document triggers again, once this transaction
	commits. Both homes call it when a workflow is saved, enabled, disabled or deleted."""
	db = site.database
	found = reads.enabled_workflow(db, workflow)
	definition = versions.load(site, found[0]) if found and found[0] and found[1] else None
	plan(site, db, workflow, definition, moment(site))
	site.touch(document.STAMP)


def plan(site: Site, db: Database, workflow: str, definition: Definition | None, at: Moment) -> None:
	"""Make the timers of a workflow fit its triggers; None for one that is disabled or deleted.

	A trigger that has not changed keeps its next time, so that saving a workflow does not skip one.
	"""
	wanted = {_data(trigger): trigger for trigger in _schedules(definition)}
	db.begin()
	rows = db.sql("SELECT id, data FROM dogan_timer WHERE subject = %s AND kind = %s", (workflow, KIND))
	for number, data in rows:
		if wanted.pop(data, None) is None:
			waits.end(db, number)
	for data, trigger in wanted.items():
		due = schedule.next_due(trigger, at.seconds, site.timezone)
		waits.put(db, due, KIND, workflow, data)


def fire(site: Site, db: Database, wait: Wait, at: Moment) -> bool:
	"""Start what a due schedule asks for; the caller commits. False: somebody else has fired it.

	A run that cannot be started is told of in the log, and neither the other times nor the next one are lost with it.
	"""
	if not waits.end(db, wait.id):
		return False
	workflow = str(wait.subject)
	definition: Definition | None
	try:
		definition, version = starting.enabled_definition(site, db, workflow)
	except (NotFound, WrongState):
		return True  # disabled or deleted since: its timer goes with it
	except UnreadableVersion as error:
		tell(site, db, f"workflow={workflow} its schedule starts nothing", error)
		definition, version = None, ""  # the schedule goes on until it can be read again
	trigger = _trigger(definition, str(wait.data))
	if trigger is None:
		return True
	nothing: tuple[list[float], float] = ([], at.seconds + PAUSE)
	due_times = partial(schedule.due_times, trigger, wait.due_at, at.seconds, site.timezone)
	times, next_due = survived(site, db, f"workflow={workflow} schedule={wait.data}", due_times, nothing)
	waits.put(db, next_due, KIND, workflow, wait.data)
	if definition is None:
		return True
	for due in times:
		what = f"workflow={workflow} due={as_text(site.local_time(due))}"
		survived(site, db, what, partial(_start, site, db, definition, version, due, at), None)
	return True


def _trigger(definition: Definition | None, data: str) -> Trigger | None:
	if definition is None:
		return Trigger(KIND, json.loads(data), 0)
	return next((each for each in _schedules(definition) if _data(each) == data), None)


def _start(site: Site, db: Database, definition: Definition, version: str, due: float, at: Moment) -> None:
	given: dict[str, Any] = {
		"cause": "schedule",
		"started_by": definition.run_as or "",
		"trigger": {"on": "schedule", "due": as_text(site.local_time(due))},
	}
	given["idempotency_key"] = f"schedule {due:.3f}"
	starting.start_or_fail(site, db, definition.name, version, at, holds=lambda: True, **given)


def _schedules(definition: Definition | None) -> list[Trigger]:
	return [trigger for trigger in definition.triggers if trigger.on == KIND] if definition else []


def _data(trigger: Trigger) -> str:
	"""What makes a trigger the same one after a change of the workflow: its own keys."""
	keys: dict[str, Any] = dict(sorted(trigger.keys.items()))
	return encode(json.loads(json.dumps(keys)), "The trigger")
