"""How often somebody may call: a number of times a minute, counted in Redis for all processes of the site."""

import time

import frappe
from frappe import _

from dogansystem.homes.frappe.cache import may_be_away

WINDOW = 60  # seconds


def limit(what: str, times: int, who: str | None = None) -> None:
	"""Raise RateLimitExceededError, status 429, if `who` has done `what` more than so many times in this minute.

	:param who: the caller, or where a guest calls from, if left out. Where nobody has called over HTTP nothing is counted.
	"""
	if not getattr(frappe.local, "request", None):
		return
	user = frappe.session.user
	caller = who or (user if user != "Guest" else frappe.local.request_ip)
	key = frappe.cache.make_key(f"dogan_rate:{what}:{caller}:{int(time.time() // WINDOW)}")
	number = 0
	with may_be_away():
		number = frappe.cache.incrby(key, 1)
		frappe.cache.expire(key, WINDOW)
	if number > times:
		text = _("Too many calls: at most {0} in a minute. Try again in a minute.")
		frappe.throw(text.format(times), frappe.RateLimitExceededError)
