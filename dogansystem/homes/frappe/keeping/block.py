"""What is being kept in on this thread, and the error for what cannot be."""

import threading
from collections.abc import Mapping
from typing import Any, NoReturn

from dogansystem.engine.errors import ReachedOutside
from dogansystem.homes.frappe.keeping import frames

_of_thread = threading.local()

IN_A_JOB = "Have the app do it in a background job (frappe.enqueue): jobs are listed and not run."


def current() -> "Block | None":
	"""The block that this thread is in. Patches and the audit hook ask this before anything else."""
	return getattr(_of_thread, "block", None)


def enter(block: "Block | None") -> None:
	"""Keep in, on this thread, from now on; None: no more."""
	_of_thread.block = block


class Block:
	"""One block of `site.kept_in()`, on one thread.

	Attributes:
		listed: what would have gone out so far, in its order.
		apps: the packages of the bench's apps, Frappe and this one left out.
		network, files, redis, site_cache: what this thread has of each meanwhile.
		tables: those that a rollback does not turn back.
		counters: the last number that was given of each counter.
	"""

	network: Any
	files: Any
	redis: dict[bytes, Any]
	counters: dict[str, int]
	site_cache: Any
	tables: frozenset[str]

	def __init__(self, apps: frozenset[str]) -> None:
		self.listed: list[dict[str, Any]] = []
		self.apps = apps
		self.is_looking = False  # the audit hook is at work: what it does itself is not asked about

	def list(self, kind: str, **facts: Any) -> None:
		"""Keep what would have gone out."""
		self.listed.append({"kind": kind, **facts})

	def stop(self, tried: str, remedy: str = IN_A_JOB, **facts: Any) -> NoReturn:
		"""Raise for what cannot be kept in. `tried` goes on after "… tried to"."""
		by = frames.who(self.apps)
		self.list("stopped", tried=tried, by=by, **facts)
		raise ReachedOutside(
			f"{by} tried to {tried}. While a workflow is tried out nothing may leave the site, so it was stopped. {remedy}"
		)


def shown(values: Mapping[str, Any]) -> dict[str, str]:
	"""Values of any kind as short texts, for the list."""
	return {str(key): str(value)[:200] for key, value in values.items()}
