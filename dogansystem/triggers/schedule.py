"""Schedule triggers: each is a timer row, so that one due time fires once however many schedulers there are.

The row is taken, the next one written and the run started in one transaction. After downtime the trigger's `missed`
decides how many of the times that passed are made up for.
"""

import json
from typing import Any

from dogansystem.engine import log, schedule
from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.errors import DoganError, LimitReached, NotFound, WrongState
from dogansystem.engine.outputs import encode
from dogansystem.protocol import Database, Site
from dogansystem.store import timers
from dogansystem.store.moment import Moment, as_text
from dogansystem.store.timers import Timer
from dogansystem.triggers import starting

KIND = "schedule"


def plan(site: Site, db: Database, workflow: str, definition: Definition | None, at: Moment) -> None:
	"""Make the timers of a workflow fit its triggers; None for one that is disabled or deleted.

	A trigger that has not changed keeps its next time, so that saving a workflow does not skip one.
	"""
	wanted = {_data(trigger): trigger for trigger in _schedules(definition)}
	db.begin()
	rows = db.sql("SELECT id, data FROM dogan_timer WHERE subject = %s AND kind = %s", (workflow, KIND))
	for number, data in rows:
		if wanted.pop(data, None) is None:
			db.execute("DELETE FROM dogan_timer WHERE id = %s", (number,))
	for data, trigger in wanted.items():
		due = schedule.next_due(trigger, at.seconds, site.timezone)
		timers.put(db, due, KIND, subject=workflow, data=data)


def fire(site: Site, db: Database, timer: Timer, at: Moment) -> bool:
	"""Start what a due schedule asks for; the caller commits. False: somebody else has fired it."""
	if not timers.take(db, timer):
		return False
	workflow = str(timer.subject)
	try:
		definition, version = starting.enabled_definition(site, db, workflow)
	except (NotFound, WrongState):
		return True  # disabled or deleted since: its timer goes with it
	trigger = next((each for each in _schedules(definition) if _data(each) == timer.data), None)
	if trigger is None:
		return True
	times, next_due = schedule.due_times(trigger, timer.due_at, at.seconds, site.timezone)
	timers.put(db, next_due, KIND, subject=workflow, data=timer.data)
	for due in times:
		_start(site, db, definition, version, due, at)
	return True


def _start(site: Site, db: Database, definition: Definition, version: str, due: float, at: Moment) -> None:
	about = {"on": "schedule", "due": as_text(site.local_time(due))}
	user = definition.run_as or ""
	try:
		starting.start_run(
			site, db, definition.name, at, cause="schedule", started_by=user, trigger=about, strict=False,
			idempotency_key=f"schedule {due:.3f}",
		)  # fmt: skip
	except LimitReached as error:  # when_full: skip
		log.event(log.INFO, "run.skipped", workflow=definition.name, cause="schedule", message=str(error))
	except DoganError as error:
		starting.start_failed(site, db, version, error, at, cause="schedule", started_by=user, trigger=about)


def _schedules(definition: Definition | None) -> list[Trigger]:
	return [trigger for trigger in definition.triggers if trigger.on == KIND] if definition else []


def _data(trigger: Trigger) -> str:
	"""What makes a trigger the same one after a change of the workflow: its own keys."""
	keys: dict[str, Any] = dict(sorted(trigger.keys.items()))
	return encode(json.loads(json.dumps(keys)), "The trigger")
