"""Unexpected errors in Frappe's Error Log: once an hour for each title, however often and wherever they happen."""

from hashlib import sha256

import frappe

from dogansystem.engine import log
from dogansystem.homes.frappe.scope import acting_as
from dogansystem.protocol import Cache

INTERVAL = 3600  # seconds between two entries of one title
RUN = "Dogan Workflow Run"


def report(cache: Cache, title: str, traceback: str, run: str | None) -> bool:
	"""Write an entry in this thread's transaction. False: there is one of the last hour, or it could not be written."""
	key = f"reported:{sha256(title.encode()).hexdigest()[:32]}"
	if cache.get(key):
		return False
	try:
		with acting_as("Administrator"):
			frappe.log_error(title[:140], traceback, RUN if run else None, run)
	except Exception as error:
		log.event(log.ERROR, "report.failed", error=error, run=run)
		return False
	cache.set(key, b"1", INTERVAL)
	return True
