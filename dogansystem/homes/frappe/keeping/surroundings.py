"""What a thread has around it, given back as it was: `frappe.local`, and what a process keeps in memory for its threads."""

import copy
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import frappe
from frappe.utils import caching

from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.keeping.block import current
from dogansystem.homes.frappe.keeping.patches import StandIn
from dogansystem.homes.frappe.scope import StepScope

# Start empty: they hold what was read, and objects that would be changed in place.
EMPTY = ("cache", "request_cache", "role_permissions", "user_perms", "new_doc_templates", "valid_columns")
# Not there: where they are, Frappe takes a callback for one that waits already, and those of before wait outside.
WITH_CALLBACK = ("_realtime_log", "_webhook_queue")
_KINDS = (dict, list, set, frappe._dict, defaultdict)


# What a guard of steps puts on `frappe.db`; see homes/frappe/scope.
_GUARD = ("commit", "rollback", "check_transaction_status", "dogan_guard")
_CALLBACKS = ("before_commit", "after_commit", "before_rollback", "after_rollback")


class NoCache:
	"""In place of what a drainer keeps from step to step: what is read here may be rolled back."""

	def take(self, user: str) -> dict[Any, Any]:
		"""Nothing."""
		return {}

	def keep(self, user: str, cache: dict[Any, Any]) -> None:
		"""Nothing."""

	def drop(self) -> None:
		"""Nothing."""


@contextmanager
def untouched(site: Any) -> Iterator[None]:
	"""Around a block: this thread's Frappe, its `frappe.db` and its `site` are as they were afterwards."""
	db = frappe.local.db
	waiting = {name: list(getattr(db, name)._functions) for name in _CALLBACKS}
	guard = {name: vars(db)[name] for name in _GUARD if name in vars(db)}
	# Frappe 16 counts here in how many hooks it is; a hook that replaces `frappe.db` makes it count wrongly.
	numbers = {name: value for name, value in vars(db).items() if isinstance(value, int)}
	scope, undone = site._scope, site.database.when_undone
	before = taken()
	try:
		for name in _CALLBACKS:
			getattr(db, name).reset()
		site._scope = StepScope(frappe.session.user)
		site._scope.cache = NoCache()
		yield
	finally:
		site._scope, site.database.when_undone = scope, undone
		give_back(before)
		for name in _GUARD:
			vars(db).pop(name, None)
		vars(db).update(guard | numbers | {"transaction_writes": 0})
		if "dogan_guard" in guard:  # within a step: a connection that was lost has been replaced here
			guard["dogan_guard"].connection = compat.connection(db)
		for name, callbacks in waiting.items():
			getattr(db, name).reset()
			for each in callbacks:
				getattr(db, name).add(each)


def taken() -> dict[str, Any]:
	"""Put copies in place of what this thread keeps in `frappe.local`; gives what was there."""
	before = dict(iter(frappe.local))
	for name, value in before.items():
		if type(value) in _KINDS:
			fresh = copy.copy(value)
			if name in EMPTY:
				fresh.clear()
			setattr(frappe.local, name, fresh)
	for name in WITH_CALLBACK:
		if name in before:
			delattr(frappe.local, name)
	compat.forget_values(frappe.local.db)
	return before


def give_back(before: dict[str, Any]) -> None:
	"""Have `frappe.local` as it was."""
	for name in [name for name, _ in frappe.local if name not in before]:
		delattr(frappe.local, name)
	for name, value in before.items():
		setattr(frappe.local, name, value)
	compat.forget_values(frappe.local.db)


class SiteCache:
	"""What functions with `site_cache` remember: this thread's own in a block, the process's outside."""

	def __init__(self, whole: Any) -> None:
		self.whole = whole

	def _chosen(self) -> Any:
		block = current()
		return self.whole if block is None else block.site_cache

	def __getitem__(self, key: Any) -> Any:
		return self._chosen()[key]

	def __getattr__(self, name: str) -> Any:
		return getattr(self._chosen(), name)

	def __iter__(self) -> Iterator[Any]:
		return iter(self._chosen())

	def __len__(self) -> int:
		return len(self._chosen())


def empty_site_cache() -> Any:
	"""A cache as `frappe.utils.caching` makes it."""
	whole = caching._SITE_CACHE
	return defaultdict((whole.whole if isinstance(whole, SiteCache) else whole).default_factory)


def stand_ins() -> Iterator[tuple[Any, str, StandIn]]:
	"""What is exchanged, and for what: Frappe 16 and later keep values of Redis for all threads of a process."""
	yield caching, "_SITE_CACHE", SiteCache
	from frappe.utils import redis_wrapper

	kept = getattr(redis_wrapper, "ClientCache", None)
	if kept is None:
		return
	yield (
		kept,
		"get_value",
		lambda block, _, own, key, *, shared=False, generator=None: frappe.cache.get_value(
			key, shared=shared, generator=generator
		),
	)
	yield (
		kept,
		"set_value",
		lambda block, _, own, key, value, *, shared=False: frappe.cache.set_value(key, value, shared=shared),
	)
	yield (
		kept,
		"delete_value",
		lambda block, _, own, key, *, shared=False: frappe.cache.delete_value(key, shared=shared),
	)
	yield kept, "delete_keys", lambda block, _, own, pattern: frappe.cache.delete_keys(pattern)
