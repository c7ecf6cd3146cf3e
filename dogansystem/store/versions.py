"""Versions of a workflow: written once when a changed definition is saved, never changed, so cached for good."""

import hashlib
import json
from pathlib import Path

from dogansystem.engine import definitions
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import canonical_json, checksum, parse
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect
from dogansystem.store.kept import Kept
from dogansystem.store.moment import Moment

MARK_LENGTH = 16  # hexadecimal digits; eight would be found in an hour
MAX_KEPT = 512  # definitions in one process; a workflow in use has one or two versions

PARSER = str(Path(definitions.__file__).parent)  # the code that decides what a definition becomes

_kept: Kept[Definition] = Kept("definitions", MAX_KEPT, code=(PARSER,))


def publish(db: Database, definition: Definition, at: Moment, user: str, *, trusted: bool) -> str:
	"""Make a new version if the definition differs from the newest one; gives the version's name either way.

	`trusted`: whether `user` may lend the permissions of others, so that its steps may go to agents with any user.
	"""
	mark = checksum(definition)
	newest = dialect.first(
		db.sql(
			"SELECT name, version, checksum FROM `tabDogan Workflow Version` WHERE workflow = %s"
			" ORDER BY version DESC LIMIT 1" + dialect.for_update(db),
			(definition.name,),
		)
	)
	if newest and newest[2] == mark:
		return str(newest[0])
	number = newest[1] + 1 if newest else 1
	name = version_name(definition.name, number, _meaning(mark, user, trusted))
	db.execute(
		"INSERT INTO `tabDogan Workflow Version`"
		" (name, creation, modified, owner, modified_by, workflow, version, definition, checksum, trusted)"
		" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
		(
			name,
			at.text,
			at.text,
			user,
			user,
			definition.name,
			number,
			canonical_json(definition),
			mark,
			int(trusted),
		),
	)
	return name


def _meaning(mark: str, user: str, trusted: bool) -> str:
	"""A checksum of all that decides what a version does: its definition, and whose permissions it may lend."""
	return mark if trusted else hashlib.sha256(f"{mark} {user}".encode()).hexdigest()


def version_name(workflow: str, number: int, mark: str) -> str:
	"""`workflow@3-9f2c11ab04d1e7c5`: the number for people, the start of what `_meaning` gives so that a name never changes
	its meaning, not even when a workflow is deleted and made anew, by somebody who looks for one that begins alike."""
	tail = f"@{number}-{mark[:MARK_LENGTH]}"
	return workflow[: 140 - len(tail)] + tail


def load(site: Site, version: str, db: Database | None = None) -> Definition:
	"""The definition of a version. Raises LookupError if there is none of that name."""
	return _kept.get(site, version, lambda: _read(db or site.database, version))


def _read(db: Database, version: str) -> Definition:
	row = dialect.first(
		db.sql(
			"SELECT definition, trusted, owner FROM `tabDogan Workflow Version` WHERE name = %s", (version,)
		)
	)
	if not row:
		raise LookupError(
			f"There is no workflow version {version!r}: it was deleted while a run still needs it."
		)
	definition = parse(json.loads(row[0]))
	if not row[1]:
		definition = definition.limited_to(definition.run_as or row[2])
	return definition
