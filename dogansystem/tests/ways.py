"""The list of the ways out, which `ways_out` and `ways_beyond` fill, and what they find."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

STOPPED, KEPT = "stopped", "kept"


@dataclass
class Place:
	"""What the ways find.

	Attributes:
		port: of a server on this machine that counts who comes.
		session: a session with a connection to it that is open already; `opened`, a socket.
		file: the name of a File of the site, and its path.
		outside: where no file is, in a folder that is not the site's.
	"""

	port: int
	session: requests.Session
	opened: socket.socket
	file: str
	path: str
	outside: str

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.port}/"


WAYS: dict[str, tuple[str, Callable[[Place], Any]]] = {}


def way(comes_to: str) -> Callable[[Callable[[Place], Any]], Callable[[Place], Any]]:
	"""A way that comes to this."""

	def keep(function: Callable[[Place], Any]) -> Callable[[Place], Any]:
		WAYS[function.__name__] = comes_to, function
		return function

	return keep


def in_one(name: str, comes_to: str, function: Callable[[Place], Any]) -> None:
	"""A way that is one expression."""
	WAYS[name] = comes_to, function
