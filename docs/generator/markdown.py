"""Small pieces of Markdown."""

import re
from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by docs/generate.py out of the code: change the code, then run it again. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
	"""A table. Line breaks and bars in its cells do no harm."""
	lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
	return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
	plain = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
	return f"| {' | '.join(plain)} |"


def code(text: object) -> str:
	"""Text as code within a line."""
	return f"`{text}`"


def choices(names: Iterable[str]) -> str:
	"""`a`, `b` or `c`."""
	quoted = [code(name) for name in names]
	return f"{', '.join(quoted[:-1])} or {quoted[-1]}" if len(quoted) > 1 else quoted[0]


def listed(names: Iterable[str]) -> str:
	"""`a`, `b`, `c`."""
	return ", ".join(code(name) for name in names)


def summary(docstring: str | None) -> str:
	"""The first paragraph of a docstring, on one line."""
	paragraph = re.split(r"\n\s*\n", (docstring or "").strip())[0]
	return " ".join(paragraph.split())


def plain(html: str) -> str:
	"""A field's description as Markdown. Descriptions mark up code, and what is bold or italic."""
	for tag, mark in (("code", "`"), ("b", "**"), ("i", "*")):
		html = html.replace(f"<{tag}>", mark).replace(f"</{tag}>", mark)
	return html


def whole(docstring: str | None) -> str:
	"""A docstring with all its paragraphs, on one line."""
	return " ".join((docstring or "").split())


def sections(*parts: str) -> str:
	"""Parts with a blank line in between."""
	return "\n\n".join(part.strip() for part in parts if part.strip())
