"""Ends a worker process in which nothing of Python runs any more.

C code that does not let go of the interpreter stops the heartbeat and every signal handler. The steps of the process are
taken over when the lease ends; the process itself would stay as it is, in a place where another one could work. Only a
thread that needs no interpreter can end it: that of faulthandler.
"""

import faulthandler
import sys
import threading


class Watchdog:
	"""Within the block, the process ends with exit code 1, showing where it stood, once no Python ran for `seconds`."""

	def __init__(self, seconds: float) -> None:
		self._seconds = seconds
		self._done = threading.Event()
		self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

	def __enter__(self) -> "Watchdog":
		self._thread.start()
		return self

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
