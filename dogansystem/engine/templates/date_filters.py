"""Filters that compute with dates and times. They take dates as well as the text that documents keep them as."""

import calendar
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from dogansystem.engine.templates.operators import format_moment


def moment_of(value: Any) -> date:
	"""A date, or a datetime, from itself or from its text in ISO 8601 (`2025-12-31`, `2025-12-31 09:00:00`).

	Raises:
		ValueError: anything else; the text says how to write it.
	"""
	if isinstance(value, date):
		return value
	if isinstance(value, str) and len(value) <= 40:
		text = value.strip()
		try:
			# Python 3.10 reads neither the Z nor other than 3 or 6 digits of a second's fraction.
			return date.fromisoformat(text) if len(text) == 10 else _datetime_of(text.replace("Z", "+00:00"))
		except ValueError:
			pass
	raise ValueError(f"{str(value)[:40]!r} is not a date; give one such as 2025-12-31 or 2025-12-31 09:00:00")


def _datetime_of(text: str) -> datetime:
	head, dot, tail = text.partition(".")
	if not dot:
		return datetime.fromisoformat(text)
	digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
	return datetime.fromisoformat(f"{head}.{digits[:6].ljust(6, '0')}{tail[len(digits) :]}")


def full(value: Any) -> datetime:
	"""The moment of a date (its midnight) or moment. Raises ValueError as `moment_of` does."""
	moment = moment_of(value)
	return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _date(value: Any, pattern: str | None = None) -> date | str:
	"""The date of a date or moment; as text when a format such as `%d.%m.%Y` is given."""
	moment = moment_of(value)
	if pattern is not None:
		return format_moment(moment, pattern)
	return moment.date() if isinstance(moment, datetime) else moment


def _datetime(value: Any, pattern: str | None = None) -> datetime | str:
	"""The moment of a date (its midnight) or moment; as text when a format such as `%H:%M` is given."""
	return full(value) if pattern is None else format_moment(full(value), pattern)


def _add_days(value: Any, days: float) -> date:
	"""That many days later; a date stays a date when the days are whole."""
	return (moment_of(value) if days == int(days) else full(value)) + timedelta(days=days)


def _add_hours(value: Any, hours: float) -> datetime:
	"""That many hours later; a date counts from its midnight."""
	return full(value) + timedelta(hours=hours)


def _add_minutes(value: Any, minutes: float) -> datetime:
	"""That many minutes later; a date counts from its midnight."""
	return full(value) + timedelta(minutes=minutes)


def add_months(value: Any, months: int) -> date:
	"""The same day that many months later, or the month's last day if it has no such day."""
	moment = moment_of(value)
	if months != int(months):
		raise ValueError(f"{months} months are not whole; use add_days")
	year, month = divmod(moment.year * 12 + moment.month - 1 + int(months), 12)
	if not 1 <= year <= 9999:
		raise ValueError(f"{months} months from {moment} is not a date in the calendar; use fewer")
	day = min(moment.day, calendar.monthrange(year, month + 1)[1])
	return moment.replace(year=year, month=month + 1, day=day)


FILTERS: Mapping[str, Callable[..., Any]] = {
	"add_days": _add_days,
	"add_hours": _add_hours,
	"add_minutes": _add_minutes,
	"add_months": add_months,
	"date": _date,
	"datetime": _datetime,
}
