"""Hosts of a network of their own: each has its own network, name and process numbers, and a bridge joins them.

The bridge is in a network that this thread enters, nothing is given a name in /run/netns, and every process dies with
this one, even by `kill -9`. So nothing can be left behind, and nothing outside can be reached.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

SUBNET = "10.213.0"
HERE = f"{SUBNET}.1"  # this thread, at the bridge
BRIDGE = "bridge"
PROGRAMS = ("ip", "nsenter", "unshare")
STARTS = 10.0  # seconds

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_FOLDERS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
_libc = ctypes.CDLL(None, use_errno=True)


def why_not() -> str | None:
	"""Why no hosts can be made here, in one line; None if they can."""
	missing = [program for program in PROGRAMS if not shutil.which(program, path=_FOLDERS)]
	if missing:
		return f"no {', '.join(missing)} here; install iproute2 and util-linux"
	tried = subprocess.run(
		[*_apart(), "ip", "link", "add", BRIDGE, "type", "bridge"], env=_environment(), capture_output=True
	)
	return None if tried.returncode == 0 else "no right to make network namespaces; run it as root"


Outside = Callable[[], AbstractContextManager[None]]


@contextmanager
def network() -> Iterator[Outside]:
	"""A network with a bridge, which this thread is in while the block lasts, and what it starts meanwhile.

	Gives a function whose own block is outside again, as to fetch something.
	"""
	outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
	_check(_libc.unshare(_CLONE_NEWNET))
	try:
		ip("link", "set", "lo", "up")
		ip("link", "add", BRIDGE, "type", "bridge")
		ip("address", "add", f"{HERE}/24", "dev", BRIDGE)
		ip("link", "set", BRIDGE, "up")
		yield lambda: _within(outside)
	finally:
		_check(_libc.setns(outside, _CLONE_NEWNET))
		os.close(outside)


@contextmanager
def _within(namespace: int) -> Iterator[None]:
	before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
	_check(_libc.setns(namespace, _CLONE_NEWNET))
	try:
		yield
	finally:
		_check(_libc.setns(before, _CLONE_NEWNET))
		os.close(before)


class Hosts:
	"""Hosts at the bridge of the network that this thread is in. They end with the block."""

	def __init__(self) -> None:
		self._made: list[Host] = []

	def __enter__(self) -> "Hosts":
		return self

	def __exit__(self, *_: object) -> None:
		for host in self._made:
			host.kill()

	def new(self, name: str) -> "Host":
		"""Another host, connected."""
		host = Host(name, len(self._made) + 2)
		self._made.append(host)
		host.connect()
		return host


class Host:
	"""A host. Its process 1 does nothing; when that is killed, all of its processes are."""

	def __init__(self, name: str, number: int) -> None:
		self.name = name
		self.address = f"{SUBNET}.{number}"
		self._cable = f"cable{number}"
		self._programs: list[subprocess.Popen[bytes]] = []
		self._keeper = subprocess.Popen(
			[*_apart(), "sh", "-c", f"hostname {name} && exec sleep infinity"],
			env=_environment(),
			stdin=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
			preexec_fn=die_with_parent,
		)
		self.pid = child_of(self._keeper.pid)

	def connect(self) -> None:
		"""Lay the cable to the bridge."""
		ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", str(self.pid))
		ip("link", "set", self._cable, "master", BRIDGE, "up")
		self.run("ip", "link", "set", "lo", "up")
		self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
		self.run("ip", "link", "set", "eth0", "up")

	def unplug(self) -> None:
		"""Take the cable out: nobody hears anything of this host any more, not even that its connections end."""
		ip("link", "set", self._cable, "down")

	def plug(self) -> None:
		"""Put the cable in again."""
		ip("link", "set", self._cable, "up")

	def plug_into(self, bridge: str) -> None:
		"""Plug the cable into another bridge: who is there is all that can be reached from now on."""
		ip("link", "set", self._cable, "master", bridge)

	def run(self, *command: str) -> None:
		"""Run a command there to its end. Raises CalledProcessError."""
		subprocess.run([*self._enter(), *command], env=_environment(), check=True, capture_output=True)

	def start(
		self, command: Sequence[str], log: Path, cwd: Path | None = None, **environment: str
	) -> "Program":
		"""Start a program there; what it prints goes to `log`."""
		with log.open("ab") as output:
			process = subprocess.Popen(
				[*self._enter(f"--wd={cwd or Path.cwd()}"), *command],
				env=_environment() | environment,
				stdin=subprocess.DEVNULL,
				stdout=output,
				stderr=output,
			)
		self._programs.append(process)
		return Program(process, log)

	def kill(self) -> None:
		"""End all of its processes at once, as when the power is cut."""
		if self._keeper.poll() is None:
			os.kill(self.pid, signal.SIGKILL)
			self._keeper.wait()
		for program in self._programs:
			program.send_signal(
				signal.SIGCONT
			)  # one that stands still would never see that its program has ended
			program.wait()

	def _enter(self, *options: str) -> list[str]:
		return ["nsenter", f"--target={self.pid}", "--net", "--uts", "--pid", "--mount", *options, "--"]


class Program:
	"""A program on a host."""

	def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
		self._process, self.log = process, log
		self.pid = child_of(
			process.pid
		)  # of the program itself; the process that entered the host only waits for it

	@property
	def is_alive(self) -> bool:
		return self._process.poll() is None

	def terminate(self) -> None:
		"""SIGTERM; `join` waits until it has left."""
		if self.is_alive:
			os.kill(self.pid, signal.SIGTERM)

	def signal(self, number: signal.Signals) -> None:
		"""Send it a signal. The process that entered the host stands still with it, and has to go on to see its end."""
		os.kill(self.pid, number)
		if number in (signal.SIGCONT, signal.SIGKILL):
			os.kill(self._process.pid, signal.SIGCONT)

	def join(self, seconds: float) -> None:
		"""Wait until it has ended; raises TimeoutExpired."""
		self._process.wait(seconds)


def ip(*arguments: str) -> None:
	"""Run `ip` in this thread's network. Raises RuntimeError with what it says."""
	done = subprocess.run(["ip", *arguments], env=_environment(), capture_output=True, text=True)
	if done.returncode:
		raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def die_with_parent() -> None:
	"""For `preexec_fn`: the kernel kills the process when the thread that has started it ends."""
	_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def child_of(pid: int) -> int:
	"""The only child of a process, as soon as it has one."""
	until = time.monotonic() + STARTS
	while time.monotonic() < until:
		children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
		if children:
			return int(children[0])
		time.sleep(0.005)
	raise RuntimeError(f"process {pid} has started nothing within {STARTS:.0f} seconds")


def _apart() -> list[str]:
	return ["unshare", "--net", "--uts", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"]


def _environment() -> dict[str, Any]:
	return os.environ | {"PATH": _FOLDERS}


def _check(status: int) -> None:
	if status:
		number = ctypes.get_errno()
		raise OSError(number, os.strerror(number))
