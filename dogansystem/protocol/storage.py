"""Where a home keeps things: its database, clock, settings and cache."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Statement:
	"""A statement that is executed together with others.

	Attributes:
		must: it is unfit if it changes no row.
		asks: it is a SELECT, unfit without a row; what it has read stays as it is until the transaction ends.
		given: a SELECT without values; the statement is left out where it gives no row. What it has read stays as it is too.
	"""

	query: str
	values: Sequence[Any]
	must: bool = False
	asks: bool = False
	given: str = ""


class Database(Protocol):
	"""One connection. Placeholders are `%s`, identifiers stand in backticks, on every dialect.

	The first statement opens a transaction; `commit` and `rollback` end it.
	"""

	@property
	def dialect(self) -> str:
		"""`mariadb` or `sqlite`."""

	def sql(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
		"""Run a query that gives rows."""

	def execute(self, query: str, values: Sequence[Any] = ()) -> int:
		"""Run a statement that changes rows; gives how many it changed."""

	def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> int:
		"""Run `INSERT … VALUES (%s, …)` for many rows in as few statements as the dialect allows."""

	def together(self, statements: Sequence[Statement], *, commit: bool = False) -> int | None:
		"""Execute statements in order, in one round trip where there is one; None when all did fit.

		Else the number of the first that was unfit: those before it have been executed, those behind it have not.
		With `commit`, and if all did fit, this is the transaction's end as `commit` is.
		"""

	def begin(self) -> None:
		"""Open the transaction as one that writes, if none is open.

		What is read afterwards cannot be changed by others before the commit: SQLite takes its write lock. MariaDB
		has nothing to do here, its row locks come with the reads.
		"""

	def commit(self) -> None: ...
	def rollback(self) -> None: ...
	def reconnect(self) -> None:
		"""Replace a connection that is gone. Whatever was not committed is lost."""

	def close(self) -> None: ...
	def mark(self, name: str | None) -> None:
		"""Give this connection, and the one that replaces it when it is lost, a name by which others can `end` it;
		None takes the name away. SQLite has nothing to do: its locks go with the process."""

	def end(self, name: str) -> bool:
		"""End the connection of that name: what it has not committed is undone, its locks are free. False: none is
		known."""

	def is_conflict(self, error: BaseException) -> bool:
		"""Whether the transaction lost against another one and may simply be repeated.

		MariaDB: 1213 deadlock, 1205 lock wait timeout, 1020 record changed. SQLite: busy, locked.
		"""

	def is_duplicate(self, error: BaseException) -> bool:
		"""Whether a unique key was violated."""

	def is_lost(self, error: BaseException) -> bool:
		"""Whether the connection is gone, so that nobody knows whether the last commit arrived."""


@dataclass(frozen=True, slots=True)
class Settings:
	"""Dogan Settings, read once per transaction at most. Durations are seconds.

	Attributes:
		max_agents: how many agents may be enabled at a time.
		num_workers: drainers at a time on one node.
		lease: a process that has not beaten for this long has lost its steps.
		linger: how long an idle drainer listens for the doorbell before it leaves.
		time_budget: how long a drainer works before it hands over to a fresh one.
		allow_private_network: whether `http.request` may reach private addresses.
		keep_finished_days: days after their end that finished runs are kept; 0: for ever.
		keep_failed_days: the same for those that failed or were cancelled, where it is not 0.
		signal_retention: days for which signals are kept.
		database_memory: GB of the database's machine, where that is not one of the nodes; 0: not known.
		ai_cost_per_day: what all AI agents together may cost on a day, in the currency of their models' prices.
		ai_retention: days after its end for which is kept what was said in an ask of an AI agent; 0: as long as its run.
		ai_keep_texts: whether it is kept at all once the ask has ended.
		currency: what prices are in. Prices are per hour, 0 where none was entered: of a node with its workers
			(`node_price`), of one that may be taken back (`spot_node_price`), of the database (`database_price`).
	"""

	max_agents: int = 20
	num_workers: int = 10
	lease: float = 30.0
	linger: float = 10.0
	time_budget: float = 300.0
	allow_private_network: bool = False
	keep_finished_days: int = 0
	keep_failed_days: int = 0
	signal_retention: int = 7
	database_memory: float = 0.0
	ai_cost_per_day: float = 50.0
	ai_retention: int = 90
	ai_keep_texts: bool = True
	currency: str = ""
	node_price: float = 0.0
	spot_node_price: float = 0.0
	database_price: float = 0.0


class Cache(Protocol):
	"""What the processes of a site share of what they have worked out. It may forget everything at any moment, and never
	raises. Any thread may use it."""

	def get(self, key: str) -> bytes | None: ...
	def set(self, key: str, value: bytes, seconds: int) -> None: ...
	def add(self, counts: Mapping[str, int]) -> None:
		"""Add to numbers that all processes share."""

	def counts(self) -> Mapping[str, int]: ...
	def tally(self, key: str, seconds: int) -> int:
		"""Count one more of a key, which is forgotten after so many seconds; gives the count. 0: nobody can count now."""


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

	def refresh_clock(self) -> None:
		"""Have `now` ask the database again: its clock may have been put forward or back, or another server is it now."""

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
