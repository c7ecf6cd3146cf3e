"""What a kind of trigger does that is fired by the clock. Its keys are in `engine/definitions/triggers/<kind>.py`."""

import json
from collections.abc import Callable
from typing import Any, Protocol

from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.outputs import encode
from dogansystem.protocol import Database, Site
from dogansystem.store import queue
from dogansystem.store.changes import waits
from dogansystem.store.moment import Moment
from dogansystem.store.queue import Wait

PAUSE = 3600.0  # seconds until a workflow that cannot be read, or a schedule without a next time, is looked at again


# Does something in a transaction of its own, commits it, and gives what it gave; None: another process is in the way.
Write = Callable[[Callable[[Database], Any]], Any]


class Timed(Protocol):
	"""A kind whose triggers are waits: rows that one process can take. All that a wait says is whose it is, and the data
	that makes a trigger the same one after a change of the workflow."""

	@property
	def kind(self) -> str:
		"""The kind's name, as in the key `on`."""

	def data(self, trigger: Trigger) -> str:
		"""What makes a trigger the same one after a change of the workflow."""

	def plan(
		self, site: Site, db: Database, workflow: str, definition: Definition | None, at: Moment
	) -> None:
		"""Make the waits of a workflow fit its triggers; None for one that is disabled or deleted."""

	def fire(self, site: Site, wait: Wait, write: Write) -> bool:
		"""Start what a due wait asks for. False: another process has done it, or is about to."""


def of_kind(definition: Definition | None, kind: str) -> list[Trigger]:
	"""The triggers of a kind."""
	return [trigger for trigger in definition.triggers if trigger.on == kind] if definition else []


def keep_waits(db: Database, kind: str, workflow: str, wanted: set[str]) -> set[str]:
	"""End the waits of a workflow that none of `wanted` stands for, and those that stand there twice; gives what has none."""
	missing = set(wanted)
	for number, data in queue.waits_of(db, kind, workflow):
		if data in missing:
			missing.remove(data)
		else:
			waits.end(db, number)
	return missing


def wait_again(db: Database, wait: Wait, due: float) -> int:
	"""Have a wait that was ended happen again; gives its new number. One that stands there already is enough."""
	subject = str(wait.subject)
	for number, data in queue.waits_of(db, wait.kind, subject):
		if data == wait.data:
			return number
	return waits.put(db, due, wait.kind, subject, wait.data)


def as_data(keys: dict[str, Any]) -> str:
	"""Keys of a trigger as a wait's data: the same text for the same keys."""
	return encode(json.loads(json.dumps(dict(sorted(keys.items())))), "The trigger")
