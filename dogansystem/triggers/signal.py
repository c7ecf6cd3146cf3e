"""Signal triggers: a signal was sent, and starts the workflows that want its name.

They start in the transaction that notes the signal as delivered, so that each starts one run, whoever delivers it and
however often that is tried.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from dogansystem.engine import current
from dogansystem.engine.definition import Trigger
from dogansystem.engine.errors import TooDeep, UnreadableVersion
from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database, Site
from dogansystem.store import reads, signals, versions
from dogansystem.store.moment import moment
from dogansystem.store.signals import Sent
from dogansystem.triggers import starting
from dogansystem.triggers.faults import survived, tell

KIND = "signal"


def deliver(site: Site, db: Database, signal: Sent) -> list[str]:
	"""Note that a signal is delivered, and start what it starts; gives the names of the runs. The caller commits and rings.

	Nothing if another process has delivered it.
	"""
	if not signals.note_delivered(db, signal.id):
		return []
	cause = current.Cause(signal.run, signal.step, signal.depth) if signal.run else None
	token = current.current.set(cause)
	try:
		found = []
		for workflow, version, trigger in _wanted(site, db, signal.name):
			what = f"workflow={workflow} signal={signal.name} {signal.id}"
			start = partial(_start, site, db, workflow, version, trigger, signal)
			try:
				found.append(survived(site, db, what, start, None))
			except TooDeep as error:  # the step that has sent it is over, so it cannot fail by this
				tell(site, db, what, error)
		return [run for run in found if run]
	finally:
		current.current.reset(token)


def _wanted(site: Site, db: Database, name: str) -> Iterator[tuple[str, str, Trigger]]:
	for workflow, version in reads.enabled_workflows(db):
		try:
			triggers = versions.load(site, version, db).triggers
		except UnreadableVersion as error:
			tell(site, db, f"workflow={workflow} its signals start nothing", error)
			continue
		for trigger in triggers:
			if trigger.on == KIND and trigger.keys["name"] == name:
				yield workflow, version, trigger


def _start(
	site: Site, db: Database, workflow: str, version: str, trigger: Trigger, signal: Sent
) -> str | None:
	at = moment(site)
	about: dict[str, Any] = {"on": KIND, "name": signal.name, "key": signal.key, "data": decode(signal.data)}
	about["sent_by"] = signal.sent_by
	given: dict[str, Any] = {"cause": KIND, "started_by": signal.sent_by, "trigger": about}
	given["idempotency_key"] = f"signal {signal.id} {trigger.position}"
	definition = versions.load(site, version, db)

	def holds() -> bool:
		return starting.condition_holds(site, definition, trigger, None, about, signal.sent_by, at)

	return starting.start_or_fail(site, db, workflow, version, at, holds=holds, **given)
