"""What `export` and `import` do, in the sandbox and on a bench: workflows as files."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dogansystem.engine.definitions.yaml_text import to_yaml
from dogansystem.orchestrator import Orchestrator
from dogansystem.terminal import folder
from dogansystem.terminal.shell import INVALID, print_json, print_lines, shown, with_options

enable_option = click.option(
	"--enable/--disable", "enabled", default=None, help="Left out: as it is; a new one disabled."
)
prune_option = click.option(
	"--prune", is_flag=True, help="Disable enabled workflows that no file of the folder has."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
import_options = with_options(enable_option, prune_option, dry_run_option)
all_option = click.option(
	"--all",
	"to",
	metavar="DIR",
	help="Write every workflow into this folder, a file each, instead of printing some.",
)


def import_paths(
	orchestrator: Orchestrator,
	paths: Sequence[Path],
	enabled: bool | None,
	prune: bool,
	dry_run: bool,
	as_json: bool,
) -> None:
	"""Show what importing files, or all of a folder, changes; then change it, unless `dry_run`. All of it, or nothing."""
	is_folder = len(paths) == 1 and paths[0].is_dir()
	if prune and not is_folder:
		raise click.UsageError("--prune goes with one folder that has all workflows.")
	found = [each for path in paths for each in (folder.definition_files(path) if path.is_dir() else [path])]
	try:
		changes = folder.plan(orchestrator, found, prune=prune, is_all=is_folder)
	except folder.FilesRefused as refused:
		_tell_problems(refused, as_json)
		sys.exit(INVALID)
	if not dry_run:
		folder.carry_out(orchestrator, changes, enabled)
		orchestrator.site.database.commit()
	_tell(orchestrator, changes, dry_run, as_json)


def _tell(orchestrator: Orchestrator, changes: Sequence[folder.Change], dry_run: bool, as_json: bool) -> None:
	imported = [] if dry_run else [each.workflow for each in changes if each.file]
	for each in changes:
		if each.workflow in imported and each.definition:
			_tell_missing(orchestrator, each.workflow)
	if as_json:
		plan = [each.as_json() for each in changes]
		print_json({"imported": imported, "dry_run": dry_run, "changes": plan})
	else:
		print_lines([*folder.lines(changes), *(["Nothing was changed."] if dry_run else [])])


def _tell_missing(orchestrator: Orchestrator, workflow: str) -> None:
	"""Say what keeps a workflow from being enabled."""
	for each in orchestrator.get_parameters(workflow):
		if each["problem"]:
			text = f"{workflow}: cannot be enabled yet: {each['name']} ({each['title']}): {each['problem']}"
			click.echo(shown(text), err=True)


def _tell_problems(refused: folder.FilesRefused, as_json: bool) -> None:
	if as_json:
		print_json({"imported": [], "problems": refused.problems})
	else:
		click.echo(shown(str(refused)), err=True)


def export(orchestrator: Orchestrator, workflows: Sequence[str], to: Path | None, as_json: bool) -> None:
	"""Write all workflows into a folder, or print those that are named. Raises NotFound, FileError."""
	if bool(workflows) is (to is not None):
		raise click.UsageError("Name workflows to print, or give --all DIR.")
	if to is not None:
		written = [str(path) for path in folder.write(orchestrator, to)]
		told = [f"{path}: written" for path in written] or [f"{to}: nothing to write, all is there"]
		print_json({"written": written}) if as_json else print_lines(told)
		return
	found: list[dict[str, Any]] = [
		dict(folder.as_people_read(orchestrator.export_workflow(name))) for name in workflows
	]
	if as_json:
		print_json(found[0] if len(found) == 1 else found)
	else:
		click.echo("---\n".join(map(to_yaml, found)), nl=False)
