"""Signs that people use a site, so that nobody runs a load test on it by mistake."""

from importlib import import_module
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_to_date, now_datetime

ACTIVE_HOURS = 24
SET_UP = ("restart_supervisor_on_update", "restart_systemd_on_update")  # `bench setup production` sets one


def versions() -> dict[str, str]:
	"""The apps of this site and their versions, this one left out."""
	apps = [app for app in frappe.get_installed_apps() if app != "dogansystem"]
	return {app: str(getattr(import_module(app), "__version__", "")) for app in apps}


def signs() -> list[str]:
	"""Why this site seems to be in use, in words. Empty on a site that is configured for tests or development."""
	if frappe.conf.allow_tests or frappe.conf.developer_mode:
		return []
	return [sign for look in (_is_set_up, _has_people, _sends_mail) if (sign := look())]


def _is_set_up() -> str | None:
	if any(frappe.conf.get(key) for key in SET_UP):
		return _("the bench was set up for production")
	return None


def _has_people() -> str | None:
	since = add_to_date(now_datetime(), hours=-ACTIVE_HOURS)
	filters: dict[str, Any] = {"last_active": [">", since], "name": ["not in", ["Administrator", "Guest"]]}
	people = frappe.db.count("User", filters)
	return _("{0} users were active within a day").format(people) if people else None


def _sends_mail() -> str | None:
	if frappe.conf.mute_emails or not frappe.db.exists("Email Account", {"enable_outgoing": 1}):
		return None
	return _("it sends mail")
