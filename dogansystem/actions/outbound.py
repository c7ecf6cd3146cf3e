"""Sending a request out of the site's network, to servers that a workflow names.

The name is resolved once, every address is checked, and the connection goes to a checked address: between check and
use there is no second look-up that could answer otherwise. The TLS name and the Host header stay the server's name.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from dogansystem.actions import addresses
from dogansystem.actions.addresses import Endpoint
from dogansystem.engine.errors import HTTPError, NotAllowed

MAX_REDIRECTS = 5
CONNECT_TIMEOUT = 10.0  # seconds for one address
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What may follow a redirect to another server. Everything else may be a secret.
HARMLESS_HEADERS = frozenset(
	{"accept", "accept-encoding", "accept-language", "content-length", "content-type", "user-agent"}
)
DEFAULT_PORTS = {"http": 80, "https": 443}


REPEAT = 0.05  # seconds between attempts to end an exchange whose socket was not there yet


class Deadline:
	"""Within the block, an exchange that takes longer than `seconds` has its socket shut under it.

	Socket timeouts bound each read, and a server that sends a byte now and then stays inside them for hours. Whoever
	reads from the socket meets an error or an early end; `passed` says why.
	"""

	def __init__(self, seconds: float):
		self.seconds = seconds
		self.passed = False
		self.connected: socket.socket | None = None  # what the exchange goes through
		self._end = monotonic() + seconds
		self._over = threading.Event()
		self._thread = threading.Thread(target=self._watch, name="dogansystem-http-deadline", daemon=True)

	def __enter__(self) -> "Deadline":
		self._thread.start()
		return self

	def __exit__(self, *error: object) -> None:
		self._over.set()
		self._thread.join()

	def left(self) -> float:
		"""Seconds that remain; never less than a millisecond, because a socket takes 0 for "do not wait"."""
		return max(self._end - monotonic(), 0.001)

	def _watch(self) -> None:
		if self._over.wait(self.left()):
			return
		self.passed = True
		while not self._over.wait(REPEAT):
			if self.connected is not None:
				with suppress(OSError):  # closed meanwhile
					# Not the socket's own method: on TLS that one takes the session apart under the reader.
					socket.socket.shutdown(self.connected, socket.SHUT_RDWR)


class Outbound:
	"""One exchange: a request, the redirects it leads to, and the response.

	It goes through the adapter and not through a `requests.Session`: a session reads proxies, `.netrc` and
	certificates from the environment, and reads the body of a redirect to its end, however long.
	"""

	certificates: bool | str = True  # whom TLS trusts: certifi's bundle, or a file

	def __init__(self, deadline: Deadline, private_allowed: bool):
		self.deadline = deadline
		self.private_allowed = private_allowed
		self._adapter = _Adapter(self)
		self.close = self._adapter.close

	def send(
		self, request: requests.PreparedRequest, is_expected: Callable[[int], bool]
	) -> requests.Response:
		"""Send `request`, follow redirects unless their status is expected; the body is still to be read.

		Raises NotAllowed for a server that must not be reached, HTTPError for too many redirects, and what
		`requests` raises.
		"""
		for _hop in range(MAX_REDIRECTS + 1):
			left = self.deadline.left()
			timeouts = (min(CONNECT_TIMEOUT, left), left)
			response = self._adapter.send(request, stream=True, timeout=timeouts, verify=self.certificates)
			location = response.headers.get("location")
			if response.status_code not in REDIRECTS or is_expected(response.status_code) or not location:
				return response
			response.close()
			request = redirected(request, response.status_code, location)
		raise HTTPError(f"{label(request)}: more than {MAX_REDIRECTS} redirects. Name the final address.")

	def endpoints(self, host: str, port: int) -> list[Endpoint]:
		"""The addresses of `host` that may be connected to. Raises NotAllowed if one of them is not public."""
		if not self.private_allowed and addresses.is_odd_notation(host):
			raise NotAllowed(f"{host} is an address in disguise. Write it as four decimal numbers.")
		ends = addresses.resolve(host, port)
		if not self.private_allowed and not all(addresses.is_public(str(end.address[0])) for end in ends):
			raise NotAllowed(
				f"{host} is a private or reserved address. To let workflows reach those, tick Allow Private Network"
				" in Dogan Settings (in the sandbox: --allow-private-network)."
			)
		return ends

	def connect(self, host: str, port: int, options: Any) -> socket.socket:
		"""A connection to the first address of `host` that answers. Raises OSError with the last one's reason."""
		reason: OSError = OSError(f"{host} has no address")
		for endpoint in self.endpoints(host, port):
			try:
				return _connect(endpoint, min(CONNECT_TIMEOUT, self.deadline.left()), options)
			except OSError as error:
				reason = error
		raise reason


def redirected(request: requests.PreparedRequest, status: int, location: str) -> requests.PreparedRequest:
	"""The request that follows a redirect, as browsers do it; to another server, without anything secret."""
	following = request.copy()
	_point_to(following, location)
	if (status == 303 and request.method != "HEAD") or (status in (301, 302) and request.method == "POST"):
		following.method = "GET"
		following.body = None
		for header in ("content-length", "content-type", "idempotency-key"):
			following.headers.pop(header, None)
	if not _is_same_server(request.url or "", following.url or ""):
		for header in list(following.headers):
			if header.lower() not in HARMLESS_HEADERS:
				del following.headers[header]
	return following


def _point_to(request: requests.PreparedRequest, location: str) -> None:
	# http.client hands header bytes over as latin-1; servers write UTF-8.
	location = location.encode("latin-1").decode("utf-8", "replace")
	try:
		target = without_userinfo(urljoin(request.url or "", location))
		scheme = urlsplit(target).scheme
		if scheme in DEFAULT_PORTS:
			request.prepare_url(target, None)
	except ValueError:  # requests' InvalidURL is one
		raise HTTPError(f"{label(request)}: redirects to something that is not an address.") from None
	if scheme not in DEFAULT_PORTS:
		raise NotAllowed(f"{label(request)}: redirects to {scheme}:, which is neither http nor https.")


def label(request: requests.PreparedRequest) -> str:
	"""What an error calls a request: method and address, without query and password, which may be secrets."""
	parts = urlsplit(without_userinfo(request.url or ""))
	return f"{request.method} {urlunsplit((parts.scheme, parts.netloc, parts.path, '', ''))}"


def without_userinfo(url: str) -> str:
	"""`url` without `user:password@`."""
	parts = urlsplit(url)
	return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _is_same_server(old: str, new: str) -> bool:
	before, after = urlsplit(old), urlsplit(new)
	if before.hostname != after.hostname:
		return False
	ports = [parts.port or DEFAULT_PORTS.get(parts.scheme) for parts in (before, after)]
	if before.scheme == "http" and after.scheme == "https" and ports == [80, 443]:
		return True  # the usual first answer of a server that wants TLS
	return before.scheme == after.scheme and ports[0] == ports[1]


def _connect(endpoint: Endpoint, timeout: float, options: Any) -> socket.socket:
	connected = socket.socket(endpoint.family, endpoint.kind, endpoint.protocol)
	try:
		for option in options or ():
			connected.setsockopt(*option)
		connected.settimeout(timeout)
		connected.connect(endpoint.address)
	except BaseException:
		connected.close()
		raise
	return connected


class _Guarded(HTTPConnection):
	"""A connection that an Outbound opens and whose socket its deadline may shut."""

	outbound: Outbound

	def _new_conn(self) -> socket.socket:
		"""In place of urllib3's own, which resolves by itself; raises what that raises."""
		try:
			return self.outbound.connect(self.host, self.port or 0, self.socket_options)
		except TimeoutError as error:
			raise ConnectTimeoutError(self, f"no answer from {self.host}") from error
		except (OSError, UnicodeError) as error:
			raise NewConnectionError(self, str(error)) from error

	def connect(self) -> None:
		super().connect()
		self.outbound.deadline.connected = self.sock


class _GuardedTLS(_Guarded, HTTPSConnection):
	pass


class _Adapter(HTTPAdapter):
	"""An adapter whose every connection is opened by one Outbound."""

	def __init__(self, outbound: Outbound):
		self._outbound = outbound
		super().__init__(max_retries=0)

	def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
		super().init_poolmanager(*args, **kwargs)
		self.poolmanager.pool_classes_by_scheme = {
			"http": self._pool(HTTPConnectionPool, _Guarded),
			"https": self._pool(HTTPSConnectionPool, _GuardedTLS),
		}

	def _pool(self, pool: type[HTTPConnectionPool], connection: type[_Guarded]) -> type[HTTPConnectionPool]:
		"""A pool class for this adapter alone: urllib3 has no other way to hand something to its connections."""
		bound = type(connection.__name__, (connection,), {"outbound": self._outbound})
		return type(pool.__name__, (pool,), {"ConnectionCls": bound})
