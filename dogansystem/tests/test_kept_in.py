"""What is kept in on a site, for whom, and that nothing stays: errors, interruptions, kills, other threads."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe
import redis
import requests

from dogansystem.engine.errors import WrongState
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER
from dogansystem.tests.keeping import KeepingCase, exchanged
from dogansystem.worker.deadline import TimeLimit, TimeUp


class TestKeptIn(KeepingCase):
	@contextmanager
	def unchanged(self) -> Iterator[None]:
		before, patched = self.outside.look(), exchanged()
		local = {name: id(value) for name, value in frappe.local}
		yield
		self.assertEqual(self.outside.look(), before)
		self.assertEqual(exchanged(), patched)
		self.assertEqual({name: id(value) for name, value in frappe.local}, local)
		self.assertEqual(frappe.db.count("ToDo", {"description": "contract gone"}), 0)

	def change(self) -> None:
		frappe.get_doc(doctype="ToDo", description="contract gone").insert()
		frappe.cache.set_value("contract_keeping", 1)
		frappe.local.flags.contract = 1
		frappe.local.contract = 1
		frappe.get_cached_doc("User", PERSON).first_name = "Changed"

	def test_nothing_stays_after_an_error_an_interruption_or_a_timeout(self):
		for error in (ValueError, KeyboardInterrupt, SystemExit):
			with self.subTest(error=error), self.unchanged():
				with self.assertRaises(error), self.site.kept_in():
					self.change()
					raise error
		with self.unchanged(), self.assertRaises(TimeUp), self.site.kept_in(), TimeLimit(0.2):
			self.change()
			while True:
				signal.sigtimedwait([], 0.01)
		self.assertNotIn("contract", frappe.local.flags)
		self.assertNotEqual(frappe.get_cached_doc("User", PERSON).first_name, "Changed")

	def test_nothing_stays_of_a_process_that_is_killed(self):
		"""Its copies of files lie in a folder of their own until the next block removes it."""
		script = (
			f"import os, sys, frappe\nfrappe.init(site={frappe.local.site!r})\nfrappe.connect()\n"
			"from dogansystem.homes.frappe.site import current_site\n"
			"with current_site().kept_in():\n"
			"	frappe.get_doc(doctype='ToDo', description='contract gone').insert()\n"
			"	frappe.get_doc(doctype='File', file_name='contract-gone.txt', content='gone').insert()\n"
			"	frappe.cache.set_value('contract_keeping', 1)\n"
			"	frappe.enqueue('contract.job')\n"
			"	os.kill(os.getpid(), 9)\n"
		)
		for _ in range(2):  # the first one reads what its start has others read from Redis
			before = self.outside.look()
			ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
			self.assertEqual(ended.returncode, -signal.SIGKILL, ended.stderr)
			self.assertNotEqual(self.outside.look()["kept"], [])
			with self.site.kept_in():
				pass
		self.assertEqual(self.outside.look(), before)
		self.assertEqual(frappe.db.count("ToDo", {"description": "contract gone"}), 0)

	def test_another_thread_goes_on_as_ever(self):
		"""Meanwhile it connects, writes files and Redis; threads of a web server share the process."""
		went, may_end = threading.Event(), threading.Event()
		failed: list[BaseException] = []
		path, url = f"{self.folder}/other", f"http://127.0.0.1:{self.counter.port}/"
		key = "contract_keeping_other"

		def work() -> None:
			try:
				with open(path, "w") as opened:
					opened.write("other")
				requests.get(url, timeout=5)
				with redis.Redis.from_url(address) as own:
					own.set(key, 1)
				went.set()
				may_end.wait(10)
			except BaseException as error:
				failed.append(error)
				went.set()

		address = frappe.local.conf.redis_cache
		ready = threading.Event()
		other = threading.Thread(target=lambda: (ready.wait(10), work()))
		other.start()
		with self.site.kept_in():
			ready.set()
			self.assertTrue(went.wait(10))
		may_end.set()
		other.join()
		self.assertEqual(failed, [])
		self.assertEqual(Path(path).read_text(), "other")
		with redis.Redis.from_url(address) as own:
			self.assertEqual(own.getdel(key), b"1")

	def test_several_threads_keep_in_at_once(self):
		site, found = frappe.local.site, []

		def try_out(number: int) -> None:
			frappe.init(site=site)
			frappe.connect()
			try:
				from dogansystem.homes.frappe.site import current_site

				with current_site().kept_in() as kept:
					barrier.wait(20)
					frappe.cache.set_value("contract_keeping", number)
					frappe.enqueue("contract.job", number=number)
					barrier.wait(20)
					read = frappe.cache.get_value("contract_keeping")
				found.append((number, read, [each["arguments"] for each in kept.would]))
			finally:
				frappe.destroy()

		barrier = threading.Barrier(3)
		patched = exchanged()
		threads = [threading.Thread(target=try_out, args=(number,)) for number in range(3)]
		for each in threads:
			each.start()
		for each in threads:
			each.join(60)
		self.assertEqual(sorted(found), [(number, number, [{"number": str(number)}]) for number in range(3)])
		self.assertEqual(exchanged(), patched)

	def test_a_block_within_a_block_is_refused(self):
		with self.site.kept_in(), self.assertRaises(WrongState), self.site.kept_in():
			pass

	def test_a_step_does_what_it_does_otherwise(self):
		"""Writing, reading what was written, savepoints, lists, permissions, mails' own rows."""
		with self.site.kept_in() as kept, self.site.step_scope(PERSON):
			todo = frappe.get_doc(doctype="ToDo", description="contract gone").insert()
			frappe.db.savepoint("contract")
			todo.add_comment("Comment", "contract")
			frappe.db.rollback(save_point="contract")
			self.assertEqual(frappe.get_list("ToDo", {"name": todo.name}, pluck="name"), [todo.name])
			self.site.people.send_email(
				to=["contract-a@example.com"], subject="Contract é", message="contract mail"
			)
		(mail,) = [each for each in kept.would if each["kind"] == "mail"]
		self.assertEqual((mail["to"], mail["subject"]), (["contract-a@example.com"], "Contract é"))
		self.assertIn("contract mail", mail["message"])
		self.assertEqual(frappe.db.count("ToDo", {"description": "contract gone"}), 0)

	def test_what_was_in_it_is_for_system_managers(self):
		for user, is_shown in ((PERSON, True), (MANAGER, False)):
			frappe.set_user(user)
			with self.subTest(user=user), self.site.kept_in() as kept:
				frappe.enqueue("contract.job", password="contract-secret")
				frappe.publish_realtime("contract", {"token": "contract-secret"})
				with self.site.acting_as("Administrator"):
					frappe.sendmail(
						recipients=["contract-a@example.com"], subject="x", message="contract-secret"
					)
				told = kept.would
			self.assertEqual(
				{each["kind"] for each in told} & {"job", "realtime", "mail"}, {"job", "realtime", "mail"}
			)
			self.assertEqual("contract-secret" in str(told), is_shown)

	def test_names_are_far_from_real_ones_and_lock_nothing(self):
		"""Whoever makes a document of the same series meanwhile does not wait."""
		from frappe.model.naming import make_autoname

		self.addCleanup(frappe.db.delete, "Series", {"name": "CONTRACT-KEEPING-"})
		make_autoname("CONTRACT-KEEPING-.####")
		frappe.db.commit()
		other = self.site.open_control()
		self.addCleanup(other.close)
		with self.site.kept_in():
			self.assertEqual(make_autoname("CONTRACT-KEEPING-.####"), "CONTRACT-KEEPING-1000002")
			locks = "SELECT current FROM tabSeries WHERE name = 'CONTRACT-KEEPING-' FOR UPDATE NOWAIT"
			self.assertEqual(other.sql(locks), [(1,)])
			other.rollback()
