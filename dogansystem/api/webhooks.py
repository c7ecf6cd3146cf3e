"""`/api/method/dogansystem.api.webhooks.receive/<workflow>`: deliveries of other systems, which their signature signs in.

Frappe takes what stands behind the method's name in an address for nothing, on version 15 as on 17; its own Connected App
reads its callback's address in the same way. The short form is a name of hooks.py's `override_whitelisted_methods`.
"""

import json
from typing import Any

import frappe
from werkzeug.wrappers import Response

from dogansystem.api.arguments import checked
from dogansystem.engine import log
from dogansystem.engine.errors import DoganError
from dogansystem.homes.frappe.site import current_site
from dogansystem.triggers import bodies, webhook
from dogansystem.triggers.signatures import Refused, Request

METHOD = "dogansystem.api.webhooks.receive"
SHORT = "dogansystem.webhook"
_PLACES = tuple(f"/api/{version}method/{name}/" for version in ("", "v1/") for name in (METHOD, SHORT))
MAX_NAME = 140  # characters of a workflow's name, and of what the log shows in its place
ACCEPTED, REFUSED, UNREADABLE, TOO_MANY = 202, 403, 422, 429


@frappe.whitelist(allow_guest=True, methods=["POST"])
@checked
def receive() -> Response:
	"""Start what a signed delivery to a workflow asks for. The workflow's name stands in the address, behind the method's.

	:return: `{"run": name}` with status 202 once it is kept; a delivery that came before gives the run of that one. 403 for
		what is not signed as it should be, whatever the reason; 429 above the credential's rate; 422 for a body that cannot be
		read.
	"""
	if not getattr(frappe.local, "request", None):
		raise frappe.PermissionError  # nobody has sent it
	workflow = _workflow()
	try:
		run = webhook.receive(current_site(), workflow, _request())
	except Refused as refused:
		log.event(log.WARNING, "webhook.refused", workflow=workflow, message=str(refused))
		return _answer(REFUSED, {"message": "Refused."})
	except webhook.TooMany as many:
		log.event(log.WARNING, "webhook.refused", workflow=workflow, message="above its credential's rate")
		return _answer(TOO_MANY, {"message": "Too many."}, {"Retry-After": str(many.seconds)})
	except DoganError as error:
		frappe.db.rollback()
		return _answer(UNREADABLE, {"message": str(error)})
	return _answer(ACCEPTED, {"run": run})


def keep_request() -> None:
	"""Before a request: what is sent to a webhook is no login and no arguments, whatever it looks like.

	Frappe would take a token for the login of a user and refuse the request, and a body's keys for arguments, `cmd` among
	them for another method.
	"""
	request = frappe.local.request
	if request.path.startswith(_PLACES):
		frappe.local.dogan_webhook = request.environ.pop("HTTP_AUTHORIZATION", None)
		frappe.local.form_dict = frappe._dict()


def _workflow() -> str:
	path = frappe.local.request.path
	place = next((each for each in _PLACES if path.startswith(each)), None)
	return path[len(place) :].strip("/")[:MAX_NAME] if place else ""


def _request() -> Request:
	request = frappe.local.request
	headers = {name.lower(): value for name, value in request.headers.items()}
	if authorization := getattr(frappe.local, "dogan_webhook", None):
		headers["authorization"] = authorization
	query = bodies.as_mapping(list(request.args.items(multi=True)))
	return Request(request.get_data(), headers, query)


def _answer(status: int, content: Any, headers: dict[str, str] | None = None) -> Response:
	return Response(json.dumps(content), status=status, content_type="application/json", headers=headers)
