"""Around a step on a Frappe site: the transaction is the worker's, and the next step finds a fresh place."""

import pickle
import socket
import time
from collections.abc import Callable
from typing import Any

import frappe

from dogansystem.engine.errors import StepCommitted
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import USER, SiteTestCase


class TestStepScope(SiteTestCase):
	def assert_refused(self, action: Callable[[], Any], text: str) -> None:
		"""The action raises StepCommitted, also where the step takes no notice, and nothing was committed."""
		with self.assertRaisesRegex(StepCommitted, text):
			with self.site.step_scope(PERSON):
				self.create()
				try:
					action()
				except Exception:
					pass
		self.site.database.rollback()
		self.assertEqual(frappe.db.count("ToDo", {"description": "contract scope"}), 0)

	def create(self) -> None:
		frappe.get_doc({"doctype": "ToDo", "description": "contract scope"}).insert()

	def test_a_commit_is_refused(self):
		self.assert_refused(frappe.db.commit, "called frappe.db.commit")
		self.assert_refused(lambda: frappe.db.sql("COMMIT"), "ran COMMIT")

	def test_a_rollback_is_refused(self):
		self.assert_refused(frappe.db.rollback, "called frappe.db.rollback")
		self.assert_refused(lambda: frappe.db.sql(" rollback "), "ran ROLLBACK")

	def test_statements_that_commit_are_refused(self):
		for statement in (
			"create table contract_scope (a int)",
			"ALTER TABLE `tabToDo` ADD COLUMN contract_scope int",
			"truncate table `tabToDo`",
			"/* why not */ begin",
			"start transaction",
			"set autocommit = 1",
		):
			with self.subTest(statement=statement):
				self.assert_refused(lambda statement=statement: frappe.db.sql(statement), "ran ")

	def test_a_new_connection_is_refused(self):
		self.assert_refused(frappe.connect, "replaced frappe.db")

	def test_the_reason_for_a_rollback_is_told(self):
		def careless() -> None:
			try:
				frappe.throw("no stock left")
			except frappe.ValidationError:
				frappe.db.rollback()

		self.assert_refused(careless, "no stock left")

	def test_savepoints_and_temporary_tables_are_allowed(self):
		with self.site.step_scope(PERSON):
			self.create()
			frappe.db.savepoint("inside")
			self.create()
			frappe.db.rollback(save_point="inside")
			frappe.db.sql("create temporary table contract_scope (a int)")
			frappe.db.sql("drop temporary table contract_scope")
		self.site.database.commit()
		self.assertEqual(frappe.db.count("ToDo", {"description": "contract scope"}), 1)

	def test_the_worker_commits_after_the_step(self):
		with self.site.step_scope(PERSON):
			self.create()
		frappe.db.commit()
		frappe.db.rollback()
		self.assertEqual(frappe.db.count("ToDo", {"description": "contract scope"}), 1)

	def test_a_step_leaves_nothing_behind(self):
		before = (frappe.session.user, frappe.local.lang, dict(frappe.local.flags))
		with self.site.step_scope(USER):
			self.assertEqual(frappe.session.user, USER)
			frappe.local.lang = "tr"
			frappe.flags.ignore_permissions = True
			frappe.flags.mute_emails = True
			frappe.msgprint("left over")
			frappe.local.cache["contract"] = "left over"
			frappe.local.contract_scope = "left over"
		self.assertEqual((frappe.session.user, frappe.local.lang, dict(frappe.local.flags)), before)
		self.assertEqual(frappe.local.message_log, [])
		self.assertNotIn("contract", frappe.local.cache)
		self.assertFalse(hasattr(frappe.local, "contract_scope"))

	def test_acting_as_gives_everything_back(self):
		frappe.set_user(USER)
		frappe.local.form_dict = frappe._dict(kept=1)
		with self.site.acting_as(PERSON):
			self.assertEqual(frappe.session.user, PERSON)
			self.assertEqual(frappe.get_roles(), frappe.get_roles(PERSON))
		self.assertEqual((frappe.session.user, frappe.local.form_dict.kept), (USER, 1))

	def test_an_error_has_the_text_that_a_person_would_have_read(self):
		with self.assertRaisesRegex(frappe.PermissionError, r"\w") as caught:
			with self.site.step_scope(USER):
				frappe.get_doc("User", PERSON).check_permission("write")
		self.assertNotIn("<", str(caught.exception))
		self.site.database.rollback()


class TestKeptCache(SiteTestCase):
	"""Steps start with what the steps before them have read, as long as nobody has changed it."""

	KEY = "dogan_contract_cached"

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.cache.delete_value, self.KEY)
		self.step(lambda: None)  # from now on Redis tells of changes

	def step(self, action: Callable[[], Any], user: str = PERSON) -> Any:
		with self.site.step_scope(user):
			return action()

	def read_twice(self) -> None:
		"""Writing the value is a change, of which Redis tells too; reading it is none."""
		self.step(self.read)
		time.sleep(0.05)
		self.step(self.read)

	def read(self) -> Any:
		return frappe.cache.get_value(self.KEY, lambda: "made")

	def is_cached(self, user: str = PERSON) -> bool:
		return self.step(lambda: frappe.cache.make_key(self.KEY) in frappe.local.cache, user)

	def change_elsewhere(self, value: str) -> None:
		"""As another process does it: without this one's request cache."""
		frappe.cache.set(frappe.cache.make_key(self.KEY), pickle.dumps(value))
		time.sleep(0.05)

	def test_what_a_step_has_read_the_next_one_finds(self):
		self.read_twice()
		self.assertTrue(self.is_cached())

	def test_a_change_elsewhere_is_seen_by_the_next_step(self):
		self.read_twice()
		self.change_elsewhere("changed")
		self.assertFalse(self.is_cached())
		self.assertEqual(self.step(self.read), "changed")

	def test_another_user_starts_with_their_own(self):
		self.read_twice()
		self.assertFalse(self.is_cached(USER))
		self.assertTrue(self.is_cached())

	def test_what_was_read_before_a_rollback_is_forgotten(self):
		self.read_twice()
		self.site.database.rollback()
		self.assertFalse(self.is_cached())

	def test_documents_are_read_anew_by_each_step(self):
		self.step(lambda: frappe.get_cached_doc("User", USER))
		kept = self.step(lambda: [key for key in frappe.local.cache if b"document_cache::" in key])
		self.assertEqual(kept, [])

	def test_without_redis_telling_of_changes_nothing_is_kept(self):
		self.read_twice()
		self.assertTrue(self.is_cached())
		self.site._scope.cache._connection._sock.shutdown(socket.SHUT_RDWR)
		self.assertFalse(self.is_cached())
		self.read_twice()  # nobody listens again for a minute
		self.assertFalse(self.is_cached())
