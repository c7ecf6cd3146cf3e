"""How an approval has ended, in words, in the language that is spoken now."""

from collections.abc import Mapping
from typing import Any

from frappe import _
from frappe.utils import format_datetime, get_fullname


def ends(found: Mapping[str, Any]) -> str:
	"""How an approval has ended: by whom, and when."""
	by, at = found["settled_by"], format_datetime(found["settled_at"])
	if by:
		texts = {
			"Approved": _("{0} has approved this, {1}."),
			"Rejected": _("{0} has rejected this, {1}."),
			"Answered": _("{0} has filled this in, {1}."),
		}
		if text := texts.get(found["status"]):
			return str(text.format(get_fullname(by), at))
	texts = {
		"Approved": _("The deadline came, {0}: it counts as approved."),
		"Rejected": _("The deadline came, {0}: it counts as rejected."),
		"Expired": _("The deadline came, {0}: nobody can decide any more."),
	}
	text = texts.get(found["status"]) or _("This is not asked any more, since {0}.")
	return str(text.format(at))
