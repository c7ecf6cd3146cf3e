"""What the parts of a sandbox need of the sandbox that they belong to."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox.shelf import Shelf
from dogansystem.protocol import Document, Site


class Place(Site, Protocol):
	"""A site whose documents lie on a shelf."""

	@property
	def database(self) -> Connection: ...

	@property
	def shelf(self) -> Shelf: ...

	def document_changed(self, document: Document, event: str, previous: Document | None) -> None: ...

	def load_documents(self, documents: Iterable[Mapping[str, Any]]) -> int: ...
