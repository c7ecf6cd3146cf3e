"""Whether a server is still there: a connection to one that lost power, or was cut off, is given up within seconds.

Nothing tells a client that the other end is gone, and by Linux's default a connection without traffic is asked after two
hours. A worker that waited so long for an answer would keep its steps from everybody, since its heartbeat, which has a
connection of its own, goes on. When an address has moved to another server, that one's answer to the question ends the
connection at once.
"""

import os
import socket
from typing import Any

IDLE = 5  # seconds without a word from the server, after which it is asked for the first time
INTERVAL = 5  # seconds between two questions
PROBES = 3  # questions without an answer, after which it is gone; together less than a lease of 30 seconds


def watch(connection: Any) -> None:
	"""Have the kernel ask whether the server of a driver's connection is still there. Local sockets need no question."""
	opened = getattr(connection, "_sock", None)  # PyMySQL's; neither driver can be told such options
	if opened is not None:
		return _ask(opened)
	if hasattr(connection, "fileno"):  # mysqlclient's
		with socket.socket(fileno=os.dup(connection.fileno())) as same:
			_ask(same)


def _ask(opened: socket.socket) -> None:
	if opened.family not in (socket.AF_INET, socket.AF_INET6) or not hasattr(socket, "TCP_USER_TIMEOUT"):
		return  # a system that is not Linux keeps its defaults
	opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
	opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE)
	opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, INTERVAL)
	opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
	# What was sent and never confirmed is asked for by other rules, and given up after fifteen minutes.
	opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, (IDLE + INTERVAL * PROBES) * 1000)
