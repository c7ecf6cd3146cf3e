"""Calls of tools, each an attempt of its own: what it does and what is kept of it are one transaction."""

import json
from collections import OrderedDict
from dataclasses import replace
from functools import partial
from typing import Any

from dogansystem.actions.base import Again, Branch, Wait
from dogansystem.agents.ai import proposal, tools, untrusted
from dogansystem.agents.ai.described import DECIDERS, Tool
from dogansystem.agents.ai.sending import GAVE_UP, RAISE
from dogansystem.agents.ai.state import State
from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Rules
from dogansystem.engine.errors import BudgetExceeded, NobodyCanDecide, StepCommitted
from dogansystem.engine.outcomes import Done, as_message
from dogansystem.engine.outputs import decode
from dogansystem.people import asking
from dogansystem.people.asking import About, Request
from dogansystem.store import approvals, asks, children, faults, names
from dogansystem.store.asks import CallMade, Turn
from dogansystem.store.changes import asked
from dogansystem.store.moment import moment

# What external tools have given and what is not committed yet: a transaction that lost against another one is repeated, and
# what went out is not.
_given: "OrderedDict[tuple[str, str, int], Any]" = OrderedDict()
MAX_GIVEN = 100


def call_next(state: State) -> Any:
	"""Make the first call of the last turn that is not made, or go on with it."""
	turn = state.turns[-1]
	call = next(each for each in turn.calls if not each.is_done)
	call = replace(call, began_at=call.began_at or state.context.site.now())
	made = sum(each.is_done for one in state.turns for each in one.calls)
	if call.tool == tools.GIVE_UP:
		return _give_up(state, turn, call)
	limit = state.agent.limits.calls
	if made >= limit:
		raise BudgetExceeded(
			f"Max Calls of agent {state.agent.name!r} is {limit} for each ask; all of them are used. {RAISE}"
		)
	try:
		tool = tools.named(state.tools, call.tool)
		parties = state.ask.given.get("parties", ())
		params = tools.params_of(state.context.site, tool, call.params, call.raw, parties)
		return _decided(state, call, tool, params)
	except Exception as error:
		site = state.context.site
		conflict = site.database.is_conflict(error) or site.database.is_lost(error)
		if conflict or isinstance(error, StepCommitted | BudgetExceeded | NobodyCanDecide):
			raise
		# What the tool has changed before it failed is undone; that it has failed is what is kept.
		text = as_message(f"{type(error).__name__}: {error}")
		return Again(instead=partial(_note, state, replace(call, is_done=True, error=text)))


def _keep(state: State, call: CallMade) -> State:
	if call.is_done:
		call = replace(call, ended_at=state.context.site.now())
	return state.keep(state.turns[-1].with_call(call))


def _note(state: State, call: CallMade) -> None:
	_keep(state, call)


def _give_up(state: State, turn: Turn, call: CallMade) -> Branch:
	given = call.params or {}
	reason = str(given.get("reason") or turn.text or "It has given no reason.")
	done = turn.with_call(replace(call, is_done=True, output=reason))
	kept = state.keep(replace(done, state=asks.DONE), replace(state.ask, state=asks.GAVE_UP))
	return Branch(GAVE_UP, kept.output(reason, None))


def _decided(state: State, call: CallMade, tool: Tool, params: dict[str, Any]) -> Any:
	"""Go on with a call as far as people let it."""
	if call.child or not tools.has_to_ask(state.context.site, tool, params):
		return _make(state, call, tool, params)
	db = state.context.site.database
	if call.approval is None:
		return _ask(state, call, tool, params)
	approval = approvals.read(db, call.approval)
	if approval.is_open:
		return Wait(state.ask.deadline, None, approvals.KIND, approval.name)
	made = approvals.decisions(db, approval)
	if approval.status == rules_of.STATE_OF[rules_of.APPROVED]:
		if not proposal.is_unchanged(state.context.site, params, call.seen):
			return _ask(state, call, tool, params)
		by = ", ".join(each.by for each in made if each.decision == rules_of.APPROVED)
		return _make(state, replace(call, approved_by=by), tool, params)
	if approval.status == rules_of.STATE_OF[rules_of.REJECTED]:
		last = made[-1]
		comment = f": {last.comment}" if last.comment else "."
		return _refused(state, call, f"{last.by} has rejected this call{comment}")
	if approval.status == rules_of.STATE_OF[rules_of.EXPIRED]:
		return _refused(state, call, "Nobody has decided in time whether this call may be made.")
	if approval.reason != asked.REASON:
		raise NobodyCanDecide(approval.reason or "Nobody can decide this.")
	return _ask(state, call, tool, params)  # the run had ended, and goes on


def _refused(state: State, call: CallMade, why: str) -> Again:
	_keep(state, replace(call, is_done=True, error=why))
	return Again()


def _ask(state: State, call: CallMade, tool: Tool, params: dict[str, Any]) -> Wait:
	"""Let people decide whether a call may be made. Nobody decides who is the agent."""
	site, ask, context = state.context.site, state.ask, state.context
	proposed = proposal.described(site, state.agent, tool, params)
	values = site.documents.get(*proposed.document) if proposed.document else None
	about = About(context.doc, values)
	step, item = names.parts(ask.step_run)
	at = moment(site, context.now)
	deadline = None if ask.deadline is None else max(0.0, ask.deadline - context.now)
	approval = asking.ask(
		site,
		Request(
			run=ask.run,
			workflow=context.workflow,
			step=step,
			item=item,
			step_run=ask.step_run,
			user=context.user,
			to=asking.wanted(site, tool.to or DECIDERS, about),
			rules=Rules(not_by=(context.user,)),
			subject=proposed.subject,
			message=proposed.message,
			document=proposed.document,
			deadline=deadline,
		),
		at,
	)
	_keep(state, replace(call, approval=approval.name, seen=proposed.seen, approved_by=None))
	return Wait(ask.deadline, None, approvals.KIND, approval.name)


def _make(state: State, call: CallMade, tool: Tool, params: dict[str, Any]) -> Any:
	if tool.workflow:
		return _run_workflow(state, call, tool, params)
	site, turn = state.context.site, state.turns[-1]
	place = [each.id for each in turn.calls].index(call.id)
	key = f"{state.ask.step_run}:{state.ask.id}.{turn.number}.{place}"
	context = replace(state.context, idempotency_key=key)
	remembered = (site.name, key, context.attempt)
	if remembered in _given:
		output = _given[remembered]
	else:
		output = tools.run(tool, params, context)
		if tools.action_of(site, tool).external:
			_given[remembered] = output
			while len(_given) > MAX_GIVEN:
				_given.popitem(last=False)
	if remembered in _given:
		site.after_commit(lambda: _given.pop(remembered, None))
	faults.point("tool.after_call")
	_keep(state, replace(call, is_done=True, output=_clean(state, output, params)))
	return Again()


def _clean(state: State, output: Any, params: dict[str, Any]) -> Any:
	"""A result as it is kept and told: without secrets, and not longer than a model is given."""
	found = untrusted.without_secrets(state.context.site, output, params.get("doctype"))
	text = json.dumps(found, ensure_ascii=False)
	if len(text) <= untrusted.MAX_CONTENT:
		return found
	return f"{text[: untrusted.MAX_CONTENT]}… ({len(text):,} characters)"


def _run_workflow(state: State, call: CallMade, tool: Tool, params: dict[str, Any]) -> Any:
	"""Start a run, and wait for its end."""
	site = state.context.site
	if call.child is None:
		assert state.context.start_run is not None
		run = state.context.start_run(tool.workflow, params)
		_keep(state, replace(call, child=run))
		return Wait(kind="child", key=run)
	outcome = children.outcome_of(site.database, call.child)
	if outcome is None:
		return Wait(kind="child", key=call.child)
	if isinstance(outcome, Done):
		_keep(state, replace(call, is_done=True, output=_clean(state, decode(outcome.output), {})))
	else:
		_keep(state, replace(call, is_done=True, error=outcome.message))
	return Again()
