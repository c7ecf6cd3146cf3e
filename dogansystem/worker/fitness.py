"""Whether this node may work: it is not cordoned, and its code knows the tables as they are.

While a site goes to another release node by node, code of both is at work. A migration that the older one cannot work with
says so before it begins (`store.schema.BREAKING`). Older code then finishes the step in hand and stays away.
"""

import time
from functools import partial

from dogansystem.engine import log
from dogansystem.engine.errors import DoganError
from dogansystem.engine.sentence import Sentence, _
from dogansystem.protocol import Database, Site
from dogansystem.store import nodes, schema
from dogansystem.worker import identity
from dogansystem.worker.failing import alone

LOOK_INTERVAL = 1.0  # seconds between two looks whether a node that stays away may work again
REMEDY = "Update the app on this node; if that is done, restart its workers."


def may_work(site: Site) -> bool:
	"""Wait while this node has to stay away, after passing on the ring that called this process. True: it may work. False:
	it is time to leave, because it was told to, or other work waits for it, or the time budget of a drainer is over.

	If it only passed the ring on and left, it would be the next to be called, and again, as fast as it can. So each of the
	node's workers takes one ring and no more, and the next ring finds a worker of another node.
	"""
	if not must_stay_away(site):
		return True
	tell_if_too_old(site)
	site.doorbell.ring()
	until = time.monotonic() + site.settings().time_budget
	while not site.stop_requested() and not site.others_wait() and time.monotonic() < until:
		if not must_stay_away(site):
			return True
		time.sleep(LOOK_INTERVAL)
	return False


def must_stay_away(site: Site) -> bool:
	"""Whether this node takes no further work, as of now: it is cordoned, or its code is too old for the tables."""
	found = nodes.is_draining(site.database, identity.node()) or is_too_old(site.database)
	site.database.rollback()
	return found


def is_too_old(db: Database) -> bool:
	"""Whether the code of this process does not know the tables well enough to work on them."""
	return schema.oldest(db) > schema.known()


def check(db: Database) -> None:
	"""Raise DoganError if the code of this process is too old for the tables."""
	needed = schema.oldest(db)
	if needed > schema.known():
		raise DoganError(f"{too_old(identity.node(), schema.known(), needed)} {REMEDY}")


def too_old(node: str, known: int, needed: int) -> Sentence:
	"""What is wrong with a node whose code knows the tables of version `known` only."""
	text = _(
		"The app on node {0} knows version {1} of the tables, and this database needs code for version {2}."
	)
	return Sentence(text, node, known, needed)


def tell_if_too_old(site: Site) -> None:
	"""If this node's code is too old for the tables, say so in the log, and to all who ask for the site's status."""
	needed, known = schema.oldest(site.database), schema.known()
	site.database.rollback()
	if needed > known:
		node = identity.node()
		log.event(log.ERROR, "node.too_old", node=node, knows=known, needed=needed, remedy=REMEDY)
		alone(site, "fitness", partial(_note, site, known), None)


def _note(site: Site, known: int) -> None:
	nodes.note_code(site.database, identity.node(), site.now(), known)
	site.database.commit()
