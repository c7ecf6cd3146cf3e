from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

_NEEDED = {"bearer": ("token",), "basic": ("username", "password"), "header": ("header", "value")}
_SECRET = frozenset({"token", "password", "value"})


class DoganCredential(Document):
	"""A secret that `http.request` steps may use by name, and nobody reads."""

	def validate(self) -> None:
		"""Raise ValidationError naming what its kind still needs."""
		missing = [self.meta.get_label(field) for field in _NEEDED[self.kind] if not self.get(field)]
		if missing:
			frappe.throw(
				_("Fill in {0}.").format(", ".join(_(label) for label in missing)), frappe.MandatoryError
			)

	def may_be_used_by(self, user: str) -> bool:
		"""Whether a step with this user's permissions may send it."""
		roles = frappe.get_roles(user)
		return "System Manager" in roles or bool(self.role and self.role in roles)

	def for_request(self) -> dict[str, Any]:
		"""The credential in the clear, as the site protocol describes it."""
		values = {
			field: self.get_password(field) if field in _SECRET else self.get(field)
			for field in _NEEDED[self.kind]
		}
		return {"type": self.kind, "hosts": (self.get("hosts") or "").split(), **values}
