"""Starting a run: the run, all its steps, and the first of them ready, in the transaction of whatever caused it.

Only inserts happen here, and none into a row that another start could want, so that a document's own transaction never
waits for ours. Whether a limit leaves room is decided afterwards, by `store.admission`, in a transaction of its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from dogansystem.engine import log
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import half_a_character
from dogansystem.engine.outputs import encode
from dogansystem.engine.states import PENDING, QUEUED
from dogansystem.protocol import Database
from dogansystem.store import dialect, names, queue, runs, timers
from dogansystem.store.moment import Moment
from dogansystem.store.runs import LockedRun

ASKED = frozenset({"manual", "api"})  # causes whose idempotency keys come from callers
_PLAIN_KEY = re.compile(r"[a-z0-9._:/ -]{0,139}[a-z0-9._:/-]")  # equal in the column only if it is the same
_RUN_COLUMNS = (
	"name, creation, modified, owner, modified_by, workflow, version, status, ending, cause, trigger_data, input,"
	" doc_values, reference_doctype, reference_name, run_as, started_by, depth, parent_run, parent_step,"
	" idempotency_key, limit_key, queued_at"
)
_STEP_COLUMNS = (
	"name, creation, modified, owner, modified_by, run, workflow, step, position, item, title, action, status"
)


@dataclass(frozen=True, slots=True)
class Start:
	"""What a run starts with.

	Attributes:
		version: name of the workflow version.
		run_as: the user whose permissions the steps have where no agent is named.
		cause: the kind of trigger, `manual` or `api`.
		document: values of the document the run is about, with `doctype` and `name`, or None.
		depth: how many runs stand above this one in the chain of causes.
		limit_key: value of the limit's key, for a workflow with `limits.key`.
	"""

	definition: Definition
	version: str
	run_as: str
	started_by: str
	cause: str
	input: Any = None
	trigger: Any = None
	document: Mapping[str, Any] | None = None
	depth: int = 0
	parent_run: str | None = None
	parent_step: str | None = None
	idempotency_key: str | None = None
	limit_key: str = ""


def start_run(db: Database, start: Start, at: Moment) -> str:
	"""Write a run; gives its name, or that of the run which used the same idempotency key before."""
	if start.idempotency_key:
		known = run_of_key(db, start.definition.name, start.idempotency_key, start.cause)
		if known:
			return known
	run = names.new_run(at.seconds)
	try:
		_insert_run(db, run, start, at)
	except Exception as error:
		if not (start.idempotency_key and db.is_duplicate(error)):
			raise
		# Somebody else used the key since we looked: theirs is the first run.
		known = run_of_key(db, start.definition.name, start.idempotency_key, start.cause)
		if known is None:
			raise
		return known
	_insert_steps(db, run, start.definition, at)
	if start.definition.limits.concurrent_runs:
		resource = resource_of_run(start.definition, start.limit_key)
		queue.stand_in_line(db, resource, queue.lane(5), run, None, 1, at)
	else:
		states = {step.id: PENDING for step in start.definition.steps}
		open_run(db, LockedRun(run, start.definition, QUEUED, "", states), at)
	log.event(log.INFO, "run.start", run=run, workflow=start.definition.name, cause=start.cause)
	return run


def open_run(db: Database, run: LockedRun, at: Moment) -> None:
	"""Let the steps start that may, and start the clock of `run_timeout`."""
	if run.definition.limits.run_timeout:
		timers.put(db, at.seconds + run.definition.limits.run_timeout, "run_timeout", run=run.name)
	runs.go_on(db, run, at)


def run_of_key(db: Database, workflow: str, key: str, cause: str) -> str | None:
	"""The run that an idempotency key of this workflow has started, or None."""
	row = dialect.first(
		db.sql(
			"SELECT name FROM `tabDogan Workflow Run` WHERE idempotency_key = %s" + dialect.for_share(db),
			(stored_key(workflow, key, cause),),
		)
	)
	return str(row[0]) if row else None


def stored_key(workflow: str, key: str, cause: str) -> str:
	"""An idempotency key as its column holds it: any length fits, and only equal keys of one workflow meet.

	The column's collation takes `A1`, `a1`, `á1` and `a1 ` for equal, so what is not plain goes in as a hash. Callers do
	not meet the keys that triggers make: who could guess the one of a schedule's next run would keep it from starting.

	Raises InputError if it is no text that can be kept.
	"""
	asker = "" if cause in ASKED else f":{cause}"
	text = f"{workflow}{asker}/{key}"
	if _PLAIN_KEY.fullmatch(text):
		return text
	try:
		return sha256(text.encode()).hexdigest()
	except UnicodeEncodeError as error:
		raise half_a_character(error) from None


def resource_of_run(definition: Definition, limit_key: str) -> str:
	"""The name of the limit that a run of this workflow waits for."""
	return f"workflow:{definition.name}:{limit_key}"[:300]


def _insert_run(db: Database, run: str, start: Start, at: Moment) -> None:
	document = start.document or {}
	key = start.idempotency_key
	db.execute(
		f"INSERT INTO `tabDogan Workflow Run` ({_RUN_COLUMNS}) VALUES ({dialect.marks(range(23))})",
		(
			run,
			at.text,
			at.text,
			start.started_by,
			start.started_by,
			start.definition.name,
			start.version,
			QUEUED,
			"",
			start.cause,
			encode(start.trigger, "The trigger's data"),
			encode(start.input, "The input"),
			encode(start.document, "The document") if start.document else None,
			document.get("doctype"),
			document.get("name"),
			start.run_as,
			start.started_by,
			start.depth,
			start.parent_run,
			start.parent_step,
			stored_key(start.definition.name, key, start.cause) if key else None,
			start.limit_key,
			at.text,
		),
	)


def _insert_steps(db: Database, run: str, definition: Definition, at: Moment) -> None:
	user = definition.run_as or ""
	db.execute_many(
		f"INSERT INTO `tabDogan Step Run` ({_STEP_COLUMNS}) VALUES ({dialect.marks(range(13))})",
		[
			(
				names.step_run(run, step.id),
				at.text,
				at.text,
				user,
				user,
				run,
				definition.name,
				step.id,
				position,
				0,
				step.title,
				step.action,
				PENDING,
			)
			for position, step in enumerate(definition.steps)
		],
	)
