"""What a home gives to the other rooms: storage, documents and people, and a host. No code that does anything.

Two homes keep this protocol: `homes.frappe.site.FrappeSite` on a bench and `homes.sandbox.Sandbox` in one file. All other
rooms know a home only by what stands here.
"""

from typing import Protocol

from dogansystem.protocol.changed import Changed as Changed
from dogansystem.protocol.changed import Recorded as Recorded
from dogansystem.protocol.desk import Act as Act
from dogansystem.protocol.desk import Catalog as Catalog
from dogansystem.protocol.desk import Desk as Desk
from dogansystem.protocol.desk import Document as Document
from dogansystem.protocol.desk import Documents as Documents
from dogansystem.protocol.desk import People as People
from dogansystem.protocol.files import Files as Files
from dogansystem.protocol.files import Reports as Reports
from dogansystem.protocol.files import StoredFile as StoredFile
from dogansystem.protocol.host import Doorbell as Doorbell
from dogansystem.protocol.host import Host as Host
from dogansystem.protocol.host import KeptIn as KeptIn
from dogansystem.protocol.host import Scheduler as Scheduler
from dogansystem.protocol.host import Surroundings as Surroundings
from dogansystem.protocol.people import Asked as Asked
from dogansystem.protocol.people import Deciders as Deciders
from dogansystem.protocol.people import Matrix as Matrix
from dogansystem.protocol.people import MatrixRow as MatrixRow
from dogansystem.protocol.people import Told as Told
from dogansystem.protocol.storage import Cache as Cache
from dogansystem.protocol.storage import Database as Database
from dogansystem.protocol.storage import Row as Row
from dogansystem.protocol.storage import Settings as Settings
from dogansystem.protocol.storage import Statement as Statement
from dogansystem.protocol.storage import Storage as Storage
from dogansystem.protocol.trials import Call as Call
from dogansystem.protocol.trials import Effects as Effects


class Site(Storage, Desk, Host, Protocol):
	"""The place a workflow lives in. Threads may share it; its `database` is the calling thread's own connection."""
