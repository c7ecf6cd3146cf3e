"""How much memory this machine, or the container around this process, has left."""

from pathlib import Path

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def free() -> int | None:
	"""Bytes that new processes may take before something has to go; None where it cannot be told."""
	known = [size for size in (_of_machine(), _of_container()) if size is not None]
	return min(known) if known else None


def _of_machine() -> int | None:
	try:
		lines = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
		return int(lines["MemAvailable"].split()[0]) * 1024
	except (OSError, KeyError, ValueError):
		return None


def _of_container() -> int | None:
	"""By cgroup v2; what is used there includes files in memory that can go, which are not counted."""
	try:
		limit = int((CGROUP / "memory.max").read_text())  # "max" is no number: there is no limit
		used = int((CGROUP / "memory.current").read_text())
		parts = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
		return max(0, limit - used + int(parts.get("inactive_file", 0)))
	except (OSError, ValueError):
		return None
