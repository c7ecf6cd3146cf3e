"""A dry run gives way: a statement of real work that has waited for half a second ends it.

Which transaction waits for which, the server tells only to users with the right PROCESS, which a site's own user rarely has.
It shows everybody the statements of their own user; one that writes, has begun since, and takes half a second, is taken for
one that waits.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from dogansystem.protocol import Database, Site

INTERVAL = 0.2  # seconds between two looks
PATIENCE_MS = 500  # of a statement of real work
_WAITING = (
	"SELECT INFO FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND COMMAND = 'Query'"
	f" AND ID NOT IN (CONNECTION_ID(), %s) AND TIME_MS BETWEEN {PATIENCE_MS} AND %s AND INFO REGEXP"
	" '^[[:space:]]*(INSERT|UPDATE|DELETE|REPLACE|BEGIN NOT)|FOR UPDATE|IN SHARE MODE' LIMIT 1"
)
_BLOCKED = (
	"SELECT 1 FROM information_schema.INNODB_LOCK_WAITS w JOIN information_schema.INNODB_TRX t"
	" ON t.trx_id = w.blocking_trx_id WHERE t.trx_mysql_thread_id = %s LIMIT 1"
)


@dataclass(slots=True)
class Watch:
	"""Whether the dry run was ended, and why."""

	reason: str = ""


@contextmanager
def watched(site: Site) -> Iterator[Watch]:
	"""Within the block this thread's connection is ended as soon as real work waits. A file has one writer anyway."""
	watch = Watch()
	if site.database.dialect == "sqlite":
		yield watch
		return
	number = int(site.database.sql("SELECT CONNECTION_ID()")[0][0])
	control, done = site.open_control(), threading.Event()
	thread = threading.Thread(target=_watch, args=(control, number, done, watch), daemon=True)
	thread.start()
	try:
		yield watch
	finally:
		done.set()
		thread.join()
		control.close()


def _watch(control: Database, number: int, done: threading.Event, watch: Watch) -> None:
	has_right, began = True, time.monotonic()
	with suppress(Exception):  # the database went away: the dry run finds out by itself
		while not done.wait(INTERVAL):
			try:
				found = has_right and control.sql(_BLOCKED, (number,))
			except Exception:
				has_right, found = False, []
			if not has_right:
				found = control.sql(_WAITING, (number, (time.monotonic() - began) * 1000))
			control.rollback()
			if found:
				watch.reason = "other work waited for what it had locked"
				control.execute(f"KILL CONNECTION {number}")
				return
