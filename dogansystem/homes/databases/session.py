"""Settings of a MariaDB session, of a bench and of a sandbox."""

LOCK_WAIT = 1  # seconds
IDLE = 5  # seconds

OWN = "tx_isolation = 'REPEATABLE-READ'"  # as Frappe opens a site's own connection

# Transactions of a control connection are short. A process that holds a lock for longer was stopped, or its machine lost
# power, and the heartbeat, which shares the connection, must not be late because of it. The server itself ends a
# transaction in which nothing happens any more, so that no process's row, turn or timer stays locked.
CONTROL = f"tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = {LOCK_WAIT}, idle_transaction_timeout = {IDLE}"
