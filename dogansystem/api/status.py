"""`/api/method/dogansystem.api.status.get_system_status`: how much there is of everything, and how it goes."""

from typing import Any

import frappe

from dogansystem.api.access import need_user
from dogansystem.orchestrator import Orchestrator
from dogansystem.sites.frappe_site import current_site


@frappe.whitelist()
def get_system_status() -> dict[str, Any]:
	"""Agents, workflows, runs and steps with their totals, the queue, workers and nodes, true at this moment."""
	need_user()
	return Orchestrator(current_site()).get_system_status()
