"""When a schedule is due: `cron` in a timezone, or `every` so many seconds.

A local time that the clock skips in spring is due once, right after the gap. One that it passes twice in autumn is
due the first time only.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from dogansystem.engine.definition import Trigger

# A time that is fired this late still counts as on time: the tick comes once a minute, and its job may have to queue.
ON_TIME = 120.0  # seconds
MAX_TIMES = 1000  # due times of one answer; with `missed: all` the next answer goes on from there


def next_due(trigger: Trigger, after: float, timezone: str) -> float:
	"""The first due time after `after`; both are seconds since 1970 (UTC).

	`every` counts from `after`, which is the due time before, or the moment the trigger was enabled. `timezone` is the
	site's; the trigger's own comes first.
	"""
	if "every" in trigger.keys:
		return after + float(trigger.keys["every"])
	zone = _zone(trigger, timezone)
	return next(due for due in _cron_after(trigger.keys["cron"], after, zone) if due > after)


def due_times(trigger: Trigger, due: float, now: float, default_timezone: str) -> tuple[list[float], float]:
	"""The times to fire now, oldest first, and the next due time, when `due` was the next one until now.

	Times that have passed meanwhile are treated as `missed` says: `once` fires the last of them, `skip` fires it only
	if it is not late, `all` fires each. With `all` there are at most `MAX_TIMES` in one answer; the next due time then
	lies in the past, and the answer to it has the following ones.
	"""
	if due > now:
		return [], due
	if trigger.keys.get("missed", "once") == "all":
		times = [due]
		while (following := next_due(trigger, times[-1], default_timezone)) <= now and len(times) < MAX_TIMES:
			times.append(following)
		return times, following
	last = _last_due(trigger, due, now, default_timezone)
	is_late = now - last > ON_TIME
	times = [] if is_late and trigger.keys.get("missed") == "skip" else [last]
	return times, next_due(trigger, last, default_timezone)


def _last_due(trigger: Trigger, due: float, now: float, timezone: str) -> float:
	"""The last due time up to `now`, counted from `due`."""
	if "every" in trigger.keys:
		every = float(trigger.keys["every"])
		return due + (now - due) // every * every
	times = _cron_before(trigger.keys["cron"], now, _zone(trigger, timezone))
	return max(due, next((each for each in times if each <= now), due))


def _zone(trigger: Trigger, timezone: str) -> ZoneInfo:
	return ZoneInfo(trigger.keys.get("timezone") or timezone)


def _cron_after(cron: str, after: float, zone: ZoneInfo) -> Iterator[float]:
	times = croniter(cron, datetime.fromtimestamp(after, zone).replace(tzinfo=None, fold=0))
	while True:
		yield moment_of(times.get_next(datetime), zone)


def _cron_before(cron: str, now: float, zone: ZoneInfo) -> Iterator[float]:
	local = datetime.fromtimestamp(now, zone)
	# While the clock passes an hour for the second time, later times of the first passage lie in the past too.
	repeated = (local.replace(fold=0).utcoffset() or timedelta()) - (local.utcoffset() or timedelta())
	start = local.replace(tzinfo=None, fold=0, microsecond=0) + repeated + timedelta(seconds=1)
	times = croniter(cron, start)
	while True:
		yield moment_of(times.get_prev(datetime), zone)


def moment_of(local: datetime, zone: ZoneInfo) -> float:
	"""Seconds since 1970 of a local time: the first passage of one that comes twice, the end of the gap for one that
	never comes."""
	first = local.replace(tzinfo=zone, fold=0).timestamp()
	if datetime.fromtimestamp(first, zone).replace(tzinfo=None, fold=0) == local:
		return first
	# The second at which the clock is put forward lies somewhere between the two.
	low, high = int(local.replace(tzinfo=zone, fold=1).timestamp()), int(first)
	old = datetime.fromtimestamp(low, zone).utcoffset()
	while high - low > 1:
		middle = (low + high) // 2
		if datetime.fromtimestamp(middle, zone).utcoffset() == old:
			low = middle
		else:
			high = middle
	return float(high)
