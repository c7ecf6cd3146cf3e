"""Documents, as steps meet them: with the permissions of the user who acts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

Document = dict[str, Any]


class Documents(Protocol):
	"""Documents as the acting user may see and change them. Raises PermissionError, DoesNotExistError,
	ValidationError (by these class names) when the user may not, there is no such document, or it is not valid."""

	def fields_of(self, doctype: str) -> Collection[str] | None:
		"""The names of a DocType's fields, standard ones included; None where they are not known."""

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
	def count(self, doctype: str, filters: Any = None) -> int:
		"""How many documents `list` could give, each counted once."""

	def create(self, doctype: str, values: Mapping[str, Any]) -> Document: ...
	def update(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document: ...
	def upsert(
		self, doctype: str, key: Mapping[str, Any], values: Mapping[str, Any]
	) -> tuple[Document, bool]:
		"""Change the document that has the values of `key`, or create it; gives it, and whether it is new.

		Raises ValidationError if there is more than one. Where a unique field or the name stands in the key, two at once
		come to one document.
		"""

	def submit(self, doctype: str, name: str) -> Document: ...
	def cancel(self, doctype: str, name: str) -> Document: ...
	def delete(self, doctype: str, name: str) -> Document: ...
	def amend(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document:
		"""A new draft that takes the place of a cancelled document, with these values changed."""

	def rename(self, doctype: str, name: str, new_name: str) -> str:
		"""Give a document a name that none of its type has; gives the name it has then."""

	def convert(self, method: str, name: str, values: Mapping[str, Any], *, submit: bool = False) -> Document:
		"""Save the document that a whitelisted mapper makes of another one, with these values changed."""

	def transition(self, doctype: str, name: str, action: str) -> Document:
		"""Take an action of the Workflow of this type; gives `{name, state}`.

		Raises PermissionError for who may not, and an error that names the open actions for one that is not open.
		"""

	def comment(self, doctype: str, name: str, text: str) -> Document: ...
	def assign(self, doctype: str, name: str, user: str, description: str | None = None) -> Document: ...
	def unassign(self, doctype: str, name: str, user: str | None = None) -> Sequence[str]:
		"""End a user's open assignments to a document, or everybody's; gives the users."""

	def tag(self, doctype: str, name: str, tags: Sequence[str], *, remove: bool = False) -> Sequence[str]:
		"""Add tags to a document, or take them away; gives all it has then."""

	def share(self, doctype: str, name: str, user: str, rights: Collection[str]) -> Document:
		"""Share a document for reading and for these `rights`, of `write`, `submit` and `share`, which the acting user
		must have. Rights that the user was given before stay. Gives the share's name."""
