"""The one way a run is started, whatever the trigger: the workflow is looked up, everything is checked, then written."""

from collections.abc import Callable, Mapping
from typing import Any

from dogansystem.engine import log
from dogansystem.engine.current import MAX_DEPTH, current
from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.definitions.parameters import check as check_values
from dogansystem.engine.definitions.parameters import check_complete
from dogansystem.engine.definitions.parse import check_input
from dogansystem.engine.definitions.problems import closest
from dogansystem.engine.errors import (
	DoganError,
	LimitReached,
	NotAllowed,
	NotFound,
	StepCommitted,
	Timeout,
	TooDeep,
	UnreadableVersion,
	WrongState,
)
from dogansystem.engine.events import Broken
from dogansystem.engine.limits import resource_of_run, stored_limit_key
from dogansystem.engine.outputs import encode
from dogansystem.engine.templates.render import render, to_json_value, truthy
from dogansystem.protocol import Database, Site
from dogansystem.protocol.people import ADMINISTRATOR, GUEST
from dogansystem.store import agents, context, keys, parameters, queue, reads, start, versions
from dogansystem.store.moment import Moment
from dogansystem.triggers import manual
from dogansystem.triggers.faults import written

_SMALLER_INPUT = "Give less: name a document that holds it, or start several runs."
# Users whom nobody names on purpose: they act only where a workflow says so itself.
_NOBODY = frozenset({ADMINISTRATOR, GUEST, ""})


def start_run(
	site: Site,
	db: Database,
	workflow: str,
	at: Moment,
	*,
	cause: str,
	started_by: str,
	input: Any = None,
	trigger: Mapping[str, Any] | None = None,
	document: Mapping[str, Any] | None = None,
	idempotency_key: str | None = None,
	strict: bool = True,
	even_disabled: bool = False,
	again_of: str | None = None,
) -> str:
	"""Start a run of a workflow in the transaction of `db`; the caller commits and rings the doorbell.

	With `strict` an agent that does not exist is an error now; without, the step that needs it fails.
	A disabled workflow is started only with `even_disabled`: by a manager who tries it by hand. `again_of` is the run that is
	run again by it.

	Raises:
		NotFound: no such workflow or agent.
		WrongState: the workflow is disabled.
		UnreadableVersion: its version cannot be used.
		InputError: `input` does not fit the workflow's schema, the document is of a type that it is not started on, or a
			parameter has no value.
		OutputNotJSON, OutputTooLarge: `input` cannot be kept.
		LimitReached: too deep a chain of runs, or the limit is full and says `when_full: skip`.
		NotAllowed: nobody is named whose permissions the steps could have.
	"""
	# Before all else: what has become of the workflow since does not matter to who asks for the first run.
	if idempotency_key and (known := start.run_of_key(db, workflow, idempotency_key, cause)):
		return known
	definition, version = enabled_definition(site, db, workflow, even_disabled)
	if cause in keys.ASKED:
		manual.check_document(definition, document)
	given = {} if input is None else to_json_value(input)
	encode(given, "The input", _SMALLER_INPUT)  # before it is looked at: too much of it takes long to check
	check_input(definition, given)
	values = parameters.of_start(db, definition)
	check_complete(definition, values)
	if even_disabled:
		# What is kept may be of an older version. It is looked at when a workflow is enabled.
		check_values(definition, values)
	above = current.get()
	depth = above.depth + 1 if above else 0
	if depth > MAX_DEPTH:
		raise TooDeep(
			f"Workflow {workflow!r} was not started: it would be run {depth} in a chain of runs that start each other,"
			f" and at most {MAX_DEPTH} are allowed. Narrow the trigger's `if` so that the chain ends."
		)
	if strict:
		_check_agents(db, definition)
	run_as = definition.run_as or started_by
	if run_as in _NOBODY and not definition.run_as:
		raise NotAllowed(
			f"Workflow {workflow!r} names no run_as and was started by {started_by or 'nobody'}:"
			" set run_as to the user whose permissions its steps shall have."
		)
	request = start.Start(
		definition=definition,
		version=version,
		run_as=run_as,
		started_by=started_by,
		cause=cause,
		input=given,
		trigger=trigger,
		document=document,
		depth=depth,
		parent_run=above.run if above else None,
		parent_step=above.step if above else None,
		idempotency_key=idempotency_key,
		again_of=again_of,
		parameters=values,
		limit_key=_limit_key(definition, given, trigger, document, started_by, run_as, at, values),
	)
	_check_limit(db, request)
	return start.start_run(db, request, at)


def start_failed(
	site: Site,
	db: Database,
	version: str,
	error: DoganError,
	at: Moment,
	*,
	cause: str,
	started_by: str,
	trigger: Mapping[str, Any] | None = None,
	document: Mapping[str, Any] | None = None,
) -> str:
	"""Leave a failed run where a trigger fired and no run could start, so that people see it and why."""
	definition = versions.load(site, version, db)
	run_as = definition.run_as or started_by
	values = parameters.of_start(db, definition)
	request = start.Start(
		definition, version, run_as, started_by, cause, {}, trigger, document, parameters=values
	)
	return start.start_run(db, request, at, Broken(type(error).__name__, f"trigger: {error}"))


def start_or_fail(
	site: Site,
	db: Database,
	workflow: str,
	version: str,
	at: Moment,
	*,
	holds: Callable[[], bool],
	**given: Any,
) -> str | None:
	"""Start a run for a trigger whose condition `holds`; if none can start, leave a failed one that says why.

	`given` is what `start_run` takes. None: the condition does not hold, or the limit is full and says `when_full: skip`.
	"""
	try:
		if not holds():
			return None
		return written(db, lambda: start_run(site, db, workflow, at, strict=False, **given))
	except (TooDeep, Timeout, StepCommitted, UnreadableVersion):
		raise  # of the step in which this happens, or of a version of which no run can be made
	except LimitReached as skipped:
		cause = given["cause"]
		log.event(log.INFO, "run.skipped", workflow=workflow, cause=cause, message=str(skipped))
		return None
	except DoganError as failure:
		error = failure
	given.pop("idempotency_key", None)
	return written(db, lambda: start_failed(site, db, version, error, at, **given))


def condition_holds(
	site: Site,
	definition: Definition,
	trigger: Trigger,
	doc: Mapping[str, Any] | None,
	about: Mapping[str, Any],
	user: str,
	at: Moment,
) -> bool:
	"""Whether a trigger's `if` holds for a document; `about` is what templates have as `trigger`."""
	condition = trigger.keys.get("if")
	return condition is None or truthy(condition, values_at_start(site, definition, doc, about, user, at))


def values_at_start(
	site: Site,
	definition: Definition,
	doc: Mapping[str, Any] | None,
	about: Mapping[str, Any],
	user: str,
	at: Moment,
) -> dict[str, Any]:
	"""What the templates of a trigger can use; `about` is what they have as `trigger`."""
	values = parameters.of_start(site.database, definition)
	data = context.RunData("", "", "", "", str(about["on"]), {}, about, doc, user, user, 0, None, values)
	return context.values_of(data, {}, at, user)


def enabled_definition(
	site: Site, db: Database, workflow: str, even_disabled: bool = False
) -> tuple[Definition, str]:
	"""The current definition of an enabled workflow and its version's name. Raises NotFound or WrongState."""
	found = reads.enabled_workflow(db, workflow)
	if found is None or not found[0]:
		near = closest(workflow, reads.workflow_names(db))
		raise NotFound(
			f"There is no workflow named {workflow!r}" + (f" (did you mean {near!r}?)." if near else ".")
		)
	version, enabled = found
	if not (enabled or even_disabled):
		raise WrongState(f"Workflow {workflow!r} is disabled: enable it before you start a run.")
	return versions.load(site, str(version), db), str(version)


def _limit_key(
	definition: Definition,
	given: Any,
	trigger: Mapping[str, Any] | None,
	document: Mapping[str, Any] | None,
	started_by: str,
	run_as: str,
	at: Moment,
	values: Mapping[str, Any],
) -> str:
	if definition.limits.key is None:
		return ""
	data = context.RunData(
		"", definition.name, "", "", "", given, trigger, document, run_as, started_by, 0, None, values
	)
	value = render(definition.limits.key, context.values_of(data, {}, at, run_as), "limits.key")
	return stored_limit_key("" if value is None else str(value))


def _check_agents(db: Database, definition: Definition) -> None:
	for step in definition.steps:
		if step.is_limited and (problem := agents.why_none(db, step)):
			raise type(problem)(f"Workflow {definition.name!r}, step {step.id!r}: {problem}")


def _check_limit(db: Database, request: start.Start) -> None:
	limits = request.definition.limits
	if limits.when_full != "skip" or not limits.concurrent_runs:
		return
	under_way = queue.under_way(db, resource_of_run(request.definition.name, request.limit_key))
	if under_way >= limits.concurrent_runs:
		raise LimitReached(
			f"Workflow {request.definition.name!r} was not started: {under_way} of its runs are under way and"
			f" limits.concurrent_runs is {limits.concurrent_runs}. Wait for one to end, or raise the limit."
		)
