"""What a site gives to the engine's rooms: a database, documents, people, a doorbell, a clock, settings.

Two sites keep this protocol: `sites.frappe_site.FrappeSite` on a bench and `sites.sandbox.Sandbox` in one file. All
other rooms know only what stands here. A site object may be used from several threads; its `database` is the calling
thread's own connection.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from dogansystem.engine.definition import Definition
from dogansystem.sites.database import Database as Database
from dogansystem.sites.database import Row as Row
from dogansystem.sites.database import Statement as Statement
from dogansystem.sites.settings import Settings as Settings
from dogansystem.sites.settings import Surroundings as Surroundings

Document = dict[str, Any]


class Documents(Protocol):
	"""Documents as the acting user may see and change them. Raises PermissionError, DoesNotExistError,
	ValidationError (by these class names) when the user may not, there is no such document, or it is not valid."""

	def get(self, doctype: str, name: str, fields: Sequence[str] | None = None) -> Document: ...

	def seen_by(self, user: str, document: Document) -> Document | None: ...

	def list(
		self,
		doctype: str,
		filters: Any = None,
		fields: Sequence[str] | None = None,
		order_by: str | None = None,
		limit: int = 1000,
	) -> list[Document]: ...

	def create(self, doctype: str, values: Mapping[str, Any]) -> Document: ...

	def update(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document: ...

	def submit(self, doctype: str, name: str) -> Document: ...

	def cancel(self, doctype: str, name: str) -> Document: ...

	def delete(self, doctype: str, name: str) -> Document: ...

	def comment(self, doctype: str, name: str, text: str) -> Document: ...

	def assign(self, doctype: str, name: str, user: str, description: str | None = None) -> Document: ...


class People(Protocol):
	"""Telling people something. Each call gives the users or addresses it reached."""

	def send_email(
		self,
		*,
		to: Sequence[str],
		subject: str,
		message: str,
		template: str | None = None,
		values: Mapping[str, Any] | None = None,
		cc: Sequence[str] = (),
		attachments: Sequence[Any] = (),
		print_of: Mapping[str, Any] | None = None,
		reference: tuple[str, str] | None = None,
	) -> list[str]:
		"""Queue a mail in the current transaction; gives the addresses it goes to.

		`template` names an Email Template, rendered with `values`, in place of `message`. An attachment is the name
		or URL of a File that the acting user may read, or `{fname, fcontent}`. `print_of` is `{doctype, name}` of a
		document the user may print, perhaps with a `format`; it goes along as PDF.
		"""
		...

	def notify(
		self, users: Sequence[str], subject: str, message: str = "", document: tuple[str, str] | None = None
	) -> list[str]: ...

	def users_with_role(self, role: str) -> list[str]: ...

	def exists(self, user: str) -> bool:
		"""Whether `user` is an enabled user of this site."""
		...

	def roles(self, user: str) -> set[str]: ...


class Doorbell(Protocol):
	"""Waking a drainer. It may lose every ring: the tick rings again while work waits."""

	def ring(self) -> None:
		"""Wake one drainer: one that lingers, else a new one. Never blocks, never raises."""
		...

	def wait(self, seconds: float) -> bool:
		"""Listen for at most `seconds`; True when it rang."""
		...


class Cache(Protocol):
	"""What the processes of a site share of what they have worked out. It may forget everything at any moment, and never
	raises. Any thread may use it."""

	def get(self, key: str) -> bytes | None: ...

	def set(self, key: str, value: bytes, seconds: int) -> None: ...

	def add(self, counts: Mapping[str, int]) -> None:
		"""Add to numbers that all processes share."""
		...

	def counts(self) -> Mapping[str, int]: ...


class Catalog(Protocol):
	"""Workflows and agents as people keep them. On a bench these are DocTypes, with their permissions."""

	def save_workflow(self, definition: Definition, enabled: bool | None = None) -> str:
		"""Store a checked definition; gives the name of its version, a new one if it changed.

		`enabled` None leaves a workflow as it is, and a new one disabled.
		"""
		...

	def set_enabled(self, workflow: str, enabled: bool) -> None: ...

	def delete_workflow(self, name: str) -> None:
		"""Delete a workflow that has no runs, with its versions. Does nothing if there is none of that name."""
		...

	def save_agent(
		self, name: str, user: str, capabilities: Sequence[str], capacity: int, enabled: bool
	) -> None: ...

	def set_agent_enabled(self, name: str, enabled: bool) -> None: ...


class Site(Protocol):
	"""The place a workflow lives in."""

	@property
	def name(self) -> str:
		"""What this place is called; no two databases of one process share a name."""
		...

	@property
	def timezone(self) -> str: ...

	@property
	def documents(self) -> Documents: ...

	@property
	def people(self) -> People: ...

	@property
	def doorbell(self) -> Doorbell: ...

	@property
	def catalog(self) -> Catalog: ...

	@property
	def cache(self) -> Cache: ...

	@property
	def database(self) -> Database:
		"""This thread's connection: effects and progress share its transaction."""
		...

	def open_control(self) -> Database:
		"""A new connection for claims and beats, READ COMMITTED. The caller closes it."""
		...

	def now(self) -> float:
		"""Seconds since 1970 (UTC) by the database's clock, or a test clock's."""
		...

	def local_time(self, seconds: float) -> datetime:
		"""That moment in the site's timezone, without tzinfo, as DocType fields hold it."""
		...

	def settings(self) -> Settings: ...

	def versions(self) -> dict[str, str]:
		"""What this place is made of beside this app, Python and the database: names and versions."""
		...

	def signs_of_production(self) -> list[str]:
		"""Why it looks as if people rely on this place, in words; empty if it does not."""
		...

	def actions(self) -> Mapping[str, Any]:
		"""Every action of this site by name, those of other apps included."""
		...

	@property
	def user(self) -> str:
		"""The user who acts now."""
		...

	def acting_as(self, user: str) -> AbstractContextManager[None]:
		"""Within the block, documents are read and changed with this user's permissions."""
		...

	def step_scope(self, user: str) -> AbstractContextManager[None]:
		"""Around one attempt of a step, within one transaction: acts as `user`; a commit or rollback by the step
		raises StepCommitted; leaving resets what the end of a request would reset."""
		...

	def call_method(self, method: str, args: Mapping[str, Any]) -> Any:
		"""Call a whitelisted server method as the acting user."""
		...

	def credential(self, name: str) -> Mapping[str, Any] | None:
		"""A secret kept under a name for `http.request`, or None if there is none or the user may not use it.

		`{"type": "bearer", "token"}`, `{"type": "basic", "username", "password"}` or
		`{"type": "header", "header", "value"}`; each with `hosts`, the servers it may be sent to: none means any.
		"""
		...

	def after_commit(self, callback: Callable[[], None]) -> None:
		"""Run `callback` once this thread's transaction has committed; drop it if it rolls back."""
		...

	def stamp(self, subject: str) -> str:
		"""A mark that differs once `touch(subject)` has been committed by any process: what a cache is valid for.

		It is read in this thread's transaction, once, and so is as old or as new as all that the transaction reads.
		"""
		...

	def touch(self, subject: str, *, adds: bool = True) -> None:
		"""Give `subject` another stamp when this thread's transaction commits.

		`adds`: something may be there now that was not. Whoever relies on its absence for a moment is waited for.
		"""
		...

	def listening(self) -> Mapping[str, int]:
		"""How many workers would come if they were called, by node: asked now. Empty where nobody has to be called."""
		...

	def surroundings(self) -> Surroundings:
		"""Workers that listen, and Redis: asked now, in some milliseconds. For advice, not for every step."""
		...

	def stop_requested(self) -> bool:
		"""Whether whoever runs this process has asked it to leave. Called every few seconds, from a thread."""
		...

	def others_wait(self) -> bool:
		"""Whether other work than this site's steps waits for this very process. Asked before each claim."""
		...

	def runs_changed(self, runs: Iterable[str]) -> None:
		"""Tell the people who look at these runs that they changed. Best effort, after commit."""
		...

	def runs_deleted(self, runs: Sequence[str]) -> None:
		"""Forget what the site keeps about runs beside their rows, such as comments; they have just been deleted."""
		...
