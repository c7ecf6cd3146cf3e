"""All workflows of a site as files in a folder: written there, and read back with a plan of what would change."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dogansystem.actions import checking
from dogansystem.engine import compared
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.source import read
from dogansystem.engine.definitions.stored import checksum
from dogansystem.engine.definitions.yaml_source import Unreadable
from dogansystem.engine.definitions.yaml_text import to_yaml
from dogansystem.engine.errors import DefinitionError, DoganError, UnreadableVersion
from dogansystem.orchestrator import Orchestrator
from dogansystem.store import reads, versions
from dogansystem.terminal import beside, files

SUFFIXES = (".yaml", ".yml", ".json")
# Files that stand beside definitions, as agents do: tests, cases.
BESIDE = (".test.yaml", ".test.yml", ".test.json", ".eval.yaml")
NEW, CHANGED, UNCHANGED, DISABLED, KEPT = "new", "changed", "unchanged", "disabled", "kept"
MAX_DIFFERENCES = 20  # shown of one workflow


class FilesRefused(DoganError):
	"""Files that are no definitions: none of the folder is imported. `problems`: by file, each as text."""

	def __init__(self, problems: Mapping[str, list[str]]) -> None:
		self.problems = problems
		super().__init__("\n".join(f"{file}: {each}" for file, found in problems.items() for each in found))


@dataclass(frozen=True, slots=True)
class Change:
	"""What happens to a workflow: NEW, CHANGED, UNCHANGED, DISABLED, or KEPT although no file has it."""

	kind: str
	workflow: str
	file: str | None = None
	definition: Definition | None = None
	differences: tuple[str, ...] = ()

	def as_json(self) -> dict[str, Any]:
		"""For the command's `--json`."""
		return {
			"change": self.kind,
			"workflow": self.workflow,
			"file": self.file,
			"differences": list(self.differences),
		}


# From files


def definition_files(folder: Path) -> list[Path]:
	"""The files with definitions in a folder and the folders in it, hidden ones and what stands beside them left out. Raises FileError."""
	if not folder.is_dir():
		raise files.FileError(f"{folder}: is not a folder.")
	found = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
	return [path for path in found if not _is_passed_over(path.relative_to(folder))]


def _is_passed_over(path: Path) -> bool:
	return (
		path.name.endswith(BESIDE)
		or beside.is_agent(path)
		or any(part.startswith(".") for part in path.parts)
	)


def plan(orchestrator: Orchestrator, paths: Sequence[Path], *, prune: bool, is_all: bool) -> list[Change]:
	"""What importing the files would change. `is_all`: they are all there is; with `prune` other workflows are disabled.

	Raises FilesRefused, with all that is wrong with them.
	"""
	definitions = _definitions(orchestrator, paths)
	changes = [_change(orchestrator, definition, str(path)) for path, definition in definitions.items()]
	if is_all:
		names = {definition.name for definition in definitions.values()}
		enabled = reads.enabled_workflows(orchestrator.site.database)
		kind = DISABLED if prune else KEPT
		changes += [Change(kind, name) for name, _ in enabled if name not in names]
	return changes


def _definitions(orchestrator: Orchestrator, paths: Sequence[Path]) -> dict[Path, Definition]:
	found: dict[Path, Definition] = {}
	problems: dict[str, list[str]] = {}
	sources = {path: _read(path, problems) for path in paths}
	with checking.beside(_readable(sources.values())):
		for path, source in sources.items():
			if source is None:
				continue
			try:
				found[path] = orchestrator.check(_with_run_as(orchestrator, source))
			except DefinitionError as error:
				problems.setdefault(str(path), []).extend(map(str, error.problems))
	_note_twice(found, problems)
	if problems:
		raise FilesRefused(problems)
	return found


def _read(path: Path, problems: dict[str, list[str]]) -> Any:
	"""The data in a file; None if there is none, which is noted."""
	found = Problems()
	try:
		data = read(files.read_text(path), found, str(path))
	except Unreadable:
		data = None
	except files.FileError as error:
		problems[str(path)] = [str(error).removeprefix(f"{path}: ")]
		return None
	if data is None and not found.found:
		found.add("", "is empty; a definition has a name and steps")
	if found.found:
		problems[str(path)] = [str(problem) for problem in found.found]
	return data


def _readable(sources: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
	"""The definitions among the sources, by name, whatever the site says of them."""
	found = {}
	for source in sources:
		try:
			definition = parse(source, fills_run_as=True)
		except DefinitionError:
			continue
		found[definition.name] = definition.source
	return found


def _is_named(source: Any) -> bool:
	return isinstance(source, Mapping) and isinstance(source.get("name"), str)


def _with_run_as(orchestrator: Orchestrator, source: Any) -> Any:
	"""Where a site fills in `run_as`, a file without one leaves it as it is."""
	if not (orchestrator.site.catalog.fills_run_as and _is_named(source)) or "run_as" in source:
		return source
	saved = _saved(orchestrator, source["name"])
	return {**source, "run_as": saved.run_as} if saved and saved.run_as else source


def _saved(orchestrator: Orchestrator, workflow: str) -> Definition | None:
	"""The current definition of a workflow. Raises UnreadableVersion."""
	found = reads.enabled_workflow(orchestrator.site.database, workflow)
	return versions.load(orchestrator.site, found[0]) if found and found[0] else None


def _note_twice(found: Mapping[Path, Definition], problems: dict[str, list[str]]) -> None:
	first: dict[str, Path] = {}
	for path, definition in found.items():
		before = first.setdefault(definition.name, path)
		if before != path:
			text = f"name: {definition.name!r} is the workflow in {before} too; keep one of the two files"
			problems.setdefault(str(path), []).append(text)


def _change(orchestrator: Orchestrator, definition: Definition, file: str) -> Change:
	try:
		saved = _saved(orchestrator, definition.name)
	except UnreadableVersion as error:
		return Change(CHANGED, definition.name, file, definition, (str(error),))
	if saved is None:
		return Change(NEW, definition.name, file, definition)
	if checksum(saved) == checksum(definition):
		return Change(UNCHANGED, definition.name, file)
	told = [str(each) for each in compared.changes(saved.source, definition.source)]
	if len(told) > MAX_DIFFERENCES:
		told[MAX_DIFFERENCES:] = [f"and {len(told) - MAX_DIFFERENCES} more"]
	return Change(CHANGED, definition.name, file, definition, tuple(told))


def carry_out(orchestrator: Orchestrator, changes: Sequence[Change], enabled: bool | None = None) -> None:
	"""Save what is new or changed, and disable what has no file. The caller commits: all of it, or nothing.

	`enabled` None: as each workflow is; a new one is disabled. Raises InputError, or what the site refuses with.
	"""
	given = {each.workflow: each.definition.source for each in changes if each.definition}
	with checking.beside(given):
		for each in changes:
			if each.definition:
				orchestrator.save_workflow(each.definition, bool(enabled) if each.kind == NEW else enabled)
			elif each.kind == DISABLED:
				orchestrator.set_workflow_enabled(each.workflow, False)
			elif each.kind == UNCHANGED and enabled is not None:
				orchestrator.set_workflow_enabled(each.workflow, enabled)


def lines(changes: Sequence[Change]) -> Iterator[str]:
	"""The plan for people."""
	for each in changes:
		if each.kind == KEPT:
			yield f"kept      {each.workflow}: no file has it; --prune disables it"
		elif each.kind == DISABLED:
			yield f"disabled  {each.workflow}: no file has it"
		elif each.kind != UNCHANGED:
			yield f"{each.kind:<9} {each.workflow} ({each.file})"
			yield from (f"            {' '.join(text.split())}" for text in each.differences)
	number = sum(each.kind == UNCHANGED for each in changes)
	if number or not changes:
		yield f"unchanged {number}"


# To files


def write(orchestrator: Orchestrator, folder: Path) -> list[Path]:
	"""Write every workflow into the folder: over the file that has it already, or else as NAME.yaml. Gives what was written.

	A file that says the same already is left as it is, with its comments. Raises FileError, UnreadableVersion.
	"""
	folder.mkdir(parents=True, exist_ok=True)
	places = {definition.name: (path, definition) for path, definition in _written(folder)}
	written = []
	for name in reads.workflow_names(orchestrator.site.database):
		definition = _saved(orchestrator, name)
		path, there = places.get(name, (folder / f"{name}.yaml", None))
		if definition is None or (there and checksum(there) == checksum(definition)):
			continue
		if there is None and path.exists():
			raise files.FileError(
				f"{path}: is in the way of the workflow {name}, which is not in it. Move it."
			)
		source = as_people_read(definition.source)
		text = json.dumps(source, ensure_ascii=False, indent=2) + "\n"
		path.write_text(text if path.suffix == ".json" else to_yaml(source), encoding="utf-8")
		written.append(path)
	return written


def as_people_read(source: Mapping[str, Any]) -> Mapping[str, Any]:
	"""A definition with its keys in the order in which people read them; stored, they are sorted."""
	try:
		return parse(source, fills_run_as=True).source
	except DefinitionError:  # of an older release: as it is
		return source


def _written(folder: Path) -> Iterator[tuple[Path, Definition]]:
	"""The definitions that are in the folder already. What cannot be read is left alone."""
	for path in definition_files(folder):
		try:
			yield path, parse(files.read_text(path), fills_run_as=True, source_name=str(path))
		except (files.FileError, DefinitionError):
			continue
