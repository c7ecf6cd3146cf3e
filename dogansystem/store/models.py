"""AI agents, the models that they ask and the servers whose tools they use, as people have set them up. On a bench and in the sandbox the columns are the same."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine.errors import NotFound
from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database
from dogansystem.store import dialect

AI, STEPS = "AI", "Steps"  # kinds of agents
_MODEL = "name, provider, address, model, credential, price_in, price_out, max_answer, timeout_seconds, fallback, script"
_AGENT = "name, user, kind, model, instructions, max_turns, max_tokens, max_calls, max_cost, max_cost_per_day"
_SERVER = "name, address, credential, timeout_seconds"
_SERVER_TOOL = "tool_name, allowed, definition"
_TOOL = "tool_name, action, workflow, server, server_tool, description, params, approval, ask_user, ask_role, ask_field, ask_matrix"


def model(db: Database, name: str) -> dict[str, Any]:
	"""A Dogan Model by its columns. Raises NotFound."""
	row = dialect.first(db.sql(f"SELECT {_MODEL} FROM `tabDogan Model` WHERE name = %s", (name,)))
	if row is None:
		raise NotFound(f"There is no Dogan Model named {name!r}: create it, or name another in the agent.")
	return _named(_MODEL, row)


def agent(db: Database, name: str) -> dict[str, Any]:
	"""A Dogan Agent by its columns, with its `tools`. Raises NotFound where there is none that is an AI agent."""
	row = dialect.first(db.sql(f"SELECT {_AGENT} FROM `tabDogan Agent` WHERE name = %s", (name,)))
	if row is None:
		raise NotFound(f"There is no agent named {name!r}: register one, or name another in the step.")
	found = _named(_AGENT, row)
	if found["kind"] != AI:
		raise NotFound(f"Agent {name!r} asks no model: set its kind to AI, or name another in the step.")
	query = f"SELECT {_TOOL} FROM `tabDogan Agent Tool` WHERE parent = %s AND parenttype = 'Dogan Agent' ORDER BY idx"
	return found | {"tools": [_named(_TOOL, each) for each in db.sql(query, (name,))]}


def tool_server(db: Database, name: str) -> dict[str, Any]:
	"""A Dogan Tool Server by its columns, with its `tools`. Raises NotFound."""
	row = dialect.first(db.sql(f"SELECT {_SERVER} FROM `tabDogan Tool Server` WHERE name = %s", (name,)))
	if row is None:
		raise NotFound(
			f"There is no Dogan Tool Server named {name!r}: create it, or name another in the agent."
		)
	query = (
		f"SELECT {_SERVER_TOOL} FROM `tabDogan Server Tool` WHERE parent = %s AND parenttype = 'Dogan Tool Server'"
		" ORDER BY idx"
	)
	return _named(_SERVER, row) | {"tools": [_named(_SERVER_TOOL, each) for each in db.sql(query, (name,))]}


def change_agent(db: Database, name: str, values: Mapping[str, str]) -> None:
	"""Let an AI agent have other values of these columns, and be enabled, past its form: for an attempt that is rolled back."""
	columns = {**values, "enabled": 1}
	query = f"UPDATE `tabDogan Agent` SET {', '.join(f'{each} = %s' for each in columns)} WHERE name = %s"
	db.execute(query, (*columns.values(), name))


def _named(columns: str, row: Any) -> dict[str, Any]:
	return dict(zip(columns.split(", "), row, strict=True))


def json_of(text: Any) -> Any:
	"""What a field with JSON holds."""
	return decode(text) if isinstance(text, str) else text


def asked_of(tool: Mapping[str, Any]) -> Any:
	"""Who decides on a tool, as the `to` of `flow.approve`; None: nobody is named."""
	for key, form in (
		("ask_user", None),
		("ask_role", "role"),
		("ask_field", "field"),
		("ask_matrix", "matrix"),
	):
		if value := tool.get(key):
			return {form: value} if form else value
	return None
