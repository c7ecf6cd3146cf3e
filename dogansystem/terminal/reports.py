"""Reports as commands print them: text, Markdown or JSON, the same on a bench and in the sandbox."""

from collections.abc import Iterable
from typing import Any

import click

from dogansystem.scaling.measurement import DEFAULT_MINUTES, MAX_MINUTES
from dogansystem.scaling.report import Section, as_markdown, as_text
from dogansystem.terminal.shell import Command, json_option, print_json, print_lines


def form_options(command: Command) -> Command:
	"""Give a command that prints a report the options `--json` and `--markdown`."""
	return json_option(
		click.option("--markdown", is_flag=True, help="Print Markdown instead of text.")(command)
	)


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


def show(found: Any, sections: Iterable[Section], as_json: bool, markdown: bool = False) -> None:
	"""Print what was found: as it is, or as the sections that a person reads."""
	if as_json:
		print_json(found)
	else:
		print_lines([as_markdown(sections) if markdown else as_text(sections)])
