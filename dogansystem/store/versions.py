"""Versions of a workflow: written once when a changed definition is saved, never changed, so kept for good.

A definition is checked before it is published. Loading only builds it: a rule that a later release adds does not make a
stored version unreadable.
"""

import hashlib
import logging
import time

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions import stored
from dogansystem.engine.definitions.stored import checksum
from dogansystem.engine.errors import UnreadableVersion
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect
from dogansystem.store.kept import Kept
from dogansystem.store.moment import Moment

DIGEST_LENGTH = 16  # hexadecimal digits; eight would be found in an hour
MAX_KEPT = 512  # definitions in one process; a workflow in use has one or two versions
BROKEN_SECONDS = 60.0  # for which a version that cannot be read is not read again

logger = logging.getLogger("dogansystem")


def publish(
	db: Database, definition: Definition, at: Moment, user: str, *, trusted: bool, note: str = ""
) -> str:
	"""Make a new version if the definition differs from the newest one; gives the version's name either way.

	`trusted`: whether `user` may lend the permissions of others, so that its steps may go to agents with any user.
	`note`: why it was changed, in the words of who did.
	"""
	digest = checksum(definition)
	newest = dialect.first(
		db.sql(
			"SELECT name, version, checksum FROM `tabDogan Workflow Version` WHERE workflow = %s"
			" ORDER BY version DESC LIMIT 1" + dialect.for_update(db),
			(definition.name,),
		)
	)
	if newest and newest[2] == digest:
		return str(newest[0])
	number = newest[1] + 1 if newest else 1
	name = version_name(definition.name, number, _meaning(digest, user, trusted))
	values = {
		"name": name,
		"workflow": definition.name,
		"version": number,
		"definition": stored.canonical_json(definition),
	}
	values |= {"format": stored.FORMAT, "checksum": digest, "trusted": int(trusted)}
	values["note"] = note or None
	dialect.insert(db, "tabDogan Workflow Version", values, at, user)
	return name


def _meaning(digest: str, user: str, trusted: bool) -> str:
	"""A checksum of all that decides what a version does: its definition, and whose permissions it may lend."""
	return digest if trusted else hashlib.sha256(f"{digest} {user}".encode()).hexdigest()


def version_name(workflow: str, number: int, digest: str) -> str:
	"""`workflow@3-9f2c11ab04d1e7c5`: the number for people, the start of what `_meaning` gives so that a name never changes
	its meaning, not even when a workflow is deleted and made anew, by somebody who looks for one that begins alike."""
	tail = f"@{number}-{digest[:DIGEST_LENGTH]}"
	return workflow[: 140 - len(tail)] + tail


def load(site: Site, version: str, db: Database | None = None) -> Definition:
	"""The definition of a version. Raises UnreadableVersion for one that is missing, broken, or of a newer format."""
	return _kept.get(site, version, lambda: _read(site, db or site.database, version))


def _read(site: Site, db: Database, version: str) -> Definition:
	known = _broken.get((site.name, version))
	if known and known[0] > time.monotonic():
		raise UnreadableVersion(version, known[1].problem, known[1].remedy)
	row = dialect.first(
		db.sql(
			"SELECT definition, trusted, owner, format FROM `tabDogan Workflow Version` WHERE name = %s",
			(version,),
		)
	)
	if not row:
		# Not remembered: it may only be newer than what this transaction sees.
		raise UnreadableVersion(version, "there is none of that name, it was deleted", "start the run anew")
	try:
		definition = stored.build(row[0], version, int(row[3]) or 1)  # 0: written by release 0.1
	except UnreadableVersion as error:
		if len(_broken) >= MAX_KEPT:
			_broken.clear()
		_broken[site.name, version] = (time.monotonic() + BROKEN_SECONDS, error)
		logger.error("version.unreadable site=%s version=%s: %s", site.name, version, error, exc_info=error)
		raise
	return definition if row[1] else definition.limited_to(definition.run_as or row[2])


def _dump(definition: Definition) -> list[str | None]:
	return [stored.canonical_json(definition), definition.only_as]


def _build(shared: list[str]) -> Definition:
	text, only_as = shared
	definition = stored.build(text)
	return definition if only_as is None else definition.limited_to(only_as)


_kept: Kept[Definition] = Kept("definitions", MAX_KEPT, _dump, _build)
# By site and version: until when (time.monotonic) a version that is broken is not read again.
_broken: dict[tuple[str, str], tuple[float, UnreadableVersion]] = {}
