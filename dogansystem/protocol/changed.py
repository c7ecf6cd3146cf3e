"""What happens to documents in a transaction, as somebody who tries a workflow out is shown it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Changed:
	"""A document that was written.

	Attributes:
		events: `created`, `updated`, `submitted`, `cancelled`, `deleted`, each once, in order.
		before, after: all its fields, child tables as lists of mappings; None where there is none, or where it is `hidden`.
		labels: what people call its fields; those of child tables as `items.qty`.
		hidden: whoever is shown it may not read it.
	"""

	doctype: str
	name: str
	events: list[str] = field(default_factory=list)
	before: Mapping[str, Any] | None = None
	after: Mapping[str, Any] | None = None
	labels: Mapping[str, str] = field(default_factory=dict)
	hidden: bool = False


class Recorded(Protocol):
	"""The documents that were written since the block was entered."""

	def documents(self, reader: str, *, shares: bool = False) -> Sequence[Changed]:
		"""Each once, in the order in which they were first written, as far as `reader` may read them. Asked within the
		transaction. `shares`: also with whom documents are shared, which is done for every approval."""

	@property
	def wrote(self) -> bool:
		"""Whether anything was written, by documents or past them."""

	def messages(self) -> Sequence[Mapping[str, Any]]:
		"""Mails, notifications and other messages as they would have gone out: `kind`, `to`, `subject`, `message`."""
