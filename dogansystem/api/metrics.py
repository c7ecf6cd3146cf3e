"""`/api/method/dogansystem.api.metrics.metrics`: what Prometheus scrapes. Only for who sends the token of Dogan Settings."""

import hmac

import frappe
from frappe import _
from frappe.utils.password import get_decrypted_password
from werkzeug.wrappers import Response

from dogansystem.api.arguments import checked
from dogansystem.health.metrics import CONTENT_TYPE
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator

METHOD = "dogansystem.api.metrics.metrics"
SETTINGS = "Dogan Settings"


class MetricsOff(frappe.PermissionError):
	"""Nobody has set a token."""


@frappe.whitelist(allow_guest=True, methods=["GET"])
@checked
def metrics(token: str = "") -> Response:
	"""The site's metrics in Prometheus' text format, without the history's totals.

	:param token: Dogan Settings' Metrics Token, better sent as `Authorization: Bearer`, which no log shows.
	"""
	need_token(getattr(frappe.local, "dogan_metrics_token", "") or token)
	return Response(Orchestrator(current_site()).get_metrics(), content_type=CONTENT_TYPE)


def need_token(given: str) -> None:
	"""Raise MetricsOff if no token is set, AuthenticationError if it is another one."""
	expected = get_decrypted_password(SETTINGS, SETTINGS, "metrics_token", raise_exception=False)
	if not expected:
		frappe.throw(_("Metrics are off: set a Metrics Token in Dogan Settings."), MetricsOff)
	if not hmac.compare_digest(str(given).encode(), expected.encode()):
		frappe.throw(
			_("Not the Metrics Token of Dogan Settings. Send it as Authorization: Bearer TOKEN."),
			frappe.AuthenticationError,
		)


def keep_token() -> None:
	"""Before a request: take the token out of a scrape's header.

	Frappe takes what stands there for a login, and refuses the request of who is nobody.
	"""
	request = frappe.local.request
	if not request.path.endswith(METHOD):
		return
	kind, _space, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
	if kind.lower() == "bearer":
		del request.environ["HTTP_AUTHORIZATION"]
		frappe.local.dogan_metrics_token = token.strip()
