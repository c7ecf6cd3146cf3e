"""Ending an attempt that takes longer than its step's `timeout`, and a process in which nothing of Python runs any more.

In a process's main thread an alarm interrupts even a system call. A worker thread of the sandbox gets the exception at
its next bytecode; what blocks outside Python returns first. A step that swallows the exception gets another one each
second, and whatever it says in the end, its time has passed.
"""

import ctypes
import faulthandler
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

REPEAT = 1.0  # seconds between two interruptions of a step that swallows them


class TimeUp(BaseException):
	"""Raised inside an action whose time is up. Not an Exception, so that no `except Exception` swallows it."""


class TimeLimit:
	"""Within the block, TimeUp is raised once `seconds` have passed, and again; None: no limit.

	`passed` says afterwards whether the block took longer, even if it swallowed what was raised.
	"""

	def __init__(self, seconds: float | None) -> None:
		self.passed = False
		self._seconds = seconds
		self._inside = False
		self._end = float("inf")
		self._disarm: Callable[[], None] | None = None

	def __enter__(self) -> "TimeLimit":
		if self._seconds is not None:
			self._end = time.monotonic() + self._seconds
			self._inside = True
			is_main = threading.current_thread() is threading.main_thread()
			self._disarm = self._arm_alarm(self._seconds) if is_main else self._arm_thread(self._seconds)
		return self

	def __exit__(self, *_: object) -> None:
		self.end()

	def end(self) -> None:
		"""Interrupt no more. May be called again: an interruption at the very end of the block may skip its `__exit__`."""
		try:
			self._inside = False
		finally:  # also if the time is up at this very line
			self._inside = False
			disarm, self._disarm = self._disarm, None
			if disarm:
				disarm()
			self.passed = self.passed or time.monotonic() >= self._end
			self._end = float("inf")

	def _arm_alarm(self, seconds: float) -> Callable[[], None]:
		"""Set SIGALRM; gives what puts it back as it was: RQ ends a job that takes too long by the same signal."""

		def ring(number: int, frame: FrameType | None) -> None:
			if self._inside:
				self.passed = True
				raise TimeUp

		started = time.monotonic()
		earlier_handler = signal.signal(signal.SIGALRM, ring)
		earlier_left, earlier_interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), REPEAT)

		def disarm() -> None:
			signal.setitimer(signal.ITIMER_REAL, 0)
			signal.signal(signal.SIGALRM, earlier_handler)
			if earlier_left:
				left = earlier_left - (time.monotonic() - started)
				signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), earlier_interval)

		return disarm

	def _arm_thread(self, seconds: float) -> Callable[[], None]:
		"""Have another thread interrupt this one; gives what calls that off."""
		target, lock, over = threading.get_ident(), threading.Lock(), threading.Event()

		def ring() -> None:
			wait = seconds
			while not over.wait(wait):
				wait = REPEAT
				with lock:
					if self._inside:
						self.passed = True
						_raise_in(target, TimeUp)

		def disarm() -> None:
			over.set()
			with lock:
				_raise_in(target, None)  # forget one that was asked for and not yet raised

		threading.Thread(target=ring, name="deadline", daemon=True).start()
		return disarm


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
	ctypes.pythonapi.PyThreadState_SetAsyncExc(
		ctypes.c_ulong(thread), ctypes.py_object(error) if error else None
	)


class Watchdog:
	"""Within the block, the process ends with exit code 1, showing where it stood, once no Python ran for `seconds`.

	C code that does not let go of the interpreter stops the heartbeat and every signal handler. The steps of the process are
	taken over when the lease ends; the process itself would stay in a place where another one could work. Only a thread that
	needs no interpreter can end it: that of faulthandler.
	"""

	def __init__(self, seconds: float) -> None:
		self._seconds = seconds
		self._done = threading.Event()
		self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

	def __enter__(self) -> None:
		self._thread.start()

	def __exit__(self, *_: object) -> None:
		self._done.set()
		self._thread.join()

	def _run(self) -> None:
		if sys.__stderr__ is None:
			return  # nowhere to show anything, which faulthandler insists on
		try:
			while True:
				faulthandler.dump_traceback_later(self._seconds, exit=True, file=sys.__stderr__)
				if self._done.wait(self._seconds / 4):
					return
		finally:
			faulthandler.cancel_dump_traceback_later()
