"""SMS and WhatsApp of a Frappe site: by its SMS Settings, and by the app that brings the DocType WhatsApp Message."""

from collections.abc import Sequence
from typing import Any

import frappe
import requests
from frappe import _
from frappe.core.doctype.sms_settings.sms_settings import send_sms

from dogansystem.engine.errors import HTTPError, NotAvailable

WHATSAPP = "WhatsApp Message"


class Channels:
	"""A part of `protocol.People`."""

	def missing_for(self, channel: str) -> str | None:
		"""What the site lacks to send by `sms` or `whatsapp`, and what to do."""
		if channel == "sms":
			if frappe.db.get_single_value("SMS Settings", "sms_gateway_url"):
				return None
			return _("the site has no SMS gateway: fill in SMS Settings")
		if frappe.db.exists("DocType", WHATSAPP, cache=True):
			meta = frappe.get_meta(WHATSAPP)
			if meta.has_field("to") and meta.has_field("message"):
				return None
		return _(
			"the site has nothing to send it by: install the app frappe_whatsapp, and set up its account"
		)

	def send_sms(self, to: Sequence[str], message: str) -> list[str]:
		"""Send a message by the gateway of SMS Settings, to one number after the other. No error shows the gateway's address:
		it may hold a password."""
		self._need("sms")
		for number in to:
			try:
				send_sms([number], message, success_msg=False)
			except requests.HTTPError as error:
				status = error.response.status_code if error.response is not None else "?"
				text = _("The SMS gateway answered {0} for {1}. Look at SMS Settings.")
				raise HTTPError(text.format(status, number)) from None
			except requests.RequestException as error:
				text = _("The SMS gateway could not be reached: {0}.")
				raise ConnectionError(text.format(type(error).__name__)) from None
		return list(to)

	def send_whatsapp(
		self, to: Sequence[str], message: str, reference: tuple[str, str] | None = None
	) -> list[str]:
		"""Insert a WhatsApp Message for each number, as the acting user: the app sends it then."""
		self._need("whatsapp")
		doctype, name = reference or (None, None)
		meta = frappe.get_meta(WHATSAPP)
		values: dict[str, Any] = {
			"type": "Outgoing",
			"message_type": "Manual",
			"content_type": "text",
			"message": message,
			"reference_doctype": doctype,
			"reference_name": name,
		}
		known = {field: value for field, value in values.items() if meta.has_field(field)}
		for number in to:
			frappe.get_doc({"doctype": WHATSAPP, **known, "to": number}).insert()
		return list(to)

	def _need(self, channel: str) -> None:
		if reason := self.missing_for(channel):
			raise NotAvailable(_("It cannot be sent: {0}.").format(reason))
