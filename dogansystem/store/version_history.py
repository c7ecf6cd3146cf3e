"""What versions a workflow has had, in what two of them differ, and how an old one comes back: as a new version.

Nothing here changes a version: what happened stays as it was.
"""

import difflib
from collections.abc import Mapping
from typing import Any

from dogansystem.engine import compared
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.yaml_text import to_yaml
from dogansystem.engine.errors import InputError, NotFound
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect, reads, versions

MAX_LISTED = 100
_COLUMNS = "name, version, creation, owner, note, approved_by"


class VersionHistory:
	"""A part of `Orchestrator`."""

	site: Site

	def list_versions(
		self, workflow: str, limit: int = MAX_LISTED, before: int | None = None
	) -> list[dict[str, Any]]:
		"""The versions of a workflow, the newest first: `version` (its number), `name`, `at`, `by`, `note`, `approved_by`, and
		whether it `is_current`. `before`: only those with a lower number. Raises NotFound.
		"""
		db, current = self.site.database, self._current_version(workflow)
		rows = db.sql(
			f"SELECT {_COLUMNS} FROM `tabDogan Workflow Version` WHERE workflow = %s AND version < %s"
			" ORDER BY version DESC LIMIT %s",
			(workflow, 2**31 - 1 if before is None else before, min(max(limit, 1), MAX_LISTED)),
		)
		return [
			{
				"version": int(number),
				"name": str(name),
				"at": str(at)[:19],
				"by": by,
				"note": note or "",
				"approved_by": approved_by,
				"is_current": name == current,
			}
			for name, number, at, by, note, approved_by in rows
		]

	def compare_versions(self, workflow: str, old: int, new: int) -> dict[str, Any]:
		"""In what version `new` of a workflow differs from version `old`.

		Gives `changes` (as `engine.compared.Change`, each with its `sentence`), `marks` of the nodes in the pictures of both,
		`yaml` (a unified difference, empty if there is none) and both `definitions`. Raises NotFound or UnreadableVersion.
		"""
		one, other = (self._version(workflow, number).source for number in (old, new))
		return difference(one, other, f"version {old}", f"version {new}")

	def restore_version(self, workflow: str, version: int, note: str = "") -> dict[str, Any]:
		"""Make a new version that says what version number `version` says. Whether the workflow is enabled stays as it is.

		Gives the number of the new one. Raises NotFound, InputError if it is what the workflow says now, DefinitionError if
		this release or this site does not take it any more, or what saving the workflow raises.
		"""
		site = self.site
		site.database.begin()
		wanted = self._version(workflow, version)
		if wanted.source == self._definition_of_version(self._current_version(workflow)).source:
			raise InputError(f"Version {version} is what the workflow {workflow!r} says now.")
		definition = self.check(wanted.source)  # type: ignore[attr-defined]
		made = site.catalog.save_workflow(definition, None, None, note or f"Version {version} restored")
		return {"version": _number(site.database, made)}

	def _current_version(self, workflow: str) -> str:
		found = reads.enabled_workflow(self.site.database, workflow)
		if found is None or not found[0]:
			raise NotFound(f"There is no workflow named {workflow!r}.")
		return str(found[0])

	def _version(self, workflow: str, number: int) -> Definition:
		row = dialect.first(
			self.site.database.sql(
				"SELECT name FROM `tabDogan Workflow Version` WHERE workflow = %s AND version = %s",
				(workflow, number),
			)
		)
		if row is None:
			raise NotFound(f"The workflow {workflow!r} has no version {number}.")
		return self._definition_of_version(str(row[0]))

	def _definition_of_version(self, name: str) -> Definition:
		return versions.load(self.site, name)


def difference(
	old: Mapping[str, Any], new: Mapping[str, Any], old_name: str, new_name: str
) -> dict[str, Any]:
	"""What `VersionHistory.compare_versions` gives, of two definitions."""
	found = compared.changes(old, new)
	return {
		"changes": [each.as_dict() for each in found],
		"marks": compared.marks(found),
		"yaml": _unified(old, new, old_name, new_name),
		"definitions": {"old": dict(old), "new": dict(new)},
	}


def _unified(old: Mapping[str, Any], new: Mapping[str, Any], old_name: str, new_name: str) -> str:
	"""The difference of both as YAML. Stored definitions have their keys sorted: they are put into the order of the format."""
	before, after = (to_yaml(_ordered(each)).splitlines() for each in (old, new))
	return "\n".join(difflib.unified_diff(before, after, old_name, new_name, lineterm=""))


def _ordered(source: Mapping[str, Any]) -> dict[str, Any]:
	first = ("name", "title", "description", "run_as")
	last = ("triggers", "steps", "output")
	known = [*first, *(each for each in source if each not in (*first, *last)), *last]
	ordered = {key: source[key] for key in known if key in source}
	triggers = (
		{"triggers": [{"on": each["on"], **each} for each in source["triggers"]]}
		if "triggers" in source
		else {}
	)
	return ordered | triggers | {"steps": [_step(each) for each in source["steps"]]}


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
	first = ("id", "title", "after", "when", "for_each", "if", "action", "params")
	return {key: step[key] for key in dict.fromkeys((*first, *step)) if key in step}


def _number(db: Database, version: str) -> int:
	row = dialect.first(db.sql("SELECT version FROM `tabDogan Workflow Version` WHERE name = %s", (version,)))
	assert row is not None
	return int(row[0])
