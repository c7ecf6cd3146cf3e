"""What the app uses of Frappe that Frappe does not promise to keep: in this file only.

Each entry says why nothing public serves. They were run on Frappe 15.44, 16.0-dev and 17.0-dev unless an entry says
otherwise; `[tool.bench.frappe-dependencies]` in pyproject.toml holds the range.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from functools import cache
from typing import Any

import frappe
import redis
from frappe.core.doctype.server_script.server_script_utils import get_server_script_map
from frappe.desk.doctype.notification_settings.notification_settings import (
	is_email_notifications_enabled_for_type,
	is_notifications_enabled,
)
from frappe.model.db_query import DatabaseQuery
from frappe.utils.background_jobs import create_job_id, generate_qname, get_queues_timeout, get_redis_conn
from frappe.utils.file_lock import release_document_locks

from dogansystem.homes.databases import driver
from dogansystem.homes.databases.mariadb import CONVERSIONS

# frappe.init() makes these lists anew for each request, and a drainer does for each step.
REQUEST_LISTS = ("error_log", "message_log", "debug_log", "locked_documents")
# Stay in frappe.local from step to step. Which app handles which event only changes when apps are installed, and then
# workers are restarted. What is told on the desk after the commit waits for it.
REQUEST_STAYS = frozenset({"doc_events_hooks", "_realtime_log"})
# What frappe.set_user() replaces. It has no way back to the user before.
USER_STATE = ("cache", "form_dict", "jenv", "role_permissions", "new_doc_templates", "user_perms")


# Queues

job_id = create_job_id  # the id that `frappe.enqueue(job_id=…)` gives a job of this site


# What `frappe.enqueue` raises when too many jobs wait. Frappe 15 takes any number.
REFUSES_JOBS: tuple[type[Exception], ...] = (
	(frappe.QueueOverloaded,) if hasattr(frappe, "QueueOverloaded") else ()
)


def queue_connection() -> redis.Redis:
	"""The Redis of the job queues. `get_redis_conn` tries for five seconds, and who saves a document must not wait."""
	return getattr(get_redis_conn, "__wrapped__", get_redis_conn)()


def queue_key(queue: str) -> str:
	"""RQ's list of the jobs that wait in a queue of this bench. The doorbell looks into it from a Lua script."""
	return f"rq:queue:{generate_qname(queue)}"


def workers_key(queue: str) -> str:
	"""RQ's set of the workers of a queue of this bench."""
	return f"rq:workers:{generate_qname(queue)}"


def has_queue(queue: str) -> bool:
	"""Whether the bench is configured to have this queue: `frappe.enqueue` raises for another one."""
	return queue in get_queues_timeout()


# The database


def writes(db: Any) -> int:
	"""How many statements that write a `frappe.db` has sent; counted anew in each transaction."""
	return int(db.transaction_writes)


def connection(db: Any) -> Any:
	"""The driver's connection of a `frappe.db`, opened if it was not. In a worker's loop `frappe.db.sql` costs more than
	the statements themselves."""
	if db._conn is None:
		db.connect()
	return db._conn


def settings_for_pymysql(db: Any) -> dict[str, Any]:
	"""The settings of a `frappe.db` for a connection of PyMySQL. Those for mysqlclient, the driver of Frappe 16, differ in
	two."""
	settings = {**db.get_connection_settings(), "conv": CONVERSIONS}
	settings.pop("multi_statements", None)
	return settings


def replace_connection(db: Any) -> None:
	"""Connect again after the connection was lost: `frappe.db.connect` alone would leak the old one."""
	try:
		db.close()
	except driver.ERRORS:
		db._conn = None  # it was closed already
	db.connect()


def forget_transaction(db: Any, *callbacks: Any) -> None:
	"""What `frappe.db.commit` and `rollback` do beside the statement: count the writes from 0, and drop the callbacks
	that wait for what has not happened, such as `frappe.db.after_rollback`."""
	db.transaction_writes = 0
	for manager in callbacks:
		manager.reset()


def forget_values(db: Any) -> None:
	"""Empty what `frappe.db.get_value(cache=True)` keeps until the end of a request."""
	db.value_cache.clear()


def readable(doctype: str, user: str) -> str:
	"""The SQL that lists the names of a DocType's documents which `user` may read. `frappe.get_list` only runs it."""
	return DatabaseQuery(doctype, user=user).execute(
		fields=["name"], order_by="", limit_page_length=0, run=False
	)


try:
	from frappe.database.query import FUNCTION_MAPPING
except ImportError:
	# Frappe 15 takes functions in a list's fields as SQL.
	LIST_FUNCTIONS: frozenset[str] | None = None
else:
	# Frappe 16 takes some, each as a mapping such as {"COUNT": "name", "as": "total"}.
	LIST_FUNCTIONS = frozenset(FUNCTION_MAPPING)


def count(doctype: str, filters: Any) -> int:
	"""How many documents a list would have, each once. Frappe's list repeats those of which several rows fit a filter, and
	what it takes to count depends on its version."""
	found = frappe.get_list(
		doctype,
		filters=filters,
		fields=["name"],
		distinct=True,
		order_by=None,
		limit_page_length=0,
		run=False,
	)
	query = found if isinstance(found, str) else found.get_sql()
	((number,),) = frappe.db.sql(f"SELECT COUNT(*) FROM ({query}) found")
	return number


@contextmanager
def within_transaction(db: Any) -> Iterator[None]:
	"""Within the block, a query report reads in the transaction that is open. Frappe 16 and later begin one for it, which
	would commit what is open, and roll that one back. `check_safe_sql_query` has seen that the query only reads."""
	before = {name: vars(db).get(name) for name in ("begin", "rollback")}
	for name in before:
		setattr(db, name, lambda **_: None)
	try:
		yield
	finally:
		for name, own in before.items():
			setattr(db, name, own) if own else delattr(db, name)


# Documents and people

wants_notifications = is_notifications_enabled  # whoever inserts a Notification Log has to ask


def wants_mail_of_assignments(user: str) -> bool:
	"""Whether a user's Notification Settings let mails come for what is assigned to them. Frappe asks when it inserts a
	Notification Log, whose mail would lead to the desk."""
	return bool(is_email_notifications_enabled_for_type(user, "Assignment"))


def clean_html(text: str, tags: Set[str], attributes: Mapping[str, Set[str]], protocols: Set[str]) -> str:
	"""The text with these tags, their attributes and links with these protocols, and no others.

	Frappe has one of these two libraries; its own function allows pictures, forms and frames.
	"""
	try:
		import nh3
	except ImportError:  # before 17
		import bleach
	else:
		kept = {tag: set(names) for tag, names in attributes.items()}
		return str(
			nh3.clean(text, tags=set(tags), attributes=kept, url_schemes=set(protocols), link_rel=None)
		)
	kept_by_bleach = {tag: sorted(names) for tag, names in attributes.items()}
	return str(bleach.clean(text, tags=tags, attributes=kept_by_bleach, protocols=protocols, strip=True))


def can_send_mail(doctype: str) -> bool:
	"""Whether there is a mail account to send from: `frappe.sendmail` raises, with a message, where there is none."""
	from frappe.email.doctype.email_account.email_account import EmailAccount

	return EmailAccount.find_outgoing(match_by_doctype=doctype) is not None


@cache
def replies_by_name() -> bool:
	"""Whether `frappe.sendmail(in_reply_to=…)` takes the name of a Communication. Up to 16 it takes a Message-ID, and puts it
	into the mail as it is. Source: QueueBuilder.prepare_email_content"""
	from frappe.email.doctype.email_queue.email_queue import QueueBuilder

	return "get_value" in inspect.getsource(QueueBuilder.prepare_email_content)


def is_submitting(doc: Any) -> bool:
	"""Whether a save submits the document: `on_update` comes for it too, and its docstatus is 1 either way."""
	return doc._action == "submit"


def server_script(name: str) -> Callable[[], Any] | None:
	"""What runs the Server Script of type API of that name. Frappe's own handler needs a request."""
	from frappe.handler import run_server_script

	script = get_server_script_map().get("_api", {}).get(name)
	return (lambda: run_server_script(script)) if script else None


def file_content(doc: Any) -> bytes:
	"""The bytes of a File. Frappe makes text of them where it can: Frappe 15 of UTF-8 only, later ones of whatever fits."""
	takes_encodings = "encodings" in inspect.signature(doc.get_content).parameters
	content = doc.get_content(encodings=()) if takes_encodings else doc.get_content()
	return content.encode() if isinstance(content, str) else content


@contextmanager
def access_log_later() -> Iterator[None]:
	"""Within the block, printing commits nothing: Frappe writes its Access Log and commits at once, unless it may only
	read, when it writes it later."""
	flags = frappe.local.flags
	before, flags.read_only = flags.read_only, True
	try:
		yield
	finally:
		flags.read_only = before


# Requests


def begin_request(flags: dict[str, Any], language: str) -> None:
	"""What `frappe.init` sets for each request, for a drainer that has one connection for all steps."""
	local = frappe.local
	if local.locked_documents:
		release_document_locks()
	local.flags = frappe._dict(flags, currently_saving=[])
	for name in REQUEST_LISTS:
		setattr(local, name, [])
	local.response = frappe._dict(docs=[])
	local.lang = language
	local.valid_columns = {}
	forget_values(local.db)


def tracking_connection() -> Any:
	"""A connection of its own to the Redis of caches, on which Redis tells of the keys that change. Up to redis-py 7."""
	found = frappe.cache.connection_pool.make_connection()
	found.connect()
	return found
