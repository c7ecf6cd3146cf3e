"""Calls of tools that AI agents want to make: what is tried out before people decide, and noted when they have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
	"""A call of a tool.

	Attributes:
		site: the `Site` where it is made, in the transaction that is open there.
		act: makes it on the site that it is given; None: it is not made, only what it names is looked at.
		named: doctype and name of the documents that it is about.
		user: who acts, and as whom what it does is read.
		now: when the attempt began (epoch seconds).
		seconds: that trying it out may take.
	"""

	site: Any
	act: Callable[[Any], Any] | None
	named: tuple[tuple[str, str], ...]
	user: str
	now: float
	seconds: float


@dataclass(frozen=True, slots=True)
class Effects:
	"""What a call does, or would do.

	Attributes:
		does: `changes`, `messages`, `requests`, `calls`, `jobs`, `starts`, as the report of a dry run has them.
		about: the documents that the call names, as they were before it.
		error: what it fails with; it does nothing then.
		unknown: why nobody knows what it does, or not all of it.
		leaves: all of it flat, in the form in which it is compared.
		varies: the places of these that come out differently each time.
	"""

	does: Mapping[str, Any] = field(default_factory=dict)
	about: Mapping[str, Any] = field(default_factory=dict)
	error: str = ""
	unknown: str = ""
	leaves: Mapping[str, Any] = field(default_factory=dict)
	varies: tuple[str, ...] = ()
