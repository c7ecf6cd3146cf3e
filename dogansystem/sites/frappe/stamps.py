"""Marks in Redis that say whether what a process has cached is still valid."""

import logging
import uuid

import frappe
import redis

# A process that dies between a commit and its new mark would leave the old one; so marks do not live longer than this.
LIFETIME = 60  # seconds

logger = logging.getLogger(__name__)


def stamp(subject: str) -> str:
	"""The mark of `subject`; asked of Redis once per request or step. Without Redis nothing cached is valid."""
	known = _known()
	if subject not in known:
		try:
			known[subject] = _read(subject)
		except redis.RedisError:
			known[subject] = uuid.uuid4().hex
	return known[subject]


def touch(subject: str) -> None:
	"""Give `subject` another mark when the transaction commits."""
	frappe.local.db.after_commit.add(lambda: _renew(subject))


def _known() -> dict[str, str]:
	known = getattr(frappe.local, "dogan_stamps", None)
	if known is None:
		known = frappe.local.dogan_stamps = {}
	return known


def _read(subject: str) -> str:
	key = frappe.cache.make_key(f"dogan_stamp:{subject}")
	found = frappe.cache.get(key)
	if found is None:
		frappe.cache.set(key, uuid.uuid4().hex, ex=LIFETIME, nx=True)
		found = frappe.cache.get(key) or uuid.uuid4().hex.encode()
	return found.decode()


def _renew(subject: str) -> None:
	for name in ("dogan_stamps", "dogan_wanted"):
		if hasattr(frappe.local, name):
			delattr(frappe.local, name)
	try:
		frappe.cache.set(frappe.cache.make_key(f"dogan_stamp:{subject}"), uuid.uuid4().hex, ex=LIFETIME)
	except redis.RedisError:
		logger.warning("Redis does not answer: %s is renewed within %s seconds", subject, LIFETIME)
