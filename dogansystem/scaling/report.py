"""What people read of measurements, comparisons and advice: sections, as text or as Markdown."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dogansystem.scaling.words import seconds as seconds  # terminal.simulation prints times as reports do

WIDTH, INDENT = 100, "  "


@dataclass(frozen=True, slots=True)
class Section:
	"""A heading, sentences below it, a table, and lines to copy; each may be left out."""

	title: str = ""
	sentences: Sequence[str] = ()
	head: Sequence[str] = ()
	rows: Sequence[Sequence[str]] = ()
	code: Sequence[str] = ()


def as_markdown(sections: Iterable[Section]) -> str:
	"""The sections as a page of Markdown; the first heading is the page's."""
	lines: list[str] = []
	for number, section in enumerate(sections):
		if section.title:
			lines += [f"{'##' if number else '#'} {_escaped(section.title)}", ""]
		for sentence in section.sentences:
			lines += [_escaped(sentence), ""]
		if section.rows:
			rows = [section.head, ["---"] * len(section.head), *(map(_escaped, row) for row in section.rows)]
			lines += [*(f"| {' | '.join(row)} |" for row in rows), ""]
		if section.code:
			lines += ["```", *section.code, "```", ""]
	return "\n".join(lines)


def as_text(sections: Iterable[Section]) -> str:
	"""The sections as lines of text."""
	return "\n\n".join("\n".join(_lines(each)) for each in sections)


def _lines(section: Section) -> Iterator[str]:
	if section.title:
		yield section.title
	for sentence in section.sentences:
		yield from textwrap.wrap(
			sentence, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT, break_on_hyphens=False
		)
	if section.rows:
		yield from (INDENT + row for row in columns([section.head, *section.rows]))
	yield from (INDENT * 2 + line for line in section.code)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
	"""Rows of cells as lines: the first column to the left, the others to the right."""
	widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
	return [
		"  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
	]


def _escaped(text: str) -> str:
	"""Names are people's own: they must not end a cell or become markup."""
	for mark in "\\|*_`<>[]":
		text = text.replace(mark, f"\\{mark}")
	return text.replace("\n", " ")
