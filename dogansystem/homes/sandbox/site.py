"""A place for workflows to live without a bench: one SQLite file, or a MariaDB database that many machines share."""

import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from dogansystem.actions import registry
from dogansystem.actions.base import Action
from dogansystem.engine.errors import DoganError, NotFound
from dogansystem.homes.databases.address import Address, AddressError
from dogansystem.homes.databases.clock import UTC, Clock, DatabaseClock, SystemClock, zone_of
from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox.bare import Bare
from dogansystem.homes.sandbox.catalog import Catalog
from dogansystem.homes.sandbox.changes import note_change, rename_changes
from dogansystem.homes.sandbox.connections import Connections
from dogansystem.homes.sandbox.desk import Documents
from dogansystem.homes.sandbox.doorbell import VARIABLE, Doorbell, RedisDoorbell, folder_for
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.homes.sandbox.files import Files
from dogansystem.homes.sandbox.people import People
from dogansystem.homes.sandbox.permissions import Permissions
from dogansystem.homes.sandbox.recording import Records
from dogansystem.homes.sandbox.reports import Reports
from dogansystem.homes.sandbox.settings import from_environment, read_settings, write_settings
from dogansystem.homes.sandbox.shelf import Shelf, rename
from dogansystem.homes.sandbox.tables import ensure_tables, read_stamp, write_stamp
from dogansystem.homes.unshared import Unshared
from dogansystem.protocol import Document, Scheduler, Settings
from dogansystem.triggers import document as trigger
from dogansystem.triggers import email, signatures

DEFAULT_USER = "sandbox@example.com"


class Sandbox(Records, Bare):
	"""A `protocol.Site`. Threads share it; each has a connection of its own."""

	def __init__(
		self,
		url: "str | os.PathLike[str] | None" = None,
		*,
		clock: Clock | None = None,
		timezone: str | None = None,
		user: str = DEFAULT_USER,
	) -> None:
		"""Open the sandbox at `url` and make its tables if they are missing.

		Args:
			url: a file name, or `mariadb://user:password@host:port/database`. None: a temporary file that is removed
				when the sandbox is closed.
			clock: what `now` asks; by default the database's clock.
			timezone: the site's, such as Europe/Istanbul; by default that of the variable TZ, or UTC.
			user: who acts unless another user is named.

		Raises AddressError when `url` names no database that can be used.
		"""
		self._connections = Connections(url)
		self._default_user = user
		self._acting = threading.local()
		self._zone = zone_of(timezone)
		self._methods: dict[str, Callable[..., Any]] = {}
		self._credentials: dict[str, Mapping[str, Any]] = {}
		self._actions: Mapping[str, Any] = registry.core_actions()
		self._watchers: list[Callable[[list[str]], None]] = []
		self._stopping = threading.Event()
		self.outbound: Callable[..., Any] | None = None
		self.models: Callable[..., Any] | None = None
		self.timezone: str = str(getattr(self._zone, "key", UTC))
		self.name = f"{self._connections.short_name}-{self._make_tables()}"
		self.clock = clock or self._own_clock()
		self.permissions = Permissions(self)
		self.people = People(self)
		self.documents = Documents(self, self.permissions)
		self.files = Files(self, self.permissions)
		self.reports = Reports(self, self.permissions)
		self.catalog = Catalog(self)
		self.cache = Unshared()
		self.doorbell = self._make_doorbell()

	# Opening and closing

	@property
	def address(self) -> Address:
		"""Where the database is; as text it shows no password."""
		return self._connections.address

	@property
	def dialect(self) -> str:
		"""`sqlite` or `mariadb`."""
		return self._connections.dialect

	def _make_tables(self) -> str:
		try:
			return ensure_tables(self.database)
		except self._connections.errors as error:
			if isinstance(error, DoganError):
				raise  # it says by itself what to do
			raise AddressError(f"{self.address} cannot be used: {error.args[-1]}") from None

	def _make_doorbell(self) -> Doorbell | RedisDoorbell:
		place = f"{self.name} {'' if self.dialect == 'mariadb' else self.address}"
		if url := os.environ.get(VARIABLE):
			return RedisDoorbell(url, f"dogansystem:{place}")
		folder = self._connections.folder
		return Doorbell(folder / "bell" if folder else folder_for(place))

	def _own_clock(self) -> Clock:
		return DatabaseClock(self.open_control) if self.dialect == "mariadb" else SystemClock()

	def close(self) -> None:
		"""Close all connections, those of other threads too, and remove a temporary file. May be called twice."""
		if not self._connections.is_closed:
			self.stop()
			self.doorbell.close()
			self._connections.close()

	def __enter__(self) -> "Sandbox":
		return self

	def __exit__(self, *_: object) -> None:
		self.close()

	# The protocol

	@property
	def database(self) -> Connection:
		"""This thread's connection: effects and progress share its transaction."""
		return self._connections.of_this_thread()

	def open_control(self) -> Connection:
		"""A new connection for claims and heartbeats, READ COMMITTED. The caller closes it."""
		return self._connections.open(control=True)

	def now(self) -> float:
		"""Seconds since 1970 (UTC) by the database's clock, or the one the sandbox was given."""
		return self.clock.now()

	def refresh_clock(self) -> None:
		"""Ask the database's clock again."""
		if isinstance(self.clock, DatabaseClock):
			self.clock.refresh()

	def local_time(self, seconds: float) -> datetime:
		"""That moment in the site's timezone, without tzinfo."""
		return datetime.fromtimestamp(seconds, self._zone).replace(tzinfo=None)

	def settings(self) -> Settings:
		"""Dogan Settings, read once per transaction."""
		database = self.database
		return database.remember("settings", lambda: read_settings(database))

	def actions(self) -> Mapping[str, Any]:
		"""The app's actions and those that `add_action` brought."""
		return self._actions

	@property
	def user(self) -> str:
		"""The user who acts now in this thread."""
		return getattr(self._acting, "user", None) or self._default_user

	@contextmanager
	def acting_as(self, user: str) -> Iterator[None]:
		"""Within the block, documents are read and changed with this user's permissions."""
		if not user:
			raise ValidationError("Nobody is named to act. Give the name of a user.")
		before = getattr(self._acting, "user", None)
		self._acting.user = user
		try:
			yield
		finally:
			self._acting.user = before

	@contextmanager
	def step_scope(self, user: str) -> Iterator[None]:
		"""Around one attempt of a step: acts as `user`; a step that ends the transaction gets StepCommitted."""
		database = self.database
		database.enter_step()
		try:
			with self.acting_as(user):
				yield
		finally:
			database.leave_step()

	def has_method(self, method: str) -> bool:
		"""Whether `whitelist` put a function on the list under this name."""
		return method in self._methods

	def call_method(self, method: str, args: Mapping[str, Any]) -> Any:
		"""Call a function that `whitelist` put on the list. Raises NotFound for any other."""
		function = self._methods.get(method)
		if function is None:
			known = ", ".join(sorted(self._methods)) or "none yet"
			raise NotFound(
				f"This sandbox has no server method {method!r} (known: {known})."
				f" Add it with sandbox.whitelist({method!r}, function), or run the workflow on a site that has it."
			)
		return function(**args)

	def credential(self, name: str) -> Mapping[str, Any] | None:
		"""What `set_credential` was given, else the JSON of the variable DOGAN_CREDENTIAL_<NAME>, else None."""
		return self._credentials.get(name) or from_environment(name)

	def webhook_secret(self, name: str) -> Mapping[str, str] | None:
		"""The same, where it is of a kind that signs deliveries."""
		found = self.credential(name)
		return found if found and found.get("type") in signatures.KINDS and found.get("secret") else None

	def after_commit(self, callback: Callable[[], None]) -> None:
		"""Run `callback` once this thread's transaction has committed; drop it if it rolls back."""
		self.database.after_commit(callback)

	def stamp(self, subject: str) -> str:
		"""A mark that differs once `touch(subject)` has been committed by any process."""
		return self.database.remember(f"stamp {subject}", lambda: read_stamp(self.database, subject))

	def touch(self, subject: str) -> None:
		"""Give `subject` another stamp when this thread's transaction commits."""
		write_stamp(self.database, subject, secrets.token_hex(8))
		self.database.forget(f"stamp {subject}")

	def scheduler(self) -> Scheduler:
		"""`serve` ticks, and every drainer does what is due; with neither, nobody does."""
		return Scheduler(remedy=f"Start `dogansystem serve --db {self.address}`.")

	def stop_requested(self) -> bool:
		"""Whether `stop` was called."""
		return self._stopping.is_set()

	def runs_changed(self, runs: Iterable[str]) -> None:
		"""Tell those who `watch`, once this thread's transaction has committed."""
		changed = list(runs)
		if self._watchers and changed:
			self.after_commit(lambda: self._tell(changed))

	def _tell(self, runs: list[str]) -> None:
		for watcher in list(self._watchers):
			watcher(runs)

	# What only a sandbox has

	@property
	def shelf(self) -> Shelf:
		"""This thread's documents, without permissions and events."""
		return Shelf(self.database)

	def stop(self) -> None:
		"""Ask this process's drainers to finish the step in hand and leave."""
		self._stopping.set()
		self.doorbell.wake_all()

	def watch(self, callback: Callable[[list[str]], None]) -> Callable[[], None]:
		"""Have `callback` called with the names of runs that changed in this process; gives what ends that."""
		self._watchers.append(callback)
		return lambda: self._watchers.remove(callback)

	def document_changed(self, document: Document, event: str, previous: Document | None) -> None:
		"""Write down what happened to a document and start the workflows that it triggers."""
		self._note_change(event, document["doctype"], document["name"])
		if self.recording:
			self.recording.note(document, event, previous)
		trigger.on_event(self, document, event, previous)
		if event == "created" and document["doctype"] == email.DOCTYPE:
			trigger.on_event(self, document, email.RECEIVED)

	def document_renamed(self, document: Document, name: str) -> None:
		"""Give a document another name, wherever the sandbox has written the old one by itself. Starts no workflow."""
		rename(self.shelf, document, name)
		rename_changes(self.database, document["doctype"], document["name"], name)
		self._note_change("renamed", document["doctype"], name)
		if self.recording:
			self.recording.renamed(document, name)

	def _note_change(self, event: str, doctype: str, name: str) -> None:
		note_change(self.database, self.now(), event, doctype, name, self.user)

	def load_documents(self, documents: Iterable[Mapping[str, Any]]) -> int:
		"""Put documents in as they are, over those of the same name: no permissions, no events. Commits.

		Each has a doctype and a name. Gives how many there were. Raises ValidationError, and nothing is loaded.
		"""
		count = 0
		with self.database.committed():
			for given in documents:
				self.documents.load(given)
				count += 1
		return count

	def set_settings(self, **values: Any) -> None:
		"""Change Dogan Settings by their field names. Commits. Raises ValidationError."""
		with self.database.committed():
			write_settings(self.database, values)

	def whitelist(self, name: str, function: Callable[..., Any]) -> None:
		"""Let `method.call` call `function` by the dotted path `name`."""
		self._methods[name] = function

	def set_credential(self, name: str, credential: Mapping[str, Any]) -> None:
		"""Keep a secret for `http.request` under a name, in this process only; never in the database."""
		self._credentials[name] = dict(credential)

	def add_action(self, path: str) -> None:
		"""Add an action of another app by the dotted path of its class. Raises ActionError."""
		self._actions = {**self._actions, **registry.load([path])}

	def replace_action(self, action: Action) -> None:
		"""Use this object for the action of its name: for tests and dry runs that must not reach outside."""
		self._actions = {**self._actions, action.name: action}
