"""Ends of runs as they are kept for triggers that ask for them: a wait that is due at once, with what the run came to.

Whether somebody asks for ends of a kind is a number in `dogan_state`, so that the statement which ends a run can look by
itself. An end that nobody asks for costs that look and nothing more.
"""

from dataclasses import dataclass
from typing import Any

from dogansystem.engine.outcomes import as_error
from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database
from dogansystem.store import dialect, state
from dogansystem.store.moment import as_text
from dogansystem.store.queue import Wait

WAIT = "ended"  # the kind of the wait; its subject is the run


@dataclass(frozen=True, slots=True)
class Ended:
	"""A run as it had ended. `step`: the one that failed. `depth`: how many runs stand above it."""

	name: str
	workflow: str
	status: str
	error_type: str | None
	error: str | None
	step: str | None
	cause: str
	started_by: str
	depth: int
	document: dict[str, str] | None
	queued_at: str | None
	finished_at: str | None

	def as_json(self) -> dict[str, Any]:
		"""What templates have as `trigger.run`."""
		found = {
			name: getattr(self, name)
			for name in ("name", "workflow", "status", "error_type", "step", "cause", "started_by")
		}
		found["error"] = as_error(self.error_type, self.error)
		return found | {
			"document": self.document,
			"queued_at": self.queued_at,
			"finished_at": self.finished_at,
		}


def name_of(status: str) -> str:
	"""The name in `dogan_state` of whether ends of this kind are noted."""
	return f"ended {status}"


def of_wait(db: Database, wait: Wait) -> Ended | None:
	"""The run whose end a wait stands for, as it was then; None: it was deleted since."""
	row = dialect.first(
		db.sql(
			"SELECT workflow, cause, started_by, depth, reference_doctype, reference_name, queued_at"
			" FROM `tabDogan Workflow Run` WHERE name = %s",
			(wait.subject,),
		)
	)
	if row is None:
		return None
	workflow, cause, started_by, depth, doctype, name, queued_at = row
	then = decode(wait.data)
	return Ended(
		name=str(wait.subject),
		workflow=workflow,
		status=then["status"],
		error_type=then["error_type"],
		error=then["error"],
		step=then["step"],
		cause=cause,
		started_by=started_by,
		depth=int(depth),
		document={"doctype": doctype, "name": name} if doctype else None,
		queued_at=as_text(queued_at),
		finished_at=then["finished_at"],
	)


def note_from_now_on(db: Database, status: str) -> None:
	"""Have ends of this kind noted."""
	try:
		state.set_value(db, name_of(status), 1)
	except Exception as error:
		if not db.is_duplicate(error):
			raise  # else somebody has just done the same for the first time


def note_no_longer(db: Database, status: str) -> None:
	"""Have ends of this kind noted no longer."""
	state.set_value(db, name_of(status), 0)


def lock(db: Database, status: str) -> None:
	"""Wait for whoever changes whether ends of this kind are noted, and keep others from it until the transaction ends."""
	db.begin()
	db.sql("SELECT value FROM dogan_state WHERE name = %s" + dialect.for_update(db), (name_of(status),))
