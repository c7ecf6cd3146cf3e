import re
from html import escape
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

_NEEDED = {"bearer": ("token",), "basic": ("username", "password"), "header": ("header", "value")}
_SECRET = frozenset({"token", "password", "value"})
# A name or an address, no port.
_SERVER = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")


class DoganCredential(Document):
	"""A secret that `http.request` steps may use by name, and nobody reads."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		credential_name: DF.Data
		description: DF.SmallText | None
		header: DF.Data | None
		hosts: DF.SmallText
		kind: DF.Literal["bearer", "basic", "header"]
		password: DF.Password | None
		role: DF.Link | None
		token: DF.Password | None
		username: DF.Data | None
		value: DF.Password | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Raise ValidationError naming what its kind still needs, or what is no server."""
		missing = [self.meta.get_label(field) for field in _NEEDED[self.kind] if not self.get(field)]
		if missing:
			labels = ", ".join(_(label) for label in missing)
			frappe.throw(_("Fill in {0}.").format(labels), frappe.MandatoryError)
		for server in self.servers():
			if not _SERVER.fullmatch(server):
				text = _("Servers: {0} is not the name of a server. Write api.example.com.")
				frappe.throw(text.format(frappe.bold(escape(server))))

	def servers(self) -> list[str]:
		"""Where it may be sent to; nothing else ever gets it."""
		return (self.get("hosts") or "").lower().split()

	def may_be_used_by(self, user: str) -> bool:
		"""Whether a step with this user's permissions may send it."""
		roles = frappe.get_roles(user)
		return "System Manager" in roles or bool(self.role and self.role in roles)

	def for_request(self) -> dict[str, Any]:
		"""The credential in the clear, as the site protocol describes it. Raises ValidationError if it names no server."""
		if not self.servers():
			text = _("Credential {0} names no servers: add those that it may be sent to.")
			frappe.throw(text.format(self.name))
		values = {
			field: self.get_password(field) if field in _SECRET else self.get(field)
			for field in _NEEDED[self.kind]
		}
		return {"type": self.kind, "hosts": self.servers(), **values}
