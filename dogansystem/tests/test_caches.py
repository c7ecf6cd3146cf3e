"""The kept triggers and definitions are exactly what a transaction sees, whoever else commits or rolls back meanwhile."""

import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import frappe
import redis

from dogansystem.homes.frappe.cache import SharedCache
from dogansystem.homes.frappe.database import SiteDatabase
from dogansystem.homes.frappe.site import current_site
from dogansystem.store import kept, versions
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import SiteTestCase
from dogansystem.triggers import document

NAME = "contract-cache"


class OtherProcess:
	"""Somebody else on this site: a thread with a Frappe, a connection and a transaction of its own.

	It shares what this process keeps, which is the worst neighbour one can have: whatever it keeps wrongly is used here.
	"""

	def __init__(self) -> None:
		self._site = frappe.local.site
		self._path = frappe.local.sites_path
		self._do: Callable[[], Any] = lambda: None
		self._ready, self._done = threading.Semaphore(0), threading.Semaphore(0)
		self._result: Any = None
		self._is_over = False
		self._thread = threading.Thread(target=self._run, daemon=True)
		self._thread.start()

	def do(self, what: Callable[[], Any]) -> Any:
		"""Have it do something in its transaction; gives the result, or raises the error."""
		self._do = what
		self._ready.release()
		self._done.acquire()
		if isinstance(self._result, BaseException):
			raise self._result
		return self._result

	def leave(self) -> None:
		self._is_over = True
		self._ready.release()
		self._thread.join()

	def _run(self) -> None:
		frappe.init(site=self._site, sites_path=self._path)
		frappe.connect()
		try:
			while True:
				self._ready.acquire()
				if self._is_over:
					return
				try:
					self._result = self._do()
				except BaseException as error:
					self._result = error
				self._done.release()
		finally:
			frappe.destroy()


class TestCaches(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.save(enabled=False)
		self.other = OtherProcess()
		self.addCleanup(self.other.leave)

	def save(self, enabled: bool, commit: bool = True, **rest: Any) -> None:
		trigger = {"on": "document", "doctype": "ToDo", "event": "created"}
		source = {"name": NAME, "run_as": PERSON, "steps": [step("a")], "triggers": [trigger], **rest}
		self.orchestrator.import_workflow(source, enabled)
		if commit:
			frappe.db.commit()

	def runs_after_a_save(self) -> int:
		"""How many runs a new document starts in this transaction, which is rolled back to before."""
		before = frappe.db.count("Dogan Workflow Run")
		frappe.get_doc({"doctype": "ToDo", "description": "contract cache"}).insert(ignore_permissions=True)
		return frappe.db.count("Dogan Workflow Run") - before

	def here(self) -> int:
		frappe.db.rollback()
		return self.runs_after_a_save()

	def there(self) -> int:
		return self.other.do(lambda: (frappe.db.rollback(), self.runs_after_a_save())[1])

	def test_a_commit_shows_at_once_everywhere(self):
		self.assertEqual((self.here(), self.there()), (0, 0))
		frappe.db.rollback()
		self.save(enabled=True)
		self.assertEqual((self.here(), self.there()), (1, 1))
		frappe.db.rollback()
		self.save(enabled=False)
		self.assertEqual((self.here(), self.there()), (0, 0))

	def test_before_the_commit_only_who_changes_it_sees_it(self):
		self.assertEqual((self.here(), self.there()), (0, 0))
		frappe.db.rollback()
		self.save(enabled=True, commit=False)
		self.assertEqual(self.runs_after_a_save(), 1)
		self.assertEqual(self.there(), 0)
		frappe.db.rollback()
		self.assertEqual((self.here(), self.there()), (0, 0))

	def test_an_old_snapshot_neither_sees_it_nor_spoils_it_for_others(self):
		self.other.do(lambda: (frappe.db.rollback(), frappe.db.count("ToDo")))  # opens the snapshot
		self.save(enabled=True)
		self.assertEqual(self.other.do(self.runs_after_a_save), 0, "its snapshot is from before")
		self.assertEqual(self.here(), 1, "what the old snapshot has read is not kept for this one")
		self.assertEqual(self.other.do(self.runs_after_a_save), 0)
		self.assertEqual((self.there(), self.here()), (1, 1))

	def test_a_change_that_is_undone_to_a_savepoint_was_never_there(self):
		frappe.db.savepoint("before_change")
		self.save(enabled=True, commit=False)
		self.assertEqual(self.runs_after_a_save(), 1)
		frappe.db.rollback(save_point="before_change")
		self.assertEqual(self.runs_after_a_save(), 0)
		frappe.db.commit()
		self.assertEqual((self.here(), self.there()), (0, 0))

	def test_two_changes_at_the_same_time_do_not_wait_for_each_other(self):
		self.save(enabled=True, commit=False)

		def change_another() -> None:
			frappe.db.rollback()
			frappe.db.sql("SET SESSION innodb_lock_wait_timeout = 2")
			current_site().touch("triggers")

		self.other.do(change_another)
		frappe.db.commit()
		self.other.do(lambda: frappe.db.commit())
		self.assertEqual((self.here(), self.there()), (1, 1))

	def test_nothing_has_to_happen_after_the_commit(self):
		"""A process that dies there has done all."""
		self.assertEqual(self.there(), 0)
		self.save(enabled=True, commit=False)
		frappe.db.before_commit.run()
		frappe.db._conn.commit()  # and not a word more: no callback runs
		frappe.db.after_commit.reset()
		self.assertEqual(self.there(), 1)
		frappe.db.rollback()

	def test_other_processes_find_it_in_redis(self):
		self.save(enabled=True)
		self.assertEqual(self.here(), 1)
		self.forget()
		with patch.object(document, "_read", side_effect=AssertionError("it was worked out again")):
			self.assertEqual(self.here(), 1)
		before = self.counts("definitions")
		self.forget()
		version = frappe.db.get_value("Dogan Workflow", NAME, "current_version")
		versions.load(self.site, version)
		versions.load(self.site, version)
		after = self.counts("definitions")
		self.assertEqual(
			{where: after[where] - before[where] for where in after}, {"process": 1, "shared": 1, "built": 0}
		)

	def forget(self) -> None:
		"""Be as new as a process that has just started."""
		frappe.db.rollback()
		for each in kept._every.values():
			each.forget(self.site)

	def counts(self, name: str) -> dict[str, int]:
		return dict(kept.counts(self.site)[name])

	def test_without_redis_everything_is_right_and_slower(self):
		self.save(enabled=True)
		gone = redis.Redis(port=1, socket_connect_timeout=1)
		self.forget()
		with patch.object(SharedCache, "__init__", lambda cache: _without(cache, gone)):
			site = frappe.local.dogan_site = type(self.site)()
			self.assertEqual(self.here(), 1)
			self.assertEqual(dict(site.cache.counts()), {})
		del frappe.local.dogan_site
		for key in frappe.cache.scan_iter(match=frappe.cache.make_key("dogan_cache:") + b"*"):
			frappe.cache.delete(key)
		self.forget()
		self.assertEqual((self.here(), self.there()), (1, 1))

	def test_a_version_that_is_made_again_by_somebody_with_fewer_rights_is_another_one(self):
		at, definition = (
			self.moment(),
			versions.load(self.site, frappe.db.get_value("Dogan Workflow", NAME, "current_version")),
		)
		names = []
		for trusted in (True, False):
			frappe.db.delete("Dogan Workflow Version", {"workflow": NAME})
			names.append(versions.publish(self.site.database, definition, at, PERSON, trusted=trusted))
			versions.load(self.site, names[-1])
		self.assertNotEqual(*names)
		self.assertIsNone(versions.load(self.site, names[0]).only_as)
		self.assertEqual(versions.load(self.site, names[1]).only_as, PERSON)
		frappe.db.rollback()

	def moment(self) -> Any:
		from dogansystem.store.moment import moment

		return moment(self.site)

	def test_a_commit_that_fails_and_is_rolled_back_leaves_nothing_behind(self):
		self.assertEqual(self.here(), 0)
		with patch.object(frappe.local.db, "sql", side_effect=frappe.QueryDeadlockError):
			with self.assertRaises(frappe.QueryDeadlockError):
				frappe.db.commit()
		frappe.db.rollback()
		self.assertIsNone(frappe.local.dogan_stamps)

	def test_a_transaction_asks_the_database_once_however_much_it_saves(self):
		frappe.db.rollback()
		asked = []
		sql = SiteDatabase.sql

		def count(database: SiteDatabase, query: str, *values: Any) -> Any:
			asked.extend([query] if "dogan_state" in query else [])
			return sql(database, query, *values)

		with patch.object(SiteDatabase, "sql", count):
			for _ in range(3):
				self.runs_after_a_save()
		self.assertEqual(len(asked), 1)


def _without(cache: SharedCache, connection: redis.Redis) -> None:
	cache._redis, cache._prefix, cache._counts = connection, b"", b""
