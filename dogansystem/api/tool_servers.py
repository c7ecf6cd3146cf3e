"""`/api/method/dogansystem.api.tool_servers.…`: the servers whose tools AI agents may be given. For System Managers."""

from typing import Any
from uuid import uuid4

import frappe

from dogansystem.actions.base import StepContext
from dogansystem.agents.ai.mcp import client, servers
from dogansystem.api.access import need_system_manager
from dogansystem.api.arguments import checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.api.rates import limit
from dogansystem.homes.frappe.site import current_site

SERVER = "Dogan Tool Server"
READS = 20  # a minute, of one user


@frappe.whitelist(methods=["POST"])
@checked
def read_tools(server: str) -> dict[str, Any]:
	"""Ask a server for its tools, and note what is new, gone, or described otherwise than it was accepted.

	:return: how many `tools` it has, and those of them that are `unusable`, each with the `reason`.
	"""
	user = need_system_manager()
	limit("tool_servers.read", READS)
	doc = frappe.get_doc(SERVER, server)
	site = current_site()
	asked = StepContext(site, "", "", "", None, 1, user, uuid4().hex, site.now())
	with as_frappe_errors():
		try:
			found = client.tools_of(servers.as_server(doc.as_dict()), asked)
		except ConnectionError as error:
			raise client.ToolServerError(str(error)) from None
	# What happened to the document meanwhile counts: it is read again, and what was said is laid beside it.
	doc = frappe.get_doc(SERVER, server, for_update=True)
	rows = servers.compared([_plain(row) for row in doc.tools], found)
	doc.set("tools", rows)
	doc.read_at = frappe.utils.now_datetime()
	doc.save()
	return {"tools": len(found), "unusable": [_unusable(each) for each in found if servers.problem(each)]}


def _plain(row: Any) -> dict[str, Any]:
	return {
		field.fieldname: row.get(field.fieldname) for field in row.meta.fields if field.fieldtype != "Button"
	}


def _unusable(definition: servers.Definition) -> dict[str, str]:
	name = servers.plain(str(definition.get("name")))[:100]
	return {"tool": name, "reason": servers.problem(definition) or ""}
