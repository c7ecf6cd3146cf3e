"""System clocks that are wrong: libfaketime in front of single processes (Debian: `apt-get install faketime`)."""

from pathlib import Path

import pytest

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1")


class WrongClock:
	"""The clock of processes that have `environment`: ahead of the machine's by so many seconds, until `put` says otherwise.

	As a real clock that is put forward or back, it leaves the monotonic one alone.
	"""

	def __init__(self, file: Path, seconds: int) -> None:
		self._file = file
		self.put(seconds)
		self.environment = {
			"LD_PRELOAD": str(_library()),
			"FAKETIME_TIMESTAMP_FILE": str(file),
			"FAKETIME_NO_CACHE": "1",
			"FAKETIME_DONT_FAKE_MONOTONIC": "1",
		}

	def put(self, seconds: int) -> None:
		"""Put it forward, or back."""
		new = self._file.with_suffix(".new")
		new.write_text(f"{seconds:+d}\n")
		new.replace(self._file)


def _library() -> Path:
	for pattern in LIBRARIES:
		for found in Path("/").glob(pattern.lstrip("/")):
			return found
	pytest.skip("no libfaketime here; on Debian: apt-get install faketime")
