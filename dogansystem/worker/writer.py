"""Whether this process may claim, as far as the database server is concerned: on Galera, only at the node that all write to."""

from dogansystem.engine import log
from dogansystem.protocol import Database, Site
from dogansystem.store import writers
from dogansystem.worker import identity
from dogansystem.worker.control import Control


class Writer:
	"""Looks where a process's connections lead to. Outside of a Galera cluster it asks once, and never again."""

	def __init__(self, site: Site, control: Control) -> None:
		self._site = site
		self._told = ""
		self._is_cluster = control.run(writers.node) is not None
		self._control: str | None = None  # the node of the control connection …
		self._holder: str | None = None  # … and the one that is written to, as of the last heartbeat
		if self._is_cluster:
			self._lease = site.settings().lease  # read here: a heartbeat has no connection for it
			control.run(lambda db: self.hold(db, site.now()))

	def hold(self, db: Database, now: float) -> None:
		"""Say, with a heartbeat on the control connection, that its node is written to."""
		if self._is_cluster and (found := writers.node(db)):
			self._control, self._holder = found, writers.hold(db, found, now, self._lease)

	def is_elsewhere(self) -> bool:
		"""Whether a connection of this process leads to another node than the one that is written to. It must not claim."""
		if not self._is_cluster:
			return False
		steps = writers.node(self._site.database)
		self._site.database.rollback()
		if self._control == steps == self._holder:
			self._told = ""
			return False
		self._tell(f"its connections lead to {self._control} and {steps}, and {self._holder} is written to")
		return True

	def _tell(self, why: str) -> None:
		if why != self._told:
			self._told = why
			log.event(
				log.ERROR, "writer.elsewhere", message=why, node=identity.node(), worker=identity.worker()
			)
