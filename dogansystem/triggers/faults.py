"""What happens to a fault of ours while a trigger is looked at: it is told of, and it harms nobody else.

A person saves a document, or a time has come. Whatever goes wrong while a run is started from that is no reason why the
document is not saved or the next trigger does not start its run. Two things cannot be survived, because the transaction
is gone with them: a conflict with another transaction, and a lost connection.
"""

import threading
import traceback
from collections.abc import Callable
from typing import TypeVar

from dogansystem.engine import log
from dogansystem.engine.errors import error_names
from dogansystem.protocol import Database, Site

Result = TypeVar("Result")

SAVEPOINT = "dogan_trigger"
# What ends the attempt of a step, or a job, and not only the trigger that it happens in.
_OTHERS = frozenset({"BaseTimeoutException", "StepCommitted", "Timeout", "TooDeep"})

MAX_TRACEBACK = 20_000  # characters that are kept, the last ones

_telling = threading.local()


def survived(site: Site, db: Database, what: str, do: Callable[[], Result], otherwise: Result) -> Result:
	"""What `do` gives, or `otherwise` if it fails; `what` says in the log what was not done, and what about.

	`db` is the connection that `do` works on.
	"""
	try:
		return do()
	except Exception as error:
		if not can_be_survived(db, error):
			raise
		tell(site, db, what, error)
		return otherwise


def tell(site: Site, db: Database, what: str, error: Exception, title: str | None = None) -> None:
	"""Log a fault, and keep it where those who run this place see it, once an hour for each title.

	`what` begins with whose fault it is: that is in the title if none is given.
	"""
	log.event(log.ERROR, "trigger.failed", error=error, site=site.name, about=what)
	if getattr(_telling, "is_on", False):
		return  # what is written to tell of a fault is a document too, and may be wanted
	_telling.is_on = True
	try:
		title = title or f"{what.split()[0]}: {type(error).__name__}: {error}"
		text = f"{what}\n\n{''.join(traceback.format_exception(error))[-MAX_TRACEBACK:]}"
		# In the document's transaction; a schedule is fired on a connection of its own.
		if site.report(title, text) and db is not site.database:
			site.database.commit()
	finally:
		_telling.is_on = False


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
