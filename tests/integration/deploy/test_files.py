"""What holds for every file under deploy/."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from dogansystem.homes.frappe.queues import GRACE, TIMEOUT
from dogansystem.protocol import Settings
from dogansystem.worker.heartbeat import INTERVAL
from tests.integration.deploy.files import DEPLOY, PROGRAMS, broken, files, run

APP = DEPLOY.parent
YAML_RULES = yaml.safe_dump(
	{
		"extends": "default",
		"rules": {
			"line-length": {"max": 125},
			"document-start": "disable",
			"braces": {"max-spaces-inside": 0},
			"truthy": {"check-keys": False},
			"comments-indentation": "disable",
		},
	}
)

yaml_files = [path for path in files() if path.suffix in (".yaml", ".yml")]


def lint(path: Path) -> str:
	return run(
		PROGRAMS / "yamllint", "--strict", "--format", "parsable", "--config-data", YAML_RULES, path
	).stdout


@pytest.mark.parametrize("path", yaml_files, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_yaml_is_in_order(path: Path):
	assert lint(path) == ""


def test_a_broken_yaml_is_noticed(tmp_path: Path):
	copy = tmp_path / "scale.yml"
	text = (DEPLOY / "compose" / "docker-compose.scale.yml").read_text()
	copy.write_text(broken(text, "    init: true\n", "    init: true\n    init: false\n"))
	assert "duplication of key" in lint(copy)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_a_file_says_what_to_change_and_fits_on_a_screen_or_two(path: Path):
	text = path.read_text()
	if path.name == "kustomization.yaml" and "overlays" not in path.parts:
		assert text.startswith("#") or len(text.splitlines()) < 7
	elif path.suffix != ".dockerignore":
		assert re.search(r"[Tt]o change|Nothing to change|How many", text), "says what to change"
	assert len(text.splitlines()) <= 150
	assert "\t" not in text or path.suffix == ".conf"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_what_a_file_names_of_the_app_is_there(path: Path):
	for name in re.findall(r"\bdogansystem\.[a-z_.]+[a-z]", path.read_text()):
		if not name.startswith(("dogansystem.conf", "dogansystem.timeout", "dogansystem.sudoers")):
			assert exists(name), f"{name} is not there"


def exists(name: str) -> bool:
	"""Whether there is such a module, or such a method of the API, whose modules cannot be imported without Frappe."""
	if name.startswith("dogansystem.api."):
		module, _, method = name.rpartition(".")
		path = APP.joinpath(*module.split(".")).with_suffix(".py")
		return path.exists() and f"\ndef {method}(" in path.read_text()
	return importlib.util.find_spec(name) is not None


def test_a_worker_gets_longer_than_its_longest_step_takes():
	assert TIMEOUT > Settings().time_budget + Settings().lease, "a drainer hands over before RQ ends it"
	assert GRACE >= TIMEOUT + 2 * INTERVAL, "a drainer looks with every heartbeat whether it should leave"
