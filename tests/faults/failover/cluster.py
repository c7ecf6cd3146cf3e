"""A primary and its replica, and the one address at which clients find whichever is the primary.

What a failover manager does is done here, by hand and in its order: the replica does what it has fetched, is promoted, and
gets the address; the old primary returns as a replica, from its own data where these are a part of the new primary's
history, and otherwise from a copy. Between the two nothing is replicated, and commits are not waited for.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.failover import announce
from tests.faults.failover.database import PORT, SEMI_SYNC, SITE, Database, new_data
from tests.integration.nodes.network import BRIDGE, SUBNET, Host, Hosts, ip

ADDRESS = f"{SUBNET}.200"  # at which clients find the primary
ISLAND = "island"  # a bridge that leads nowhere
CATCHES_UP = 60.0  # seconds


class Cluster:
	"""Two servers. `primary` and `replica` change places with each failover."""

	def __init__(self, hosts: Hosts, folder: Path, *, semi_sync: bool = True) -> None:
		ip("link", "add", ISLAND, "type", "bridge")
		ip("link", "set", ISLAND, "up")
		new, options = new_data(folder), SEMI_SYNC if semi_sync else ()
		made = [Database(hosts.new(f"db-{each}"), each, folder, new, options) for each in (1, 2)]
		self.primary, self.replica = made
		self.semi_sync = semi_sync
		self.rejoined = self.rebuilt = 0

	@property
	def url(self) -> str:
		"""Where the site is, whoever is the primary."""
		return f"mariadb://{SITE}@{ADDRESS}:{PORT}/{SITE}"

	def start(self) -> None:
		"""Start both, the first as the primary."""
		for each in (self.primary, self.replica):
			each.start()
		self.primary.ask("SET GLOBAL read_only = 0")
		self.primary.ask(f"CREATE DATABASE {SITE} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
		self.replica.follow(self.primary)
		self.move_address(None)
		self.protect()

	def close(self) -> None:
		"""End both."""
		for each in (self.primary, self.replica):
			each.close()

	def promote(self) -> None:
		"""Make the replica the primary. It does what it has fetched first; nobody waits for a replica until one has come."""
		new = self.replica
		new.ask("STOP SLAVE IO_THREAD")
		self._wait(self._has_done_all, "the replica did not do what it had fetched")
		new.ask("STOP SLAVE")
		new.ask("RESET SLAVE ALL")
		self.ends_at = new.logged()
		if self.semi_sync:
			new.ask("SET GLOBAL rpl_semi_sync_slave_enabled = 0")
		new.ask("SET GLOBAL read_only = 0")
		self.primary, self.replica = new, self.primary

	def move_address(self, old: Host | None) -> None:
		"""Give the address to the primary. `old`: whose it was, where somebody can still take it away."""
		if old:
			old.run("ip", "address", "del", f"{ADDRESS}/24", "dev", "eth0")
		self.primary.host.run("ip", "address", "add", f"{ADDRESS}/24", "dev", "eth0")
		self._announce()

	def take_back(self) -> str:
		"""Have the old primary, which has been killed, follow the new one; gives how: rejoined or rebuilt."""
		old = self.replica
		old.start()
		mine, there = old.logged(), self.ends_at
		# It is in the new primary's history if that one has fetched its last transaction; else it has one that nobody knows.
		if mine == there or (mine.server == there.server and mine.number < there.number):
			self.rejoined += 1
			old.follow(self.primary, from_log=True)
			how = "rejoined"
		else:
			self.rebuilt += 1
			old.copy_from(self.primary)
			old.follow(self.primary)
			how = "rebuilt"
		self.protect()
		return how

	def protect(self) -> None:
		"""Wait until the replica has caught up, and from then on for it with each commit."""
		self._wait(self._has_caught_up, "the replica did not catch up")
		if self.semi_sync:
			self.primary.ask("SET GLOBAL rpl_semi_sync_master_enabled = 1")
			# A replica is taken for a semi-sync one when it connects.
			self.replica.ask("STOP SLAVE IO_THREAD")
			self.replica.ask("START SLAVE IO_THREAD")
			self._wait(self._is_protected, "nobody waits for the replica")
		self._wait(self._has_caught_up, "the replica did not catch up")

	def _is_protected(self) -> bool:
		names = ("Rpl_semi_sync_master_status", "Rpl_semi_sync_master_clients")
		return [self.primary.status(name) for name in names] == ["ON", "1"]

	def _has_done_all(self) -> bool:
		fetched, done, error = self.replica.replicated()
		assert not error or "onnect" in error or "master" in error, error
		return fetched == done or not fetched

	def _has_caught_up(self) -> bool:
		"""Whether the replica has done what the primary had logged a moment ago."""
		at = self.primary.ask("SELECT @@gtid_binlog_pos")[0][0]
		answer = self.replica.ask(f"SELECT MASTER_GTID_WAIT('{at}', 2)")[0][0]
		if answer != 0:
			_, _, error = self.replica.replicated()
			assert "Error" not in error and "strict" not in error, error
		return bool(answer == 0)

	@staticmethod
	def _wait(condition: Callable[[], bool], otherwise: str) -> None:
		until = time.monotonic() + CATCHES_UP
		while not condition():
			assert time.monotonic() < until, otherwise
			time.sleep(0.02)

	def isolate(self, *hosts: Host) -> None:
		"""Cut these off from everybody else, together."""
		for host in hosts:
			host.plug_into(ISLAND)

	def connect(self, *hosts: Host) -> None:
		"""Let these be reached again, and hear where the address is now."""
		for host in hosts:
			host.plug_into(BRIDGE)
		self._announce()

	def _announce(self) -> None:
		self.primary.host.run(sys.executable, announce.__file__, ADDRESS)
