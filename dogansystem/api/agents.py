"""`/api/method/dogansystem.api.agents.…`: the agents of the site. Changes need POST and the role Dogan Manager."""

from typing import Any

import frappe

from dogansystem.api.access import need_manager, need_user
from dogansystem.api.arguments import as_texts, checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator


@frappe.whitelist(methods=["POST"])
@checked
def register(
	name: str,
	user: str,
	capabilities: list | str | None = None,
	capacity: int = 1,
	enabled: bool = True,
	rate: str = "",
) -> dict[str, str]:
	"""Add an agent, or change the one of that name.

	:param user: the user whose permissions its steps have. To name another user than yourself, you need the role System
	Manager.
	:param capabilities: words that steps ask for, as a JSON list.
	:param capacity: how many steps it does at a time.
	:param rate: how many steps it begins at most, such as `10/m`.
	:return: `{"agent": name}`
	"""
	need_manager()
	with as_frappe_errors():
		_orchestrator().register_agent(
			name, user, as_texts(capabilities, "capabilities"), capacity, bool(enabled), rate
		)
	return {"agent": name}


@frappe.whitelist(methods=["POST"])
@checked
def enable(name: str) -> None:
	"""Let an agent take steps. Status 429 if `max_agents` of Dogan Settings are enabled already."""
	need_manager()
	with as_frappe_errors():
		_orchestrator().enable_agent(name)


@frappe.whitelist(methods=["POST"])
@checked
def disable(name: str) -> None:
	"""Give an agent no further steps. It finishes the steps that it has."""
	need_manager()
	with as_frappe_errors():
		_orchestrator().disable_agent(name)


@frappe.whitelist()
@checked
def list() -> list[dict[str, Any]]:
	"""Every agent: name, user, capabilities, capacity, rate, busy, enabled."""
	need_user()
	return _orchestrator().list_agents()


def _orchestrator() -> Orchestrator:
	return Orchestrator(current_site())
