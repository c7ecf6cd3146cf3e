"""Frappe's values as plain JSON data: dates as ISO text, documents as objects, nothing private."""

import datetime
from decimal import Decimal
from typing import Any

from frappe.model.document import BaseDocument
from frappe.utils import format_timedelta


def plain(value: Any) -> Any:
	"""`value` as JSON data. What JSON has no type for is written as Frappe's own API writes it.

	What Frappe has no form for either is left as it is: the engine names it in an error.
	"""
	if value is None or isinstance(value, str | bool | float):
		return value
	if isinstance(value, int):
		return int(value)  # docstatus is an enum
	if isinstance(value, BaseDocument):
		value = value.as_dict()
	if isinstance(value, dict):
		return {key: plain(each) for key, each in value.items() if not str(key).startswith("__")}
	if isinstance(value, list | tuple | set | frozenset):
		return [plain(each) for each in value]
	if isinstance(value, datetime.timedelta):
		return format_timedelta(value)
	if isinstance(value, datetime.datetime | datetime.date | datetime.time):
		return str(value)
	return float(value) if isinstance(value, Decimal) else value
