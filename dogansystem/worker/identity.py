"""Who a worker process is: its node, its number there, and whether another one still lives."""

import os
import socket
import threading
from functools import cache


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
