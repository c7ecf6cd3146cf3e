"""Ways in which an app's hook, or a method that a step calls, gets something out of a transaction that is rolled back: the transaction, counters, jobs, realtime, mails, Redis, what is done later.

It is loaded as a part of the app `contract_other`, so that it is nobody of ours. Each way is called with the test's `Place`, and
comes to one of three things: it is stopped, what it would have sent is listed under a kind, or it is kept in without a word.
"""

import smtplib
import socket
from pathlib import Path
from typing import Any

import frappe
import pymysql
import redis
import requests
import rq
from frappe.utils import background_jobs
from frappe.utils.caching import site_cache

from dogansystem.tests.ways import KEPT, STOPPED, WAYS, Place, in_one, way

SEQUENCE = "Contract Keeping"
place: Place = None  # type: ignore[assignment]  # given by the test


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
in_one("log_error", "error_log", lambda _: frappe.log_error("contract keeping", "an error is logged"))
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


# Later


@way("after commit")
def after_the_commit(place: Place) -> None:
	frappe.db.after_commit.add(job)


@way("stopped quietly")
def after_the_rollback(place: Place) -> None:
	frappe.db.after_rollback.add(lambda: requests.get(place.url, timeout=5))
