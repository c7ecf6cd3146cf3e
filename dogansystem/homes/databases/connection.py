"""What the sandbox's connections have in common on both dialects: a step may not end the transaction, callbacks run after
it, and what was read for its length is forgotten with it."""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from dogansystem.engine.errors import StepCommitted, half_a_character
from dogansystem.homes.databases.statements import ends_transaction
from dogansystem.protocol import Row, Statement

MAX_REMEMBERED = 1.0  # seconds; a thread that only reads may never end a transaction

Value = TypeVar("Value")
_log = logging.getLogger(__name__)


class Connection(ABC):
	"""A `protocol.Database`. Belongs to one thread at a time."""

	dialect: str
	errors: tuple[type[Exception], ...]  # what its driver raises

	def __init__(self) -> None:
		self._callbacks: list[Callable[[], None]] = []
		self._remembered: dict[str, tuple[float, Any]] = {}
		self._in_step = False
		self._refused: StepCommitted | None = None

	# What a dialect gives, beside what it overrides. `Database` says what each does.

	@abstractmethod
	def _fetch(self, query: str, values: Sequence[Any]) -> list[Row]: ...

	@abstractmethod
	def _change(self, query: str, values: Sequence[Any]) -> int: ...

	@abstractmethod
	def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> int: ...

	@abstractmethod
	def begin(self) -> None: ...

	@abstractmethod
	def _commit(self) -> None: ...

	@abstractmethod
	def _rollback(self) -> None: ...

	@abstractmethod
	def reconnect(self) -> None: ...

	@abstractmethod
	def close(self) -> None:
		"""Give the connection back; what was not committed is undone. May be called twice."""

	def mark(self, name: str | None) -> None:
		"""Nothing: a dialect without use for marks."""
		return None

	def end(self, name: str) -> bool:
		"""End the connection of that name; False if there is none."""
		return False

	@abstractmethod
	def is_conflict(self, error: BaseException) -> bool: ...

	@abstractmethod
	def is_duplicate(self, error: BaseException) -> bool: ...

	@abstractmethod
	def is_lost(self, error: BaseException) -> bool: ...

	# What all do

	def sql(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
		"""Run a query that gives rows."""
		return self._checked(self._fetch, query, values)

	def execute(self, query: str, values: Sequence[Any] = ()) -> int:
		"""Run a statement that changes rows; gives how many it changed."""
		return self._checked(self._change, query, values)

	def _checked(
		self, run: Callable[[str, Sequence[Any]], Value], query: str, values: Sequence[Any]
	) -> Value:
		if self._in_step and ends_transaction(query):
			raise self._refuse(query)
		try:
			return run(query, values)
		except UnicodeEncodeError as error:
			raise half_a_character(error) from None

	def together(self, statements: Sequence[Statement], *, commit: bool = False) -> int | None:
		"""Execute statements in order; gives the number of the first whose check failed, or None."""
		self.begin()
		for number, each in enumerate(statements):
			if each.given and not self.sql(each.given):
				continue
			found = (self.sql if each.asks else self.execute)(each.query, each.values)
			if not found and (each.asks or each.must):
				return number
		if commit:
			self.commit()
		return None

	def commit(self) -> None:
		"""End the transaction and keep what it did; then run the callbacks that waited for it."""
		if self._in_step:
			raise self._refuse("commit()")
		self._commit()
		self._committed()

	def _committed(self) -> None:
		self._remembered.clear()
		callbacks, self._callbacks = self._callbacks, []
		for callback in callbacks:
			try:
				callback()
			except Exception:
				# The transaction is committed whatever happens here: the caller must not be told that it failed.
				_log.exception("A callback after a commit failed")

	def rollback(self) -> None:
		"""End the transaction and undo what it did; drop the callbacks that waited for its end."""
		if self._in_step:
			raise self._refuse("rollback()")
		self._callbacks.clear()
		self._remembered.clear()
		self._rollback()

	@contextmanager
	def committed(self) -> Iterator[None]:
		"""A block whose changes are committed at its end, and undone if it raises."""
		self.begin()
		try:
			yield
			self.commit()
		except BaseException:
			self.rollback()
			raise

	def after_commit(self, callback: Callable[[], None]) -> None:
		"""Run `callback` once this transaction has committed; drop it if it rolls back."""
		self._callbacks.append(callback)

	def remember(self, key: str, read: Callable[[], Value]) -> Value:
		"""What `read` gives, asked once per transaction and at least once a second."""
		now = time.monotonic()
		found = self._remembered.get(key)
		if found is None or found[0] < now:
			found = self._remembered[key] = (now + MAX_REMEMBERED, read())
		value: Value = found[1]
		return value

	def forget(self, key: str) -> None:
		"""Have `remember` read anew what was just changed."""
		self._remembered.pop(key, None)

	def enter_step(self) -> None:
		"""From now on the transaction belongs to a step's worker: ending it raises StepCommitted."""
		if self._in_step:
			raise RuntimeError("A step is already under way on this connection; leave its scope first.")
		self._in_step, self._refused = True, None

	def leave_step(self) -> None:
		"""The step is over. Raises StepCommitted if it tried to end the transaction and went on regardless."""
		self._in_step = False
		refused, self._refused = self._refused, None
		if refused:
			raise refused

	def _refuse(self, statement: str) -> StepCommitted:
		words = " ".join(statement.split())
		self._refused = StepCommitted(
			f"The step tried to end its own transaction ({words[:60]}), which would part its effects from its"
			" progress. Take that call out: the worker commits when the step is done."
		)
		return self._refused

	def __del__(self) -> None:
		try:
			self.close()
		except Exception:
			_log.debug("A connection could not be closed", exc_info=True)
