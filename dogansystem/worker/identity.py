"""Who a worker process is: its node, its number there, whether another one still lives, and whether the node may work."""

import os
import socket
import threading
import time
from functools import cache

from dogansystem.protocol import Site
from dogansystem.store import nodes

LOOK_INTERVAL = 1.0  # seconds between two looks whether a cordoned node may work again


@cache
def node() -> str:
	"""The name of this machine or container."""
	return socket.gethostname()[:140]


@cache
def pid_space() -> str:
	"""Where this process's number means something: two containers on one machine number theirs apart."""
	try:
		return f"{node()} {os.readlink('/proc/self/ns/pid')}"[:140]
	except OSError:
		return node()


def worker() -> str:
	"""A name for this worker, as people see it at a step: `node:process`, and the thread if it is not the first."""
	thread = threading.current_thread()
	name = f"{node()[:100]}:{os.getpid()}"
	return name if thread is threading.main_thread() else f"{name}/{thread.name}"[:140]


def is_gone(space: str, pid: int) -> bool:
	"""Whether a process of this node has ended. One elsewhere cannot be asked: False."""
	if space != pid_space():
		return False
	try:
		os.kill(pid, 0)
	except ProcessLookupError:
		return True
	except PermissionError:
		pass
	return False


def may_work(site: Site) -> bool:
	"""Wait while this node is cordoned, after passing on the ring that called this process. True: it may work. False: it is
	time to leave, because it was told to, or other work waits for it, or the time budget of a drainer is over.

	If it only passed the ring on and left, it would be the next to be called, and again, as fast as it can. So each of the
	node's workers takes one ring and no more, and the next ring finds a worker of another node.
	"""
	if not is_cordoned(site):
		return True
	site.doorbell.ring()
	until = time.monotonic() + site.settings().time_budget
	while not site.stop_requested() and not site.others_wait() and time.monotonic() < until:
		if not is_cordoned(site):
			return True
		time.sleep(LOOK_INTERVAL)
	return False


def is_cordoned(site: Site) -> bool:
	"""Whether this node takes no further work, as of now."""
	found = nodes.is_draining(site.database, node())
	site.database.rollback()
	return found
