"""Ways in which an app's hook, or a method that a step calls, gets something out of a transaction that is rolled back.

It is loaded as the app `contract_other`, so that it is nobody of ours. Each way is called with the test's `Place`, and comes
to one of three things: it is stopped, what it would have sent is listed under a kind, or it is kept in without a word.
"""

import concurrent.futures
import http.client
import multiprocessing
import os
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import syslog
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import frappe
import pymysql
import redis
import requests
import rq
from frappe.utils import background_jobs
from frappe.utils.caching import site_cache

STOPPED, KEPT = "stopped", "kept"
SEQUENCE = "Contract Keeping"


@dataclass
class Place:
	"""What the ways find.

	Attributes:
		port: of a server on this machine that counts who comes.
		session: a session with a connection to it that is open already; `opened`, a socket.
		file: the name of a File of the site, and its path.
	"""

	port: int
	session: requests.Session
	opened: socket.socket
	file: str
	path: str
	outside: str

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.port}/"


place: Place = None  # type: ignore[assignment]  # given by the test
WAYS: dict[str, tuple[str, Callable[[Place], Any]]] = {}


def way(comes_to: str) -> Callable[[Callable[[Place], Any]], Callable[[Place], Any]]:
	def keep(function: Callable[[Place], Any]) -> Callable[[Place], Any]:
		WAYS[function.__name__] = comes_to, function
		return function

	return keep


def hook(doc: Any, _event: str | None = None) -> None:
	"""What other apps have: a function that Frappe calls for a document."""
	if doc.description.startswith("contract way "):
		WAYS[doc.description.removeprefix("contract way ")][1](place)


@frappe.whitelist()
def call(name: str) -> None:
	"""What a step `method.call` reaches."""
	WAYS[name][1](place)


def job(**_: Any) -> None:
	Path(place.outside).write_text("a job has run")


def statement(name: str, query: str) -> None:
	WAYS[name] = STOPPED, lambda _place: frappe.db.sql(query)


def in_one(name: str, comes_to: str, function: Callable[[Place], Any]) -> None:
	WAYS[name] = comes_to, function


# The transaction

in_one("commit", STOPPED, lambda _: frappe.db.commit())
in_one("rollback", STOPPED, lambda _: frappe.db.rollback())
in_one("begin", STOPPED, lambda _: frappe.db.begin())
in_one("a cursor commits", STOPPED, lambda _: frappe.db._cursor.execute("COMMIT"))
in_one("the connection commits", STOPPED, lambda _: frappe.db._conn.commit())
in_one("autocommit", STOPPED, lambda _: frappe.db._conn.autocommit(True))
in_one("sql with auto_commit", STOPPED, lambda _: frappe.db.sql("SELECT 1", auto_commit=True))
statement("a statement that commits", "COMMIT")
statement("a comment that commits", "/*!50000 COMMIT */")
statement("statements in one that commit", "BEGIN NOT ATOMIC COMMIT; END")
statement("alter table", "ALTER TABLE `tabToDo` ADD COLUMN contract_keeping INT")
statement("set autocommit", "SET autocommit = 1")
statement("into outfile", "SELECT 1 INTO OUTFILE '/tmp/contract_keeping'")
statement("a number of a sequence", "SELECT nextval(`contract_keeping_id_seq`)")
in_one("sql_ddl", STOPPED, lambda _: frappe.db.sql_ddl("CREATE TABLE contract_keeping (a INT)"))
in_one("truncate", STOPPED, lambda _: frappe.db.truncate("Error Log"))
in_one("an index", STOPPED, lambda _: frappe.db.add_index("ToDo", ["priority", "date"], "contract_keeping"))
in_one("close", STOPPED, lambda _: frappe.db.close())


@way(STOPPED)
def a_custom_field(_: Place) -> None:
	values = {"dt": "ToDo", "fieldname": "contract_keeping", "fieldtype": "Data", "label": "x"}
	frappe.get_doc({"doctype": "Custom Field", **values}).insert(ignore_permissions=True)


@way(STOPPED)
def another_connection_of_frappe(_: Place) -> None:
	frappe.connect()
	frappe.db.sql("SELECT 1")


@way(STOPPED)
def another_connection_of_the_driver(_: Place) -> None:
	conf = frappe.local.conf
	address = {"host": conf.db_host or "127.0.0.1", "port": int(conf.db_port or 3306)}
	pymysql.connect(user=conf.db_name, password=conf.db_password, database=conf.db_name, **address)


@way(STOPPED)
def another_connection_of_ours(_: Place) -> None:
	from dogansystem.homes.frappe.site import current_site

	current_site().open_control()


@way(STOPPED)
def bytes_to_the_database(_: Place) -> None:
	conf = frappe.local.conf
	with socket.socket() as opened:
		opened.connect((conf.db_host or "127.0.0.1", int(conf.db_port or 3306)))


# Counters


@way(KEPT)
def a_naming_series(_: Place) -> None:
	from frappe.model.naming import make_autoname

	assert make_autoname("CONTRACT-KEEPING-.####") != make_autoname("CONTRACT-KEEPING-.####")


@way(KEPT)
def a_sequence(_: Place) -> None:
	first, second = (frappe.db.get_next_sequence_val(SEQUENCE) for _ in range(2))
	assert second == first + 1
	frappe.db.set_next_sequence_val(SEQUENCE, 77)


# Jobs

JOB = "contract_other.ways.job"
in_one("enqueue", "job", lambda _: frappe.enqueue(JOB))
in_one("enqueue after the commit", "job", lambda _: frappe.enqueue(JOB, enqueue_after_commit=True))
in_one("enqueue_doc", "job", lambda _: frappe.enqueue_doc("User", "Guest", "notify_update"))
in_one(
	"a job of rq",
	"job",
	lambda _: rq.Queue("contract", connection=background_jobs.get_redis_conn()).enqueue(JOB),
)
in_one(
	"a job that is to be one",
	"job",
	lambda _: frappe.enqueue(JOB, job_id="contract-keeping", deduplicate=True),
)


@way("job")
def a_scheduled_job(_: Place) -> None:
	name = frappe.get_all("Scheduled Job Type", pluck="name", limit=1)[0]
	frappe.get_doc("Scheduled Job Type", name).enqueue(force=True)


@way(STOPPED)
def a_job_by_hand(_: Place) -> None:
	background_jobs.get_redis_conn().rpush(
		f"rq:queue:{background_jobs.generate_qname('default')}", "contract"
	)


# Realtime

in_one("realtime", "realtime", lambda _: frappe.publish_realtime("contract", {"a": 1}))
in_one(
	"realtime after the commit", "realtime", lambda _: frappe.publish_realtime("contract", after_commit=True)
)
in_one("progress", "realtime", lambda _: frappe.publish_progress(50, "contract"))
in_one("publish", "published", lambda _: frappe.cache.publish("contract", "words"))


# Mails

MAIL = {"recipients": ["contract-out@example.com"], "subject": "Contract", "message": "contract mail"}
in_one("a mail", "mail", lambda _: frappe.sendmail(**MAIL))
in_one("a mail now", "mail", lambda _: frappe.sendmail(**MAIL, now=True))
in_one("smtp", STOPPED, lambda place: smtplib.SMTP("127.0.0.1", place.port, timeout=5))


# Redis

in_one("delete from the cache", KEPT, lambda _: frappe.cache.delete_value("contract_keeping_there"))
in_one("a hash in the cache", KEPT, lambda _: frappe.cache.hset("contract_keeping_hash", "a", 1))
in_one("clear the cache", KEPT, lambda _: frappe.clear_cache())
in_one("clear the cache of a DocType", KEPT, lambda _: frappe.clear_cache(doctype="ToDo"))
in_one("empty redis", STOPPED, lambda _: frappe.cache.flushall())
in_one(
	"a script in redis",
	STOPPED,
	lambda _: frappe.cache.eval("return redis.call('SET', 'contract_keeping', 1)", 0),
)


@way(KEPT)
def write_the_cache(_: Place) -> None:
	cache = frappe.cache
	cache.set_value("contract_keeping", {"a": 1}, expires_in_sec=60)
	frappe.local.cache.clear()
	assert cache.get_value("contract_keeping") == {"a": 1}
	cache.lpush("contract_keeping_list", "a")
	assert (cache.llen("contract_keeping_list"), cache.rpop("contract_keeping_list")) == (1, b"a")
	cache.sadd("contract_keeping_set", "a", "b")
	assert cache.smembers("contract_keeping_set") == {b"a", b"b"}
	assert cache.get_keys("contract_keeping_set")


@way(KEPT)
def a_redis_of_its_own(_: Place) -> None:
	with redis.Redis.from_url(frappe.local.conf.redis_cache) as own:
		own.set("contract_keeping", 1)
		assert own.incr("contract_keeping") == 2


@way(KEPT)
def a_pipeline(_: Place) -> None:
	with frappe.cache.pipeline() as pipe:
		pipe.set("contract_keeping", 1)
		pipe.get("contract_keeping")
		assert pipe.execute()[1] == b"1"


@way(STOPPED)
def a_raw_connection_to_redis(_: Place) -> None:
	connection = frappe.cache.connection_pool.get_connection("SET")
	try:
		connection.send_command("SET", "contract_keeping", 1)
	finally:
		frappe.cache.connection_pool.release(connection)


@way(STOPPED)
def bytes_to_redis(_: Place) -> None:
	options = frappe.cache.connection_pool.connection_kwargs
	with socket.socket() as opened:
		opened.connect((options["host"], options["port"]))
		opened.sendall(b"SET contract_keeping 1\r\n")


@way(KEPT)
def what_a_process_remembers(_: Place) -> None:
	@site_cache
	def remembered() -> str:
		return "contract"

	remembered()


# Files


@way("file")
def a_file(_: Place) -> None:
	doc = frappe.get_doc({"doctype": "File", "file_name": "contract-keeping.txt", "content": "kept in"})
	doc.insert(ignore_permissions=True)
	again = frappe.get_doc("File", doc.name)
	assert again.get_content() in ("kept in", b"kept in") and again.exists_on_disk()


@way("file")
def delete_a_file(place: Place) -> None:
	frappe.delete_doc("File", place.file, ignore_permissions=True, force=True)
	assert not os.path.exists(place.path)


@way("file")
def write_into_a_file(place: Place) -> None:
	with open(place.path, "a") as opened:
		opened.write(", and more")
	assert Path(place.path).read_text().endswith(", and more")


@way("file")
def rename_a_file(place: Place) -> None:
	shutil.move(place.path, f"{place.path}.moved")
	assert os.path.exists(f"{place.path}.moved") and not os.path.exists(place.path)


in_one("a lock of a document", KEPT, lambda _: frappe.get_doc("User", "Guest").lock())
in_one("remove a file", "file", lambda place: os.remove(place.path))
in_one("write elsewhere", STOPPED, lambda place: open(place.outside, "w"))
in_one("write elsewhere by pathlib", STOPPED, lambda place: Path(place.outside).write_text("x"))
in_one("write elsewhere, low", STOPPED, lambda place: os.open(place.outside, os.O_WRONLY | os.O_CREAT))
in_one("copy elsewhere", STOPPED, lambda place: shutil.copy(place.path, place.outside))
in_one("a folder", STOPPED, lambda place: os.mkdir(f"{os.path.dirname(place.path)}/contract"))
in_one("a link", STOPPED, lambda place: os.symlink(place.path, place.outside))
in_one("a database of its own", STOPPED, lambda place: sqlite3.connect(place.outside))
in_one("the system's log", STOPPED, lambda _: syslog.syslog("contract"))


@way(KEPT)
def a_temporary_file(_: Place) -> None:
	with tempfile.NamedTemporaryFile("w+", delete=False) as opened:
		opened.write("contract")
	assert Path(opened.name).read_text() == "contract"


@way(KEPT)
def a_print(_: Place) -> None:
	todo = frappe.get_all("ToDo", pluck="name", limit=1)[0]
	assert frappe.get_print("ToDo", todo, as_pdf=True).startswith(b"%PDF")


# The network

in_one("requests", STOPPED, lambda place: requests.get(place.url, timeout=5))
in_one("a request of frappe", STOPPED, lambda place: frappe.integrations.utils.make_get_request(place.url))
in_one("urllib", STOPPED, lambda place: urllib.request.urlopen(place.url, timeout=5))
in_one("a connection that was open", STOPPED, lambda place: place.session.get(place.url, timeout=5))
in_one("a socket that was open", STOPPED, lambda place: place.opened.sendall(b"contract"))
in_one("the number of a socket", STOPPED, lambda place: os.write(place.opened.fileno(), b"contract"))
in_one("a socket", STOPPED, lambda place: socket.create_connection(("127.0.0.1", place.port), 5))
in_one("a name is looked up", STOPPED, lambda _: socket.getaddrinfo("contract.example.com", 80))
in_one("listen", STOPPED, lambda _: socket.create_server(("127.0.0.1", 0)))


@way(STOPPED)
def a_datagram(place: Place) -> None:
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
		opened.sendto(b"contract", ("127.0.0.1", place.port))


@way(STOPPED)
def http_client(place: Place) -> None:
	http.client.HTTPConnection("127.0.0.1", place.port, timeout=5).request("GET", "/")


@way("stopped quietly")
def requests_with_errors_ignored(place: Place) -> None:
	try:
		requests.get(place.url, timeout=5)
	except Exception:
		pass


# Processes and threads


def _write(path: str) -> None:
	Path(path).write_text("contract")


@way(STOPPED)
def a_thread(place: Place) -> None:
	threading.Thread(target=_write, args=(place.outside,)).start()


@way(STOPPED)
def a_pool_of_threads(place: Place) -> None:
	with concurrent.futures.ThreadPoolExecutor(1) as pool:
		pool.submit(_write, place.outside)


@way(STOPPED)
def a_process_of_python(place: Place) -> None:
	multiprocessing.get_context("spawn").Process(target=_write, args=(place.outside,)).start()


in_one("a program", STOPPED, lambda place: subprocess.run(["touch", place.outside]))
in_one("a shell", STOPPED, lambda place: os.system(f"touch {place.outside}"))
in_one("posix_spawn", STOPPED, lambda place: os.posix_spawnp("touch", ["touch", place.outside], os.environ))


@way(STOPPED)
def a_fork(place: Place) -> None:
	if os.fork() == 0:
		_write(place.outside)
		os._exit(0)


# Later


@way("after commit")
def after_the_commit(place: Place) -> None:
	frappe.db.after_commit.add(job)


@way("stopped quietly")
def after_the_rollback(place: Place) -> None:
	frappe.db.after_rollback.add(lambda: requests.get(place.url, timeout=5))
