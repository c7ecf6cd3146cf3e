"""What happens to the documents of a sandbox while somebody tries a workflow out, and what is sent."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from dogansystem.homes.sandbox.changes import read_changes
from dogansystem.homes.sandbox.shelf import Place
from dogansystem.protocol import Changed, Document, KeptIn
from dogansystem.proving import calls


def messages_of(site: Place, after: int) -> list[dict[str, Any]]:
	"""The messages of a sandbox's outbox with a larger `id` than `after`."""
	found: list[dict[str, Any]] = site.people.outbox(after)  # type: ignore[attr-defined]
	return found


class Recording:
	"""A `protocol.Recorded`, and a `protocol.KeptIn`: the messages of the outbox."""

	def __init__(self, site: Place) -> None:
		self._site = site
		self._found: dict[tuple[str, str], Changed] = {}
		self._last = _last(site)

	def note(self, document: Document, event: str, previous: Document | None) -> None:
		"""Something has happened to a document, which was `previous` before."""
		key = (document["doctype"], document["name"])
		found = self._found.get(key)
		if found is None:
			found = self._found[key] = Changed(
				*key, before=None if event == "created" else previous or document
			)
		if event not in found.events and not (event == "updated" and "created" in found.events):
			found.events.append(event)

	def renamed(self, document: Document, name: str) -> None:
		"""A document has another name."""
		self.note(document, "updated", document)
		found = self._found.pop((document["doctype"], document["name"]))
		found.name = name
		self._found[document["doctype"], name] = found

	def documents(self, reader: str, *, shares: bool = False) -> Sequence[Changed]:
		"""Those that were written, as far as `reader` may read them."""
		for found in self._found.values():
			found.after = self._site.shelf.find(found.doctype, found.name)
			seen = found.after or found.before
			found.hidden = seen is not None and self._site.documents.seen_by(reader, dict(seen)) is None
			if found.hidden:
				found.before = found.after = None
		return list(self._found.values())

	@property
	def wrote(self) -> bool:
		"""Whether a document was written: here nothing else is."""
		return bool(self._found)

	def messages(self) -> Sequence[Mapping[str, Any]]:
		"""What was put into the outbox since."""
		return messages_of(self._site, self._last)

	@property
	def would(self) -> Sequence[Mapping[str, Any]]:
		"""The same."""
		return self.messages()


class Records:
	"""A part of the sandbox: what a thread writes and sends can be noted. Nothing else that it does leaves its database."""

	_acting: threading.local
	try_call = staticmethod(calls.tried)
	make_call = staticmethod(calls.done)

	@property
	def recording(self) -> Recording | None:
		"""What notes it now."""
		return getattr(self._acting, "recording", None)

	@contextmanager
	def kept_in(self) -> Iterator[KeptIn]:
		"""Lists the messages of the block; a sandbox never sends them."""
		yield Recording(cast(Place, self))

	@contextmanager
	def recorded(self) -> Iterator[Recording]:
		"""Within the block it is noted which documents this thread writes, and what it sends."""
		before = self.recording
		found = self._acting.recording = Recording(cast(Place, self))
		try:
			yield found
		finally:
			self._acting.recording = before

	def changes(self, after: int = 0) -> list[dict[str, Any]]:
		"""What happened to documents, in order; only what has a larger `id` than `after`."""
		return read_changes(cast(Place, self).database, after)

	def outbox(self, after: int = 0) -> list[dict[str, Any]]:
		"""The mails and notifications that were sent, in order, as JSON data."""
		return messages_of(cast(Place, self), after)

	def series(self) -> Mapping[str, str]:
		"""The one table of them."""
		return {"sandbox_series": "current"}


def _last(site: Place) -> int:
	rows = site.database.sql("SELECT MAX(id) FROM sandbox_message")
	return int(rows[0][0] or 0)
