"""Ending an attempt that takes longer than its step's `timeout`.

In a process's main thread an alarm interrupts even a system call. A worker thread of the sandbox gets the exception at
its next bytecode; what blocks outside Python returns first.
"""

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeUp(BaseException):
	"""Raised inside an action whose time is up. Not an Exception, so that no `except Exception` swallows it."""


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
	"""Raise TimeUp in the block once `seconds` have passed; None: no limit."""
	if seconds is None:
		yield
	elif threading.current_thread() is threading.main_thread():
		with _alarm(seconds):
			yield
	else:
		with _thread_timer(seconds):
			yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
	"""SIGALRM, put back afterwards as it was: RQ ends a job that takes too long by the same signal."""

	def ring(number: int, frame: FrameType | None) -> None:
		raise TimeUp

	started = time.monotonic()
	earlier_handler = signal.signal(signal.SIGALRM, ring)
	earlier_left, _ = signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
	try:
		yield
	finally:
		signal.setitimer(signal.ITIMER_REAL, 0)
		signal.signal(signal.SIGALRM, earlier_handler)
		if earlier_left:
			left = earlier_left - (time.monotonic() - started)
			signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))


@contextmanager
def _thread_timer(seconds: float) -> Iterator[None]:
	thread = threading.get_ident()
	lock = threading.Lock()
	inside = True

	def ring() -> None:
		with lock:
			if inside:
				_raise_in(thread, TimeUp)

	timer = threading.Timer(seconds, ring)
	timer.daemon = True
	timer.start()
	try:
		yield
	finally:
		with lock:
			inside = False
			timer.cancel()
			_raise_in(thread, None)  # forget one that was asked for and not yet raised


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
	ctypes.pythonapi.PyThreadState_SetAsyncExc(
		ctypes.c_ulong(thread), ctypes.py_object(error) if error else None
	)
