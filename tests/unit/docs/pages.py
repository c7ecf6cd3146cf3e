"""The documentation as the tests read it: pages, code blocks, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
_HIDDEN = re.compile(r"(^|/)(\.[^/]+|node_modules)(/|$)")
_BLOCK = re.compile(
	r"(?P<comments>(?:^<!--[^\n]*-->\n)*)^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_COMMENT = re.compile(r"<!-- (\w+): (.*?) -->")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
	"""A code block: `notes` are the comments right above it, `<!-- file: name -->`."""

	page: Path
	line: int
	language: str
	text: str
	notes: dict[str, str]

	def __str__(self) -> str:
		return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
	"""Every Markdown file of the repository."""
	found = (path for path in sorted(ROOT.rglob("*.md")))
	return [path for path in found if not _HIDDEN.search(str(path.relative_to(ROOT)))]


def blocks(page: Path, language: str | None = None) -> list[Block]:
	"""The code blocks of a page, or those of a language."""
	text = page.read_text()
	found = [
		Block(
			page,
			text.count("\n", 0, match.start("language")) + 1,
			match["language"],
			match["text"],
			dict(_COMMENT.findall(match["comments"])),
		)
		for match in _BLOCK.finditer(text)
	]
	return [block for block in found if language in (None, block.language)]


def links(page: Path) -> Iterator[str]:
	"""Where a page's links and pictures point, code left out."""
	text = re.sub(r"`[^`\n]*`", "", _BLOCK.sub("", page.read_text()))
	yield from _LINK.findall(text)


def anchors(page: Path) -> set[str]:
	"""What a link can point to within a page: its headings, as GitHub names them."""
	headings = re.findall(r"^#+ (.*)$", _BLOCK.sub("", page.read_text()), re.MULTILINE)
	return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
