"""Reports as commands print them: text, Markdown or JSON, the same on a bench and in the sandbox."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from dogansystem.scaling.measurement import DEFAULT_MINUTES, MAX_MINUTES
from dogansystem.scaling.report import Section, as_markdown, as_text

Command = TypeVar("Command", bound=Callable[..., Any])


def form_options(command: Command) -> Command:
	"""Give a command that prints a report the options `--json` and `--markdown`."""
	as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
	markdown = click.option("--markdown", is_flag=True, help="Print Markdown instead of text.")
	return as_json(markdown(command))


def minutes_option(command: Command) -> Command:
	"""Give a command the span that it looks back."""
	return click.option(
		"--minutes",
		default=DEFAULT_MINUTES,
		show_default=True,
		type=click.IntRange(1, MAX_MINUTES),
		metavar="NUMBER",
		help="How far to look back.",
	)(command)


def show(found: Any, sections: Sequence[Section], as_json: bool, markdown: bool) -> None:
	"""Print what was found: as it is, or as the sections that a person reads."""
	if as_json:
		click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
	else:
		click.echo(as_markdown(sections) if markdown else as_text(sections))
