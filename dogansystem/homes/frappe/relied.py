"""Which DocTypes no workflow wants, taken as settled for a second: so that most saves ask the database nothing.

Only what a transaction has read that is younger than that second is relied on, and who has a workflow want documents
waits for a second after the commit (`wait_out`). So when saving a workflow is over, no process of any node overlooks a document
any more. Before that, and after a process that died in between, others may for the rest of the second.
"""

import time
from collections.abc import Container

import frappe

SECONDS = 1.0  # that a process relies on what it has read
# Goes on while the machine sleeps, and nobody can set it.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

_relied: dict[str, tuple[float, Container[str]]] = {}  # by site: until when on what


def is_unwanted(doctype: str) -> bool:
	"""Whether it is settled that no workflow wants documents of this DocType."""
	known = _relied.get(frappe.local.site)
	return known is not None and doctype not in known[1] and clock() < known[0]


def rely(wanted: Container[str]) -> None:
	"""Take as settled what this transaction sees: that no workflow wants other DocTypes than these."""
	began = getattr(frappe.local, "dogan_began", None)
	if began is not None:
		_relied[frappe.local.site] = (began + SECONDS, wanted)


def forget() -> None:
	"""Settle nothing until it was read again."""
	_relied.pop(frappe.local.site, None)


def wait_out() -> None:
	"""After a change was committed: wait until nobody relies on what was before it."""
	sleep(SECONDS)


def note_beginning() -> None:
	"""A request or job begins. If nothing was read yet, all that its transaction sees will be younger than this moment."""
	if frappe.local.db and frappe.local.db._conn is None:
		frappe.local.dogan_began = clock()


def note_end() -> None:
	"""The transaction is about to end."""
	frappe.local.dogan_ends = clock()


def note_ended() -> None:
	"""It has ended: the one behind it sees nothing older. Where nobody noted when, what was known of its beginning holds."""
	ends = getattr(frappe.local, "dogan_ends", None)
	if ends is not None:
		frappe.local.dogan_began, frappe.local.dogan_ends = ends, None


def clock() -> float:
	"""Seconds, for differences only."""
	return time.clock_gettime(_CLOCK)


sleep = time.sleep
