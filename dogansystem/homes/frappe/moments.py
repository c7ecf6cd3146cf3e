"""Moments of the engine (epoch seconds) in the site's timezone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from frappe.utils import get_system_timezone


def local(at: float) -> datetime:
	"""That moment in the site's timezone, without tzinfo, as DocType fields hold it."""
	return datetime.fromtimestamp(at, ZoneInfo(get_system_timezone())).replace(tzinfo=None, microsecond=0)


def day(at: float) -> date:
	"""The day of that moment in the site's timezone."""
	return local(at).date()
