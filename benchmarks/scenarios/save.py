"""What the app costs a document that no workflow wants: saved in turns with its doc_events and without them."""

import copy
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import frappe

from benchmarks.report import Figure, Promise, shown
from benchmarks.windows import Sample, Size, duration, in_turns
from dogansystem.homes.frappe import events
from dogansystem.hooks import app_name, doc_events

# Microseconds more per save. The first save of a transaction reads a stamp in the database.
PROMISE = Promise("at most", 250.0)
DOCTYPE = "ToDo"  # its own save is short, so what is added shows
EVENTS = ("on_update", "on_change")  # what a save calls
PAIRS = 100  # of saves in a round, one with and one without the app's events in turns
# What a transaction has looked up once, so that a second save in the same transaction does not.
_LOOKED_UP = ("dogan_wanted", "dogan_stamps", "dogan_site")


def measure(where: str, size: Size) -> Iterator[Figure]:
	"""Some workflow, but none for ToDo, should have a document trigger, or the look would find an empty map."""
	hooked = frappe.get_doc_hooks()
	plain = _without_app(hooked)
	doc = frappe.get_doc({"doctype": DOCTYPE, "description": "benchmark"}).insert()
	frappe.db.commit()
	for which, before in (("first save of a transaction", _first), ("further saves", _further)):
		pairs = in_turns(
			partial(_save, doc, hooked, before), partial(_save, doc, plain, before), size.saves * PAIRS
		)
		frappe.local.doc_events_hooks = hooked
		added = [one - other for one, other in zip(_quick(pairs.first), _quick(pairs.second), strict=True)]
		yield Figure.of(
			where,
			f"{which}: processor time that the app adds",
			Sample(tuple(added)),
			"µs",
			PROMISE,
			with_app=shown(pairs.first.median, "µs"),
			without=shown(pairs.second.median, "µs"),
		)
		calls = Sample(tuple(_call_handlers(doc, before) for _ in range(size.saves * PAIRS)))
		yield Figure.of(where, f"{which}: its handlers alone", Sample(tuple(_quick(calls))), "µs", PROMISE)


def _quick(sample: Sample) -> list[float]:
	"""A round's lowest tenth: whatever disturbs a save makes it slower, and by more than what is looked for."""
	rounds = [sample.values[start : start + PAIRS] for start in range(0, len(sample.values), PAIRS)]
	return [statistics.quantiles(each, n=10)[0] for each in rounds]


def _save(doc: Any, hooks: dict[str, Any], before: Callable[[Any], None]) -> float:
	"""Microseconds of processor time of a save; the commit, in which the app has no part, is not counted.

	A save waits for the database most of its time, and how long differs from save to save by more than what is looked
	for. What the app itself waits for is in the time of the handlers alone.
	"""
	frappe.local.doc_events_hooks = hooks
	before(doc)
	doc.priority = "High" if doc.priority == "Low" else "Low"
	started = time.thread_time()
	doc.save()
	used = time.thread_time() - started
	frappe.db.commit()
	return used * 1e6


def _call_handlers(doc: Any, before: Callable[[Any], None]) -> float:
	"""Microseconds that the handlers of one save take by themselves, waiting included."""
	before(doc)
	return duration(lambda: [events.on_event(doc, event) for event in EVENTS]) * 1e6


def _first(doc: Any) -> None:
	for name in _LOOKED_UP:
		if hasattr(frappe.local, name):
			delattr(frappe.local, name)


def _further(doc: Any) -> None:
	for event in EVENTS:
		events.on_event(doc, event)


def _without_app(hooks: dict[str, Any]) -> dict[str, Any]:
	"""The hooks as they would be if the app were not installed. Raises RuntimeError if it has none there."""
	rest = copy.deepcopy(hooks)
	for event in doc_events["*"]:
		kept = [handler for handler in rest["*"][event] if not handler.startswith(f"{app_name}.")]
		if len(kept) == len(rest["*"][event]):
			raise RuntimeError(f"the site does not have the app's handler of {event}")
		rest["*"][event] = kept
	return rest
