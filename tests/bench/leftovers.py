"""What an app leaves on a site: everything in the database and in Redis that was not there before it was installed."""

import json
import os
import re
import sys
from typing import Any

import frappe
import redis
from frappe.utils.global_search import sync_global_search

from tests.bench.place import Bench

# Where Frappe keeps what has happened on the site, mails that steps have sent included. That the app was there once may
# stand in it.
_HISTORY = frozenset(
	{"tabError Log", "tabActivity Log", "tabPermission Log", "tabRoute History", "tabEmail Queue"}
)
_HISTORY_COLUMNS = frozenset({("tabVersion", "data"), ("tabUser", "last_known_versions")})
_DELETED = ["dogan-nobody@example.com"]  # by the test that made it; Frappe's search may know it still
# RQ's own record of jobs and workers. It goes by itself, after minutes; the doorbell's keys must be gone at once.
_RQ = re.compile(rb"rq:(?!dogansystem)")


def look(bench: Bench) -> dict[str, list[str]]:
	"""What the site has now: its tables, their columns, and the rows and keys that speak of this app."""
	return json.loads(bench.python("-m", "tests.bench.leftovers", quiet=True).splitlines()[-1])


def of(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
	"""What is there now and was not before, one line each."""
	return [
		f"{kind}: {each}" for kind, found in after.items() for each in sorted(set(found) - set(before[kind]))
	]


def _look() -> dict[str, list[str]]:
	sync_global_search()  # what waits in Redis to be written would be there an hour later
	frappe.db.commit()
	columns = frappe.db.sql(
		"SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = DATABASE()"
	)
	tables = sorted({table for table, _, _ in columns})
	users = _test_users()
	return {
		"table": tables,
		"column": [f"{table}.{column}" for table, column, _ in columns],
		"row": [each for table in tables for each in _rows(table, columns, users)],
		"key in Redis": _keys(),
	}


def _test_users() -> re.Pattern[str]:
	"""The names that the users of the tests have on this site. Tests make them; the app makes no user."""
	emails = frappe.get_all("User", filters={"name": ("like", "dogan-%@example.com")}, pluck="name")
	emails += _DELETED
	names = [re.escape(email.split("@")[0]).replace(r"\-", "[-_]") for email in emails]
	return re.compile(rf"(?:{'|'.join(names) or '(?!)'})\b")


def _rows(table: str, columns: Any, users: re.Pattern[str]) -> list[str]:
	"""The rows of a table that speak of this app in any text."""
	texts = [name for of, name, kind in columns if of == table and ("char" in kind or "text" in kind)]
	texts = [name for name in texts if (table, name) not in _HISTORY_COLUMNS]
	if table in _HISTORY or not texts:
		return []
	where = " OR ".join(f"`{name}` LIKE '%dogan%'" for name in texts)
	rows = frappe.db.sql(f"SELECT * FROM `{table}` WHERE {where}", as_dict=True)
	told = [
		(row.get("name", ""), [f"{name}={row[name][:80]!r}" for name in texts if _speaks(row[name], users)])
		for row in rows
	]
	return [f"{table} {name}: {', '.join(speaking)}" for name, speaking in told if speaking]


def _speaks(value: Any, users: re.Pattern[str]) -> bool:
	"""Other than by the names of the site and of the tests' users."""
	return isinstance(value, str) and "dogan" in users.sub("", value.replace(frappe.local.site, "")).lower()


def _keys() -> list[str]:
	"""The keys that speak of this app, other than by the site's name. Another temporary site may share the server."""
	site, own = frappe.local.site.encode(), f"{frappe.conf.db_name}|".encode()
	found = set()
	for url in {frappe.conf.redis_cache, frappe.conf.redis_queue}:
		for key in redis.from_url(url).scan_iter(count=1000):
			if key.startswith(b"bench_test_") and not key.startswith(own):
				continue
			if b"dogan" in key.replace(site, b"").lower() and not _RQ.match(key):
				found.add(key.decode(errors="replace"))
	return sorted(found)


if __name__ == "__main__":
	frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
	frappe.connect()
	json.dump(_look(), sys.stdout)
