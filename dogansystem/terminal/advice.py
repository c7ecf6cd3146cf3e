"""What is said where the database has no connection left for a command to look through."""

from collections.abc import Iterator
from contextlib import contextmanager

from dogansystem.engine.errors import DoganError
from dogansystem.scaling.measure import is_refused


@contextmanager
def refused() -> Iterator[None]:
	"""Where the database has no connection left to look through, that is the bottleneck. Raises DoganError saying so."""
	try:
		yield
	except Exception as error:
		if not is_refused(error):
			raise
		raise DoganError(
			f"Bottleneck: Too few connections\n  MariaDB refuses this command as well: {error.args[-1]}.\n"
			"  → Raise max_connections, under [mysqld] in its configuration, and at once with\n"
			"    SET GLOBAL max_connections = 300\n"
			"    as an administrator of MariaDB, who is let in even now. Then ask again."
		) from None
