"""`site.kept_in()`: around an attempt that is rolled back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import frappe

from dogansystem.engine.errors import ReachedOutside, WrongState
from dogansystem.homes.frappe.keeping import (
	audit,
	block,
	database,
	files,
	network,
	outgoing,
	patches,
	redis,
	surroundings,
)
from dogansystem.homes.frappe.permissions import is_system_manager

MOST_CALLBACKS = 1000  # of a rollback that may fail
CONTENTS = frozenset({"message", "html", "arguments"})
OWN = frozenset({"frappe", "dogansystem"})


class KeptIn(block.Block):
	"""What is kept in, and where."""

	def __init__(self) -> None:
		super().__init__(frozenset(frappe.get_all_apps()) - OWN)
		self.network = network.Network()
		self.files = files.Files(frappe.get_site_path())
		self.tables = database.without_transactions()
		self.redis: dict[bytes, Any] = {}
		self.counters: dict[str, int] = {}
		self.site_cache = surroundings.empty_site_cache()
		self._files: list[dict[str, Any]] | None = None  # once the block has ended

	@property
	def would(self) -> Sequence[Mapping[str, Any]]:
		"""What would have gone out so far, in its order. What was in it is for System Managers: hooks put links with secrets into
		mails, and send to people what others may not read."""
		if block.current() is self:
			outgoing.flush(self)
		found = self.files.listed() if self._files is None else self._files
		whole = [*self.listed, *({"kind": "file", **each} for each in found)]
		if is_system_manager(frappe.session.user):
			return whole
		return [{key: value for key, value in each.items() if key not in CONTENTS} for each in whole]

	def close(self) -> None:
		"""Remove what is kept outside of the memory."""
		self._files = list(self.files.listed())
		self.files.drop()


def _stand_ins() -> Iterator[tuple[Any, str, patches.StandIn]]:
	for each in (database, redis, files, network, outgoing, surroundings):
		yield from each.stand_ins()


@contextmanager
def kept_in(site: Any) -> Iterator[KeptIn]:
	"""Within the block nothing that this thread does leaves the transaction that is open. It is rolled back at the end, with
	whatever the caller had written before.

	`site` is the thread's own FrappeSite. Raises WrongState within another block.
	"""
	if block.current() is not None:
		raise WrongState("Something is tried out on this thread already. Wait until that has ended.")
	audit.listen()
	files.sweep()
	with patches.exchanged(_stand_ins), surroundings.untouched(site):
		kept = KeptIn()
		try:
			block.enter(kept)
			try:
				yield kept
				outgoing.flush(kept)
			finally:
				_roll_back(site)  # here, as callbacks of a rollback may reach out too
		finally:
			block.enter(None)
			kept.close()


def _roll_back(site: Any) -> None:
	"""Roll back, whatever callbacks of apps do: each is called once, and the next call goes on behind one that failed."""
	failed: Exception | None = None
	for _ in range(MOST_CALLBACKS):
		try:
			site.database.rollback()
			break
		except ReachedOutside:
			continue  # listed
		except Exception as error:
			failed = failed or error
	if failed:
		raise failed
