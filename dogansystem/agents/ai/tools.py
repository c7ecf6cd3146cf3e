"""The tools of an agent: what a model is offered, what a call may be, and whether people are asked before."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dogansystem.actions.base import Action, Again, Branch, StepContext, Stop, Wait
from dogansystem.actions.schema import ValidationError
from dogansystem.agents.ai import bounds
from dogansystem.agents.ai.conversation import Offered
from dogansystem.agents.ai.described import ALWAYS, NEVER, Tool
from dogansystem.agents.ai.mcp import client, servers
from dogansystem.engine.errors import DoganError, NotFound
from dogansystem.protocol import Site
from dogansystem.triggers.starting import enabled_definition

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z")
GIVE_UP = "give_up"
# Of no use to a model, or about the run itself.
NOT_OFFERED = frozenset({"agent", "flow", "load"})
# Offered only where a System Manager names one by one what is called: the parameter that says it.
ONE_BY_ONE: Mapping[str, str] = {"method.call": "method", "script.run": "script", "http.request": "url"}
# Who hears of it, or what is written to: unless these are bounded, people are asked before each call.
RECIPIENTS: Mapping[str, Sequence[str]] = {
	"email.send": ("to", "cc"),
	"report.send": ("to",),
	"notify.user": ("user",),
	"notify.role": ("role",),
	"notify.sms": ("to",),
	"notify.whatsapp": ("to",),
	"notify.chat": ("credential",),
	"document.share": ("user",),
	"document.assign": ("user",),
	"document.comment": ("doctype",),
}
# What governs agents, and everybody: the first nobody changes by a tool, of the others people decide whatever a tool says.
OURS = "dogan "
GOVERNING = frozenset(
	"client script|custom docperm|custom field|docperm|docshare|doctype|email account|has role|oauth client|property setter|role"
	"|role profile|server script|social login key|system settings|user|user permission|webhook|workflow".split(
		"|"
	)
)
_GIVES_UP = Offered(
	GIVE_UP,
	"Say that you cannot do what you are asked, and why.",
	{
		"type": "object",
		"additionalProperties": False,
		"required": ["reason"],
		"properties": {"reason": {"type": "string", "description": "Why, for the person who has asked"}},
	},
)


def default_name(action: str, workflow: str, server: str = "", server_tool: str = "") -> str:
	"""What a tool is called that has no name of its own. One of a server never has the name of an action's."""
	text = f"run_{workflow}" if workflow else f"{server}_{server_tool}"
	text = action.replace(".", "_") if action else text
	return re.sub(r"[^A-Za-z0-9_-]", "_", text)[:64]


def problem(tool: Tool, actions: Mapping[str, Action]) -> str | None:
	"""What is wrong with a tool as it is set up, and what to do; None: nothing."""
	if sum(map(bool, (tool.action, tool.workflow, tool.server))) != 1 or bool(tool.server) != bool(
		tool.server_tool
	):
		return "name an action, a workflow, or a tool server with one of its tools"
	if not NAME.match(tool.name) or tool.name == GIVE_UP:
		return (
			f"{tool.name!r} cannot be its name: letters, digits, _ and -, a letter first, and not {GIVE_UP}"
		)
	if not tool.action:
		return None
	action = actions.get(tool.action)
	if action is None or not action.offered:
		return f"there is no action {tool.action!r}"
	if tool.action.partition(".")[0] in NOT_OFFERED:
		return f"{tool.action} is no tool: it steers the run that asks"
	known = action.parameters.get("properties", {})
	closed = action.parameters.get("additionalProperties", True) is False
	if unknown := [name for name in tool.params or {} if closed and name not in known]:
		return f"{tool.action} has no parameter {unknown[0]!r}; it has {', '.join(known)}"
	named = ONE_BY_ONE.get(tool.action)
	bound = (tool.params or {}).get(named) if named else None
	if named and not (isinstance(bound, str) and bound != bounds.ANYTHING) and not _are_texts(bound):
		return f"{tool.action} is offered only for what is named one by one: give its {named} in params"
	return None


def _are_texts(bound: Any) -> bool:
	return isinstance(bound, list) and bool(bound) and all(isinstance(each, str) for each in bound)


def offered(site: Site, tools: Sequence[Tool]) -> tuple[Offered, ...]:
	"""The tools as a model sees them. What the site does not have any more is left out."""
	found = []
	for tool in tools:
		try:
			parameters, summary = _form(site, tool)
		except DoganError:
			continue
		found.append(
			Offered(tool.name, tool.description or summary, bounds.schema(parameters, tool.params or {}))
		)
	return (*found, _GIVES_UP)


def _form(site: Site, tool: Tool) -> tuple[Mapping[str, Any], str]:
	if tool.workflow:
		definition = enabled_definition(site, site.database, tool.workflow)[0]
		text = definition.description or definition.title or f"Run the workflow {definition.name}"
		return definition.input or {"type": "object", "properties": {}}, text
	if tool.server:
		return servers.form(servers.server_of(site.database, tool.server), tool.server_tool)
	action = action_of(site, tool)
	return action.parameters, f"{action.summary}. Gives {action.returns}."


def action_of(site: Site, tool: Tool) -> Action:
	"""The action of a tool. Raises NotFound."""
	action: Action | None = site.actions().get(tool.action)
	if action is None:
		raise NotFound(f"This site has no action {tool.action!r}.")
	return action


def named(tools: Sequence[Tool], name: str) -> Tool:
	"""The tool of that name. Raises OutOfBounds."""
	for each in tools:
		if each.name == name:
			return each
	known = ", ".join([*(each.name for each in tools), GIVE_UP])
	raise bounds.OutOfBounds(f"There is no tool {name!r}. There are: {known}.")


def params_of(
	site: Site, tool: Tool, given: Mapping[str, Any] | None, raw: str, parties: Collection[str]
) -> dict[str, Any]:
	"""What a tool would be called with. Raises ValidationError, or OutOfBounds, in words for the model."""
	if given is None:
		raise ValidationError(f"The parameters must be a JSON object, and are {raw[:200]!r}.")
	params = bounds.within(given, tool.params or {}, parties)
	if tool.action:
		action = action_of(site, tool)
		action.validate(params)
		if not action.reads_only and any(each.startswith(OURS) for each in _doctypes(params)):
			raise bounds.OutOfBounds("doctype: no agent changes what governs agents and workflows.")
	return params


def _doctypes(params: Mapping[str, Any]) -> list[str]:
	"""The DocTypes that parameters name, as a database compares them."""
	found = [params.get("doctype"), *(each for each in [params.get("values")] if isinstance(each, Mapping))]
	named = [each.get("doctype") if isinstance(each, Mapping) else each for each in found]
	return [each.strip().casefold() for each in named if isinstance(each, str)]


def has_to_ask(site: Site, tool: Tool, params: Mapping[str, Any]) -> bool:
	"""Whether people decide before a call is made."""
	if tool.approval == ALWAYS:
		return True
	if not tool.action:  # that a server's tool only reads is no more than the server's word
		return tool.approval != NEVER
	if not action_of(site, tool).reads_only and GOVERNING.intersection(_doctypes(params)):
		return True
	recipients = RECIPIENTS.get(tool.action, ())
	if any(each in params and bounds.is_free(tool.params or {}, each) for each in recipients):
		return True
	return tool.approval != NEVER and not action_of(site, tool).reads_only


def is_external(site: Site, tool: Tool) -> bool:
	"""Whether a call has effects that no rollback undoes."""
	return bool(tool.server) or (bool(tool.action) and action_of(site, tool).external)


def run(tool: Tool, params: dict[str, Any], context: StepContext) -> Any:
	"""Call the action of a tool, in this transaction, or the tool of a server. Raises what that raises."""
	if tool.server:
		return client.call(
			servers.server_of(context.site.database, tool.server), tool.server_tool, params, context
		)
	result = action_of(context.site, tool).run(json.loads(json.dumps(params)), context)
	if isinstance(result, Branch):
		return result.output
	if isinstance(result, Wait | Stop | Again):
		raise ValidationError(f"{tool.action} waits or ends the run: it is no tool.")
	return result
