"""What a home gives to the other rooms: storage, documents and people, and a host. No code that does anything.

Two homes keep this protocol: `homes.frappe.site.FrappeSite` on a bench and `homes.sandbox.Sandbox` in one file. All other
rooms know a home only by what stands here.
"""

from dogansystem.protocol.database import Database as Database
from dogansystem.protocol.database import Row as Row
from dogansystem.protocol.database import Statement as Statement
from dogansystem.protocol.desk import Act as Act
from dogansystem.protocol.desk import Catalog as Catalog
from dogansystem.protocol.desk import Desk as Desk
from dogansystem.protocol.desk import Document as Document
from dogansystem.protocol.desk import Documents as Documents
from dogansystem.protocol.desk import People as People
from dogansystem.protocol.host import Doorbell as Doorbell
from dogansystem.protocol.host import Host as Host
from dogansystem.protocol.settings import Scheduler as Scheduler
from dogansystem.protocol.settings import Settings as Settings
from dogansystem.protocol.settings import Surroundings as Surroundings
from dogansystem.protocol.site import Site as Site
from dogansystem.protocol.storage import Cache as Cache
from dogansystem.protocol.storage import Storage as Storage
