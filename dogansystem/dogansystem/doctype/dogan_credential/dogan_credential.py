import re
from html import escape
from typing import Any
from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.homes.frappe.oauth import access_token
from dogansystem.triggers import rate

# What each kind needs, by the name that it has in `Site.credential` or `Site.webhook_secret`.
_SENT = {
	"bearer": ("token",),
	"basic": ("username", "password"),
	"header": ("header", "value"),
	"oauth": ("connected_app",),
	"hmac": ("secret",),
	"address": ("url",),
}
_RECEIVED = {
	**dict.fromkeys(("hmac", "github", "stripe", "shopify"), ("secret",)),
	"token": ("header", "value"),
}
_SECRET = frozenset({"token", "password", "value", "secret", "url"})
_NAMES_NO_SERVERS = frozenset({"address", *_RECEIVED})
# A name or an address, no port.
_SERVER = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class DoganCredential(Document):
	"""A secret that steps send, and triggers check deliveries with, by its name; nobody reads it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		connected_app: DF.Link | None
		connected_user: DF.Link | None
		credential_name: DF.Data
		description: DF.SmallText | None
		header: DF.Data | None
		hosts: DF.SmallText | None
		kind: DF.Literal[
			"bearer", "basic", "header", "oauth", "hmac", "address", "github", "stripe", "shopify", "token"
		]
		password: DF.Password | None
		rate: DF.Data | None
		role: DF.Link | None
		secret: DF.Password | None
		token: DF.Password | None
		url: DF.Password | None
		username: DF.Data | None
		value: DF.Password | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Raise ValidationError naming what its kind still needs, or what is wrong with it."""
		needed = _SENT.get(self.kind) or _RECEIVED[self.kind]
		missing = [self.meta.get_label(field) for field in needed if not self.get(field)]
		if self.kind not in _NAMES_NO_SERVERS and not self.servers():
			missing.append(self.meta.get_label("hosts"))
		if missing:
			labels = ", ".join(_(label) for label in missing)
			frappe.throw(_("Fill in {0}.").format(labels), frappe.MandatoryError)
		for server in self.servers():
			if not _SERVER.fullmatch(server):
				text = _("Servers: {0} is not the name of a server. Write api.example.com.")
				frappe.throw(text.format(frappe.bold(escape(server))))
		if self.header and not _HEADER.fullmatch(self.header):
			frappe.throw(
				_("Header: {0} is not the name of a header.").format(frappe.bold(escape(self.header)))
			)
		self._check_address()
		if self.rate:
			self._check_rate()

	def _check_address(self) -> None:
		if self.kind != "address" or self.is_dummy_password(self.url):
			return
		try:
			parts = urlsplit(str(self.url))
			is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
		except ValueError:
			is_address = False
		if not is_address:
			frappe.throw(_("Address: write it as the chat shows it, beginning with https://."))

	def _check_rate(self) -> None:
		try:
			rate.parse(str(self.rate))
		except ValueError:
			text = _("Rate: {0} is not a rate. Write 60/m: s, m or h for second, minute or hour.")
			frappe.throw(text.format(frappe.bold(escape(str(self.rate)))))

	def servers(self) -> list[str]:
		"""Where it may be sent to; nothing else ever gets it."""
		return (self.get("hosts") or "").lower().split()

	def may_be_used_by(self, user: str) -> bool:
		"""Whether a step with this user's permissions may send it."""
		roles = frappe.get_roles(user)
		return "System Manager" in roles or bool(self.role and self.role in roles)

	def for_request(self) -> dict[str, Any]:
		"""The credential in the clear, as the site protocol describes it.

		Raises ValidationError if it is not one that is sent, names no server, or is not connected.
		"""
		if self.kind not in _SENT:
			text = _("Credential {0} is for webhooks that are received: no request can be sent with it.")
			frappe.throw(text.format(self.name))
		if self.kind == "address":
			return {"type": self.kind, "hosts": [], **self._values(_SENT[self.kind])}
		if not self.servers():
			text = _("Credential {0} names no servers: add those that it may be sent to.")
			frappe.throw(text.format(self.name))
		if self.kind == "oauth":
			token = access_token(str(self.connected_app), self.connected_user or frappe.session.user)
			return {"type": "bearer", "hosts": self.servers(), "token": token}
		return {"type": self.kind, "hosts": self.servers(), **self._values(_SENT[self.kind])}

	def for_webhook(self) -> dict[str, str] | None:
		"""What signs deliveries, as the site protocol describes it; None: it is of a kind that signs none."""
		if self.kind not in _RECEIVED:
			return None
		*rest, secret = _RECEIVED[self.kind]
		found = {"type": self.kind, **self._values(rest), "secret": self.get_password(secret)}
		return found | ({"rate": self.rate} if self.rate else {})

	def _values(self, fields: Any) -> dict[str, Any]:
		return {field: self.get_password(field) if field in _SECRET else self.get(field) for field in fields}
