"""Writes what the code itself can say into the documentation.

`python docs/generate.py` fills the marked parts of pages, such as the tables of docs/reference, and writes the pages of
docs/reference/actions. With `--check` it only says whether they are up to date, and exits with 1 if not.
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from generator import (
	access,
	actions,
	calls,
	commands,
	definition,
	doctypes,
	errors,
	events,
	format_schema,
	metrics,
	rooms,
	states,
	system,
	templates,
	workflows,
)

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests import sentences

ACTIONS = ROOT / "docs" / "reference" / "actions"

# The marked parts of each page: `<!-- generated: name -->` … `<!-- end -->`.
PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
	"docs/reference/definition.md": {
		"keys of a workflow": definition.workflow,
		"keys of limits": definition.limits,
	},
	"docs/reference/triggers.md": {"triggers": definition.triggers},
	"docs/reference/steps.md": {"keys of a step": definition.steps, "keys of retry": definition.retry},
	"docs/reference/templates.md": {
		"names": templates.names,
		"keys of a finished step": templates.of_step,
		"filters": templates.filters,
		"tests": templates.tests,
		"functions": templates.functions,
	},
	"docs/reference/errors.md": {"errors": errors.write},
	"docs/reference/states.md": {
		"meanings of run states": states.run_meanings,
		"states of a run": states.run_diagram,
		"meanings of step states": states.step_meanings,
		"states of a step": states.step_diagram,
	},
	"docs/reference/doctypes.md": {"permissions": doctypes.permissions, "doctypes": doctypes.fields},
	"docs/reference/settings.md": {"settings": system.settings},
	"docs/reference/status.md": {"status": system.status},
	"docs/reference/metrics.md": {"metrics": metrics.write},
	"docs/reference/command-line.md": {"commands": commands.sandbox},
	"docs/reference/bench.md": {"commands": commands.bench},
	"docs/reference/http.md": {"methods": calls.http},
	"docs/reference/python.md": {"methods": calls.python},
	"docs/reference/workflows.md": {"workflows": workflows.write},
	"docs/reference/sandbox.md": {"methods": calls.sandbox},
	"docs/architecture.md": {"events": events.write},
	"docs/security.md": {"who may call what": access.write},
	"CONTRIBUTING.md": {"rooms": rooms.write},
}


def filled(page: Path, parts: Mapping[str, Callable[[], str]]) -> str:
	"""A page's text with each part written between its markers."""
	text = page.read_text()
	for name, write in parts.items():
		marked = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
		if not marked.search(text):
			raise SystemExit(f"{page} has no place for {name!r}: <!-- generated: {name} --> … <!-- end -->")
		part = write()
		text = marked.sub(lambda match, part=part: f"{match[1]}\n{part}\n\n{match[2]}", text)
	return text


def pages() -> dict[Path, str]:
	"""Every page that has something generated, as it should be."""
	return {
		**{ROOT / page: filled(ROOT / page, parts) for page, parts in PARTS.items()},
		**{ACTIONS / name: text + "\n" for name, text in actions.pages().items()},
		sentences.LIST: sentences.listed(),
		ROOT / "dogansystem" / "workflow.schema.json": format_schema.write(),
	}


def main(arguments: list[str]) -> int:
	"""Write the pages, or check them; gives the exit code."""
	wanted = pages()
	stale = [page for page, text in wanted.items() if not page.exists() or page.read_text() != text]
	left_over = [page for page in ACTIONS.glob("*.md") if page not in wanted]
	if "--check" in arguments:
		for page in (*stale, *left_over):
			print(f"{page.relative_to(ROOT)} is not up to date: run `python docs/generate.py`")
		return 1 if stale or left_over else 0
	ACTIONS.mkdir(exist_ok=True)
	for page in stale:
		page.write_text(wanted[page])
	for page in left_over:
		page.unlink()
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
