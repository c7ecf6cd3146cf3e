"""Reading a MariaDB server: its settings, and what its counters do within some seconds.

Everything here may be asked by the site's own database user: SHOW GLOBAL VARIABLES and STATUS need no privilege.
"""

import statistics
import time
from collections.abc import Mapping

from dogansystem.protocol import Database
from dogansystem.scaling.evidence import Server

PROBES = 5  # small transactions whose commit is timed
PROBE = "advice"  # the row of dogan_state they write

_VARIABLES = (
	*("version", "hostname", "innodb_buffer_pool_size", "max_connections", "innodb_flush_log_at_trx_commit"),
	"tcp_keepalive_time",  # which there is since MariaDB 10.3
)
_COUNTED = {  # the fields of `Server` that count up between the two readings, with MariaDB's name of each
	"refused": "Connection_errors_max_connections",
	"reads": "Innodb_buffer_pool_read_requests",
	"disk_reads": "Innodb_buffer_pool_reads",
	"wait_free": "Innodb_buffer_pool_wait_free",
	"deadlocks": "Innodb_deadlocks",
}
_COUNTERS = ("Uptime", "Threads_connected", "Max_used_connections", *_COUNTED.values())
_RUNNING, _LOCK_WAITING = "Threads_running", "Innodb_row_lock_current_waits"


class Watch:
	"""Two readings of the counters, and what was running at some moments in between."""

	def __init__(self, db: Database) -> None:
		self._db, self._at = db, time.monotonic()
		self._before = _status(db, _COUNTERS)
		self._running: list[float] = []
		self._lock_waiting: list[float] = []

	def look(self) -> None:
		"""Note how many statements are being executed at this moment, without this one."""
		found = _status(self._db, (_RUNNING, _LOCK_WAITING))
		self._running.append(max(0.0, found.get(_RUNNING, 1.0) - 1))
		self._lock_waiting.append(found.get(_LOCK_WAITING, 0.0))

	def end(self, may_write: bool = True) -> Server:
		"""What was seen since the beginning. Timing commits takes some small transactions, where it may write."""
		after, seconds = _status(self._db, _COUNTERS), time.monotonic() - self._at
		more = {
			field: max(0, int(after.get(name, 0) - self._before.get(name, 0)))
			for field, name in _COUNTED.items()
		}
		variables: dict[str, str] = dict(self._db.sql(_query("VARIABLES", _VARIABLES)))
		asked, missed = (after.get(_COUNTED[name], 0.0) for name in ("reads", "disk_reads"))
		return Server(
			version=str(variables["version"]),
			hostname=str(variables.get("hostname", "")),
			seconds=round(seconds, 3),
			uptime=after.get("Uptime", 0.0),
			buffer_pool=float(variables["innodb_buffer_pool_size"]),
			working_set=working_set(self._db),
			max_connections=int(variables["max_connections"]),
			connections=int(after.get("Threads_connected", 0)),
			connections_highest=int(after.get("Max_used_connections", 0)),
			refused_ever=int(after.get(_COUNTED["refused"], 0)),
			flush=int(variables["innodb_flush_log_at_trx_commit"]),
			hit_rate_ever=round(1 - missed / asked, 6) if asked else 1.0,
			running=round(statistics.fmean(self._running or [0.0]), 3),
			lock_waiting=round(statistics.fmean(self._lock_waiting or [0.0]), 3),
			commit_seconds=round(time_commits(self._db), 6) if may_write else 0.0,
			keepalive=int(variables["tcp_keepalive_time"]),
			**more,
		)


def working_set(db: Database) -> float:
	"""Data and indexes of this database's tables in bytes: what the buffer pool would hold if all of it was used."""
	query = (
		"SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.TABLES"
		" WHERE table_schema = DATABASE()"
	)
	return float(db.sql(query)[0][0])


def time_commits(db: Database) -> float:
	"""Seconds from a small write to the end of its commit, the median of some."""
	times = []
	for number in range(PROBES + 1):
		began = time.monotonic()
		db.execute("REPLACE INTO dogan_state (name, value) VALUES (%s, %s)", (PROBE, number))
		db.commit()
		times.append(time.monotonic() - began)
	return statistics.median(times[1:])


def _status(db: Database, names: tuple[str, ...]) -> Mapping[str, float]:
	found = {name: float(value) for name, value in db.sql(_query("STATUS", names))}
	db.rollback()
	return found


def _query(kind: str, names: tuple[str, ...]) -> str:
	return f"SHOW GLOBAL {kind} WHERE Variable_name IN {names!r}"
