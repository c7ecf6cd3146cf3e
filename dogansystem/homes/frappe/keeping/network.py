"""Where this thread may talk to: the site's own MariaDB and Redis, by address, and by who does it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import frappe

from dogansystem.homes.frappe.keeping import frames
from dogansystem.homes.frappe.keeping.patches import StandIn

REDIS = ("redis_cache", "redis_queue", "redis_socketio")
SENDING = ("send", "sendall", "sendmsg", "sendfile")


class Network:
	"""The site's own servers.

	Attributes:
		names: their host names.
	"""

	def __init__(self) -> None:
		conf = frappe.local.conf
		redis = frozenset(filter(None, (_address(str(conf.get(each) or "")) for each in REDIS)))
		database = (str(conf.get("db_host") or "127.0.0.1"), int(conf.get("db_port") or 3306))
		self._path = str(conf.get("db_socket") or "")
		self.names = frozenset({database[0], "localhost", *(host for host, _port in redis)})
		self._redis = _resolved(redis)
		self._database = _resolved(frozenset({database}))

	def may_talk(self, address: Any) -> bool:
		"""Whether it is one of the servers, and what talks to it is its client library."""
		if not isinstance(address, tuple):
			path = address.decode() if isinstance(address, bytes) else str(address)
			is_database = bool(self._path) and path == self._path
			return (is_database and self._is_driver()) or (
				(path, 0) in self._redis and frames.is_called_by("redis")
			)
		place = (str(address[0]), int(address[1]))
		return (place in self._redis and frames.is_called_by("redis")) or (
			place in self._database and self._is_driver()
		)

	def _is_driver(self) -> bool:
		return frames.is_called_by("pymysql", "MySQLdb")


@lru_cache(64)
def _resolved(servers: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
	found = set(servers)
	for host, port in servers:
		if port:
			with suppress(OSError):
				found |= {(str(each[4][0]), port) for each in socket.getaddrinfo(host, port)}
	return frozenset(found)


def _address(url: str) -> tuple[str, int] | None:
	parts = urlsplit(url)
	if parts.scheme == "unix":
		return parts.path, 0
	return (parts.hostname or "localhost", parts.port or 6379) if parts.scheme else None


def stand_ins() -> Iterator[tuple[Any, str, StandIn]]:
	"""What is exchanged, and for what: what is sent on a connection that was open before tells Python nobody of."""
	for name in SENDING:
		yield socket.socket, name, _sent
	for name in ("send", "write"):
		yield ssl.SSLSocket, name, _sent


def _sent(block: Any, original: Any, opened: Any, *args: Any, **kwargs: Any) -> Any:
	try:
		peer = opened.getpeername()
	except OSError:
		return original(opened, *args, **kwargs)  # says itself that it is not connected
	if opened.family != socket.AF_UNIX or peer:
		is_allowed = block.network.may_talk(peer)
	else:
		is_allowed = False  # one end of a pair: the other is in another thread, or another process
	if not is_allowed:
		block.stop(
			f"send on a connection to {peer[0] if isinstance(peer, tuple) else peer or 'a socket'} that was open before"
		)
	return original(opened, *args, **kwargs)
