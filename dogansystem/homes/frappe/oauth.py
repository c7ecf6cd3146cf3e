"""Tokens of Frappe's Connected Apps: fetched and refreshed by Frappe, in a transaction of their own.

Frappe commits a token that it has refreshed, and it must: where a server gives a new refresh token with each, the old one is
good for nothing. A step's transaction must neither be committed by that nor take the token back when it fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

APP, TOKEN = "Connected App", "Token Cache"


def access_token(app: str, user: str) -> str:
	"""A token of `user` for a Connected App that is valid now. Raises ValidationError if the user is not connected."""
	with _own_transaction():
		doc = frappe.get_doc(APP, app)
		# Who comes second finds the token that the first one has refreshed.
		frappe.db.get_value(TOKEN, f"{app}-{user}", "name", for_update=True)
		found = doc.get_active_token(user)
		if found and (token := found.get_password("access_token", raise_exception=False)):
			return str(token)
	text = _(
		"{0} is not connected to {1}, or has to be connected again: open the Connected App as this user."
	)
	frappe.throw(text.format(user, app))


@contextmanager
def _own_transaction() -> Iterator[None]:
	"""Within the block `frappe.db` is another connection; it commits at the end, whatever the block comes to."""
	before = frappe.local.db
	frappe.connect(set_admin_as_user=False)
	own = frappe.local.db
	try:
		yield
	finally:
		try:
			own.commit()  # Frappe's own error log, where the server has refused to refresh
		finally:
			own.close()
			frappe.local.db = before
