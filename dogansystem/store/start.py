"""Starting a run: the run, all its steps, and the first of them ready, in the transaction of whatever caused it.

Only inserts happen here, and none into a row that another start could want, so that a document's own transaction never
waits for ours. Whether a limit leaves room is decided afterwards, by `store.admission`, in a transaction of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dogansystem.engine import log
from dogansystem.engine.definition import Definition
from dogansystem.engine.events import Broken
from dogansystem.engine.outputs import encode
from dogansystem.engine.states import QUEUED
from dogansystem.protocol import Database
from dogansystem.store import dialect, names, parameters, runs
from dogansystem.store.changes import whole_runs
from dogansystem.store.keys import stored_key
from dogansystem.store.moment import Moment


@dataclass(frozen=True, slots=True)
class Start:
	"""What a run starts with.

	Attributes:
		version: name of the workflow version.
		run_as: the user whose permissions the steps have where no agent is named.
		cause: the kind of trigger, `manual` or `api`.
		document: values of the document the run is about, with `doctype` and `name`, or None.
		depth: how many runs stand above this one in the chain of causes.
		parameters: the values of the workflow's parameters.
		again_of: the run that somebody runs again by it, or None.
		limit_key: value of the limit's key as `engine.limits.stored_limit_key` gives it, for a workflow with `limits.key`.
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
	again_of: str | None = None
	parameters: Mapping[str, Any] = field(default_factory=dict)


def start_run(db: Database, start: Start, at: Moment, broken: Broken | None = None) -> str:
	"""Write a run; gives its name, or that of the run which used the same idempotency key before.

	`broken`: the run only shows why none could start; it has failed.
	"""
	if start.idempotency_key:
		known = run_of_key(db, start.definition.name, start.idempotency_key, start.cause)
		if known:
			return known
	run = names.new_run(at.seconds)
	try:
		whole_runs.insert_run(db, run, _values(start), start.definition, at)
	except Exception as error:
		if not (start.idempotency_key and db.is_duplicate(error)):
			raise
		# Somebody else used the key since we looked: theirs is the first run.
		known = run_of_key(db, start.definition.name, start.idempotency_key, start.cause, newest=True)
		if known is None:
			raise
		return known
	runs.begin(db, run, start.definition, start.limit_key, at, broken)
	log.event(log.INFO, "run.start", run=run, workflow=start.definition.name, cause=start.cause)
	return run


def run_of_key(db: Database, workflow: str, key: str, cause: str, *, newest: bool = False) -> str | None:
	"""The run that an idempotency key of this workflow has started, or None.

	`newest`: look past this transaction's snapshot, at what another one has committed meanwhile. Not at first: a lock on
	a key that is not there yet would keep everybody else from inserting it, and two who both hold it would deadlock.
	"""
	row = dialect.first(
		db.sql(
			"SELECT name FROM `tabDogan Workflow Run` WHERE idempotency_key = %s"
			+ (dialect.for_share(db) if newest else ""),
			(stored_key(workflow, key, cause),),
		)
	)
	return str(row[0]) if row else None


def _values(start: Start) -> dict[str, Any]:
	document, key = start.document or {}, start.idempotency_key
	same = (
		"version",
		"cause",
		"run_as",
		"started_by",
		"depth",
		"parent_run",
		"parent_step",
		"limit_key",
		"again_of",
	)
	return {name: getattr(start, name) for name in same} | {
		"owner": start.started_by,
		"modified_by": start.started_by,
		"workflow": start.definition.name,
		"status": QUEUED,
		"ending": "",
		"trigger_data": encode(start.trigger, "The trigger's data"),
		"input": encode(start.input, "The input"),
		"parameters": parameters.as_column(start.parameters),
		"doc_values": encode(start.document, "The document") if start.document else None,
		"reference_doctype": document.get("doctype"),
		"reference_name": document.get("name"),
		"idempotency_key": stored_key(start.definition.name, key, start.cause) if key else None,
	}
