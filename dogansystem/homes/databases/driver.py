"""MariaDB's errors, whichever driver raised them.

The app's own connections use PyMySQL. The one of `frappe.db` uses mysqlclient on Frappe 16 and newer, unless the site's
configuration says `use_mysqlclient: 0`; its errors are other classes with the same numbers.
"""

import pymysql

from dogansystem.homes.databases import standby

try:
	import MySQLdb  # type: ignore[import-untyped]
except ImportError:  # Frappe 15 and the sandbox have PyMySQL alone
	ERRORS: tuple[type[Exception], ...] = (pymysql.MySQLError,)
	_INTERFACE_ERRORS: tuple[type[Exception], ...] = (pymysql.InterfaceError,)
else:
	ERRORS = (pymysql.MySQLError, MySQLdb.MySQLError)
	_INTERFACE_ERRORS = (pymysql.InterfaceError, MySQLdb.InterfaceError)

_CONFLICTS = frozenset({1213, 1205, 1020})  # deadlock, lock wait timeout, record changed since it was read
_DUPLICATE = 1062
# Gone away, lost during a query, out of order, killed, server shutdown, cannot connect (again); 0: PyMySQL's closed
# connection.
_LOST = frozenset({0, 2006, 2013, 2055, 2014, 1927, 1053, 2002, 2003})


def code(error: BaseException) -> int | None:
	"""MariaDB's number of a driver's error; None for an error that is not a driver's, or has no number."""
	found = error.args[0] if isinstance(error, ERRORS) and error.args else None
	return found if isinstance(found, int) else None


def is_conflict(error: BaseException) -> bool:
	"""Whether the transaction lost against another one and may simply be repeated."""
	return code(error) in _CONFLICTS


def is_duplicate(error: BaseException) -> bool:
	"""Whether a unique key was violated."""
	return code(error) == _DUPLICATE


def is_lost(error: BaseException) -> bool:
	"""Whether the connection is gone, so that nobody knows whether the last commit arrived; or leads to a server that takes
	nothing for now."""
	return isinstance(error, _INTERFACE_ERRORS) or code(error) in _LOST or standby.says_so(error)
