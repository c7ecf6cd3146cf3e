"""Who does something: the function that stands behind a call, found on the stack."""

import os
import sys
import sysconfig
from collections.abc import Iterator
from itertools import islice
from types import FrameType

import frappe

import dogansystem

_FRAPPE = os.path.dirname(frappe.__file__)
_OURS = os.path.dirname(dogansystem.__file__)
_TESTS = os.path.join(_OURS, "tests")
_LIBRARIES = tuple(
	{os.path.dirname(os.__file__), *(sysconfig.get_path(each) for each in ("stdlib", "purelib", "platlib"))}
)
_DRIVERS = (f"{os.sep}pymysql{os.sep}", f"{os.sep}MySQLdb{os.sep}")
# This app's own connection to the site, and what opens it.
DATABASE = os.path.join(_OURS, "homes", "frappe", "database.py")
OPENS = os.path.join(_OURS, "homes", "frappe", "compat.py")
_KEEPING = os.path.dirname(__file__)
_SITE = os.path.join(_OURS, "homes", "frappe", "site.py")
SCRIPT = "<serverscript>"
# Starts a process that reads what it is given, and can do nothing else.
_READS = os.path.join(_OURS, "actions", "pdf.py")


def who(apps: frozenset[str]) -> str:
	"""The function nearest to the call that is neither Frappe's, nor ours, nor a library's; else the nearest of those."""
	nearest: dict[str, str] = {}
	for frame in _stack():
		kind = _kind(frame, apps)
		if kind == "app":
			return _label(frame)
		if kind:
			nearest.setdefault(kind, _label(frame))
	return nearest.get("frappe") or nearest.get("ours") or "Something"


def behind_the_driver() -> str:
	"""The file of the function that has the database do something, by Frappe or by the driver itself."""
	for frame in _stack():
		path = frame.f_code.co_filename
		if not any(driver in path for driver in _DRIVERS) and not _is_in(path, _FRAPPE):
			return path
	return ""


def is_opened_by_us() -> bool:
	"""Whether this app itself has its home open a connection, and no app behind it."""
	for frame in _stack():
		path = frame.f_code.co_filename
		if not any(driver in path for driver in _DRIVERS) and path not in (DATABASE, OPENS, _SITE):
			return _is_in(path, _OURS) and not _is_in(path, _TESTS)
	return False


def is_called_by(*packages: str) -> bool:
	"""Whether the nearest function that is not Python's own is of one of these packages."""
	for frame in _stack():
		package = _package(frame)
		if package in packages:
			return True
		if (
			not _is_in(frame.f_code.co_filename, os.path.dirname(os.__file__))
			or "-packages" in frame.f_code.co_filename
		):
			return False
	return False


def is_ours() -> bool:
	"""Whether the nearest function that is not Python's own is this app's."""
	for frame in _stack():
		path = frame.f_code.co_filename
		if _is_in(path, _OURS):
			return not _is_in(path, _TESTS)
		if not _is_in(path, os.path.dirname(os.__file__)):
			return False
	return False


def is_reading() -> bool:
	"""Whether the nearest function that is not Python's own is the one that has a PDF read."""
	for frame in _stack():
		path = frame.f_code.co_filename
		if not _is_in(path, os.path.dirname(os.__file__)):
			return path == _READS
	return False


def is_through(module: str, most: int = 8) -> bool:
	"""Whether one of the nearest functions is of that module."""
	return any(_package(frame) == module for frame in islice(_stack(), most))


def _stack() -> Iterator[FrameType]:
	"""The functions of this thread, the nearest first, without those of this folder."""
	frame: FrameType | None = sys._getframe(1)
	while frame is not None:
		if not _is_in(frame.f_code.co_filename, _KEEPING):
			yield frame
		frame = frame.f_back


def _kind(frame: FrameType, apps: frozenset[str]) -> str:
	path, package = frame.f_code.co_filename, _package(frame)
	if path.startswith(SCRIPT) or package in apps:
		return "app"
	if _is_in(path, _FRAPPE):
		return "frappe"
	if _is_in(path, _OURS) and not _is_in(path, _TESTS):
		return "ours"
	return "" if path.startswith("<") or any(_is_in(path, each) for each in _LIBRARIES) else "app"


def _label(frame: FrameType) -> str:
	code = frame.f_code
	if code.co_filename.startswith(SCRIPT):
		name = code.co_filename.partition(":")[2].strip()
		return f"Server Script {name}" if name else "A Server Script"
	name = getattr(code, "co_qualname", code.co_name)
	return f"{_package(frame)} ({frame.f_globals.get('__name__', '?')}.{name})"


def _package(frame: FrameType) -> str:
	return str(frame.f_globals.get("__name__", "?")).split(".")[0]


def _is_in(path: str, folder: str) -> bool:
	return path.startswith(folder + os.sep)
