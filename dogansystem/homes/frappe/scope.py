"""Around one attempt of a step on a Frappe site: the step cannot end the transaction, and leaves nothing behind.

A drainer is a long-lived process in a world made for short ones. What Frappe keeps for one request is reset for each
step. A commit in the middle of a step would separate its effects from its progress, so it is refused.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import frappe

from dogansystem.engine.errors import StepCommitted
from dogansystem.homes.databases.statements import ENDS_TRANSACTION
from dogansystem.homes.frappe import compat, explain
from dogansystem.homes.frappe.cache import KeptCache

# Whatever else a step leaves in frappe.local was made on the way and is removed.
_STAYS = compat.REQUEST_STAYS | {"dogan_site"}

# Why a statement is refused, by the group of ENDS_TRANSACTION that it fits.
_WHY = {
	1: "a comment that MariaDB executes, in which a commit may hide",
	2: "{}",
	3: "{}, which commits in MariaDB",
	4: "{}, which may end the transaction",
}


class TransactionGuard:
	"""Stands between a step and the end of its transaction, on one `frappe.db`."""

	def __init__(self, db: Any) -> None:
		self.db = db
		self.is_on = False
		self._commit, self._rollback, self._check = db.commit, db.rollback, db.check_transaction_status
		db.commit, db.rollback, db.check_transaction_status = self.commit, self.rollback, self.check

	def begin(self) -> None:
		"""Refuse from now on."""
		self.is_on, self.refused, self.connection = True, None, compat.connection(self.db)

	def end(self) -> StepCommitted | None:
		"""Let everything through again; gives what was refused meanwhile, even if the step ignored it."""
		self.is_on = False
		if self.refused is None and compat.connection(self.db) is not self.connection:
			self.refused = StepCommitted("The step closed or replaced the site's database connection.")
		return self.refused

	def commit(self, **other: Any) -> None:
		"""In place of `frappe.db.commit`."""
		if self.is_on:
			self._refuse("called frappe.db.commit()")
		self._commit(**other)

	def rollback(self, *, save_point: str | None = None, **other: Any) -> None:
		"""In place of `frappe.db.rollback`; back to a savepoint is allowed."""
		if self.is_on and not save_point:
			self._refuse("called frappe.db.rollback()")
		self._rollback(save_point=save_point, **other)

	def check(self, query: str, *other: Any) -> None:
		"""In place of `frappe.db.check_transaction_status`, which sees every statement before it is sent."""
		if self.is_on and (found := ENDS_TRANSACTION.match(query)):
			word = found[found.lastindex].upper()
			self._refuse(f"ran {_WHY[found.lastindex].format(word)}")
		self._check(query, *other)

	def _refuse(self, what: str) -> NoReturn:
		because = sys.exc_info()[1]
		after = f" after {type(because).__name__}: {because}" if because else ""
		self.refused = StepCommitted(
			f"The step {what}{after}. A step's changes are committed together with its progress, so it must leave "
			"that to the worker. Use a savepoint, or do this in a background job that the step enqueues."
		)
		raise self.refused


@contextmanager
def acting_as(user: str) -> Iterator[None]:
	"""Within the block, `user` acts; afterwards all that belongs to the acting user is as it was."""
	local = frappe.local
	before = {name: getattr(local, name) for name in compat.USER_STATE}
	session = dict(local.session)
	frappe.set_user(user)
	try:
		yield
	finally:
		local.session.clear()
		local.session.update(session)
		for name, value in before.items():
			setattr(local, name, value)


class StepScope:
	"""Resets Frappe around each step. One object serves all steps of a drainer."""

	def __init__(self, idle_user: str) -> None:
		self.idle_user = idle_user
		self.cache = KeptCache()
		self.flags = dict(frappe.local.flags)
		self.known = {name for name, _ in frappe.local} | _STAYS
		self.language = frappe.local.lang

	@contextmanager
	def around(self, user: str) -> Iterator[None]:
		"""One attempt of a step. Raises StepCommitted if the step tried to end the transaction."""
		db = frappe.local.db
		guard = getattr(db, "dogan_guard", None) or TransactionGuard(db)
		db.dogan_guard = guard
		frappe.set_user(user)
		frappe.local.cache = cache = self.cache.take(user)
		guard.begin()
		try:
			yield
			if frappe.local.cache is cache:  # acted as nobody else since
				self.cache.keep(user, cache)
		except Exception as error:
			explain.put_into_words(error)
			raise
		finally:
			refused = guard.end()
			if frappe.local.db is not db:
				frappe.local.db = db
				refused = refused or StepCommitted(
					"The step replaced frappe.db, the site's database connection."
				)
			self._reset()
			if refused:
				raise refused

	def _reset(self) -> None:
		"""Do what the end of a request would do to user, flags, messages, caches, language and everything else."""
		compat.begin_request(self.flags, self.language)
		frappe.set_user(self.idle_user)
		for name in [name for name, _ in frappe.local if name not in self.known]:
			delattr(frappe.local, name)
