"""Definitions as files: checked, kept as workflows, printed."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from frappe.commands import pass_context

from dogansystem.commands.site import (
	NOT_VALID,
	FileGiven,
	PathGiven,
	json_option,
	new_path,
	orchestrator_of,
	print_json,
	user_option,
)
from dogansystem.engine import errors
from dogansystem.terminal import moving


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=FileGiven())
@json_option
@pass_context
def check(context: Any, files: tuple[str, ...], as_json: bool) -> None:
	"""Check definitions against this site's actions. Exit code 2 if one is not valid."""
	with orchestrator_of(context) as orchestrator:
		found = {file: _problems(orchestrator, file) for file in files}
	if as_json:
		print_json({"valid": not any(found.values()), "problems": found})
	else:
		_show_problems(found)
	if any(found.values()):
		sys.exit(NOT_VALID)


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=PathGiven())
@moving.import_options
@user_option
@json_option
@pass_context
def import_(
	context: Any,
	paths: tuple[str, ...],
	enabled: bool | None,
	prune: bool,
	dry_run: bool,
	user: str,
	as_json: bool,
) -> None:
	"""Keep definitions, files or all of a folder, as workflows of the site, and say what that changes: all of them, or none if
	one is not valid."""
	with orchestrator_of(context, user) as orchestrator:
		moving.import_paths(orchestrator, [Path(path) for path in paths], enabled, prune, dry_run, as_json)


@click.command("export")
@click.argument("workflows", nargs=-1)
@moving.all_option
@json_option
@pass_context
def export(context: Any, workflows: tuple[str, ...], to: str | None, as_json: bool) -> None:
	"""Print workflows as YAML, or as JSON, or write all of them into a folder."""
	with orchestrator_of(context) as orchestrator:
		moving.export(orchestrator, workflows, Path(new_path(to)) if to else None, as_json)


def _problems(orchestrator: Any, file: str) -> list[str]:
	try:
		definition = orchestrator.check(Path(file).read_text())
	except errors.DefinitionError as error:
		return [str(problem) for problem in error.problems]
	return [str(problem) for problem in orchestrator.what_is_missing(definition)]


def _show_problems(found: Mapping[str, list[str]]) -> None:
	for file, problems in found.items():
		for problem in problems:
			click.echo(f"{file}: {problem}", err=True)
		if not problems:
			click.echo(f"{file}: valid")
