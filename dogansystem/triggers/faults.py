"""What happens to a fault of ours while a trigger is looked at: it is told of, and it harms nobody else.

A person saves a document, or a time has come. Whatever goes wrong while a run is started from that is no reason why the
document is not saved or the next trigger does not start its run. Two things cannot be survived, because the transaction
is gone with them: a conflict with another transaction, and a lost connection.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from dogansystem.engine.errors import error_names
from dogansystem.protocol import Database, Site

Result = TypeVar("Result")

SAVEPOINT = "dogan_trigger"
# What ends the attempt of a step, or a job, and not only the trigger that it happens in.
_OTHERS = frozenset({"BaseTimeoutException", "StepCommitted", "Timeout", "TooDeep"})

logger = logging.getLogger("dogansystem")


def survived(site: Site, db: Database, what: str, do: Callable[[], Result], otherwise: Result) -> Result:
	"""What `do` gives, or `otherwise` if it fails; `what` says in the log what was not done, and what about.

	`db` is the connection that `do` works on.
	"""
	try:
		return do()
	except Exception as error:
		if not can_be_survived(db, error):
			raise
		logger.error("trigger.failed site=%s %s: %s", site.name, what, error, exc_info=error)
		return otherwise


def written(db: Database, do: Callable[[], Result]) -> Result:
	"""What `do` gives; if it raises, what it has written is undone, and what the transaction did before it is not."""
	db.execute(f"SAVEPOINT {SAVEPOINT}")
	try:
		result = do()
	except Exception as error:
		if not (db.is_conflict(error) or db.is_lost(error)):
			db.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
		raise
	if db.dialect == "sqlite":  # MariaDB replaces a savepoint of the same name; SQLite keeps them all
		db.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")
	return result


def can_be_survived(db: Database, error: Exception) -> bool:
	"""Whether the transaction is still there after `error`, and nobody else has to know of it."""
	return not (db.is_conflict(error) or db.is_lost(error) or _OTHERS & set(error_names(error)))
