"""What MariaDB is asked when a connection is opened, of whichever site."""

LOCK_WAIT = 1  # seconds
IDLE = 5  # seconds

OWN = "tx_isolation = 'REPEATABLE-READ'"  # as Frappe opens a site's own connection

# Transactions of a control connection are short. Who holds a lock for longer has been stopped, or its machine has lost
# power, and the beat, which shares the connection, must not be late because of it. The server itself ends a transaction
# in which nothing happens any more: a process's row, a turn, a timer must not stay locked until somebody misses its holder.
CONTROL = f"tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = {LOCK_WAIT}, idle_transaction_timeout = {IDLE}"
