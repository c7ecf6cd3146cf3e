"""Writes what the code itself can say into the documentation.

`python docs/generate.py` writes docs/reference.md and parts of docs/architecture.md and docs/security.md; with `--check` it only says
whether they are up to date, and exits with 1 if not.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from generator import access, actions, calls, commands, definition, errors, states, system, templates
from generator.markdown import sections

DOCS = Path(__file__).parent


def reference() -> str:
	"""The whole of reference.md."""
	chapters = (
		definition.write(),
		templates.write(),
		actions.write(),
		errors.write(),
		commands.write(),
		calls.python(),
		calls.http(),
		system.settings(),
		system.status(),
	)
	links = [
		f"- [{title}](#{title.lower().replace(' ', '-')})"
		for title in re.findall(r"^## (.*)$", "\n".join(chapters), re.MULTILINE)
	]
	return sections(
		"# Reference",
		"<!-- Written by docs/generate.py out of the code: change the code, then run it again. -->",
		"\n".join(links),
		*chapters,
	)


def filled(text: str, parts: Mapping[str, str]) -> str:
	"""`text` with each part between its markers `<!-- generated: name -->` and `<!-- end -->`."""
	for name, part in parts.items():
		marked = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
		if not marked.search(text):
			raise SystemExit(f"The page has no place for {name!r}: <!-- generated: {name} --> … <!-- end -->")
		text = marked.sub(lambda match, part=part: f"{match[1]}\n{part}\n\n{match[2]}", text)
	return text


def pages() -> dict[Path, str]:
	"""Every generated page as it should be."""
	architecture = DOCS / "architecture.md"
	security = DOCS / "security.md"
	diagrams = {"states of a run": states.run_diagram(), "states of a step": states.step_diagram()}
	return {
		DOCS / "reference.md": reference() + "\n",
		architecture: filled(architecture.read_text(), diagrams),
		security: filled(security.read_text(), {"who may call what": access.write()}),
	}


def main(arguments: list[str]) -> int:
	"""Write the pages, or check them; gives the exit code."""
	stale = [page for page, text in pages().items() if not page.exists() or page.read_text() != text]
	if "--check" in arguments:
		for page in stale:
			print(f"{page.relative_to(DOCS.parent)} is not up to date: run `python docs/generate.py`")
		return 1 if stale else 0
	for page, text in pages().items():
		page.write_text(text)
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
