"""Rehearsals on a Frappe site: asked for in a request, done by a background job, kept as a document."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe.utils import add_days, now_datetime

from dogansystem.engine.errors import DoganError
from dogansystem.homes.frappe.site import FrappeSite
from dogansystem.homes.frappe.values import plain
from dogansystem.orchestrator import Orchestrator
from dogansystem.proving import rehearsal

DOCTYPE = "Dogan Rehearsal"
JOB = "dogansystem.jobs.rehearse"
KEPT_DAYS = 30
QUEUED, RUNNING, COMPLETED, STOPPED, FAILED = "Queued", "Running", "Completed", "Stopped", "Failed"
UNDER_WAY = (QUEUED, RUNNING)
LATE = 600.0  # seconds that the job may take longer than its documents
LOST = "Its job has ended without a word: its worker was killed, or the queue was lost. Rehearse it again."


def ask(asked: rehearsal.Rehearsed) -> str:
	"""Have a rehearsal done on the queue `long`; gives its name. The caller commits."""
	kept = {**asdict(replace(asked, definition=None)), "definition": asked.definition.source}  # type: ignore[arg-type]
	kept["only_as"] = asked.definition.only_as
	doc = frappe.get_doc(
		doctype=DOCTYPE,
		workflow=asked.definition.name,
		status=QUEUED,
		started_by=asked.user,
		asked=json.dumps(plain(kept), default=str),
	)
	doc.set_new_name()
	doc.db_insert()
	frappe.enqueue(
		JOB, queue="long", timeout=int(asked.seconds + LATE), enqueue_after_commit=True, rehearsal=doc.name
	)
	return str(doc.name)


def do(site: FrappeSite, name: str) -> None:
	"""What the background job does. It is done once: a job that comes again finds it begun."""
	if frappe.db.get_value(DOCTYPE, name, "status", for_update=True) != QUEUED:
		frappe.db.rollback()
		return
	_write(name, status=RUNNING, started_at=now_datetime())
	try:
		found = rehearsal.rehearse(site, _asked(site, name), _progress(name), _stops(name))
	except DoganError as error:
		_write(name, status=FAILED, error=str(error)[:1000], finished_at=now_datetime())
	except BaseException:
		frappe.db.rollback()
		_write(
			name, status=FAILED, error="It ended unexpectedly: see the Error Log.", finished_at=now_datetime()
		)
		raise
	else:
		_keep(name, found)


def _asked(site: FrappeSite, name: str) -> rehearsal.Rehearsed:
	kept = json.loads(frappe.db.get_value(DOCTYPE, name, "asked"))
	definition = Orchestrator(site).check(kept.pop("definition"))
	if (only_as := kept.pop("only_as")) is not None:
		definition = definition.limited_to(only_as)
	return rehearsal.Rehearsed(**{**kept, "definition": definition})


def _keep(name: str, found: Mapping[str, Any]) -> None:
	counts = found["summary"]
	_write(
		name,
		status=STOPPED if found["stopped"] else COMPLETED,
		finished_at=now_datetime(),
		done=counts["documents"],
		would_start=counts["start"],
		would_fail=counts["fail"],
		differ=counts["differ"],
		busy=counts["busy"],
		result=json.dumps(plain(dict(found)), default=str),
	)


def _progress(name: str) -> Any:
	return lambda done, of: _write(name, done=done, total=of)


def _stops(name: str) -> Any:
	return lambda: frappe.db.get_value(DOCTYPE, name, "status") == STOPPED


def _write(name: str, **values: Any) -> None:
	frappe.db.set_value(DOCTYPE, name, values, update_modified=False)
	frappe.db.commit()


def stop(name: str) -> None:
	"""Have the job try no further document. The caller commits."""
	if frappe.db.get_value(DOCTYPE, name, "status") in UNDER_WAY:
		frappe.db.set_value(DOCTYPE, name, "status", STOPPED, update_modified=False)


def read(name: str) -> dict[str, Any]:
	"""What is known of a rehearsal; `result` once it has ended."""
	columns = ["name", "workflow", "status", "error", "total", "done", "result", "asked", "creation"]
	row = frappe.db.get_value(DOCTYPE, name, columns, as_dict=True)
	if _is_lost(row.status, row.pop("creation"), row.pop("asked")):
		row.update(status=FAILED, error=LOST)
	return {**row, "rehearsal": row.pop("name"), "result": json.loads(row.result) if row.result else None}


def _is_lost(status: str, creation: datetime, asked: str) -> bool:
	"""Whether the job must have ended long ago, and has not said so: its worker was killed, or Redis has lost it."""
	late = json.loads(asked)["seconds"] + 2 * LATE
	return status in UNDER_WAY and creation < now_datetime() - timedelta(seconds=late)


def forget(days: int) -> None:
	"""Delete those that are older, and end those whose job is gone."""
	columns = ["name", "status", "creation", "asked"]
	for row in frappe.get_all(DOCTYPE, {"status": ["in", UNDER_WAY]}, columns):
		if _is_lost(row.status, row.creation, row.asked):
			_write(row.name, status=FAILED, error=LOST)
	frappe.db.delete(DOCTYPE, {"creation": ["<", add_days(now_datetime(), -days)]})
