"""What Python itself tells of: sockets, files, processes, threads. One hook for the life of the process, as Python takes
none back; it asks for the block of its thread, and where there is none it is done."""

import os
import socket
import sys
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from dogansystem.homes.frappe.keeping import frames
from dogansystem.homes.frappe.keeping.block import Block, current
from dogansystem.homes.frappe.keeping.files import NAMELESS, WRITING

BY_REQUEST = "Use the action http.request, whose requests are listed and answered by a stand-in."
_is_listening = False


def listen() -> None:
	"""Have Python tell from now on."""
	global _is_listening
	if not _is_listening:
		_is_listening = True
		sys.addaudithook(_told)


def _told(event: str, args: tuple[Any, ...]) -> None:
	block = current()
	if block is None or block.is_looking or event not in _EVENTS:
		return
	block.is_looking = True
	try:
		_EVENTS[event](block, *args)
	finally:
		block.is_looking = False


def _connect(block: Block, opened: Any, address: Any) -> None:
	if not block.network.may_talk(address):
		block.stop(f"connect to {_shown(address)}", BY_REQUEST)


def _send_to(block: Block, opened: Any, address: Any) -> None:
	if address is not None and not block.network.may_talk(address):
		block.stop(f"send to {_shown(address)}", BY_REQUEST)


def _bind(block: Block, opened: Any, address: Any) -> None:
	block.stop(f"listen at {_shown(address)}", "Take that out of what runs in a step or a hook.")


def _look_up(block: Block, host: Any, *_: Any) -> None:
	name = host.decode("latin-1") if isinstance(host, bytes) else str(host or "")
	if not name or name in block.network.names or _is_address(name):
		return
	block.stop(f"connect to {name}", BY_REQUEST)


def _request(block: Block, url: Any, *_: Any) -> None:
	parts = urlsplit(str(url))
	if parts.scheme != "data":
		block.stop(f"send a request to {parts.scheme}://{parts.hostname or ''}{parts.path}", BY_REQUEST)


def _process(block: Block, *args: Any) -> None:
	if frames.is_reading():
		return
	first = args[0] if args else ""
	name = first if isinstance(first, str | bytes | os.PathLike) else (list(first or [""]) or [""])[0]
	what = os.path.basename(os.fsdecode(name)).split()[:1] if name else []
	block.stop("start a process" + (f" ({what[0]})" if what else ""))


def thread(block: Block, *_: Any) -> None:
	"""Stop a thread that starts, unless this app itself starts it."""
	if not frames.is_ours():
		block.stop("start a thread, which would go on beside the transaction")


def _open(block: Block, path: Any, mode: Any, flags: Any) -> None:
	writes = bool(set("wax+") & set(mode)) if isinstance(mode, str) else bool((flags or 0) & WRITING)
	if NAMELESS and (flags or 0) & NAMELESS == NAMELESS:
		return  # a file without a name, which goes with its last reader
	if writes and not (
		isinstance(path, str) and os.path.isdir(path)
	):  # `tempfile` opens a file in it another way
		_file(block, path, what="write")


def _file(block: Block, path: Any, *_: Any, what: str = "change") -> None:
	if not block.files.may_write(path):
		block.stop(f"{what} the file {os.fsdecode(path)}", "Write into a File, which is kept in.")


def _files(block: Block, source: Any, target: Any, *_: Any) -> None:
	_file(block, source)
	_file(block, target)


def _temporary(block: Block, path: Any) -> None:
	block.files.temporary.append(os.path.realpath(os.fsdecode(path)))


def _sqlite(block: Block, path: Any) -> None:
	if os.fsdecode(path) not in (":memory:", ""):
		block.stop(f"open the database {os.fsdecode(path)}")


def _syslog(block: Block, *_: Any) -> None:
	block.stop("write to the system's log", "Use frappe.logger.")


_EVENTS: dict[str, Callable[..., None]] = {
	"socket.connect": _connect,
	"socket.sendto": _send_to,
	"socket.sendmsg": _send_to,
	"socket.bind": _bind,
	"socket.getaddrinfo": _look_up,
	"socket.gethostbyname": _look_up,
	"socket.gethostbyaddr": _look_up,
	"urllib.Request": _request,
	**dict.fromkeys(
		("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn"), _process
	),
	**dict.fromkeys(("os.fork", "os.forkpty"), _process),
	**dict.fromkeys(("_thread.start_new_thread", "_thread.start_joinable_thread"), thread),
	"open": _open,
	**dict.fromkeys(
		("os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime"), _file
	),
	**dict.fromkeys(("os.rename", "os.link", "os.symlink"), _files),
	**dict.fromkeys(("tempfile.mkstemp", "tempfile.mkdtemp"), _temporary),
	"sqlite3.connect": _sqlite,
	**dict.fromkeys(("syslog.openlog", "syslog.syslog"), _syslog),
}


def _shown(address: Any) -> str:
	return ":".join(map(str, address[:2])) if isinstance(address, tuple) else str(address)


def _is_address(name: str) -> bool:
	if name == socket.gethostname():
		return True
	try:
		ip_address(name.split("%")[0])
	except ValueError:
		return False
	return True
