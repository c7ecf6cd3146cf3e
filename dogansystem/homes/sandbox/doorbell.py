"""Waking drainers, in this process and in others: through sockets on one machine, or through a Redis on several.

Each listener has a Unix datagram socket in the folder of its database for as long as it listens, so the sockets in the
folder are the drainers that can be woken. A ringer removes the name of one and sends to it: only one ringer can remove a
name, so two rings wake two listeners. With nobody there, the ringer leaves a mark that the next listener finds.

Processes on other machines, or of other users, do not hear this: they are given a Redis, whose list keeps one ring that
nobody heard. Any ring may be lost: idle drainers look into the queue once a second all the same.
"""

import logging
import os
import secrets
import socket
import stat
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from dogansystem.homes.databases.address import AddressError

_log = logging.getLogger(__name__)

LISTENER = "listener-"  # how the names of sockets begin
MARK = "rung"  # a file: a ring that nobody heard

VARIABLE = "DOGAN_REDIS"  # environment variable: redis://host:port/0
LONGEST_WAIT = 1.0  # seconds in one call of Redis, so that `wake_all` needs no way into a blocked one
TIMEOUT = 2.0  # seconds to connect to Redis, or for an answer that is due
KEPT = 60  # seconds that a ring in Redis which nobody heard is kept

UNRUNG = "The doorbell cannot be rung, so workers come up to a second later: %s"
UNHEARD = "Cannot listen to the doorbell, so work is found up to a second later: %s"


def folder_for(place: str) -> Path:
	"""The folder of the database that `place` names. All of a user's processes must have the same TMPDIR."""
	name = sha256(place.encode()).hexdigest()[:16]
	return Path(tempfile.gettempdir()) / f"dogansystem-{os.getuid()}" / name


class Doorbell:
	"""A `protocol.Doorbell`. Threads may share it. It makes its folder when it is first used."""

	def __init__(self, folder: Path) -> None:
		self._folder = folder
		self._is_safe = False
		self._waiting: set[Path] = set()  # the sockets of this process
		self._closed = threading.Event()

	def ring(self) -> None:
		"""Wake one drainer that listens; if none does, the next one that begins to. Never blocks, never raises."""
		try:
			self._make_folder()
			if not self._wake_one():
				(self._folder / MARK).touch()
				self._wake_one()  # one may have begun to listen after the first look, and not have seen the mark
		except OSError as error:
			_log.warning(UNRUNG, error)

	def wait(self, seconds: float) -> bool:
		"""Listen for at most `seconds`; True when it rang."""
		if self._closed.is_set():
			return False
		with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
			path = self._folder / f"{LISTENER}{secrets.token_hex(6)}"
			try:
				self._make_folder()
				bell.bind(str(path))
			except OSError as error:
				_log.warning(UNHEARD, error)
				self._closed.wait(seconds)
				return False
			return self._listen(bell, path, seconds)

	def _listen(self, bell: socket.socket, path: Path, seconds: float) -> bool:
		self._waiting.add(path)
		try:
			if _remove(self._folder / MARK):
				return True
			bell.settimeout(max(seconds, 0.001))
			bell.recv(1)
			return not self._closed.is_set()
		except TimeoutError:
			# A ringer that has just removed the name takes this listener for woken.
			return not _remove(path) and not self._closed.is_set()
		finally:
			self._waiting.discard(path)
			_remove(path)

	def _wake_one(self) -> bool:
		return any(
			_wake(self._folder / name) for name in os.listdir(self._folder) if name.startswith(LISTENER)
		)

	def wake_all(self) -> None:
		"""End all waiting in this process, so that listeners look whether they shall leave."""
		for path in list(self._waiting):
			_wake(path)

	def close(self) -> None:
		"""Nobody of this process listens any more."""
		self._closed.set()
		self.wake_all()

	def _make_folder(self) -> None:
		"""Raises OSError where another user could listen or ring."""
		if self._is_safe and self._folder.exists():
			return
		parent = self._folder.parent
		parent.mkdir(mode=0o700, exist_ok=True)
		found = parent.lstat()
		if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
			raise PermissionError(f"{parent} must be a folder that only you can open. Remove it.")
		self._folder.mkdir(mode=0o700, exist_ok=True)
		self._is_safe = True


def _wake(path: Path) -> bool:
	"""Wake the listener at `path`; False if it has gone, or another ringer wakes it."""
	with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
		bell.setblocking(False)
		try:
			bell.connect(str(path))
		except OSError:
			_remove(path)  # of a process that was killed
			return False
		if not _remove(path):
			return False
		try:
			bell.send(b"!")
		except OSError:
			pass  # it stopped listening just now, and saw that its name was taken
		return True


def _remove(path: Path) -> bool:
	try:
		path.unlink()
	except FileNotFoundError:
		return False
	return True


class RedisDoorbell:
	"""A `protocol.Doorbell`. Threads may share it."""

	def __init__(self, url: str, key: str) -> None:
		"""Raises AddressError if `url` is none of Redis, or its client is not installed."""
		try:
			import redis
		except ImportError:
			raise AddressError(f"{VARIABLE} needs the Redis client: pip install redis") from None
		try:
			self._redis: Any = redis.Redis.from_url(
				url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT + LONGEST_WAIT
			)
		except ValueError as error:
			raise AddressError(f"{VARIABLE} cannot be read ({error}). Write redis://host:6379/0.") from None
		self._errors: type[Exception] = redis.RedisError
		self._key = key
		self._stopped = threading.Event()

	def ring(self) -> None:
		"""Wake one drainer that listens; if none does, the next one that begins to. Never raises."""
		try:
			with self._redis.pipeline() as pipe:
				# Listeners are served at the end of the transaction, one for each ring. What is left was not heard: one is enough.
				pipe.rpush(self._key, b"!").ltrim(self._key, 0, 0).expire(self._key, KEPT).execute()
		except self._errors as error:
			_log.warning(UNRUNG, error)

	def wait(self, seconds: float) -> bool:
		"""Listen for at most `seconds`; True when it rang."""
		until = time.monotonic() + seconds
		while not self._stopped.is_set() and (left := until - time.monotonic()) > 0:
			try:
				if self._redis.blpop([self._key], timeout=max(min(left, LONGEST_WAIT), 0.01)):
					return True
			except self._errors as error:
				_log.warning(UNHEARD, error)
				self._stopped.wait(min(left, LONGEST_WAIT))
		return False

	def wake_all(self) -> None:
		"""Nothing: nobody waits for longer than a second at a time."""

	def close(self) -> None:
		"""Nobody of this process listens any more."""
		self._stopped.set()
		self._redis.close()
