"""A site: the three parts of the protocol in one object."""

from typing import Protocol

from dogansystem.protocol.desk import Desk
from dogansystem.protocol.host import Host
from dogansystem.protocol.storage import Storage


class Site(Storage, Desk, Host, Protocol):
	"""The place a workflow lives in. Threads may share it; its `database` is the calling thread's own connection."""
