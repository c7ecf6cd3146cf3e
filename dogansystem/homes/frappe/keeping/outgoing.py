"""What Frappe sends by itself, listed as it would have gone out: mails, jobs, realtime, webhooks, prints."""

import _posixsubprocess
import _thread
import email
import email.policy
import multiprocessing.process
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import frappe
import rq
from frappe.email.doctype.email_queue.email_queue import EmailQueue
from frappe.utils import pdf

from dogansystem.homes.frappe.keeping import audit, frames
from dogansystem.homes.frappe.keeping.block import Block, shown
from dogansystem.homes.frappe.keeping.patches import StandIn

A4 = (595, 842)  # points
MOST_TEXT = 20_000  # characters of a mail that are kept
# What Frappe does after a commit and what is stopped or listed when it is done now, by module and name.
AFTER_COMMIT = frozenset(
	{
		("frappe.realtime", "flush_realtime_log"),
		("frappe.integrations.doctype.webhook", "flush_webhook_execution_queue"),
		("frappe.utils.background_jobs", "enqueue.<locals>.enqueue_call"),
	}
)
QUIET = frozenset(
	{"frappe.cache_manager", "frappe.model.utils.link_count", "frappe.model.document", "frappe"}
)


def stand_ins() -> Iterator[tuple[Any, str, StandIn]]:
	"""What is exchanged, and for what."""
	yield EmailQueue, "new", _queued
	yield EmailQueue, "send", _sent_now
	yield rq.Queue, "enqueue_call", _enqueued
	yield rq.job.Job, "delete", lambda *_, **__: None
	yield pdf, "get_pdf", _drawn
	if hasattr(pdf, "get_chrome_pdf"):
		yield (
			pdf,
			"get_chrome_pdf",
			lambda block, original, print_format, html, *rest, **more: _page(html, more.get("output")),
		)
	yield multiprocessing.process.BaseProcess, "start", _process
	yield _posixsubprocess, "fork_exec", _process
	# Python tells of threads since 3.12.
	for owner, names in (
		(threading, ("_start_new_thread", "_start_joinable_thread")),
		(_thread, ("start_new_thread", "start_new")),
	):
		for name in names:
			if hasattr(owner, name):
				yield owner, name, _threaded


def _threaded(block: Block, original: Any, *args: Any, **kwargs: Any) -> Any:
	audit.thread(block)
	return original(*args, **kwargs)


def _process(block: Block, original: Any, *args: Any, **kwargs: Any) -> Any:
	if frames.is_reading():
		return original(*args, **kwargs)
	return block.stop("start a process")


def _queued(block: Block, original: Any, cls: Any, *args: Any, **kwargs: Any) -> Any:
	doc = original(cls, *args, **kwargs)
	if doc:
		block.list("mail", **_mail(doc))
	return doc


def _mail(doc: Any) -> dict[str, Any]:
	message = email.message_from_string(str(doc.message or ""), policy=email.policy.default)
	body = message.get_body(("plain", "html"))
	html = message.get_body(("html",))
	return {
		"to": [each.recipient for each in doc.recipients],
		"subject": str(message["Subject"] or ""),
		"message": str(body.get_content())[:MOST_TEXT] if body else "",
		"html": str(html.get_content())[:MOST_TEXT] if html else "",
		"name": doc.name,
	}


def _sent_now(block: Block, _original: Any, doc: Any, *_: Any, **__: Any) -> None:
	for each in reversed(block.listed):
		if each["kind"] == "mail" and each.get("name") == doc.name:
			each["now"] = True
			return
	block.list("mail", now=True, **_mail(doc))


def _enqueued(block: Block, _original: Any, queue: Any, func: Any, *_: Any, **kwargs: Any) -> Any:
	given = kwargs.get("kwargs") or {}
	method = given.get("method", func)
	name = method if isinstance(method, str) else f"{method.__module__}.{method.__qualname__}"
	arguments = shown(given.get("kwargs") or {})
	block.list("job", method=name, queue=queue.name.rpartition(":")[2], arguments=arguments)
	return rq.job.Job.create("dogansystem.jobs.drain", connection=queue.connection, id=kwargs.get("job_id"))


def _drawn(block: Block, _original: Any, html: Any, options: Any = None, output: Any = None) -> Any:
	return _page(html, output)


def _page(html: Any, output: Any) -> Any:
	"""One empty page: it stands in for a print, which a program of its own would draw."""
	writer = pdf.PdfWriter() if output is None else output
	writer.add_blank_page(*A4)
	if output is not None:
		return output
	writer.write(page := BytesIO())
	return page.getvalue()


def flush(block: Block) -> None:
	"""List what waits for the commit."""
	waiting = frappe.local.db.after_commit._functions
	for callback in list(waiting):
		waiting.popleft()
		place = (getattr(callback, "__module__", "") or "", getattr(callback, "__qualname__", ""))
		if place in AFTER_COMMIT:
			callback()
		elif place[0] not in QUIET and not place[0].startswith("dogansystem."):
			block.list("after commit", function=".".join(place))
