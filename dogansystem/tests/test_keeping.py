"""What is kept in on a site while a workflow is tried out: all ways out, by a hook and by a step; and nothing else."""

import builtins
import hashlib
import importlib.util
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from types import ModuleType
from typing import Any, ClassVar
from unittest.mock import patch

import frappe
import redis
import requests
from frappe.exceptions import ImplicitCommitError

from dogansystem.engine.errors import ReachedOutside, StepCommitted, WrongState
from dogansystem.homes.frappe.keeping import patches
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import SiteTestCase
from dogansystem.tests.test_frappe_site import make_mail_account
from dogansystem.worker.deadline import TimeLimit, TimeUp

OTHER = "contract_other"


def other_app() -> Any:
	"""The ways out, as a module of an app that is neither Frappe's nor ours."""
	path = Path(__file__).with_name("ways_out.py")
	spec = importlib.util.spec_from_file_location(f"{OTHER}.ways", path)
	module = importlib.util.module_from_spec(spec)
	sys.modules[OTHER] = sys.modules[f"{OTHER}.ways"] = module
	sys.modules[f"{OTHER}.hooks"] = ModuleType(f"{OTHER}.hooks")
	module.__path__ = []
	spec.loader.exec_module(module)
	return module


class Counter:
	"""A server on this machine that counts who comes and what they send, over TCP and UDP."""

	def __init__(self) -> None:
		self.heard = 0
		self._tcp = socket.create_server(("127.0.0.1", 0))
		self.port = self._tcp.getsockname()[1]
		self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		self._udp.bind(("127.0.0.1", self.port))
		for target in (self._accept, self._receive):
			threading.Thread(target=target, daemon=True).start()

	def _accept(self) -> None:
		while True:
			try:
				opened, _ = self._tcp.accept()
			except OSError:
				return
			self.heard += 1
			threading.Thread(target=self._answer, args=(opened,), daemon=True).start()

	def _answer(self, opened: socket.socket) -> None:
		with opened:
			while received := opened.recv(65536):
				self.heard += len(received)
				opened.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

	def _receive(self) -> None:
		while True:
			try:
				self.heard += len(self._udp.recv(65536))
			except OSError:
				return

	def close(self) -> None:
		self._tcp.close()
		self._udp.close()


class Outside:
	"""Everything beside the transaction: Redis, the site's files, temporary folders, the network, realtime."""

	def __init__(self, counter: Counter, folder: str) -> None:
		self._counter, self._folder = counter, folder
		self._redis = redis.Redis.from_url(frappe.local.conf.redis_cache)
		self._events = self._redis.pubsub(ignore_subscribe_messages=True)
		self._events.subscribe("events", "contract")

	def close(self) -> None:
		self._events.close()
		self._redis.close()

	def look(self) -> dict[str, Any]:
		while self._events.get_message(timeout=0.01):
			pass
		return {
			"redis": self._keys(),
			"files": self._files(),
			"heard": self._counter.heard,
			"kept": self._temporary(),
		}

	def events(self) -> list[Any]:
		found = []
		while message := self._events.get_message(timeout=0.05):
			found.append(message)
		return found

	def _keys(self) -> dict[bytes, str]:
		"""What is under each key, those apart that time alone takes away."""
		keys = [key for key in sorted(self._redis.keys()) if b"dogan_cache:" not in key]
		with self._redis.pipeline(transaction=False) as pipe:
			for key in keys:
				# A large hash has no order of its own: reading it may change how it is dumped.
				pipe.hgetall(key) if self._redis.type(key) == b"hash" else pipe.dump(key)
			found = zip(keys, pipe.execute(), strict=True)
		return {key: _digest(sorted(each.items()) if isinstance(each, dict) else each) for key, each in found}

	def _files(self) -> dict[str, str]:
		found = {}
		for folder in (frappe.get_site_path(), self._folder):
			for path in Path(folder).rglob("*"):
				if path.is_file() and "logs" not in path.parts:
					found[str(path)] = hashlib.md5(path.read_bytes()).hexdigest()
		return found

	def _temporary(self) -> list[str]:
		return sorted(str(each) for each in Path(gettempdir()).glob("dogansystem-kept-*"))


def _digest(value: Any) -> str:
	return hashlib.md5(repr(value).encode()).hexdigest()


def rows() -> dict[str, Any]:
	"""Checksums of all tables, and what no rollback turns back: sequences. Our own tables' AUTO_INCREMENT is left out."""
	frappe.db.rollback()
	tables = frappe.db.sql(
		"SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE()"
	)
	names = [f"`{name}`" for name, kind in tables if kind == "BASE TABLE"]
	found = dict(frappe.db.sql(f"CHECKSUM TABLE {', '.join(names)}"))
	for name, kind in tables:
		if kind == "SEQUENCE":
			found[name] = frappe.db.sql(f"SELECT next_not_cached_value FROM `{name}`")[0][0]
	frappe.db.rollback()
	return found


def exchanged() -> list[Any]:
	"""What is exchanged in a block, as it is now."""
	from frappe.database.database import Database
	from frappe.email.doctype.email_queue.email_queue import EmailQueue
	from frappe.utils import caching

	return [
		*(builtins.open, io.open, os.stat, os.remove, os.rename, os.open, os.write),
		*(
			vars(Database)["commit"],
			vars(EmailQueue)["new"],
			redis.Redis.execute_command,
			caching._SITE_CACHE,
		),
		*("sendall" in vars(socket.socket), patches._before == []),
	]


class TestKeeping(SiteTestCase):
	ways: ClassVar[Any]

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		cls.ways = other_app()
		cls.addClassCleanup(
			lambda: [sys.modules.pop(each, None) for each in (OTHER, f"{OTHER}.ways", f"{OTHER}.hooks")]
		)

	def setUp(self) -> None:
		super().setUp()
		make_mail_account(self)
		apps = frappe.get_installed_apps()
		self._patch(frappe, "get_installed_apps", lambda *_, **__: [*apps, OTHER])
		self.ways.place = self.make_place()
		self.outside = Outside(self.counter, self.folder)
		self.addCleanup(self.outside.close)

	def make_place(self) -> Any:
		temporary = TemporaryDirectory()
		self.addCleanup(temporary.cleanup)
		self.folder = temporary.name
		self.counter = Counter()
		self.addCleanup(self.counter.close)
		session = requests.Session()
		self.addCleanup(session.close)
		session.get(f"http://127.0.0.1:{self.counter.port}/")
		opened = socket.create_connection(("127.0.0.1", self.counter.port))
		self.addCleanup(opened.close)
		frappe.get_doc(doctype="ToDo", description="contract to print").insert()
		doc = frappe.get_doc(
			doctype="File", file_name="contract-keeping-there.txt", content="there", is_private=1
		)
		doc.insert()
		frappe.cache.set_value("contract_keeping_there", 1)
		self.addCleanup(frappe.cache.delete_value, "contract_keeping_there")
		frappe.db.commit()
		frappe.db.sql("CREATE SEQUENCE IF NOT EXISTS `contract_keeping_id_seq` NOCACHE")
		self.addCleanup(frappe.db.sql_ddl, "DROP SEQUENCE IF EXISTS `contract_keeping_id_seq`")
		frappe.db.commit()
		return self.ways.Place(
			self.counter.port,
			session,
			opened,
			doc.name,
			os.path.abspath(doc.get_full_path()),
			f"{self.folder}/out",
		)

	def test_every_way_out_of_a_hook(self):
		hooks = {"ToDo": {"after_insert": [f"{OTHER}.ways.hook"]}}

		def go(name: str) -> None:
			frappe.get_doc(doctype="ToDo", description=f"contract way {name}").insert(ignore_permissions=True)

		with patch.object(frappe.local, "doc_events_hooks", hooks, create=True):
			self.assert_all_kept_in("a hook", go)

	def test_every_way_out_of_a_step(self):
		def go(name: str) -> None:
			with self.site.step_scope(PERSON):
				frappe.get_doc(doctype="ToDo", description="contract step").insert()
				self.site.call_method(f"{OTHER}.ways.call", {"name": name})

		self.assert_all_kept_in("a step", go)

	def assert_all_kept_in(self, what: str, go: Any) -> None:
		before, patched = rows(), exchanged()
		outcomes: dict[str, int] = {}
		for name, (comes_to, _function) in self.ways.WAYS.items():
			with self.subTest(way=name, of=what):
				self.assert_kept_in(name, comes_to, go)
				outcomes[comes_to] = outcomes.get(comes_to, 0) + 1
				self.assertEqual(exchanged(), patched, "something stays exchanged")
		after = rows()
		self.assertEqual({each: before.get(each) for each in after if before.get(each) != after[each]}, {})
		self.assertEqual(before.keys(), after.keys())
		told = ", ".join(f"{number} {each}" for each, number in sorted(outcomes.items()))
		print(f"\nways out of {what} on a site: tried {len(self.ways.WAYS)}: {told}", flush=True)

	def assert_kept_in(
		self, name: str, comes_to: str, go: Any, who: str = rf"{OTHER} \({OTHER}\.ways\..*\)"
	) -> None:
		Path(self.ways.place.outside).unlink(missing_ok=True)
		before = self.outside.look()
		error: BaseException | None = None
		with self.site.kept_in() as kept:
			try:
				go(name)
			except (ReachedOutside, StepCommitted, ImplicitCommitError) as caught:
				error = caught
		self.assertEqual(self.outside.events(), [])
		self.assertEqual(self.outside.look(), before)
		kinds = [each["kind"] for each in kept.would]
		if comes_to == "stopped":
			self.assertIsNotNone(error, f"it was not stopped; listed: {kept.would}")
			if isinstance(error, ReachedOutside):
				self.assertRegex(str(error), f"^{who}.* tried to ")
		elif error is not None:
			raise error
		elif comes_to != "kept":
			self.assertIn(comes_to.split()[0] if comes_to == "stopped quietly" else comes_to, kinds)

	def test_a_server_script_gets_nothing_out(self):
		"""What Server Scripts are given, by a step `script.run`."""
		if not frappe.conf.server_script_enabled:
			self.skipTest("needs server_script_enabled in common_site_config.json")
		script = frappe.get_doc(
			doctype="Server Script",
			name="Contract Keeping",
			script_type="API",
			api_method="contract_keeping",
			script="1",
		).insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "Server Script", script.name, force=True)
		frappe.db.commit()
		url = f"http://127.0.0.1:{self.counter.port}/"
		for line, comes_to in {
			"frappe.db.commit()": "stopped",
			f"frappe.make_post_request('{url}')": "stopped",
			f"frappe.make_get_request('{url}')": "stopped",
			"frappe.enqueue('contract.job')": "job",
			"frappe.sendmail(recipients=['contract-out@example.com'], subject='x', message='contract mail', now=True)": "mail",
		}.items():
			script.script = line
			script.save()
			frappe.db.commit()
			with self.subTest(line=line):
				self.assert_kept_in(line, comes_to, self.run_script, r"A? ?Server Script")

	def run_script(self, _line: str) -> None:
		with self.site.step_scope(PERSON):
			self.site.run_script("Contract Keeping", {})

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
