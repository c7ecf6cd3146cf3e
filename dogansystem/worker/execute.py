"""One attempt of a step: conditions and parameters are rendered, the action acts, its output becomes JSON.

Everything happens in the transaction that writes the result. A failure is an outcome, not an exception; only a lost
connection or a lost race for a lock is raised, because then the attempt itself has not come to a result.
"""

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dogansystem.actions.base import Again, Branch, StepContext, Stop, Wait
from dogansystem.agents.ai import asking
from dogansystem.engine import current, outcomes, rendered
from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.errors import NotAllowed, NotFound, TemplateError, Timeout
from dogansystem.engine.outcomes import Continues, Done, Expanded, Outcome, Skipped, Stops, Waits
from dogansystem.engine.outputs import encode
from dogansystem.engine.run_state import undo_of
from dogansystem.engine.templates.render import render, to_json_value, truthy
from dogansystem.protocol import Act, Site
from dogansystem.store import context
from dogansystem.store.context import RunData
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment
from dogansystem.triggers.starting import enabled_definition, start_run
from dogansystem.worker import failing
from dogansystem.worker.deadline import TimeLimit

ACTING_INTERVAL = 5.0  # seconds between two questions about the same user; each costs more than some steps


@dataclass(frozen=True, slots=True)
class Work:
	"""A step in hand with what is needed to execute it. `item` counts from 1; 0 is the step itself; below 0 it is undone.

	Attributes:
		user: whose permissions the attempt has; None if the step's agent was deleted meanwhile.
		items: how many items the step has at most; 0 if it is none, or nobody has looked.
	"""

	lease: Lease
	definition: Definition
	step: Step
	item: int
	item_value: Any
	data: RunData
	user: str | None
	items: int = 0

	@property
	def undone_item(self) -> int:
		"""The item that is undone, or 0 for the step itself."""
		return undo_of(self.item)

	@property
	def index(self) -> int | None:
		"""The index of the item, from 0; None for the step itself."""
		item = self.undone_item if self.item < 0 else self.item
		return item - 1 if item else None


class Acting:
	"""Remembers for a moment which users may act: who was disabled or deleted lends their permissions to no step."""

	def __init__(self, site: Site) -> None:
		self._site = site
		self._known: dict[str, float] = {}

	def check(self, user: str) -> None:
		"""Raise NotAllowed unless `user` is an enabled user of the site. Not to be called within a step's scope."""
		now = time.monotonic()
		if self._known.get(user, 0.0) > now:
			return
		if not self._site.people.exists(user):
			raise NotAllowed(
				f"User {user} is disabled or does not exist, so nothing is done with their permissions any more."
				" Name another user in run_as or in the agent, or enable this one."
			)
		self._known[user] = now + ACTING_INTERVAL


class Interrupted(Exception):
	"""The attempt came to no result: the connection was lost, or the transaction lost against another one."""


@dataclass(slots=True)
class Trial:
	"""What is known of an attempt that is being made: its time limit, and what it does once its parameters are rendered.

	Attributes:
		params: the rendered parameters as they are kept, JSON text.
		instead: what is done in place of what the attempt has done, which is undone.
	"""

	limit: TimeLimit
	act: Act | None = None
	params: str | None = None
	instead: Callable[[], None] | None = None


def perform(site: Site, work: Work, at: Moment, acting: Acting, trial: Trial) -> Outcome:
	"""Execute one attempt. Raises Interrupted, with the database's error as its cause.

	Past the step's timeout the outcome is Timeout, whatever the step says: it may have swallowed the interruption.
	"""
	try:
		outcome = _perform(site, work, at, acting, trial)
	except BaseException as error:
		trial.limit.end()
		if isinstance(error, KeyboardInterrupt) or not (
			trial.limit.passed or isinstance(error, Exception | SystemExit)
		):
			raise
		if not trial.limit.passed:
			if site.database.is_conflict(error) or site.database.is_lost(error):
				raise Interrupted from error
			outcome = failing.outcome_of(site, work.step.id, error, trial.act)
	if trial.limit.passed:
		text = f"The attempt took longer than the step's timeout of {work.step.timeout or 0:g} seconds."
		return outcomes.failed(Timeout(text))
	return outcome


def _perform(site: Site, work: Work, at: Moment, acting: Acting, trial: Trial) -> Outcome:
	step = work.step
	if work.user is None:
		raise NotFound(f"Agent {work.lease.agent!r} was deleted: name another one in the step.")
	acting.check(work.user)
	with site.step_scope(work.user), trial.limit:
		values = _values(site, work, work.user, at)
		if step.for_each is not None and not work.item:
			return Expanded(_items(step, values))
		if step.has_condition and not truthy(step.condition, values):
			return Skipped()
		return _act(site, work, work.user, values, at, trial)


def _act(site: Site, work: Work, user: str, values: dict[str, Any], at: Moment, trial: Trial) -> Outcome:
	step = work.step
	action = site.actions().get(step.action)
	if action is None:
		raise NotFound(
			f"This site has no action {step.action!r}: install the app that adds it, or change the step."
		)
	params = to_json_value(render(step.params, values))
	context_of_step = StepContext(
		site=site,
		run=work.data.name,
		workflow=work.data.workflow,
		step=step.id,
		item=work.index,
		attempt=work.lease.attempt,
		user=user,
		idempotency_key=work.lease.step_run,
		now=at.seconds,
		timeout=step.timeout,
		reference=work.data.reference,
		start_run=partial(_start_run, site, step, user, at),
		ask_agent=partial(asking.ask, work.lease.agent),
		doc=work.data.doc,
	)
	trial.act = Act(step.action, params, user)
	trial.params = rendered.kept(params, _passwords(site, params))  # before the action may change them
	token = current.current.set(current.Cause(work.data.name, step.id, work.data.depth))
	try:
		action.validate(params)
		result = action.run(params, context_of_step)
	finally:
		current.current.reset(token)
	if isinstance(result, Again | Wait):
		trial.instead = result.instead
	return _outcome(result, f"The output of step {step.id!r}")


def _passwords(site: Site, params: Mapping[str, Any]) -> Container[str]:
	"""The fields that hold passwords, of the DocType whose values the parameters are."""
	if not (isinstance(params.get("values"), dict) and isinstance(params.get("doctype"), str)):
		return ()
	types = site.documents.fields_of(params["doctype"])
	found = types.items() if isinstance(types, Mapping) else ()
	return {name for name, kind in found if kind == "Password"}


def _start_run(site: Site, step: Step, user: str, at: Moment, workflow: str, given: Any) -> str:
	"""Start a run of another workflow for a step. Whoever wrote the step may lend nobody else's permissions by it."""
	db = site.database
	if step.only_as is not None:
		run_as = enabled_definition(site, db, workflow)[0].run_as
		if run_as not in (None, step.only_as):
			raise NotAllowed(
				f"Workflow {workflow!r} acts as {run_as}: whoever wrote this step may start only what acts as {step.only_as}."
			)
	run = start_run(site, db, workflow, at, cause=current.CHILD, started_by=user, input=given)
	site.after_commit(site.doorbell.ring)
	return run


def _outcome(result: Any, what: str) -> Outcome:
	if isinstance(result, Wait):
		return Waits(result.until, encode(result.output, what), result.kind, result.key)
	if isinstance(result, Again):
		return Continues(result.until)
	if isinstance(result, Stop):
		output = encode({"status": result.status, "message": result.message}, what)
		return Stops(result.status, result.message[: outcomes.MAX_MESSAGE], output)
	if isinstance(result, Branch):
		return Done(encode(result.output, what), result.name)
	return Done(encode(result, what))


def _values(site: Site, work: Work, user: str, at: Moment) -> dict[str, Any]:
	step = work.step
	steps = {}
	if step.reads is None or step.reads:
		steps = context.load_steps(site.database, work.data.name, step.reads)
	if work.item < 0 and work.undone_item and step.id in steps:
		steps[step.id] |= {
			"output": context.load_output(site.database, work.data.name, step.id, work.undone_item)
		}
	return context.values_of(work.data, steps, at, user, work.item_value, work.index)


def _items(step: Step, values: dict[str, Any]) -> list[str]:
	found = render(step.for_each, values, "for_each")
	if isinstance(found, dict | str | bytes) or not hasattr(found, "__iter__"):
		raise TemplateError(
			f"for_each must give a list, and gives {type(found).__name__}: use an expression such as"
			' "{{ steps.quotes.output }}".'
		)
	return [
		encode(to_json_value(item), f"Item {number} of step {step.id!r}") for number, item in enumerate(found)
	]
