"""What a worker does on a cordoned node: it passes on the ring that called it, and waits.

If it only passed the ring on and left, it would be the next to be called, and again, as fast as it can. So it stays where
it is, in its job, until the node may work again or the process is needed for something else. Each of the node's workers
then takes one ring and no more, and the next ring finds a worker of another node.
"""

import time

from dogansystem.protocol import Site
from dogansystem.store import nodes
from dogansystem.worker import identity

LOOK_INTERVAL = 1.0  # seconds between two looks whether the node may work again


def may_work(site: Site) -> bool:
	"""Wait while this node is cordoned. True: it may work. False: it is time to leave, because this process was told to, or
	other work waits for it, or the time budget of a drainer is over."""
	if not is_cordoned(site):
		return True
	site.doorbell.ring()
	until = time.monotonic() + site.settings().time_budget
	while not site.stop_requested() and not site.others_wait() and time.monotonic() < until:
		if not is_cordoned(site):
			return True
		time.sleep(LOOK_INTERVAL)
	return False


def is_cordoned(site: Site) -> bool:
	"""Whether this node takes no further work, as of now."""
	found = nodes.is_draining(site.database, identity.node())
	site.database.rollback()
	return found
