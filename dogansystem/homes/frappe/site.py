"""A Frappe site as a home of workflows: the protocol's `Site`."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import frappe
from frappe.utils import get_system_timezone
from rq import get_current_job

from dogansystem.actions import registry
from dogansystem.engine import log
from dogansystem.homes.databases.clock import ahead
from dogansystem.homes.frappe import compat, desk, explain, logs, scheduler, stamps, surroundings
from dogansystem.homes.frappe.cache import SharedCache, may_be_away
from dogansystem.homes.frappe.catalog import Catalog, credential, webhook_secret
from dogansystem.homes.frappe.database import ControlDatabase, SiteDatabase
from dogansystem.homes.frappe.documents import Documents
from dogansystem.homes.frappe.doorbell import Doorbell
from dogansystem.homes.frappe.files import Files
from dogansystem.homes.frappe.methods import call_method, run_script
from dogansystem.homes.frappe.people import People
from dogansystem.homes.frappe.recording import Recording
from dogansystem.homes.frappe.reports import Reports
from dogansystem.homes.frappe.scope import StepScope, acting_as
from dogansystem.homes.unshared import Unshared
from dogansystem.protocol import Cache, Call, Effects, Settings

if TYPE_CHECKING:
	from dogansystem.homes.frappe.keeping.kept_in import KeptIn

IDLE_USER = "Guest"  # who acts in a drainer between steps: nobody
CLOCK_CHECK = 60.0  # seconds between two looks at the database's clock

# How far the database's clock is ahead of time.monotonic(), by site, and when that was looked at. This machine's own
# clock may be put forward or back at any moment.
_clocks: dict[str, tuple[float, float]] = {}

_SETTINGS = {
	"max_agents": ("max_agents", int),
	"num_workers": ("num_workers", int),
	"lease_seconds": ("lease", float),
	"linger_seconds": ("linger", float),
	"time_budget_seconds": ("time_budget", float),
	"allow_private_network": ("allow_private_network", lambda text: bool(int(text))),
	"keep_finished_days": ("keep_finished_days", int),
	"keep_failed_days": ("keep_failed_days", int),
	"signal_retention": ("signal_retention", int),
	"database_memory_gb": ("database_memory", float),
	"ai_cost_per_day": ("ai_cost_per_day", float),
	"ai_retention": ("ai_retention", int),
	"ai_keep_texts": ("ai_keep_texts", lambda text: bool(int(text))),
	"currency": ("currency", str),
	"node_hour_price": ("node_price", float),
	"spot_node_hour_price": ("spot_node_price", float),
	"database_hour_price": ("database_price", float),
}


class FrappeSite:
	"""The site that this request, job or console is connected to.

	Made in the thread that is connected. Another thread may use `open_control`, `now`, `settings` (as last read),
	`stop_requested` and the doorbell; Frappe itself is not there for it.
	"""

	documents = Documents()
	files = Files()
	reports = Reports()
	people = People()
	catalog = Catalog()
	acting_as = staticmethod(acting_as)
	call_method = staticmethod(call_method)
	run_script = staticmethod(run_script)
	credential = staticmethod(credential)
	webhook_secret = staticmethod(webhook_secret)
	explain = staticmethod(explain.explain)
	versions = staticmethod(surroundings.versions)
	signs_of_production = staticmethod(surroundings.signs_of_production)
	listening = staticmethod(surroundings.listening)
	surroundings = staticmethod(surroundings.surroundings)
	scheduler = staticmethod(scheduler.state)
	outbound = None
	models = None

	def __init__(self) -> None:
		"""Do next to nothing: every request that saves a document makes one."""
		self.name: str = frappe.local.site
		self.database = SiteDatabase()
		self._thread = threading.get_ident()
		self._changed = desk.RunsChanged()
		self._scope: StepScope | None = None
		self._settings, self._settings_of = Settings(), -1
		self._stopping: threading.Event | None = None
		self._cache: Cache | None = None
		self._actions: Mapping[str, Any] | None = None
		self._worker_key: str | None = None
		self._queue: str | None = None
		self._parent = os.getppid()
		logs.start()

	@property
	def cache(self) -> Cache:
		"""What the site's processes share in Redis."""
		if self._cache is None:
			# Frappe is there for the site's own thread only; the other one comes later, if at all.
			if not self._is_own_thread:
				return Unshared()
			self._cache = SharedCache()
		return self._cache

	@cached_property
	def doorbell(self) -> Doorbell:
		"""Waking a drainer."""
		return Doorbell(self.name, before_wait=self.tell_changes)

	@cached_property
	def timezone(self) -> str:
		"""The time zone of System Settings."""
		return get_system_timezone()

	@cached_property
	def _connection_settings(self) -> dict[str, Any]:
		return compat.settings_for_pymysql(frappe.local.db)

	def open_control(self) -> ControlDatabase:
		"""A new connection for claims and heartbeats, READ COMMITTED. The caller closes it."""
		return ControlDatabase(self._connection_settings)

	def now(self) -> float:
		"""Seconds since 1970 (UTC) by the database's clock: all nodes of a site share it."""
		offset, checked = _clocks.get(self.name, (time.time() - time.monotonic(), float("-inf")))
		if time.monotonic() - checked > CLOCK_CHECK and self._is_own_thread:
			offset = ahead(lambda: float(self.database.sql("SELECT UNIX_TIMESTAMP(NOW(6))")[0][0]))
			_clocks[self.name] = offset, time.monotonic()
		return time.monotonic() + offset

	def refresh_clock(self) -> None:
		"""Have the site's own thread ask the database's clock again."""
		if self.name in _clocks:
			_clocks[self.name] = _clocks[self.name][0], float("-inf")

	def local_time(self, seconds: float) -> datetime:
		"""That moment in the site's timezone, without tzinfo, as DocType fields hold it."""
		return datetime.fromtimestamp(seconds, ZoneInfo(self.timezone)).replace(tzinfo=None)

	def settings(self) -> Settings:
		"""Dogan Settings as this transaction sees them. A drainer reads them once per transaction."""
		if not self._is_own_thread or (self._scope and self._settings_of == self.database.transactions):
			return self._settings
		rows = self.database.sql(
			"SELECT `field`, `value` FROM `tabSingles` WHERE `doctype` = 'Dogan Settings'"
		)
		known = [(_SETTINGS[field], value) for field, value in rows if field in _SETTINGS and value]
		self._settings = Settings(**{name: convert(value) for (name, convert), value in known})
		self._settings_of = self.database.transactions
		return self._settings

	def actions(self) -> Mapping[str, Any]:
		"""Every action of this site by name: the app's own and those of `dogansystem_actions` hooks."""
		if self._actions is None:
			self._actions = registry.core_actions() | registry.load(frappe.get_hooks("dogansystem_actions"))
		return self._actions

	@property
	def user(self) -> str:
		"""The user who acts now."""
		return frappe.session.user

	def step_scope(self, user: str) -> AbstractContextManager[None]:
		"""Around one attempt of a step; see `scope`."""
		if self._scope is None:
			self._scope = StepScope(frappe.session.user)
			self.database.when_undone = self._scope.cache.drop
		return self._scope.around(user)

	def series(self) -> Mapping[str, str]:
		"""Empty: `kept_in` gives names of its own."""
		return {}

	@contextmanager
	def recorded(self) -> Iterator[Recording]:
		"""Within the block it is noted which documents are written, and what is sent."""
		control, before = self.open_control(), getattr(frappe.local, "dogan_recording", None)
		frappe.local.dogan_recording = recording = Recording(self, control)
		try:
			yield recording
		finally:
			frappe.local.dogan_recording = before
			control.close()

	def kept_in(self) -> AbstractContextManager["KeptIn"]:
		"""Within the block nothing that this thread does leaves its transaction, which is rolled back; see `keeping`."""
		from dogansystem.homes.frappe.keeping.kept_in import (
			kept_in,  # reads much of Frappe that few processes need
		)

		return kept_in(self)

	def try_call(self, call: Call) -> Effects:
		"""What a call of an AI agent's tool would do; see `proving.calls`."""
		from dogansystem.proving import calls  # few processes need it

		return calls.tried(call)

	def make_call(self, call: Call) -> tuple[Any, Effects | None]:
		"""Make such a call; gives its output, and what it has done."""
		from dogansystem.proving import calls

		return calls.done(call)

	def report(self, title: str, traceback: str, run: str | None = None) -> bool:
		"""Write an Error Log, once an hour for each title; the caller commits if it gives True."""
		return self._is_own_thread and desk.report(self.cache, title, traceback, run)

	def after_commit(self, callback: Callable[[], None]) -> None:
		"""Run `callback` once the transaction has committed; drop it if it rolls back."""
		frappe.local.db.after_commit.add(callback)

	def runs_changed(self, runs: Iterable[str]) -> None:
		"""Tell the people who look at these runs that they changed.

		A drainer calls this after its commits and tells a few times a second; a request tells at its end.
		"""
		self._changed.add(runs)
		if self._scope:
			frappe.local.db.after_commit.add(self._changed.tell)
		else:
			frappe.local.db.after_commit.add(self.tell_changes)

	def runs_deleted(self, runs: Sequence[str]) -> None:
		"""Delete what people have attached to runs that are gone: comments, assignments, shares …"""
		desk.detach(runs)
		self.database.commit()

	def tell_changes(self) -> None:
		"""Tell the desk now of all changes that it was not told of yet."""
		self._changed.tell(now=True)

	def stamp(self, subject: str) -> str:
		"""A text that differs once `touch(subject)` has been committed by any process."""
		return stamps.stamp(self.database, subject)

	def touch(self, subject: str) -> None:
		"""Give `subject` another stamp when the transaction commits."""
		stamps.touch(self.database, subject)

	def stop_requested(self) -> bool:
		"""Whether this process should finish what it has in hand and leave.

		A warm shutdown of RQ does not signal the process of the job: it writes a date into the worker's hash. If the
		parent is gone it was killed, and this process is not supervised any more.
		"""
		if (self._stopping and self._stopping.is_set()) or os.getppid() != self._parent:
			return True
		if self._worker_key is None:
			return False
		with may_be_away(log.WARNING):
			return bool(self.doorbell.redis.hexists(self._worker_key, "shutdown_requested_date"))
		return False

	def others_wait(self) -> bool:
		"""Whether another site's job, or another one of this site's, waits in the queue that this job came from."""
		return self._queue is not None and self.doorbell.others_wait(self._queue)

	@contextmanager
	def listening_for_stop(self, stop: threading.Event) -> Iterator[None]:
		"""Within the block SIGTERM sets `stop`: finish the step in hand, give back the rest, leave."""
		job = get_current_job()
		if job and job.worker_name:
			self._worker_key = f"rq:worker:{job.worker_name}"
			self._queue = job.origin
		self._stopping = stop
		before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
		try:
			yield
		finally:
			signal.signal(signal.SIGTERM, before)

	@property
	def _is_own_thread(self) -> bool:
		return threading.get_ident() == self._thread


def current_site() -> FrappeSite:
	"""The site of this request, job or console; the same object until it ends."""
	site = getattr(frappe.local, "dogan_site", None)
	if site is None:
		site = frappe.local.dogan_site = FrappeSite()
	return site
