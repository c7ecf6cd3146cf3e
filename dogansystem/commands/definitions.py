"""Definitions as files: checked, kept as workflows, printed."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import frappe
import yaml
from frappe.commands import pass_context

from dogansystem.commands.site import (
	NOT_VALID,
	FileGiven,
	json_option,
	orchestrator_of,
	print_json,
	user_option,
)
from dogansystem.engine import errors


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
@click.argument("files", nargs=-1, required=True, type=FileGiven())
@click.option("--enable/--disable", "enabled", default=None, help="Left out: as it is; a new one disabled.")
@user_option
@json_option
@pass_context
def import_(context: Any, files: tuple[str, ...], enabled: bool | None, user: str, as_json: bool) -> None:
	"""Keep definitions as workflows of the site: all of them, or none if one is not valid."""
	with orchestrator_of(context, user) as orchestrator:
		problems = {file: found for file in files if (found := _problems(orchestrator, file))}
		if problems:
			print_json({"imported": [], "problems": problems}) if as_json else _show_problems(problems)
			sys.exit(NOT_VALID)
		names = [orchestrator.import_workflow(Path(file).read_text(), enabled) for file in files]
		frappe.db.commit()
		for name in names:
			_show_missing(name, orchestrator.get_parameters(name))
	print_json({"imported": names}) if as_json else [click.echo(f"{name}: imported") for name in names]


@click.command("export")
@click.argument("workflows", nargs=-1, required=True)
@json_option
@pass_context
def export(context: Any, workflows: tuple[str, ...], as_json: bool) -> None:
	"""Print workflows as YAML, or as JSON."""
	with orchestrator_of(context) as orchestrator:
		found = [orchestrator.export_workflow(name) for name in workflows]
	if as_json:
		print_json(found[0] if len(found) == 1 else found)
	else:
		click.echo(yaml.safe_dump_all(found, sort_keys=False, allow_unicode=True, width=110), nl=False)


def _problems(orchestrator: Any, file: str) -> list[str]:
	try:
		definition = orchestrator.check(Path(file).read_text())
	except errors.DefinitionError as error:
		return [str(problem) for problem in error.problems]
	return [str(problem) for problem in orchestrator.what_is_missing(definition)]


def _show_missing(workflow: str, parameters: list[dict[str, Any]]) -> None:
	"""Say what keeps a workflow from being enabled."""
	for each in parameters:
		if each["problem"]:
			text = f"{workflow}: cannot be enabled yet: {each['name']} ({each['title']}): {each['problem']}"
			click.echo(text, err=True)


def _show_problems(found: Mapping[str, list[str]]) -> None:
	for file, problems in found.items():
		for problem in problems:
			click.echo(f"{file}: {problem}", err=True)
		if not problems:
			click.echo(f"{file}: valid")
