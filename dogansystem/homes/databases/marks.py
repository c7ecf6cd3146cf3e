"""Marks of MariaDB connections, by which one process can end another's.

A process that was stopped, or whose machine lost power, leaves a connection open that the server believes in for hours.
In the middle of a transaction, its locks would hold up the process that takes its steps over. So that process ends the
connection first: the server rolls back, and the locks are free.

A mark is a user lock of MariaDB. It goes with the connection, so a connection number that the server has given away again
is never ended by mistake.
"""

from collections.abc import Callable, Sequence
from typing import Any

from dogansystem.homes.databases import driver

_NAME = "CONCAT('dogan.', MD5(DATABASE()), '.', %s)"  # user locks belong to the server, not to a database; at most 64 characters
GHOST_ENDS = 5  # seconds the server gets to end a connection

Ask = Callable[[str, Sequence[Any]], Sequence[Sequence[Any]]]


def put(ask: Ask, mark: str) -> None:
	"""Mark the connection that `ask` asks, in place of one that was lost and may still be open on the server."""
	if not _lock(ask, mark, 0):
		end(ask, mark)
		_lock(ask, mark, GHOST_ENDS)


def take_off(ask: Ask, mark: str) -> None:
	"""Remove a mark."""
	ask(f"SELECT RELEASE_LOCK({_NAME})", (mark,))


def end(ask: Ask, mark: str) -> bool:
	"""End the connection that carries `mark`; False if there is none, or if this user may not."""
	((number,),) = ask(f"SELECT IS_USED_LOCK({_NAME})", (mark,))
	if number is None:
		return False
	try:
		ask(f"KILL CONNECTION {int(number)}", ())
	except driver.ERRORS as error:
		if driver.code(error) in (1094, 1095):  # it has ended meanwhile; not the owner of it
			return False
		raise
	return True


def _lock(ask: Ask, mark: str, seconds: int) -> bool:
	return bool(ask(f"SELECT GET_LOCK({_NAME}, {seconds})", (mark,))[0][0])
