"""What this machine or container has and how busy it is: processors, memory, load. Said with the heartbeat, once a minute.

From Linux's /proc, within the limits that a container's cgroup sets (version 1 or 2). What cannot be read is left out.
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

from dogansystem.protocol import Database, Site
from dogansystem.store import nodes
from dogansystem.worker import identity
from dogansystem.worker.control import Control

INTERVAL = 60.0  # seconds between two notes of one node, whatever the number of its processes
ASKED = 10.0  # seconds between two looks of one process whether a note is due

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")
_TICKS = os.sysconf("SC_CLK_TCK")
# The first nine columns of /proc/stat after `cpu` are in user mode, nice, system, idle, iowait, irq, softirq, steal, guest.
_IDLE_COLUMNS = (3, 4)


class Used(NamedTuple):
	"""How long the machine's processors have been busy (seconds, all together) up to a moment of time.monotonic()."""

	at: float
	busy: float


class Machine:
	"""Tells, once a minute and node, what a site should know of the machine its workers run on."""

	def __init__(self, site: Site, control: Control) -> None:
		self._site = site
		self._control = control
		self._before = used()
		self._asked_at = float("-inf")

	def tell(self) -> None:
		"""Write it down if nobody on this node has done so for a minute."""
		now = time.monotonic()
		if now - self._asked_at < ASKED:
			return
		self._asked_at = now
		after = used()
		found = facts(self._before, after)

		def note(db: Database) -> bool:
			return nodes.note_machine(db, identity.node(), self._site.now(), found, INTERVAL)

		if self._control.run_or_leave(note, False):
			self._before = after


def facts(before: Used | None, after: Used | None) -> dict[str, float]:
	"""`cores`, `memory_total` and `memory_available` (bytes), `load` (of a minute), and `cpu_busy`: the share (0 to 1) of the
	processors' time that was used between two moments."""
	found: dict[str, float] = {"cores": round(cores(), 2), **memory()}
	try:
		found["load"] = round(os.getloadavg()[0], 2)
	except OSError:
		pass
	if before and after and after.at > before.at:
		share = (after.busy - before.busy) / (after.at - before.at) / found["cores"]
		found["cpu_busy"] = round(min(max(share, 0.0), 1.0), 3)
	return found


def cores() -> float:
	"""How many processors this process may use: a container's quota may be half a one."""
	mine = float(len(os.sched_getaffinity(0)))
	quota = _quota()
	return min(mine, quota) if quota else mine


def memory() -> dict[str, float]:
	"""The machine's memory, and how much of it programs could still get, in bytes."""
	try:
		rows = (line.split(":") for line in (PROC / "meminfo").read_text().splitlines())
		kilobytes = {name: float(rest.split()[0]) for name, rest in rows}
		total, available = kilobytes["MemTotal"] * 1024, kilobytes["MemAvailable"] * 1024
	except (OSError, KeyError, ValueError):
		return {}
	limit = _number("memory.max", "memory/memory.limit_in_bytes")
	if limit and limit < total:
		taken = _number("memory.current", "memory/memory.usage_in_bytes") or 0.0
		total, available = limit, min(available, max(limit - taken + _reclaimable(), 0.0))
	return {"memory_total": total, "memory_available": available}


def used() -> Used | None:
	"""How long the processors that this process may use have been busy so far."""
	try:
		at = time.monotonic()
		return Used(at, _used_by_container() if _quota() else _used_by_machine())
	except (OSError, ValueError, KeyError):
		return None


def _used_by_machine() -> float:
	columns = [int(each) for each in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
	return sum(ticks for number, ticks in enumerate(columns) if number not in _IDLE_COLUMNS) / _TICKS


def _used_by_container() -> float:
	nanoseconds = _number("cpuacct/cpuacct.usage")
	return nanoseconds / 1e9 if nanoseconds else _stat("cpu.stat", "usage_usec") / 1e6


def _quota() -> float | None:
	"""The processors a container may use at a time, where it has a limit."""
	try:
		quota, period = (CGROUP / "cpu.max").read_text().split()
		return None if quota == "max" else int(quota) / int(period)
	except (OSError, ValueError):
		quota_us, period_us = _number("cpu/cpu.cfs_quota_us"), _number("cpu/cpu.cfs_period_us")
		return quota_us / period_us if quota_us and period_us and quota_us > 0 else None


def _reclaimable() -> float:
	"""Memory that counts as used and is given up when somebody needs it: files that were read."""
	try:
		return _stat("memory.stat", "inactive_file")
	except (OSError, KeyError):
		return 0.0


def _stat(file: str, name: str) -> float:
	return float(dict(line.split() for line in (CGROUP / file).read_text().splitlines())[name])


def _number(*files: str) -> float | None:
	"""The number in the first of these files that there is; None where there is none, or no limit."""
	for file in files:
		try:
			return float((CGROUP / file).read_text())
		except (OSError, ValueError):
			continue
	return None
