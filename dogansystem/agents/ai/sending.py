"""Requests to models: what they may cost is reserved first, then they go out, and what comes back is kept."""

from collections import OrderedDict
from dataclasses import replace
from functools import partial
from typing import Any

from dogansystem.actions.base import Again, Branch
from dogansystem.agents.ai import paid, prices, providers, setup, structured
from dogansystem.agents.ai.conversation import (
	TRUNCATED,
	Answer,
	Asked,
	Call,
	Model,
	ModelBusy,
	digest,
	most_tokens_in,
)
from dogansystem.agents.ai.state import State
from dogansystem.engine.errors import BudgetExceeded, OutputError
from dogansystem.store import asks, faults, spending
from dogansystem.store.asks import CallMade, Turn

LEAST_ANSWER = 16  # tokens: with less left nothing is asked any more
MAX_SENDINGS = 8  # of one request, whatever became of them
MAX_FAILURES = 4  # of a model that is busy, before another one is asked
LONGEST_PAUSE = 60.0  # seconds, where the server does not say how long
MAX_TEXT = 100_000  # characters of an answer that are kept

ANSWERED, GAVE_UP = "answered", "gave_up"  # the branches of `agent.ask`
RAISE = "Raise it in the agent and retry the run, or ask for less in one step."

# What has come back and is not committed yet, by site, turn and sending: a transaction that lost against another one is
# repeated, and the request is not. Of all threads of this process.
_received: "OrderedDict[tuple[str, int, int, int], Answer | ModelBusy]" = OrderedDict()
MAX_RECEIVED = 100


def reserve_next(state: State) -> Again:
	"""Begin another turn: reserve what its request may cost. Raises BudgetExceeded, or OutputError."""
	number, limits = len(state.turns) + 1, state.agent.limits
	last = state.turns[-1] if state.turns else None
	if number > limits.turns:
		if last and last.problem:
			raise OutputError(f"The answer is not as it has to be after {last.number} turns. {last.problem}")
		raise BudgetExceeded(
			f"Max Turns of agent {state.agent.name!r} is {limits.turns}; all of them are used. {RAISE}"
		)
	model = last.model if last else state.agent.model
	turn, ask = _reserved(state, Turn(number, model, asked_at=state.at.seconds))
	return state.add(turn, ask)


def _reserved(state: State, turn: Turn) -> tuple[Turn, asks.Ask]:
	"""The turn with its reservation, and the ask with what is used by it."""
	db, limits = state.context.site.database, state.agent.limits
	model = setup.model_of(db, turn.model)
	most_in, max_answer = _most(state, model)
	cost = prices.billionths(prices.cost(model, most_in, max_answer))
	most_cost = prices.billionths(prices.amount(limits.cost))
	if state.ask.cost + cost > most_cost:
		raise BudgetExceeded(
			f"Max Cost of agent {state.agent.name!r} is {spending.as_text(most_cost)} for each ask;"
			f" {spending.as_text(state.ask.cost)} of it are spent, and the next request may cost up to"
			f" {spending.as_text(cost)}. {RAISE}"
		)
	day = str(state.context.site.local_time(state.at.seconds).date())
	spending.reserve(db, _budgets(state), day, cost)
	asked = state.asked(max_answer)
	more: dict[str, Any] = {
		"tokens": most_in + max_answer,
		"cost": cost,
		"day": day,
		"max_answer": max_answer,
	}
	ask = replace(state.ask, tokens=state.ask.tokens + most_in + max_answer, cost=state.ask.cost + cost)
	return replace(turn, digest=digest(model.name, asked), **more), ask


def _budgets(state: State) -> list[spending.Budget]:
	name = state.agent.name
	of_agent = prices.billionths(prices.amount(state.agent.limits.cost_per_day))
	return [
		spending.Budget(spending.of_agent(name), of_agent, f"Max Cost per Day of agent {name!r}"),
		paid.of_site(state.context.site),
	]


def _most(state: State, model: Model) -> tuple[int, int]:
	"""How many tokens a request may have, and its answer. Raises BudgetExceeded."""
	asked, limit = state.asked(model.max_answer), state.agent.limits.tokens
	known, since = None, 0
	answered = [each for each in state.turns if each.state != asks.ASKING]
	if answered and answered[-1].model == model.name:
		known = answered[-1].tokens_in + answered[-1].tokens_out
		since = 1 + max(place for place, each in enumerate(asked.messages) if each.role == "assistant")
	most_in = most_tokens_in(asked, known, since)
	max_answer = min(model.max_answer, limit - state.ask.tokens - most_in)
	if max_answer < LEAST_ANSWER:
		raise BudgetExceeded(
			f"Max Tokens of agent {state.agent.name!r} is {limit:,} for each ask; {state.ask.tokens:,} of them are used,"
			f" and the next request may have up to {most_in:,} before its answer. {RAISE}"
		)
	return most_in, max_answer


def send(state: State) -> Any:
	"""Send the request that was reserved for, and keep its answer."""
	turn = state.turns[-1]
	if state.is_repeated:
		return _send_again(state, turn, failures=turn.failures)
	model = setup.model_of(state.context.site.database, turn.model)
	found = _received_or_sent(state, model, state.asked(turn.max_answer))
	if isinstance(found, ModelBusy):
		return _busy(state, turn, model, found)
	return _answered(state, turn, model, found)


def _received_or_sent(state: State, model: Model, asked: Asked) -> Answer | ModelBusy:
	turn = state.turns[-1]
	key = (state.context.site.name, state.ask.id, turn.number, turn.sendings)
	if key not in _received:
		faults.point("model.before_asking")
		# The same for the same request, so that a server that knows it may give its answer again.
		identity = f"{state.ask.step_run}:{state.ask.id}.{turn.number}.{turn.digest[:16]}"
		try:
			_received[key] = providers.ask(model, asked, replace(state.context, idempotency_key=identity))
		except ModelBusy as error:
			_received[key] = error
		faults.point("model.after_asking")
		while len(_received) > MAX_RECEIVED:
			_received.popitem(last=False)
	state.context.site.after_commit(partial(_forget, key))
	return _received[key]


def _forget(key: tuple[str, int, int, int]) -> None:
	_received.pop(key, None)


def _send_again(state: State, turn: Turn, *, failures: int, until: float | None = None) -> Again:
	"""The request may have gone out, and be charged for: what was reserved for it is spent. Reserve for another one."""
	if turn.sendings >= MAX_SENDINGS:
		raise ModelBusy(
			f"Model {turn.model!r}: {turn.sendings} requests went out, and no answer to any was kept."
		)
	renewed, ask = _reserved(replace(state, turns=state.turns[:-1]), turn)
	state.keep(replace(renewed, sendings=turn.sendings + 1, failures=failures), ask)
	return Again(until)


def _busy(state: State, turn: Turn, model: Model, error: ModelBusy) -> Again:
	"""Ask again later, or another model. Raises ModelBusy where there is none."""
	failures = turn.failures + 1
	if failures >= MAX_FAILURES:
		if not model.fallback:
			raise error
		return _fall_back(state, turn, model.fallback, error)
	pause = min(2.0**failures, LONGEST_PAUSE) if error.pause is None else error.pause
	until = state.context.site.now() + pause
	if error.may_have_answered:
		return _send_again(state, turn, until=until, failures=failures)
	if turn.sendings >= MAX_SENDINGS:
		raise error
	state.keep(replace(turn, failures=failures, sendings=turn.sendings + 1))
	return Again(until)


def _fall_back(state: State, turn: Turn, model: str, error: ModelBusy) -> Again:
	ask = state.ask
	if not error.may_have_answered:  # what was reserved is free again
		db, subjects = state.context.site.database, [each.subject for each in _budgets(state)]
		spending.correct(db, subjects, turn.day, -turn.cost)
		ask = replace(ask, tokens=ask.tokens - turn.tokens, cost=ask.cost - turn.cost)
	other = replace(turn, model=model, failures=0, sendings=turn.sendings + 1)
	renewed, ask = _reserved(replace(state, ask=ask, turns=state.turns[:-1]), other)
	state.keep(renewed, ask)
	return Again()


def _answered(state: State, turn: Turn, model: Model, answer: Answer) -> Any:
	most_in = turn.tokens - turn.max_answer
	tokens_in = most_in if answer.tokens_in is None else answer.tokens_in
	tokens_out = turn.max_answer if answer.tokens_out is None else answer.tokens_out
	cost = prices.billionths(prices.cost(model, tokens_in, tokens_out))
	subjects = [each.subject for each in _budgets(state)]
	spending.correct(state.context.site.database, subjects, turn.day, cost - turn.cost)
	used = tokens_in + tokens_out
	ask = replace(
		state.ask, tokens=state.ask.tokens + used - turn.tokens, cost=state.ask.cost + cost - turn.cost
	)
	turn = replace(
		turn,
		state=asks.CALLING if answer.calls else asks.DONE,
		text=answer.text[:MAX_TEXT],
		tokens=used,
		cost=cost,
		tokens_in=tokens_in,
		tokens_out=tokens_out,
		calls=_calls(answer.calls, turn.number),
		answered_at=state.context.site.now(),
	)
	if answer.calls:
		state.keep(turn, ask)
		return Again()
	return _said(state, turn, ask, answer)


def _calls(calls: tuple[Call, ...], turn: int) -> tuple[CallMade, ...]:
	"""Calls as they are kept, each with an id of its own."""
	found: dict[str, CallMade] = {}
	for place, each in enumerate(calls, start=1):
		identity = each.id if each.id and each.id not in found else f"call_{turn}_{place}"
		found[identity] = CallMade(identity, each.tool, each.params, each.raw)
	return tuple(found.values())


def _said(state: State, turn: Turn, ask: asks.Ask, answer: Answer) -> Any:
	"""The model has said its last word, unless there is something wrong with it."""
	value, problem, schema = None, "", state.params.get("output")
	if answer.stop == TRUNCATED:
		problem = f"Your answer was cut off after {turn.tokens_out} tokens. Give a shorter one."
	elif schema is not None:
		value, problem = structured.read(answer.text, schema)
	elif not answer.text.strip():
		problem = "Your answer is empty."
	if problem:
		state.keep(replace(turn, problem=problem), ask)
		return Again()
	kept = state.keep(turn, replace(ask, state=asks.ANSWERED))
	return Branch(ANSWERED, kept.output(turn.text, value))
