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
from dogansystem.protocol import Database, Site
from dogansystem.store.changes import waits
from dogansystem.store.moment import Moment, as_text, moment
from dogansystem.store.queue import Wait
from dogansystem.triggers import starting
from dogansystem.triggers.base import PAUSE, Write, as_data, keep_waits, of_kind, wait_again
from dogansystem.triggers.faults import survived, tell


class Schedule:
	"""`triggers.base.Timed` for schedules."""

	kind = "schedule"

	def data(self, trigger: Trigger) -> str:
		"""All its keys."""
		return as_data(dict(trigger.keys))

	def plan(
		self, site: Site, db: Database, workflow: str, definition: Definition | None, at: Moment
	) -> None:
		"""A trigger that has not changed keeps its next time, so that saving a workflow does not skip one."""
		wanted = {self.data(trigger): trigger for trigger in of_kind(definition, self.kind)}
		for data in keep_waits(db, self.kind, workflow, set(wanted)):
			due = schedule.next_due(wanted[data], at.seconds, site.timezone)
			waits.put(db, due, self.kind, workflow, data)

	def fire(self, site: Site, wait: Wait, write: Write) -> bool:
		"""A run that cannot be started is told of in the log, and neither the other times nor the next one are lost with
		it."""
		return bool(write(lambda db: self._fire(site, db, wait, moment(site))))

	def _fire(self, site: Site, db: Database, wait: Wait, at: Moment) -> bool:
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
		trigger = self._trigger(definition, str(wait.data))
		if trigger is None:
			return True
		for due in self._due_times(site, db, trigger, wait, at):
			if definition is not None:
				what = f"workflow={workflow} due={as_text(site.local_time(due))}"
				survived(site, db, what, partial(_start, site, db, definition, version, due, at), None)
		return True

	def _trigger(self, definition: Definition | None, data: str) -> Trigger | None:
		if definition is None:
			return Trigger(self.kind, json.loads(data), 0)
		return next((each for each in of_kind(definition, self.kind) if self.data(each) == data), None)

	def _due_times(self, site: Site, db: Database, trigger: Trigger, wait: Wait, at: Moment) -> list[float]:
		"""The times to start a run for; the next one is waited for."""
		nothing: tuple[list[float], float] = ([], at.seconds + PAUSE)
		ask = partial(schedule.due_times, trigger, wait.due_at, at.seconds, site.timezone)
		times, next_due = survived(site, db, f"workflow={wait.subject} schedule={wait.data}", ask, nothing)
		wait_again(db, wait, next_due)
		return times


def _start(site: Site, db: Database, definition: Definition, version: str, due: float, at: Moment) -> None:
	given: dict[str, Any] = {
		"cause": "schedule",
		"started_by": definition.run_as or "",
		"trigger": {"on": "schedule", "due": as_text(site.local_time(due))},
	}
	given["idempotency_key"] = f"schedule {due:.3f}"
	starting.start_or_fail(site, db, definition.name, version, at, holds=lambda: True, **given)
