"""Definitions of the sandbox as files: imported, exported, drawn, begun, and their format."""

from pathlib import Path

import click

from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.terminal import files, moving
from dogansystem.terminal.graph import mermaid
from dogansystem.terminal.shell import (
	DEFAULT_DATABASE,
	errors,
	existing,
	json_option,
	print_json,
	print_lines,
)  # fmt: skip

file_type = click.Path(path_type=Path)
db_option = click.option(
	"--db", "url", default=DEFAULT_DATABASE, show_default=True, metavar="URL", help="A file or mariadb://…"
)


@click.command("import")
@click.argument(
	"paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="PATH…"
)
@db_option
@moving.import_options
@json_option
def import_(
	paths: tuple[Path, ...], url: str, enabled: bool | None, prune: bool, dry_run: bool, as_json: bool
) -> None:
	"""Keep definitions, files or all of a folder, as workflows of a sandbox, and say what that changes: all of them, or none if
	one is not valid."""
	with errors(as_json), Sandbox(url) as site:
		moving.import_paths(Orchestrator(site), paths, enabled, prune, dry_run, as_json)


@click.command()
@click.argument("workflows", nargs=-1, metavar="WORKFLOW…")
@moving.all_option
@db_option
@json_option
def export(workflows: tuple[str, ...], to: str | None, url: str, as_json: bool) -> None:
	"""Print workflows as YAML, or as JSON, or write all of them into a folder."""
	with errors(as_json), Sandbox(existing(url)) as site:
		moving.export(Orchestrator(site), workflows, Path(to) if to else None, as_json)


@click.command()
@json_option
def schema(as_json: bool) -> None:
	"""Print the format of workflows as a JSON Schema, with which an editor completes and checks definitions."""
	click.echo(files.SCHEMA.read_text(encoding="utf-8"), nl=False)


@click.command()
@click.argument("path", type=file_type, metavar="FILE")
@json_option
def graph(path: Path, as_json: bool) -> None:
	"""Print a workflow as a flowchart in Mermaid."""
	with errors(as_json):
		definition = files.definition(path)
	text = mermaid(definition)
	print_json({"workflow": definition.name, "mermaid": text}) if as_json else print_lines([text.rstrip()])


COMMANDS = (import_, export, schema, graph)
