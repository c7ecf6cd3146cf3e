"""A report in headings, sentences and tables, written as Markdown or as text for a terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Section:
	"""A heading, sentences below it, and a table below them; each may be left out."""

	title: str = ""
	sentences: Sequence[str] = ()
	head: Sequence[str] = ()
	rows: Sequence[Sequence[str]] = field(default=())


def as_markdown(sections: Iterable[Section]) -> str:
	"""The sections as a page of Markdown; the first heading is the page's."""
	lines: list[str] = []
	for number, section in enumerate(sections):
		if section.title:
			lines += [f"{'#' if not number else '##'} {_escaped(section.title)}", ""]
		for sentence in section.sentences:
			lines += [_escaped(sentence), ""]
		if section.rows:
			lines.append(_row(section.head))
			lines.append(_row(["---"] * len(section.head)))
			lines += [_row([_escaped(cell) for cell in row]) for row in section.rows]
			lines.append("")
	return "\n".join(lines)


def as_text(sections: Iterable[Section]) -> str:
	"""The sections as columns of text."""
	lines: list[str] = []
	for section in sections:
		if lines:
			lines.append("")
		lines += [section.title] if section.title else []
		lines += section.sentences
		if section.rows:
			lines += _columns([section.head, *section.rows])
	return "\n".join(lines)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
	widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
	return [
		"  ".join(
			cell.ljust(width) if not number else cell.rjust(width)
			for number, (cell, width) in enumerate(zip(row, widths, strict=True))
		).rstrip()
		for row in rows
	]


def _row(cells: Sequence[str]) -> str:
	return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
	"""Names are people's own: they must not end a cell or become markup."""
	for mark in "\\|*_`<>[]":
		text = text.replace(mark, f"\\{mark}")
	return text.replace("\n", " ")
