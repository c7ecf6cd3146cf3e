"""Agents and models out of their rows, and what is checked when people set them up."""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.agents.ai import prices, tools
from dogansystem.agents.ai.conversation import DEFAULT_ANSWER, DEFAULT_TIMEOUT, Model
from dogansystem.agents.ai.described import APPROVALS, WRITES, Agent, Limits, Tool
from dogansystem.agents.ai.mcp import servers
from dogansystem.agents.ai.providers import PROVIDERS
from dogansystem.engine.errors import DefinitionError, InputError, NotAllowed, NotFound, Problem
from dogansystem.protocol import Database, Site
from dogansystem.store import models

MAX_TURNS, MAX_CALLS, MAX_TOKENS = 100, 1000, 10_000_000  # of one ask, whatever an agent's limits say
MAX_FALLBACKS = 5


def model_of(db: Database, name: str) -> Model:
	"""A model by its name. Raises NotFound."""
	return as_model(models.model(db, name))


def as_model(found: Mapping[str, Any]) -> Model:
	"""A model out of its fields."""
	return Model(
		name=found["name"],
		provider=found.get("provider") or "",
		address=found.get("address") or "",
		model=found.get("model") or "",
		credential=found.get("credential") or "",
		price_in=str(found.get("price_in") or 0),
		price_out=str(found.get("price_out") or 0),
		max_answer=int(found.get("max_answer") or DEFAULT_ANSWER),
		timeout=float(found.get("timeout_seconds") or DEFAULT_TIMEOUT),
		fallback=found.get("fallback") or "",
		script=models.json_of(found.get("script")) or (),
	)


def agent_of(db: Database, name: str) -> Agent:
	"""An AI agent by its name. Raises NotFound."""
	return as_agent(models.agent(db, name))


def as_agent(found: Mapping[str, Any]) -> Agent:
	"""An AI agent out of its fields."""
	return Agent(
		name=found["name"],
		user=found.get("user") or "",
		model=found.get("model") or "",
		instructions=found.get("instructions") or "",
		tools=tuple(_tool(each) for each in found.get("tools") or ()),
		limits=Limits(
			turns=int(found.get("max_turns") or 0),
			tokens=int(found.get("max_tokens") or 0),
			calls=int(found.get("max_calls") or 0),
			cost=str(found.get("max_cost") or 0),
			cost_per_day=str(found.get("max_cost_per_day") or 0),
		),
	)


def _tool(found: Mapping[str, Any]) -> Tool:
	action, workflow = found.get("action") or "", found.get("workflow") or ""
	server, server_tool = found.get("server") or "", found.get("server_tool") or ""
	return Tool(
		name=found.get("tool_name") or tools.default_name(action, workflow, server, server_tool),
		action=action,
		workflow=workflow,
		description=found.get("description") or "",
		params=models.json_of(found.get("params")) or {},
		approval=found.get("approval") or WRITES,
		to=models.asked_of(found),
		server=server,
		server_tool=server_tool,
	)


def check_model(found: Mapping[str, Any], db: Database | None = None) -> None:
	"""Raise InputError, naming the field, unless a model can be asked as it is set up."""
	model = as_model(found)
	if model.provider not in PROVIDERS:
		raise InputError(f"provider: {model.provider!r} is none; there are {', '.join(PROVIDERS)}.")
	if model.provider != "scripted" and not model.model:
		raise InputError("model: say what the provider calls the model.")
	if model.address and not model.address.startswith(("https://", "http://")):
		raise InputError("address: must begin with https:// or http://.")
	for name in ("price_in", "price_out"):
		prices.amount(getattr(model, name), name)
	if model.max_answer < 1 or model.timeout <= 0:
		raise InputError("max_answer and timeout_seconds must be more than 0.")
	if not isinstance(model.script, Sequence) or not all(isinstance(each, Mapping) for each in model.script):
		raise InputError("script: must be a list of rules.")
	if db is not None:
		_check_fallbacks(db, model)


def _check_fallbacks(db: Database, model: Model) -> None:
	seen, each = [model.name], model.fallback
	while each:
		if each in seen or len(seen) > MAX_FALLBACKS:
			raise InputError(f"fallback: {' → '.join([*seen, each])} goes round in a circle, or is too long.")
		seen.append(each)
		each = model_of(db, each).fallback


def check_agent(site: Site, agent: Agent, *, is_trusted: bool) -> None:
	"""Raise DefinitionError with everything that is wrong with an AI agent as it is set up.

	`is_trusted`: whoever sets it up is a System Manager, who alone may offer what `tools.ONE_BY_ONE` names.
	"""
	found: list[Problem] = []
	if not agent.model:
		found.append(Problem("model", "an AI agent needs a Dogan Model"))
	found += [*_wrong_limits(agent.limits)]
	names: set[str] = set()
	for place, tool in enumerate(agent.tools):
		path = f"tools[{place}]"
		if wrong := tools.problem(tool, site.actions()):
			found.append(Problem(path, wrong))
		elif tool.server and (wrong := _wrong_server(site.database, tool)):
			found.append(Problem(path, wrong))
		elif tool.action in tools.ONE_BY_ONE and not is_trusted:
			found.append(Problem(path, f"only a System Manager may offer {tool.action} to an agent"))
		if tool.approval not in APPROVALS:
			found.append(Problem(path, f"approval must be {', '.join(APPROVALS)}, not {tool.approval!r}"))
		if tool.name in names:
			found.append(
				Problem(path, f"another tool is called {tool.name!r} too: give it a name of its own")
			)
		names.add(tool.name)
	if found:
		raise DefinitionError(found)


def _wrong_server(db: Database, tool: Tool) -> str | None:
	try:
		servers.server_of(db, tool.server).tool(tool.server_tool)
	except (NotFound, NotAllowed) as error:
		return str(error)
	return None


def _wrong_limits(limits: Limits) -> list[Problem]:
	found = []
	for name, value, most in (
		("max_turns", limits.turns, MAX_TURNS),
		("max_tokens", limits.tokens, MAX_TOKENS),
		("max_calls", limits.calls, MAX_CALLS),
	):
		if not 0 <= value <= most:
			found.append(Problem(name, f"must be from 0 to {most:,}, not {value:,}"))
	for name, text in (("max_cost", limits.cost), ("max_cost_per_day", limits.cost_per_day)):
		try:
			prices.amount(text, name)
		except InputError as error:
			found.append(Problem(name, str(error)))
	return found
