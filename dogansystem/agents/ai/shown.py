"""What a step has asked an agent and what came of it, as people see it: without secrets, and without what a reader may not read."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dogansystem.agents.ai import bounds, setup, tools
from dogansystem.agents.ai.described import Limits, Tool, of_version
from dogansystem.engine.definition import AGENT_ASK
from dogansystem.engine.errors import NotFound
from dogansystem.engine.rendered import without_secrets
from dogansystem.protocol import Site
from dogansystem.store import asks, names, open_approvals
from dogansystem.store.asks import Ask, CallMade, Turn
from dogansystem.store.moment import as_text

MAX_NAMED = 50  # documents of one call; with more of them it is hidden from whoever may not read everything

# Whether the reader may read a document, or with None documents of a DocType at all.
MayRead = Callable[[str, str | None], bool]


def conversation(
	site: Site, run: str, step: str, item: int = 0, may_read: MayRead | None = None
) -> list[dict[str, Any]]:
	"""Every ask of a step, or of one of its items (from 1), with its turns and their calls. `may_read`: None: everything."""
	db = site.database
	found = asks.of_step(db, names.step_run(run, step, item))
	asked = open_approvals.asked_of_run(db, run) if any(each[0].state == asks.OPEN for each in found) else {}
	return [_ask(site, ask, began_at, ended_at, asked, may_read) for ask, began_at, ended_at in found]


def with_asks(site: Site, run: Mapping[str, Any], may_read: MayRead | None = None) -> dict[str, Any]:
	"""A run as `Orchestrator.get_run` gives it and a reader may see it, the steps that ask an agent with their `asks`."""
	steps = [
		{
			**each,
			"asks": conversation(site, run["run"], each["id"], _item(each), may_read),
		}
		if each["action"] == AGENT_ASK
		else each
		for each in as_read(site, run, may_read)["steps"]
	]
	return {**run, "steps": steps}


def as_read(site: Site, run: Mapping[str, Any], may_read: MayRead | None) -> dict[str, Any]:
	"""A run as `Orchestrator.get_run` gives it, without the calls in its outputs that `conversation` hides from a reader."""
	steps = [
		{
			**each,
			"output": output_as_read(site, run["run"], each["id"], _item(each), each["output"], may_read),
		}
		if each["action"] == AGENT_ASK
		else each
		for each in run["steps"]
	]
	return {**run, "steps": steps}


def output_as_read(site: Site, run: str, step: str, item: int, output: Any, may_read: MayRead | None) -> Any:
	"""The output of a step that asks, or of one of its items (from 1), without the calls that `conversation` hides from a reader.

	A step with items gives a list of theirs.
	"""
	if may_read is None:
		return output
	if isinstance(output, list) and not item:
		return [
			output_as_read(site, run, step, number, each, may_read) for number, each in enumerate(output, 1)
		]
	if not isinstance(output, Mapping) or not output.get("calls"):
		return output
	return without_hidden(output, conversation(site, run, step, item, may_read))


def without_hidden(output: Any, conversations: list[dict[str, Any]]) -> Any:
	"""The output of a step that has asked, its calls as its last ask shows them. An ask that is gone shows none of them."""
	if not isinstance(output, Mapping) or "calls" not in output:
		return output
	turns = conversations[-1]["turns"] if conversations else []
	calls = [each for turn in turns for each in turn["calls"]]
	shown = [
		{
			key: each[key]
			for key in ("tool", "params", "output", "error", "approved_by", "hidden")
			if key in each
		}
		for each in calls
		if each["tool"] != tools.GIVE_UP
	]
	return {**output, "calls": shown}


def _item(step: Mapping[str, Any]) -> int:
	index = step.get("index")  # from 0; the steps of `compare_runs` have none
	return 0 if index is None else index + 1


def _ask(
	site: Site,
	ask: Ask,
	began_at: float,
	ended_at: float | None,
	asked: Mapping[str, Mapping[str, Any]],
	may_read: MayRead | None,
) -> dict[str, Any]:
	content = asks.version(site.database, ask.version) or {}
	known = {each.name: each for each in of_version(content, Limits()).tools} if content else {}
	made = asks.turns(site.database, ask.id)
	stopped = ask.state == asks.OPEN and asks.has_stopped(site.database, ask.step_run)
	return {
		"agent": ask.agent,
		"state": "Stopped" if stopped else ask.state,
		"began_at": _time(site, began_at),
		"seconds": ended_at - began_at if ended_at else None,
		"tokens": ask.tokens,
		"cost": ask.cost / 1e9,
		"limits": _limits(site, ask.agent),
		"turns": [_turn(each, known, ask, asked, may_read) for each in made],
	}


def _limits(site: Site, agent: str) -> dict[str, Any] | None:
	"""How much of it there may be, as the agent is set up now; None: it is gone."""
	try:
		limits = setup.agent_of(site.database, agent).limits
	except NotFound:
		return None
	return {"turns": limits.turns, "calls": limits.calls, "tokens": limits.tokens, "cost": float(limits.cost)}


def _turn(
	turn: Turn,
	known: Mapping[str, Tool],
	ask: Ask,
	asked: Mapping[str, Mapping[str, Any]],
	may_read: MayRead | None,
) -> dict[str, Any]:
	return {
		"name": asks.name_of(ask.id, turn.number),
		"number": turn.number,
		"model": turn.model,
		"state": turn.state,
		"text": without_secrets(turn.text),
		"problem": turn.problem,
		"sendings": turn.sendings,
		"tokens": {"in": turn.tokens_in, "out": turn.tokens_out},
		"cost": turn.cost / 1e9,
		"seconds": _between(turn.asked_at, turn.answered_at),
		"calls": [_call(each, known.get(each.tool), ask, asked, may_read) for each in turn.calls],
	}


def _call(
	call: CallMade,
	tool: Tool | None,
	ask: Ask,
	asked: Mapping[str, Mapping[str, Any]],
	may_read: MayRead | None,
) -> dict[str, Any]:
	params = _params(call, tool, ask)
	found: dict[str, Any] = {
		"tool": call.tool,
		"what": tool.calls if tool else "",
		"params": without_secrets(params),
		"state": "Failed" if call.error is not None else "Succeeded" if call.is_done else "Pending",
		"approved_by": call.approved_by,
		"approval": call.approval,
		"run": call.child,
		"seconds": _between(call.began_at, call.ended_at),
	}
	if call.is_done:
		kind, result = ("output", call.output) if call.error is None else ("error", call.error)
		found[kind] = without_secrets(result)
	elif call.approval and call.approval in asked:
		found |= {"state": "Waiting", "asked": asked[call.approval]["asked"]}
	elif call.child:
		found["state"] = "Waiting"
	if may_read and not _is_readable(params, call.output, may_read):
		found |= {"params": None, "hidden": True, **dict.fromkeys(found.keys() & {"output", "error"})}
	return found


def _params(call: CallMade, tool: Tool | None, ask: Ask) -> Any:
	"""What it is called with: what the model gives, and what the tool fixes."""
	if call.params is None:
		return call.raw
	try:
		return (
			bounds.within(call.params, tool.params or {}, ask.given.get("parties", ()))
			if tool
			else call.params
		)
	except bounds.OutOfBounds:
		return dict(call.params)


def _is_readable(params: Any, output: Any, may_read: MayRead) -> bool:
	"""Whether the reader may read every document that a call names or gives."""
	doctype = params.get("doctype") if isinstance(params, Mapping) else None
	named = {*_documents(params, None), *_documents(output, doctype if isinstance(doctype, str) else None)}
	doctypes = {each[0] for each in named} | ({doctype} if isinstance(doctype, str) else set())
	if len(named) > MAX_NAMED:
		return False
	return all(may_read(each, None) for each in doctypes) and all(may_read(*each) for each in named)


def _documents(value: Any, doctype: str | None) -> Iterator[tuple[str, str | None]]:
	"""The documents in data: mappings with a `name` of their `doctype`, or else of the one that was asked for."""
	if isinstance(value, Mapping):
		own, name = value.get("doctype", doctype), value.get("name")
		is_document = isinstance(own, str) and isinstance(name, str | int)
		if is_document and "parenttype" not in value:  # a row is read with its document
			yield own, str(name)
		for each in value.values():
			if isinstance(each, Mapping | list):
				yield from _documents(each, None if is_document else doctype)
	elif isinstance(value, list):
		for each in value:
			yield from _documents(each, doctype)


def _between(since: float, until: float) -> float | None:
	return max(0.0, until - since) if since and until else None


def _time(site: Site, seconds: float) -> str | None:
	return as_text(site.local_time(seconds))
