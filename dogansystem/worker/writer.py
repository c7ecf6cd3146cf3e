"""Whether this process may claim, as far as the database server is concerned: on Galera, only at the node that all write to."""

from dogansystem.engine import log
from dogansystem.protocol import Database, Site
from dogansystem.store import writers
from dogansystem.worker import identity
from dogansystem.worker.control import Control


class Writer:
	"""Looks where a process's connections lead to. Outside of a Galera cluster it asks once, and never again."""

	def __init__(self, site: Site, control: Control) -> None:
		self._site, self._control = site, control
		self._told = ""
		self._holder: str | None = None  # the node that is written to, as of the last heartbeat
		self._is_cluster = control.run(writers.node) is not None
		if self._is_cluster:
			self._lease = site.settings().lease  # read here: a heartbeat has no connection for it
			control.run(lambda db: self.hold(db, site.now()))

	def hold(self, db: Database, now: float) -> None:
		"""Say, with a heartbeat on the control connection, that its node is written to."""
		if self._is_cluster and (mine := writers.node(db)):
			self._holder = writers.hold(db, mine, now, self._lease)

	def is_elsewhere(self) -> bool:
		"""Whether a connection of this process leads to another node than the one that is written to. It must not claim."""
		if not self._is_cluster:
			return False
		claims, steps = self._control.run(writers.node), writers.node(self._site.database)
		self._site.database.rollback()
		if claims == steps == self._holder:
			self._told = ""
			return False
		self._tell(f"its connections lead to {claims} and {steps}, and {self._holder} is written to")
		return True

	def _tell(self, why: str) -> None:
		if why != self._told:
			self._told = why
			log.event(
				log.ERROR, "writer.elsewhere", message=why, node=identity.node(), worker=identity.worker()
			)
