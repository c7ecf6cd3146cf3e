"""What happens to the documents of a sandbox while somebody tries a workflow out, and what is sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.homes.sandbox.shelf import Place
from dogansystem.protocol import Changed, Document


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
			found = self._found[key] = Changed(*key, before=None if event == "created" else previous or document)
		if event not in found.events:
			found.events.append(event)

	def renamed(self, document: Document, name: str) -> None:
		"""A document has another name."""
		self.note(document, "updated", document)
		found = self._found.pop((document["doctype"], document["name"]))
		found.name = name
		self._found[document["doctype"], name] = found

	def documents(self, reader: str) -> Sequence[Changed]:
		"""Those that were written, as far as `reader` may read them."""
		for found in self._found.values():
			found.after = self._site.shelf.find(found.doctype, found.name)
			seen = found.after or found.before
			found.hidden = seen is not None and self._site.documents.seen_by(reader, dict(seen)) is None
			if found.hidden:
				found.before = found.after = None
		return list(self._found.values())

	def messages(self) -> Sequence[Mapping[str, Any]]:
		"""What was put into the outbox since."""
		return self._site.people.outbox(self._last)  # type: ignore[attr-defined, no-any-return]

	@property
	def would(self) -> Sequence[Mapping[str, Any]]:
		"""The same."""
		return self.messages()


def _last(site: Place) -> int:
	rows = site.database.sql("SELECT MAX(id) FROM sandbox_message")
	return int(rows[0][0] or 0)
