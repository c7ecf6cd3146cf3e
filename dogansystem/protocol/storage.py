"""Where a home keeps things: its database, clock, settings and cache."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from dogansystem.protocol.database import Database
from dogansystem.protocol.settings import Settings


class Cache(Protocol):
	"""What the processes of a site share of what they have worked out. It may forget everything at any moment, and never
	raises. Any thread may use it."""

	def get(self, key: str) -> bytes | None: ...
	def set(self, key: str, value: bytes, seconds: int) -> None: ...
	def add(self, counts: Mapping[str, int]) -> None:
		"""Add to numbers that all processes share."""

	def counts(self) -> Mapping[str, int]: ...


class Storage(Protocol):
	"""The database of a site, and what is read and kept beside it."""

	@property
	def name(self) -> str:
		"""What this place is called; no two databases of one process share a name."""

	@property
	def timezone(self) -> str: ...
	@property
	def database(self) -> Database:
		"""This thread's connection: effects and progress share its transaction."""

	def open_control(self) -> Database:
		"""A new connection for claims and beats, READ COMMITTED. The caller closes it."""

	def now(self) -> float:
		"""Seconds since 1970 (UTC) by the database's clock, or a test clock's."""

	def local_time(self, seconds: float) -> datetime:
		"""That moment in the site's timezone, without tzinfo, as DocType fields hold it."""

	def settings(self) -> Settings: ...
	@property
	def cache(self) -> Cache: ...
	def stamp(self, subject: str) -> str:
		"""A mark that differs once `touch(subject)` has been committed by any process: what a cache is valid for.

		It is read in this thread's transaction, once, and so is as old or as new as all that the transaction reads.
		"""

	def touch(self, subject: str) -> None:
		"""Give `subject` another stamp when this thread's transaction commits."""

	def after_commit(self, callback: Callable[[], None]) -> None:
		"""Run `callback` once this thread's transaction has committed; drop it if it rolls back."""
