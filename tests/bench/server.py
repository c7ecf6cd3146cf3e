"""The MariaDB a temporary site lives on: reached as root, to make one database and to take it away again."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql


class Unusable(Exception):
	"""Why nothing can be tested on this bench, in one line."""


@dataclass(frozen=True)
class Server:
	"""A MariaDB server and who may do everything there."""

	host: str
	port: int
	user: str
	password: str

	@classmethod
	def find(cls, bench_config: Mapping[str, Any]) -> "Server":
		"""The bench's own server where it listens: its sites live on that version. Else that of `DOGAN_TEST_MARIADB`, which
		script/services starts."""
		given = os.environ.get("DOGAN_TEST_MARIADB")
		if not given:
			return cls.of_bench(bench_config)
		try:
			own = cls.of_bench(bench_config)
			own.execute("SELECT 1")
		except Unusable:
			return cls.of_url(given)
		return own

	@classmethod
	def of_url(cls, text: str) -> "Server":
		url = urlsplit(text)
		return cls(
			url.hostname or "127.0.0.1",
			url.port or 3306,
			unquote(url.username or "root"),
			unquote(url.password or ""),
		)

	@classmethod
	def of_bench(cls, config: Mapping[str, Any]) -> "Server":
		password = os.environ.get("DOGAN_BENCH_DB_ROOT_PASSWORD", config.get("root_password"))
		if password is None:
			raise Unusable(
				"no MariaDB to make a site on: mariadbd cannot be started here, and the bench names no root_password;"
				" set DOGAN_BENCH_DB_ROOT_PASSWORD"
			)
		host = config.get("db_host", "127.0.0.1")
		return cls(host, int(config.get("db_port") or 3306), config.get("root_login", "root"), password)

	def execute(self, *statements: str) -> None:
		"""Execute statements as root, each in a transaction of its own."""
		with self._connect() as connection, connection.cursor() as cursor:
			for statement in statements:
				cursor.execute(statement)

	def _connect(self) -> Any:
		try:
			return pymysql.connect(
				host=self.host, port=self.port, user=self.user, password=self.password, autocommit=True
			)
		except pymysql.MySQLError as error:
			raise Unusable(
				f"MariaDB at {self.host}:{self.port} does not let {self.user} in: {error.args[-1]}"
			) from error

	@contextmanager
	def database(self) -> Iterator[tuple[str, str]]:
		"""A database with a user of the same name for as long as the block lasts; gives name and password."""
		name, password = f"bench_test_{secrets.token_hex(6)}", secrets.token_hex(16)
		users = [f"'{name}'@'{host}'" for host in ("localhost", "%")]
		self.execute(
			f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
			*(f"CREATE USER {user} IDENTIFIED BY '{password}'" for user in users),
			*(f"GRANT ALL PRIVILEGES ON `{name}`.* TO {user}" for user in users),
		)
		try:
			yield name, password
		finally:
			self.execute(f"DROP DATABASE `{name}`", *(f"DROP USER {user}" for user in users))
