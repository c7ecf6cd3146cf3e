"""What the tests of keeping in have in common: an app of somebody else's with ways out, and eyes on all that is outside."""

import builtins
import hashlib
import importlib
import io
import os
import shutil
import socket
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, ClassVar
from unittest.mock import patch

import frappe
import redis
import requests
from frappe.exceptions import ImplicitCommitError

from dogansystem.engine.errors import ReachedOutside, StepCommitted
from dogansystem.homes.frappe.keeping import patches
from dogansystem.tests.home import SiteTestCase
from dogansystem.tests.test_frappe_site import make_mail_account
from dogansystem.tests.ways import Place

OTHER = "contract_other"


def make_other_app(folder: str) -> None:
	"""A package with the ways out, in a folder that Python looks into."""
	package = Path(folder, OTHER)
	package.mkdir()
	for name, source in {"ways": "ways_out", "beyond": "ways_beyond"}.items():
		shutil.copy(Path(__file__).with_name(f"{source}.py"), package / f"{name}.py")
	for name in ("__init__", "hooks"):
		(package / f"{name}.py").touch()


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


class KeepingCase(SiteTestCase):
	"""Ways out, and eyes outside."""

	ways: ClassVar[Any]

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		temporary = TemporaryDirectory()
		cls.addClassCleanup(temporary.cleanup)
		make_other_app(temporary.name)
		path = patch.object(sys, "path", [temporary.name, *sys.path])
		path.start()
		cls.addClassCleanup(path.stop)
		cls.addClassCleanup(
			lambda: [sys.modules.pop(each) for each in list(sys.modules) if each.startswith(OTHER)]
		)
		cls.ways = importlib.import_module(f"{OTHER}.ways")
		importlib.import_module(f"{OTHER}.beyond")

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
		frappe.db.rollback()  # callbacks of the commit may have written
		frappe.db.sql("CREATE SEQUENCE IF NOT EXISTS `contract_keeping_id_seq` NOCACHE")
		self.addCleanup(frappe.db.sql_ddl, "DROP SEQUENCE IF EXISTS `contract_keeping_id_seq`")
		frappe.db.commit()
		return Place(
			self.counter.port,
			session,
			opened,
			doc.name,
			os.path.abspath(doc.get_full_path()),
			f"{self.folder}/out",
		)

	def assert_kept_in(
		self, name: str, comes_to: str, go: Any, who: str = rf"{OTHER} \({OTHER}\.\w+\..*\)"
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
