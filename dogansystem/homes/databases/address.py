"""Where a sandbox keeps its data: one SQLite file, or a MariaDB database by URL."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from dogansystem.engine.errors import DoganError

MARIADB_SCHEMES = ("mariadb", "mysql")
MARIADB_PORT = 3306
MARIADB_OPTIONS = ("unix_socket", "ssl_ca")
SHAPE = "mariadb://user:password@host:port/database"


class AddressError(DoganError):
	"""A `--db` or `Sandbox(…)` address that names no database."""


@dataclass(frozen=True, slots=True)
class SQLiteFile:
	"""One file; more than one process may have it open."""

	path: Path

	def __str__(self) -> str:
		return str(self.path)


@dataclass(frozen=True, slots=True)
class MariaDBServer:
	"""One database on a server. The password is in no text made of this."""

	host: str
	port: int
	user: str
	database: str
	password: str = field(default="", repr=False)
	unix_socket: str | None = None
	ssl_ca: str | None = None

	def __str__(self) -> str:
		return f"mariadb://{self.user}@{self.host}:{self.port}/{self.database}"


Address = SQLiteFile | MariaDBServer


def parse_address(url: "str | os.PathLike[str]") -> Address:
	"""A path, `sqlite:///path` or `mariadb://…` as an address. Raises AddressError for anything else."""
	text = os.fspath(url)
	if "://" not in text:
		return _file(text)
	scheme, rest = text.split("://", 1)
	if scheme.lower() == "sqlite":
		return _file(rest.removeprefix("/"))
	if scheme.lower() in MARIADB_SCHEMES:
		return _server(text)
	raise AddressError(f"{scheme}:// is no database a sandbox can use. Give a file name or {SHAPE}.")


def _file(path: str) -> SQLiteFile:
	if not path:
		raise AddressError("The database's file name is empty. Give a file name, such as orders.db.")
	return SQLiteFile(Path(path).expanduser().absolute())


def _server(url: str) -> MariaDBServer:
	try:
		parts = urlsplit(url)
		port = parts.port or MARIADB_PORT
	except ValueError as error:
		raise AddressError(f"The database URL cannot be read ({error}). Its shape is {SHAPE}.") from None
	database = unquote(parts.path.removeprefix("/"))
	if not parts.hostname or not database or "/" in database:
		missing = "server" if not parts.hostname else "database"
		raise AddressError(f"The database URL names no {missing}. Its shape is {SHAPE}.")
	options = dict(parse_qsl(parts.query, keep_blank_values=True))
	unknown = sorted(set(options) - set(MARIADB_OPTIONS))
	if unknown:
		raise AddressError(
			f"The database URL has the option {unknown[0]!r}; it takes {' and '.join(MARIADB_OPTIONS)}."
		)
	return MariaDBServer(
		host=parts.hostname,
		port=port,
		user=unquote(parts.username or "root"),
		password=unquote(parts.password or ""),
		database=database,
		**options,
	)
