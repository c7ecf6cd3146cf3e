"""`/api/method/dogansystem.api.metrics.metrics`: what Prometheus scrapes, for callers that send the token."""

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
	"""The site's metrics in Prometheus' text format, without totals of the history.

	:param token: the Metrics Token of Dogan Settings. Better send it as `Authorization: Bearer`, which no log shows.
	"""
	need_token(getattr(frappe.local, "dogan_metrics_token", "") or token)
	return Response(Orchestrator(current_site()).get_metrics(), content_type=CONTENT_TYPE)


def need_token(given: str) -> None:
	"""Raises MetricsOff if no token is set, AuthenticationError if `given` is another token."""
	expected = get_decrypted_password(SETTINGS, SETTINGS, "metrics_token", raise_exception=False)
	if not expected:
		frappe.throw(_("Metrics are off: set a Metrics Token in Dogan Settings."), MetricsOff)
	if not hmac.compare_digest(str(given).encode(), expected.encode()):
		frappe.throw(
			_("Not the Metrics Token of Dogan Settings. Send it as Authorization: Bearer TOKEN."),
			frappe.AuthenticationError,
		)


def keep_token() -> None:
	"""Before a request: take the token out of the header of a scrape.

	Frappe would take it for the login of a user, find none, and refuse the request.
	"""
	request = frappe.local.request
	if not request.path.endswith(METHOD):
		return
	kind, _space, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
	if kind.lower() == "bearer":
		del request.environ["HTTP_AUTHORIZATION"]
		frappe.local.dogan_metrics_token = token.strip()
