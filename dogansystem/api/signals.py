"""`/api/method/dogansystem.api.signals.…`: signals to runs that wait for them. For the role Dogan Manager, by POST."""

from typing import Any

import frappe

from dogansystem.api.access import need_manager
from dogansystem.api.arguments import checked, read_json
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator


@frappe.whitelist(methods=["POST"])
@checked
def send(
	name: str,
	key: str | None = None,
	data: dict | list | str | None = None,
	idempotency_key: str | None = None,
) -> dict[str, Any]:
	"""Send a signal: every step that waits for this name and key goes on, and the workflows that it starts begin.

	:param name: letters, digits, `_`, `-` and `.`, a letter first.
	:param key: which of the signals of that name, such as the name of a document.
	:param data: what goes with it, as JSON.
	:param idempotency_key: a second call with the same key sends nothing, and gives the number of the first.
	:return: `{"signal": number}`
	"""
	need_manager()
	with as_frappe_errors():
		sent = Orchestrator(current_site()).signal(
			name, key, read_json(data, "data"), idempotency_key=idempotency_key
		)
	return {"signal": sent}
