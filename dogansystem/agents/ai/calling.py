"""Calls of tools, each an attempt of its own: what it does and what is kept of it are one transaction."""

import json
from collections import OrderedDict
from dataclasses import replace
from functools import partial
from typing import Any

from dogansystem.actions.base import Again, Branch, StepContext, Wait
from dogansystem.agents.ai import proposal, tools, trying, untrusted
from dogansystem.agents.ai.described import ALWAYS, DECIDERS, Tool
from dogansystem.agents.ai.sending import GAVE_UP, RAISE
from dogansystem.agents.ai.state import State
from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Rules
from dogansystem.engine.errors import BudgetExceeded, NobodyCanDecide, StepCommitted
from dogansystem.engine.outcomes import Done, as_message
from dogansystem.engine.outputs import decode
from dogansystem.people import asking
from dogansystem.people.asking import About
from dogansystem.people.proposed import as_html
from dogansystem.store import approvals, asks, children, faults
from dogansystem.store.asks import CallMade, Turn
from dogansystem.store.changes import asked

# What external tools have given and what is not committed yet: a transaction that lost against another one is repeated, and
# what went out is not.
_given: "OrderedDict[tuple[str, str, int], Any]" = OrderedDict()
MAX_GIVEN = 100
DIFFERS = "It does something else each time it is made."


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


def _ask(state: State, call: CallMade, tool: Tool, params: dict[str, Any]) -> Wait | Again:
	"""Try a call out, and let people decide whether it may be made. Nobody decides who is the agent.

	A call that would only fail is told to the model at once: there is nothing to decide.
	"""
	site, ask, context = state.context.site, state.ask, _context(state, call)
	effects = site.try_call(trying.call_of(tool, params, context))
	if effects.error and tool.approval != ALWAYS:
		return Again(instead=partial(_note, state, replace(call, is_done=True, error=effects.error)))
	if call.seen and trying.fits(effects, call.seen):  # and yet something else has come of it
		effects = replace(effects, unknown=DIFFERS)
	proposed = proposal.described(site, state.agent, tool, params, effects, again=bool(call.seen))
	approval, until, put = asking.ask_for_step(
		state.context,
		asking.wanted(site, tool.to or DECIDERS, About(context.doc, proposed.values)),
		Rules(not_by=(context.user,)),
		proposed.subject,
		deadline=None if ask.deadline is None else max(0.0, ask.deadline - context.now),
		later=True,
		message=as_html(proposed.proposed),
		proposed=proposed.proposed,
		document=proposed.document,
	)

	def act() -> None:  # once what the trial has done is undone
		put()
		_keep(state, replace(call, approval=approval, seen=trying.seen(effects), approved_by=None))

	return Wait(until, None, approvals.KIND, approval, instead=act)


def _context(state: State, call: CallMade) -> StepContext:
	"""What a tool knows of the attempt: its key is the same for every attempt of this call."""
	turn = state.turns[-1]
	place = [each.id for each in turn.calls].index(call.id)
	key = f"{state.ask.step_run}:{state.ask.id}.{turn.number}.{place}"
	return replace(state.context, idempotency_key=key)


def _make(state: State, call: CallMade, tool: Tool, params: dict[str, Any]) -> Any:
	"""Make a call. One that people were asked about is made only if it does what they were shown: what has gone out, nobody can
	undo, so that is tried once more before; all else is undone if something else has come of it."""
	site, context = state.context.site, _context(state, call)
	is_external = not tool.workflow and tools.is_external(site, tool)
	remembered = (site.name, context.idempotency_key, context.attempt)
	if call.seen and (is_external or tool.workflow) and not call.child and remembered not in _given:
		if not trying.still_fits(call.seen, tool, params, context):
			return _ask(state, call, tool, params)
	if tool.workflow:
		return _run_workflow(state, call, tool, params)
	effects = None
	if remembered in _given:
		output = _given[remembered]
	elif is_external:
		output = _given[remembered] = tools.run(tool, params, context)
		while len(_given) > MAX_GIVEN:
			_given.popitem(last=False)
	elif call.seen:
		output, effects = site.make_call(trying.call_of(tool, params, context))
	else:
		output = tools.run(tool, params, context)
	if effects and not trying.fits(effects, call.seen):
		return Again(instead=partial(_note, state, replace(call, approval=None, approved_by=None)))
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
