"""The guide to the simulation: its commands print what it shows."""

import shlex
from pathlib import Path

from click.testing import CliRunner

from dogansystem.cli import main
from tests.unit.docs.pages import ROOT, blocks

GUIDE = ROOT / "docs" / "guides" / "capacity.md"
QUESTION = "--nodes 2,3,4"  # the one that is asked again here; all together take a minute


def test_the_guide_s_command_prints_what_it_shows(tmp_path: Path, monkeypatch):
	(definition,) = blocks(GUIDE, "yaml")
	(tmp_path / "chase-payment.yaml").write_text(definition.text)
	monkeypatch.chdir(tmp_path)
	(shown,) = (each.text for each in blocks(GUIDE, "console") if QUESTION in each.text)
	command, printed = shown.removeprefix("$ dogansystem ").replace("\\\n", " ").split("\n", 1)
	result = CliRunner().invoke(main, shlex.split(command))
	assert (result.exit_code, result.output) == (0, printed)
