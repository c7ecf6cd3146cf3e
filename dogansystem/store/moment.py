"""A point in time in the two forms the store writes: seconds for its own tables, local text for DocType columns."""

from dataclasses import dataclass
from datetime import datetime

from dogansystem.protocol import Site


@dataclass(frozen=True, slots=True)
class Moment:
	"""`seconds` since 1970 (UTC); `text` in the site's timezone, `YYYY-MM-DD HH:MM:SS.ffffff`."""

	seconds: float
	text: str


def moment(site: Site, seconds: float | None = None) -> Moment:
	"""This moment by the site's clock, or the given one."""
	seconds = site.now() if seconds is None else seconds
	return Moment(seconds, as_text(site.local_time(seconds)) or "")


def as_text(value: datetime | str | None) -> str | None:
	"""A datetime as a DocType column holds it. MariaDB gives datetimes back, SQLite text."""
	if isinstance(value, datetime):
		return value.isoformat(" ", "microseconds")
	return value
