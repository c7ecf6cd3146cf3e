"""`/api/method/dogansystem.api.status.…`: the numbers of this moment, and those of the past."""

from typing import Any

import frappe

from dogansystem.api.access import need_user
from dogansystem.api.arguments import checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.translated import translated_problems
from dogansystem.orchestrator import Orchestrator


@frappe.whitelist()
@checked
def get_system_status() -> dict[str, Any]:
	"""The numbers of this moment: agents, workflows, runs, steps, queue, workers, nodes, throughput."""
	need_user()
	return Orchestrator(current_site()).get_system_status()


@frappe.whitelist()
@checked
def get_problems() -> list[dict[str, str]]:
	"""What is wrong with the site's machinery, such as a scheduler that is off: `code`, `sentence` and `remedy` of each."""
	need_user()
	return translated_problems(Orchestrator(current_site()).get_problems())


@frappe.whitelist()
@checked
def get_history(kind: str = "site", name: str = "", hours: int = 24) -> list[dict[str, Any]]:
	"""What was measured: throughput, wait and run times, failures and levels. By minute up to a day, otherwise by hour.

	:param kind: `site`, `node`, `priority`, `workflow` or `agent`.
	:param name: of which node, priority, workflow or agent.
	:param hours: how far back, up to 2160.
	"""
	need_user()
	with as_frappe_errors():
		return Orchestrator(current_site()).get_history(kind, name, hours)
