"""`agent.ask` in its parts, each an attempt of the step, with what it does and what is kept of it in one transaction.

The parts: to begin; to reserve what the next request may cost; to send it; to make one of the calls that came back. Each looks
at the rows of the ask to see which is next, so it may be begun again at any time, by any process. Nobody holds the step
between them.

A request is recorded before it goes out: the part that reserves for it has committed. Whoever finds one that may have gone out
and of which no answer is kept (the attempt is not the part's first one) counts it as spent, and reserves anew.
"""

from dataclasses import replace
from typing import Any

from dogansystem.actions import pdf
from dogansystem.actions.base import StepContext
from dogansystem.actions.flow import seconds_of
from dogansystem.actions.schema import ValidationError
from dogansystem.agents.ai import calling, sending, setup, structured, untrusted
from dogansystem.agents.ai.described import Agent, of_version
from dogansystem.agents.ai.state import State
from dogansystem.engine.errors import NotAllowed, NotAvailable, NotFound, Timeout
from dogansystem.engine.templates.render import render, to_json_value
from dogansystem.protocol import StoredFile
from dogansystem.store import agents, asks
from dogansystem.store.asks import Ask
from dogansystem.store.moment import Moment, moment

MAX_FILE = 1024 * 1024  # bytes of a file that is given along


def ask(agent: str | None, params: dict[str, Any], context: StepContext) -> Any:
	"""Do the next part of what a step asks an agent. `agent`: which one does the step."""
	if agent is None:
		raise ValidationError("params.agent is missing: name an AI agent, or a capability that one has.")
	db, at = context.site.database, moment(context.site, context.now)
	known, is_fresh = asks.latest(db, context.idempotency_key), asks.is_fresh(db, context.idempotency_key)
	if known is not None and known.state == asks.CUT:
		raise NotAvailable(
			f"What was said with agent {known.agent!r} here is not kept any more, so it cannot go on: start the workflow anew."
		)
	if known is None or known.state != asks.OPEN or (is_fresh and known.given.get("params") != params):
		return _begin(agent, params, context, at)
	if known.deadline is not None and at.seconds > known.deadline:
		raise Timeout("The agent has not answered within its `deadline`.")
	state = _state(known, context, at, is_repeated=is_fresh or context.attempt > 1)
	if state.context.user == context.user:
		return _go_on(state)
	# It goes to another agent of the capability than the one that began: that one goes on.
	if not context.site.people.exists(state.context.user):
		raise NotAllowed(f"User {state.context.user} of agent {known.agent!r} is disabled or does not exist.")
	with context.site.acting_as(state.context.user):
		return _go_on(state)


def _go_on(state: State) -> Any:
	turn = state.turns[-1]
	if turn.state == asks.ASKING:
		return sending.send(state)
	if turn.state == asks.CALLING:
		return calling.call_next(state)
	return sending.reserve_next(state)


def _state(ask: Ask, context: StepContext, at: Moment, *, is_repeated: bool) -> State:
	db = context.site.database
	content = asks.version(db, ask.version)
	if content is None:
		raise NotFound(f"The version of agent {ask.agent!r} that was asked is gone.")
	user = agents.user_of(db, ask.agent)
	if user is None:
		raise NotFound(f"Agent {ask.agent!r} was deleted: name another one in the step.")
	agent = replace(of_version(content, setup.agent_of(db, ask.agent).limits), user=user)
	return State(
		ask, agent, tuple(asks.turns(db, ask.id)), replace(context, user=user), at, is_repeated=is_repeated
	)


def _begin(name: str, params: dict[str, Any], context: StepContext, at: Moment) -> Any:
	db, site = context.site.database, context.site
	now = setup.agent_of(db, name)
	version = asks.version_in(db, context.run, name)
	if version is None:
		version, content = now.version()
		asks.keep_version(db, version, name, content, at)
	if "output" in params:
		structured.check_schema(params["output"])
	state = _state(
		Ask(0, context.run, context.idempotency_key, name, version), context, at, is_repeated=False
	)
	_check_tools(state.agent, params)
	deadline = None
	if "deadline" in params:
		deadline = context.now + seconds_of(params["deadline"], "deadline")
	given = {"params": params, **_read(params, context), "system": _system(state.agent, params, context)}
	given["parties"] = sorted(untrusted.parties([*given["documents"], dict(context.doc or {})]))
	new = replace(state.ask, given=to_json_value(given), deadline=deadline)
	kept = asks.begin(db, new, context.workflow, at)
	site.runs_changed([context.run])
	return sending.reserve_next(replace(state, ask=kept))


def _check_tools(agent: Agent, params: dict[str, Any]) -> None:
	known = [each.name for each in agent.tools]
	for name in params.get("tools", ()):
		if name not in known:
			has = ", ".join(known) or "none"
			raise ValidationError(f"params.tools: agent {agent.name!r} has no tool {name!r}; it has {has}.")


def _read(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
	"""The documents and files that are given along, as the agent's user may read them, and the values."""
	site = context.site
	documents = [
		site.documents.get(each["doctype"], str(each["name"])) for each in params.get("documents", ())
	]
	clean = [untrusted.without_secrets(site, each, each.get("doctype")) for each in documents]
	files = []
	for name in params.get("files", ()):
		stored = site.files.read(name, MAX_FILE)
		files.append({"name": stored.file_name, "text": untrusted.without_secrets(site, _text_of(stored))})
	data = {name: untrusted.without_secrets(site, each) for name, each in params.get("data", {}).items()}
	return {"documents": clean, "files": files, "data": data}


def _text_of(stored: StoredFile) -> str:
	if stored.content.startswith(pdf.BEGINNING):
		return pdf.text_of(stored.content, stored.file_name)
	try:
		return stored.content.decode()
	except UnicodeDecodeError:
		raise ValidationError(
			f"params.files: {stored.file_name} is neither text in UTF-8 nor a PDF."
		) from None


def _system(agent: Agent, params: dict[str, Any], context: StepContext) -> str:
	"""What the agent is told before anything else. No value of a document or a run's input is in it."""
	now = context.site.local_time(context.now)
	values = {
		"agent": agent.name,
		"user": agent.user,
		"workflow": context.workflow,
		"today": now.date(),
		"now": now,
	}
	parts = [
		str(render(agent.instructions, values, "instructions")),
		untrusted.RULES,
		f"Today is {now.date()}.",
	]
	if "output" in params:
		parts.append(structured.instruction(params["output"]))
	return "\n\n".join(each.strip() for each in parts if each.strip())
