"""Files of the site are changed in copies that go with the block: in a folder of their own, outside the site.

What is written under the site's folder is written to a copy, and found there again by this thread. What is removed is only
hidden from it. Python's own ways to a file lead here; a library that opens files in C by itself does not ask.
"""

import builtins
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from dogansystem.homes.frappe.keeping import frames
from dogansystem.homes.frappe.keeping.patches import StandIn

PREFIX = "dogansystem-kept-"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NAMELESS = getattr(os, "O_TMPFILE", 0)
LOGS = f"{os.sep}logs{os.sep}"


class Files:
	"""The copies of one block.

	Attributes:
		copies: by the path of the file, where its copy is; None: it was removed.
	"""

	def __init__(self, site: str) -> None:
		"""`site`: the site's folder."""
		self._site = os.path.realpath(site)
		tempfile.gettempdir()  # which tries folders out, the first time
		self._folder: str | None = None
		self.copies: dict[str, str | None] = {}
		self.temporary: list[str] = []  # made by tempfile meanwhile
		self._is_resolving = False

	def place(self, path: Any, writes: bool = False) -> Any:
		"""Where a file is to be looked for, or written. Raises FileNotFoundError for one that was removed."""
		if self._is_resolving:
			return path
		real = self.of_site(path)
		if real is None:
			return path
		if real in self.copies:
			copy = self.copies[real]
			if copy is None and not writes:
				raise FileNotFoundError(2, "No such file or directory", real)
			return copy or self._copied(real, is_there=False)
		return self._copied(real, os.path.isfile(real)) if writes else path

	def of_site(self, path: Any) -> str | None:
		"""The whole path of a file under the site's folder; None for any other, and for what is none."""
		if not isinstance(path, str | bytes | os.PathLike):
			return None
		text = os.fsdecode(path)
		# It looks at each folder on the way, which would be asked about in turn, and each of its folders again.
		self._is_resolving = True
		try:
			whole = os.path.join(os.path.realpath(os.path.dirname(text)), os.path.basename(text))
		finally:
			self._is_resolving = False
		is_log = LOGS in whole and frames.is_through("logging")
		return whole if whole.startswith(self._site + os.sep) and not is_log else None

	def _copied(self, real: str, is_there: bool) -> str:
		if self._folder is None:
			self._folder = os.path.realpath(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
		copy = os.path.join(self._folder, f"{len(self.copies)}-{os.path.basename(real)}")
		if is_there:
			shutil.copyfile(real, copy)
		elif not os.path.isdir(os.path.dirname(real)):
			raise FileNotFoundError(2, "No such file or directory", real)
		self.copies[real] = copy
		return copy

	def remove(self, path: Any) -> bool:
		"""Hide a file of the site; False for any other one."""
		real = self.of_site(path)
		if real is None:
			return False
		os.stat(self.place(path))  # raises where there is none
		self.copies[real] = None
		return True

	def may_write(self, path: Any) -> bool:
		"""Whether what is written there is nobody's but this block's."""
		if isinstance(path, int):
			return True  # opened before, or asked about when it was
		whole = os.path.realpath(os.fsdecode(path))
		own = [*([self._folder] if self._folder else []), *self.temporary]
		return (
			any(whole == each or whole.startswith(each + os.sep) for each in own)
			or "__pycache__" in whole.rsplit(os.sep, 2)[1:]
			or (LOGS in whole and frames.is_through("logging"))
			or whole == os.devnull
		)

	def listed(self) -> Iterator[dict[str, Any]]:
		"""What would have been written and removed."""
		for real, copy in self.copies.items():
			path = os.path.relpath(real, self._site)
			if path.startswith("locks"):
				continue
			with suppress(OSError):
				yield {"path": path, **({"bytes": os.path.getsize(copy)} if copy else {"removed": True})}

	def drop(self) -> None:
		"""Remove the copies, and what is left of temporary files."""
		for each in [*([self._folder] if self._folder else []), *self.temporary]:
			if os.path.isdir(each):
				shutil.rmtree(each, ignore_errors=True)
			else:
				with suppress(OSError):
					os.remove(each)


def sweep() -> None:
	"""Remove the copies of processes that were killed."""
	for each in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
		number = each.name[len(PREFIX) :].split("-")[0]
		with suppress(OSError):
			if (
				number.isdigit()
				and each.stat().st_uid == os.getuid()
				and not os.path.exists(f"/proc/{number}")
			):
				shutil.rmtree(each, ignore_errors=True)


def stand_ins() -> Iterator[tuple[Any, str, StandIn]]:
	"""What is exchanged, and for what."""
	yield builtins, "open", _open
	yield io, "open", _open
	yield os, "open", _open_low
	for name in ("stat", "lstat", "access", "utime", "chmod"):
		yield os, name, _looked_at
	for name in ("remove", "unlink"):
		yield os, name, _removed
	for name in ("rename", "replace"):
		yield os, name, _renamed
	yield os, "write", _written


def _written(block: Any, original: Callable[..., Any], number: int, data: Any) -> Any:
	"""Sockets and pipes that were open before have ends elsewhere."""
	mode = os.fstat(number).st_mode
	if stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode):
		block.stop("write to a socket or a pipe that was open before")
	return original(number, data)


def _open(
	block: Any, original: Callable[..., Any], file: Any, mode: str = "r", *args: Any, **kwargs: Any
) -> Any:
	return original(block.files.place(file, bool(set("wax+") & set(mode))), mode, *args, **kwargs)


def _open_low(
	block: Any, original: Callable[..., Any], path: Any, flags: int, *args: Any, **kwargs: Any
) -> Any:
	return original(block.files.place(path, bool(flags & WRITING)), flags, *args, **kwargs)


def _looked_at(block: Any, original: Callable[..., Any], path: Any, *args: Any, **kwargs: Any) -> Any:
	return original(block.files.place(path), *args, **kwargs)


def _removed(block: Any, original: Callable[..., Any], path: Any, *args: Any, **kwargs: Any) -> None:
	if not block.files.remove(path):
		original(path, *args, **kwargs)


def _renamed(
	block: Any, original: Callable[..., Any], source: Any, target: Any, *args: Any, **kwargs: Any
) -> None:
	files = block.files
	if files.of_site(source) is None and files.of_site(target) is None:
		return original(source, target, *args, **kwargs)
	shutil.copyfile(files.place(source), files.place(target, writes=True))
	if not files.remove(source):
		os.remove(source)
	return None
