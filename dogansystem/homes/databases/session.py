"""Settings of a MariaDB session, of a bench and of a sandbox."""

from collections.abc import Callable, Sequence
from typing import Any

LOCK_WAIT = 1  # seconds
IDLE = 5  # seconds

OWN = "tx_isolation = 'REPEATABLE-READ'"  # as Frappe opens a site's own connection

# Transactions of a control connection are short. A process that holds a lock for longer was stopped, or its machine lost
# power, and the heartbeat, which shares the connection, must not be late because of it. The server itself ends a
# transaction in which nothing happens any more, so that no process's row, turn or timer stays locked.
CONTROL = f"tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = {LOCK_WAIT}, idle_transaction_timeout = {IDLE}"


def relax(ask: Callable[[str, Sequence[Any]], Sequence[Sequence[Any]]]) -> None:
	"""Have locks read the newest row again, as MariaDB did before 11.6, on the connection that `ask` asks.

	With `innodb_snapshot_isolation` a transaction that locks a row which another one has changed since it began fails with
	error 1020. Frappe writes its naming series and totals that way: several workers would fail each other's steps, again
	and again.
	"""
	if any(value == "ON" for _name, value in ask("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'", ())):
		ask("SET SESSION innodb_snapshot_isolation = OFF", ())
