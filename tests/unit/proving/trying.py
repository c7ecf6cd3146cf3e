"""What tests of dry runs have in common: a sandbox that must look afterwards as before."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dogansystem import Sandbox
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.proving.dry_run import Asked, dry_run

USER = "dogan-tries@example.com"


def step(identity: str, action: str, **rest: Any) -> dict[str, Any]:
	"""A step; its params are `params`, or nothing."""
	return {"id": identity, "action": action, "params": {}, **rest}


def workflow(*steps: Mapping[str, Any], name: str = "tried", **rest: Any) -> Definition:
	"""A definition that acts as USER."""
	return parse({"name": name, "run_as": USER, "steps": list(steps), **rest})


def tried(site: Sandbox, definition: Definition, **given: Any) -> dict[str, Any]:
	"""The report of a dry run, which has left nothing."""
	with unchanged(site):
		return dry_run(site, Asked(definition, USER, **given))


@contextmanager
def unchanged(site: Sandbox) -> Iterator[None]:
	"""A block that leaves all tables as they were, their counters too."""
	before = checksums(site)
	yield
	site.database.rollback()
	assert checksums(site) == before


def checksums(site: Sandbox) -> dict[str, str]:
	"""A checksum of the rows of each table."""
	db = site.database
	listed = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
	names = [row[0] for row in db.sql(listed if db.dialect == "sqlite" else "SHOW TABLES")]
	found = {name: hashlib.sha256(repr(sorted(map(repr, db.sql(f"SELECT * FROM `{name}`")))).encode()).hexdigest() for name in names}  # fmt: skip
	if db.dialect == "mariadb":
		rows = db.sql(
			"SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = DATABASE()"
		)
		found |= {f"{name} counts on": str(number) for name, number in rows}
	db.rollback()
	return found
