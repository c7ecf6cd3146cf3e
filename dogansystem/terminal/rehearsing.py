"""`rehearse`, on a sandbox and on a bench: a definition against documents that exist, beside what is enabled now."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.proving import compared, rehearsal
from dogansystem.terminal import files
from dogansystem.terminal.shared import command
from dogansystem.terminal.shell import FAILED, Opened, json_option, print_json, print_lines


@command(
	"rehearse",
	click.argument("file"),
	click.option("--since", default="30d", show_default=True, help="How far back documents are looked for."),
	click.option("--filters", metavar="JSON", help="What the documents match instead, or @FILE."),
	click.option("--doctype", help="Of which type they are, where the triggers do not say."),
	click.option("--limit", default=rehearsal.DOCUMENTS, show_default=True, help="How many at most."),
	json_option,
)
def _rehearse(
	opened: Opened, file: str, since: str, filters: str | None, doctype: str | None, limit: int, as_json: bool
) -> None:
	"""Try the definition in FILE with documents that exist, beside the version that is enabled now. Nothing is changed.

	The report is Markdown. Exit code 1 if a run would not succeed.
	"""
	with opened() as orchestrator:
		site = orchestrator.site
		definition = orchestrator.check(files.read_text(_path_of(file)))
		asked = rehearsal.Rehearsed(
			definition,
			site.user,
			since=_seconds(since),
			doctype=doctype,
			filters=files.json_value(filters, "--filters") if filters is not None else None,
			limit=limit,
		)
		found = rehearsal.rehearse(site, asked, progress=_progress)
	_end(found, as_json)


def _end(found: dict[str, Any], as_json: bool) -> None:
	print_json(found) if as_json else print_lines(compared.as_markdown(found).splitlines())
	if found["summary"]["fail"]:
		sys.exit(FAILED)


def _path_of(text: str) -> Path:
	"""A path as the person means it who wrote it: bench goes to another folder first."""
	from_there = Path(os.environ.get("PWD", "")) / text
	return from_there if from_there.exists() else Path(text)


def _seconds(text: str) -> float:
	try:
		return parse_duration(text)
	except ValueError as error:
		raise InputError(f"--since: {error}") from None


def _progress(done: int, of: int) -> None:
	if sys.stderr.isatty():
		click.echo(f"\r{done} of {of} documents", nl=done == of, err=True)
