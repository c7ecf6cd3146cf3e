"""What the app costs a document that no workflow wants: saved in turns with its doc_events and without them."""

import copy
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import frappe

from benchmarks.report import Figure, Promise, shown
from benchmarks.windows import Size, in_turns
from dogansystem.hooks import app_name, doc_events
from dogansystem.sites.frappe import events

PROMISE = Promise("at most", 100.0)  # microseconds more per save
DOCTYPE = "ToDo"  # its own save is short, so what is added shows
EVENTS = (events.on_update, events.on_change)  # what a save calls
CALLS = 20  # of the handlers in one timing: one alone is shorter than the clock's own cost
# What a request has looked up once, so that a second save in the same request does not.
_LOOKED_UP = ("dogan_wanted", "dogan_stamps", "dogan_site")


def measure(where: str, size: Size) -> Iterator[Figure]:
	"""Some workflow, but none for ToDo, should have a document trigger, or the look would find an empty map."""
	hooked, plain = frappe.get_doc_hooks(), _without_app(frappe.get_doc_hooks())
	doc = frappe.get_doc({"doctype": DOCTYPE, "description": "benchmark"}).insert()
	frappe.db.commit()
	for which, before in (("first save of a request", _new_request), ("further saves", _same_request)):
		pairs = in_turns(partial(_save, doc, hooked, before), partial(_save, doc, plain, before), size.saves)
		frappe.local.doc_events_hooks = hooked
		yield Figure.of(
			where,
			f"{which}: more than without the app",
			pairs.differences,
			"µs",
			PROMISE,
			with_app=shown(pairs.first.median, "µs"),
			without=shown(pairs.second.median, "µs"),
		)
		calls = in_turns(partial(_call_handlers, doc, before), lambda: 1.0, size.saves)
		yield Figure.of(where, f"{which}: the handlers alone", calls.first, "µs", PROMISE)


def _save(doc: Any, hooks: dict[str, Any], before: Callable[[], None]) -> float:
	"""Microseconds of a save; the commit, in which the app has no part, is not counted."""
	before()
	frappe.local.doc_events_hooks = hooks
	doc.priority = "High" if doc.priority == "Low" else "Low"
	started = time.perf_counter()
	doc.save()
	seconds = time.perf_counter() - started
	frappe.db.commit()
	return seconds * 1e6


def _call_handlers(doc: Any, before: Callable[[], None]) -> float:
	"""Microseconds that the handlers of one save take by themselves."""
	total = 0.0
	for _ in range(CALLS):
		before()
		started = time.perf_counter()
		for handler in EVENTS:
			handler(doc)
		total += time.perf_counter() - started
	return total / CALLS * 1e6


def _new_request() -> None:
	for name in _LOOKED_UP:
		if hasattr(frappe.local, name):
			delattr(frappe.local, name)


def _same_request() -> None:
	pass


def _without_app(hooks: dict[str, Any]) -> dict[str, Any]:
	"""The hooks as they would be if the app were not installed. Raises RuntimeError if it has none there."""
	rest = copy.deepcopy(hooks)
	for event in doc_events["*"]:
		kept = [handler for handler in rest["*"][event] if not handler.startswith(f"{app_name}.")]
		if len(kept) == len(rest["*"][event]):
			raise RuntimeError(f"the site does not have the app's handler of {event}")
		rest["*"][event] = kept
	return rest
