"""What `scale` has changed, so that it can be taken back: a file of the bench, which only its owner may read.

It keeps whole files, common_site_config.json with its passwords among them.
"""

import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dogansystem.engine.errors import WrongState
from dogansystem.homes.bench.bench_files import FileChange, content_of, write

NAME = Path("config") / "dogansystem-scale.json"
KEPT = 10  # changes that can be taken back, one after another
MODE = 0o600


@dataclass(frozen=True, slots=True)
class Entry:
	"""One change: of which site, to how many workers from how many, which files, which settings, under which manager."""

	at: str
	site: str
	manager: str
	workers: int
	workers_before: int
	files: tuple[FileChange, ...]
	settings: dict[str, int]  # what Dogan Settings had before
	settings_after: dict[str, int]


class Record:
	"""The changes of one bench, the newest last."""

	def __init__(self, bench: Path) -> None:
		self.path = bench / NAME

	@contextmanager
	def locked(self) -> Iterator[None]:
		"""Within the block, nobody else scales this bench. Raises WrongState if somebody does."""
		# The folder itself is locked: a file would belong to who came first.
		folder = os.open(self.path.parent, os.O_RDONLY)
		try:
			fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
			yield
		except BlockingIOError:
			raise WrongState("Somebody else is scaling this bench. Wait until they have finished.") from None
		finally:
			os.close(folder)

	def newest(self) -> Entry | None:
		"""The last change, or None."""
		if not (entries := self._read()):
			return None
		files = tuple(
			FileChange(Path(path), _bytes(before), _bytes(after))
			for path, before, after in entries[-1]["files"]
		)
		return Entry(**{**entries[-1], "files": files})

	def add(self, entry: Entry) -> None:
		"""Keep a change."""
		files = [[str(each.path), _text(each.before), _text(each.after)] for each in entry.files]
		self._write([*self._read(), {**asdict(entry), "files": files}][-KEPT:])

	def remove_newest(self) -> None:
		"""Forget the last change: it was taken back."""
		self._write(self._read()[:-1])

	def _read(self) -> list[dict[str, Any]]:
		found: list[dict[str, Any]] = json.loads(content_of(self.path) or b"[]")
		return found

	def _write(self, entries: list[dict[str, Any]]) -> None:
		write(self.path, json.dumps(entries, indent=1).encode() if entries else None, MODE)


def _text(content: bytes | None) -> str | None:
	return None if content is None else b64encode(content).decode()


def _bytes(text: str | None) -> bytes | None:
	return None if text is None else b64decode(text)
