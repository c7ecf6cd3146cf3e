"""What the documentation says is true: generated pages, links, definitions, and the tutorial's commands."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dogansystem.actions.registry import core_actions, schemas
from dogansystem.engine.definitions.parse import parse
from tests.sentences import FORMAT
from tests.unit.docs.pages import ROOT, Block, anchors, blocks, links, pages

GENERATOR = ROOT / "docs" / "generate.py"
TUTORIAL = ROOT / "docs" / "tutorial.md"
COMMAND = "from dogansystem.cli import main; main(prog_name='dogansystem')"
# The examples of the format leave out what is not the point.
YAML_BLOCKS = [block for page in pages() if page != FORMAT for block in blocks(page, "yaml")]


@pytest.mark.contract("`docs/reference.md`, generated from the code, describes what works today.")
def test_generated_pages_are_up_to_date():
	result = subprocess.run(
		[sys.executable, str(GENERATOR), "--check"], capture_output=True, text=True, cwd=ROOT
	)
	assert (result.returncode, result.stdout + result.stderr) == (0, "")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_point_somewhere(page: Path):
	assert [link for link in links(page) if not points_somewhere(page, link)] == []


def points_somewhere(page: Path, link: str) -> bool:
	if re.match(r"[a-z]+:", link):
		return True
	path, _, anchor = link.partition("#")
	target = (page.parent / path).resolve() if path else page
	if not (target.exists() and target.is_relative_to(ROOT)):
		return False
	return not anchor or anchor in anchors(target)


def test_the_readme_leads_to_every_page():
	found: set[Path] = set()
	pages_to_read = [ROOT / "README.md"]
	while pages_to_read:
		page = pages_to_read.pop()
		if page not in found:
			found.add(page)
			targets = ((page.parent / link.partition("#")[0]).resolve() for link in links(page))
			pages_to_read += [target for target in targets if target.suffix == ".md" and target.exists()]
	assert {page for page in pages() if page.is_relative_to(ROOT / "docs")} - found == set()


def test_a_link_to_nowhere_is_noticed():
	assert not points_somewhere(TUTORIAL, "nowhere.md")
	assert not points_somewhere(TUTORIAL, "reference/steps.md#no-such-heading")


@pytest.mark.parametrize("block", YAML_BLOCKS, ids=str)
def test_definitions_pass_the_check(block: Block):
	parse(whole(yaml.safe_load(block.text)), actions=schemas(core_actions()), source_name=str(block))


def whole(shown: Any) -> Mapping[str, Any]:
	"""A definition out of the part of one that a page shows."""
	if isinstance(shown, list):
		shown = {"steps" if "id" in shown[0] else "triggers": shown}
	return {"name": "shown", "steps": [{"id": "done", "action": "data.set"}]} | _with_text_keys(shown)


def _with_text_keys(value: Any) -> Any:
	"""YAML 1.1 reads the key `on` as true; the engine's own reader does not."""
	if isinstance(value, dict):
		return {"on" if key is True else key: _with_text_keys(inner) for key, inner in value.items()}
	return [_with_text_keys(inner) for inner in value] if isinstance(value, list) else value


def test_there_are_definitions_to_check():
	assert len(YAML_BLOCKS) > 5


def test_the_tutorial_does_what_it_shows(tmp_path: Path):
	sandbox_part = TUTORIAL.read_text().partition("## In the desk")[0].count("\n")
	shown = [block for block in blocks(TUTORIAL) if block.line < sandbox_part]
	commands = 0
	for block in shown:
		if "file" in block.notes:
			(tmp_path / block.notes["file"]).write_text(block.text)
		if block.language == "console":
			commands += replay(block, tmp_path)
	assert commands >= 3


def test_the_guide_to_actions_does_what_it_shows(tmp_path: Path):
	page = ROOT / "docs" / "guides" / "actions.md"
	for block in blocks(page):
		if "file" in block.notes:
			path = tmp_path / block.notes["file"]
			path.parent.mkdir(exist_ok=True)
			path.write_text(block.text)
	(tmp_path / "label_app" / "__init__.py").touch()
	result = run([sys.executable, "-m", "pytest", "-q", "label_app"], tmp_path)
	assert result.returncode == 0, result.stdout
	assert "2 passed" in result.stdout


def test_the_guide_to_tests_does_what_it_shows(tmp_path: Path):
	page = ROOT / "docs" / "guides" / "testing.md"
	for block in blocks(page):
		if "file" in block.notes:
			(tmp_path / block.notes["file"]).write_text(block.text)
	assert sum(replay(block, tmp_path) for block in blocks(page, "console")) == 3
	result = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], tmp_path)
	assert "1 passed" in result.stdout, result.stdout


def test_the_guide_to_dry_runs_does_what_it_shows(tmp_path: Path):
	page = ROOT / "docs" / "guides" / "before-you-enable-it.md"
	for block in blocks(page):
		if "file" in block.notes:
			(tmp_path / block.notes["file"]).write_text(block.text)
	assert sum(replay(block, tmp_path) for block in blocks(page, "console")) == 5


def test_the_guide_to_a_first_agent_does_what_it_shows(tmp_path: Path):
	page = ROOT / "docs" / "guides" / "an-agent-that-works-for-you.md"
	assert sum(replay(block, tmp_path) for block in blocks(page, "console")) == 5


@pytest.mark.parametrize("name", ["guides/agents.md", "reference/python.md", "reference/sandbox.md"])
def test_python_on_the_pages_runs(name: str, tmp_path: Path):
	for block in blocks(ROOT / "docs" / name, "python"):
		result = run([sys.executable, "-c", block.text], tmp_path)
		assert result.returncode == 0, f"{block}: {result.stderr}"


def replay(block: Block, folder: Path) -> int:
	"""Run the commands of a console block; what it shows below a command must be in the command's output, in order.

	`…` in what is shown stands for anything. `<!-- replace: old -> new -->` changes the YAML files for this block, and
	`<!-- exit: 1 -->` says how the commands end.
	"""
	before = {path: path.read_text() for path in folder.glob("*.yaml")}
	if "replace" in block.notes:
		old, new = block.notes["replace"].split(" -> ")
		for path, text in before.items():
			path.write_text(text.replace(old, new))
	parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)[1:]
	for command, shown in zip(parts[::2], parts[1::2], strict=True):
		words = shlex.split(command)
		assert words[0] == "dogansystem", f"{block}: {command}"
		result = run([sys.executable, "-c", COMMAND, *words[1:]], folder)
		expected = int(block.notes.get("exit", 2 if "replace" in block.notes else 0))
		assert result.returncode == expected, f"{block}: {command}: {result.stdout}{result.stderr}"
		pattern = ".*".join(re.escape(line).replace("…", ".*") for line in shown.strip().splitlines())
		assert re.search(pattern, result.stdout + result.stderr, re.DOTALL), (
			f"{block}: {result.stdout}{result.stderr}"
		)
	for path, text in before.items():
		path.write_text(text)
	return len(parts) // 2


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
	"""Run a command in `folder`, with this repository's packages in reach."""
	return subprocess.run(
		command,
		cwd=folder,
		capture_output=True,
		text=True,
		timeout=120,
		env={**_environment(), "PYTHONPATH": str(ROOT)},
	)


def _environment() -> dict[str, str]:
	return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
