"""A site on which a workflow runs for real and nothing stays: what commits elsewhere sets a savepoint here, and whoever made
this rolls the one transaction back.

Engine, store and worker do not know of it. One thread works on one connection: there is no second one for claims, no
heartbeat, and no other process sees anything. Nothing repeats what has lost against real work: that ends the attempt at once,
with BusyError, so that real work never waits for it.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn, cast

from dogansystem.actions.registry import CORE
from dogansystem.engine.errors import NotAvailable, StepCommitted
from dogansystem.protocol import Database, KeptIn, People, Row, Site, Statement
from dogansystem.proving.outside import HIDDEN, Pinned, StandIn

SAVEPOINT = "dogan_tried"


class Busy(BaseException):
	"""Real work has what the attempt wants, or waits for what it has. Not an Exception, so that nothing repeats the step."""


class Savepoints:
	"""A `protocol.Database` in whose one transaction commits are savepoints."""

	def __init__(self, database: Database, savepoint: str = SAVEPOINT) -> None:
		self._database, self._savepoint = database, savepoint
		self.in_step = False
		self.refused: StepCommitted | None = None
		self.before_commit: Callable[[], None] = lambda: None
		self._set()

	@property
	def dialect(self) -> str:
		"""`mariadb` or `sqlite`."""
		return self._database.dialect

	def _set(self) -> None:
		self._database.begin()
		self._database.execute(f"SAVEPOINT {self._savepoint}")

	def sql(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
		"""Run a query that gives rows."""
		return self._database.sql(query, values)

	def execute(self, query: str, values: Sequence[Any] = ()) -> int:
		"""Run a statement that changes rows; gives how many it changed."""
		return self._database.execute(query, values)

	def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> int:
		"""Run `INSERT … VALUES (%s, …)` for many rows."""
		return self._database.execute_many(query, rows)

	def together(self, statements: Sequence[Statement], *, commit: bool = False) -> int | None:
		"""Execute statements in order; gives the number of the first that was unfit, or None."""
		number = self._database.together(statements)
		if commit and number is None:
			self.commit()
		return number

	def begin(self) -> None:
		"""Nothing: the transaction is open."""

	def commit(self) -> None:
		"""Keep, for as long as the attempt lasts, what was done since the last one."""
		if self.in_step:
			self._refuse("commit()")
		self.before_commit()
		self._to_savepoint("RELEASE")
		self._set()

	def rollback(self) -> None:
		"""Undo what was done since the last commit."""
		if self.in_step:
			self._refuse("rollback()")
		self._to_savepoint("ROLLBACK TO")

	def _to_savepoint(self, what: str) -> None:
		"""Raises Busy where it is gone: with a deadlock, or the connection, the whole transaction was undone."""
		try:
			self._database.execute(f"{what} SAVEPOINT {self._savepoint}")
		except Exception as error:
			raise Busy("its transaction was ended") from error

	def _refuse(self, what: str) -> NoReturn:
		self.refused = StepCommitted(
			f"The step called {what} on the site's database, which would part its effects from its progress. Take that call out."
		)
		raise self.refused

	def reconnect(self) -> None:
		"""Raises Busy: what was on the connection is lost with it."""
		raise Busy("the connection to the database was lost")

	def close(self) -> None:
		"""Nothing: the connection is the site's own."""

	def mark(self, name: str | None) -> None:
		"""Nothing: a mark would be that of a process that does real work."""

	def end(self, name: str) -> bool:
		"""Never: there is no other connection."""
		return False

	def is_conflict(self, error: BaseException) -> bool:
		"""Never; raises Busy for one."""
		if self._database.is_conflict(error):
			raise Busy("real work has locked what it wants to write") from error
		return False

	def is_duplicate(self, error: BaseException) -> bool:
		"""Whether a unique key was violated."""
		return self._database.is_duplicate(error)

	def is_lost(self, error: BaseException) -> bool:
		"""Never; raises Busy where the connection is gone."""
		if self._database.is_lost(error):
			raise Busy("the connection to the database was lost") from error
		return False


class Still:
	"""A doorbell that nobody hears."""

	def ring(self) -> None:
		"""Nothing."""

	def wait(self, seconds: float) -> bool:
		"""Never rings, at once."""
		return False


class Nothing:
	"""A cache that keeps nothing: what is worked out here may be rolled back."""

	def get(self, key: str) -> bytes | None:
		"""Nothing."""
		return None

	def set(self, key: str, value: bytes, seconds: int) -> None:
		"""Nothing."""

	def add(self, counts: object) -> None:
		"""Nothing."""

	def counts(self) -> dict[str, int]:
		"""Nothing."""
		return {}

	def tally(self, key: str, seconds: int) -> int:
		"""The first, always."""
		return 1


class Unsent:
	"""The people of a site, to whom no SMS and no WhatsApp message goes: those are noted. Mails wait for a commit anyway."""

	def __init__(self, people: People, noted: list[dict[str, Any]]) -> None:
		self._people, self._noted = people, noted

	def __getattr__(self, name: str) -> Any:
		return getattr(self._people, name)

	def send_sms(self, to: Sequence[str], message: str) -> list[str]:
		"""Note it. Raises NotAvailable where the site has no gateway."""
		return self._note("sms", to, message)

	def send_whatsapp(
		self, to: Sequence[str], message: str, reference: tuple[str, str] | None = None
	) -> list[str]:
		"""Note it. Raises NotAvailable where there is no app for it."""
		return self._note("whatsapp", to, message)

	def _note(self, channel: str, to: Sequence[str], message: str) -> list[str]:
		if lacks := self._people.missing_for(channel):
			raise NotAvailable(f"It cannot be sent: {lacks}.")
		self._noted.append({"kind": channel, "to": list(to), "subject": "", "message": message})
		return list(to)


class AlreadyKeptIn:
	"""A `protocol.KeptIn` that lists nothing: whoever keeps in has the list."""

	would: Sequence[Mapping[str, Any]] = ()


class RolledBack:
	"""A `protocol.Site` around another one. All that it does not do itself, the other one does.

	Attributes:
		outbound: what answers in place of other servers.
		models: what answers in place of the models of AI agents; None: they are asked.
		own_actions: actions that are there for this attempt only, by name.
		calls: those of actions of other apps that would have reached outside: `step`, `action`, `params`.
		unsent: messages that nobody queues: `kind`, `to`, `message`.
		stops: asked a few times a second whether to begin no further step.
	"""

	def __init__(
		self,
		site: Site,
		outbound: Pinned,
		stops: Callable[[], bool] = lambda: False,
		savepoint: str = SAVEPOINT,
	) -> None:
		self._site = site
		self.database = Savepoints(site.database, savepoint)
		self.outbound = outbound
		self.models: Callable[..., Any] | None = None
		self.own_actions: dict[str, Any] = {}
		self.calls: list[dict[str, Any]] = []
		self.unsent: list[dict[str, Any]] = []
		self.people = Unsent(site.people, self.unsent)
		self.stops = stops
		self.doorbell, self.cache = Still(), Nothing()
		self._ahead = 0.0
		# No value that other attempts, or real work, have kept in this process is found under this name.
		self.name = f"{site.name} {secrets.token_hex(8)}"

	def __getattr__(self, name: str) -> Any:
		return getattr(self._site, name)

	@property
	def here(self) -> Site:
		"""This, as the site that it is."""
		return cast(Site, self)

	def open_control(self) -> Savepoints:
		"""The one connection."""
		return self.database

	def now(self) -> float:
		"""Seconds since 1970 (UTC), ahead of the site's clock by all that was jumped."""
		return self._site.now() + self._ahead

	def jump_to(self, moment: float) -> None:
		"""Be at that moment (epoch seconds); never goes back."""
		self._ahead += max(0.0, moment - self.now())

	def be_at(self, moment: float) -> None:
		"""Begin at another moment (epoch seconds), before anything has happened."""
		self._ahead = moment - self._site.now()

	def local_time(self, seconds: float) -> datetime:
		"""That moment in the site's timezone, without tzinfo."""
		return self._site.local_time(seconds)

	def actions(self) -> dict[str, Any]:
		"""Those of the site and of this attempt. Of other apps' that reach outside, what stands in for them."""
		found = dict(self._site.actions())
		for name, action in found.items():
			if action.external and type(action) not in CORE:
				found[name] = StandIn(action, self.calls)
		return {**found, **self.own_actions}

	def credential(self, name: str) -> Mapping[str, Any] | None:
		"""That of the site. What is secret of it is not shown in the requests."""
		found = self._site.credential(name)
		for key, value in (found or {}).items():
			if key in ("token", "password", "value", "secret", "url") and value:
				self.outbound.secrets[str(value)] = name if key == "url" else HIDDEN
		return found

	@contextmanager
	def step_scope(self, user: str) -> Iterator[None]:
		"""Around one attempt of a step: it may not end the transaction, as on the site itself."""
		database = self.database
		database.in_step, database.refused = True, None
		try:
			with self._site.step_scope(user):
				yield
		finally:
			database.in_step = False
			refused, database.refused = database.refused, None
			if refused:
				raise refused

	@contextmanager
	def kept_in(self) -> Iterator[KeptIn]:
		"""Around what is tried within the attempt: nothing of it gets out anyway."""
		yield AlreadyKeptIn()

	def after_commit(self, callback: Callable[[], None]) -> None:
		"""Nothing: there is no commit."""

	def runs_changed(self, runs: Iterable[str]) -> None:
		"""Nothing: nobody else sees these runs."""

	def runs_deleted(self, runs: Sequence[str]) -> None:
		"""Nothing: nobody has attached anything to them."""

	def tell_changes(self) -> None:
		"""Nothing."""

	def report(self, title: str, traceback: str, run: str | None = None) -> bool:
		"""Nothing: the report of the attempt has the error."""
		return False

	def stop_requested(self) -> bool:
		"""Whether to begin no further step."""
		return self.stops()

	def others_wait(self) -> bool:
		"""Never: whoever waits for the report waits for this."""
		return False
