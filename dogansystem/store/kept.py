"""What was worked out from the database and is worth keeping: in this process, and behind it in what the site shares.

A key names one meaning for ever: a version of a workflow, or a stamp that was committed together with what it stands for.
So nothing has to be invalidated, on whatever node: who wants another meaning asks with another key. Whatever forgets a
value costs the time to work it out again, and nothing else.

What is shared is JSON, and each kind of value says how it is written and built. So what somebody else writes there can be
wrong, but it cannot execute anything.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from dogansystem import __version__
from dogansystem.protocol import Site

FLUSH_INTERVAL = 10.0  # seconds between two additions of this process's counts to those that the site shares
FLUSH_LOOKS = 256  # lookups that this process answers by itself before it looks whether that time is over
SHARED_SECONDS = 86_400  # that a shared value is kept at most
PROCESS, SHARED, BUILT = "process", "shared", "built"  # where a lookup found its value
_PLACES = (PROCESS, SHARED, BUILT)

Value = TypeVar("Value")
Counts = dict[str, int]

_every: "dict[str, Kept[Any]]" = {}


class Kept(Generic[Value]):
	"""The values of one kind.

	Args:
		size: values in one process.
		dump: gives the plain data, fit for JSON, that a value is shared as.
		build: makes the value of that data again. If it raises, there is no shared value: another release wrote it.
		seconds: a value is worked out anew after this time, so that changes behind the app's back show; None: never.
	"""

	def __init__(
		self,
		name: str,
		size: int,
		dump: Callable[[Value], Any],
		build: Callable[[Any], Value],
		seconds: float | None = None,
	) -> None:
		self.name = name
		self._size = size
		self._dump = dump
		self._build = build
		self._seconds = seconds
		self._values: dict[tuple[str, str], tuple[float, Value]] = {}
		self._lock = threading.Lock()
		# Added to by all threads without a lock: a count may be off by one, a lookup costs nothing.
		self._counts: dict[str, Counts] = {}
		self._flushed_at = time.monotonic()
		_every[name] = self

	def get(self, site: Site, key: str, work_out: Callable[[], Value]) -> Value:
		"""The value of a key: this process's, else the one shared, else what `work_out` gives."""
		place = (site.name, key)
		counts = self._counts.get(site.name) or self._counts.setdefault(site.name, dict.fromkeys(_PLACES, 0))
		known = self._values.get(place)
		if known is not None and (self._seconds is None or known[0] > time.monotonic()):
			counts[PROCESS] += 1
			if not counts[PROCESS] % FLUSH_LOOKS:
				self._flush(site)
			return known[1]
		found = self._shared(site, key)
		if found is None:
			found = work_out()
			counts[BUILT] += 1
			text = json.dumps(self._dump(found), separators=(",", ":"))
			site.cache.set(self._shared_key(key), text.encode(), int(self._seconds or SHARED_SECONDS))
		else:
			counts[SHARED] += 1
		self._keep(place, found)
		self._flush(site)
		return found

	def forget(self, site: Site) -> None:
		"""Forget this process's values of a site."""
		with self._lock:
			for place in [each for each in self._values if each[0] == site.name]:
				del self._values[place]

	def _keep(self, place: tuple[str, str], value: Value) -> None:
		until = time.monotonic() + (self._seconds or 0.0)
		with self._lock:
			self._values[place] = (until, value)
			while len(self._values) > self._size:
				del self._values[next(iter(self._values))]

	def _shared(self, site: Site, key: str) -> Value | None:
		found = site.cache.get(self._shared_key(key))
		try:
			return None if found is None else self._build(json.loads(found))
		except Exception:
			return None  # cut short, or of another release: as if it were not there

	def _shared_key(self, key: str) -> str:
		# The release: while nodes are upgraded one after another, each finds what its own code has written.
		return f"{self.name}:{__version__}:{key}"

	def _flush(self, site: Site, always: bool = False) -> None:
		if not always and time.monotonic() - self._flushed_at < FLUSH_INTERVAL:
			return
		self._flushed_at = time.monotonic()
		counts = self._counts.pop(site.name, {})
		site.cache.add({f"{self.name}:{where}": number for where, number in counts.items() if number})


def flush(site: Site) -> None:
	"""Add this process's counts to those that the site shares: before the process ends."""
	for each in _every.values():
		each._flush(site, always=True)


def counts(site: Site) -> Mapping[str, Counts]:
	"""For each kind of value how many lookups were answered by the process itself, by what is shared, or by working it out:
	of all processes of the site since its cache was last emptied."""
	flush(site)
	found = site.cache.counts()
	names = {*_every, *(each.rpartition(":")[0] for each in found)}
	return {name: {where: found.get(f"{name}:{where}", 0) for where in _PLACES} for name in sorted(names)}
