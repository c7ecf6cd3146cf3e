"""The image: hadolint reads the Containerfile, and what the image needs of this repository comes into it."""

import fnmatch
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, PROGRAMS, broken, run

CONTAINERFILE = DEPLOY / "container" / "Containerfile"
ROOT = DEPLOY.parent


def lint(path: Path) -> str:
	return run(PROGRAMS / "hadolint", "--no-color", "--failure-threshold", "info", path).stdout


def test_hadolint_has_nothing_to_say():
	assert lint(CONTAINERFILE) == ""


@pytest.mark.parametrize(
	"old, new, code",
	[
		("FROM ${ERPNEXT_IMAGE}:${ERPNEXT_VERSION}", "FROM frappe/erpnext", "DL3006"),
		("FROM ${ERPNEXT_IMAGE}:${ERPNEXT_VERSION}", "FROM frappe/erpnext:latest", "DL3007"),
		("if [ -d assets ]; then", "if [ -d $assets ]; then", "SC2086"),
		("USER 1000", "USER root", "DL3002"),
		("WORKDIR /home/frappe/frappe-bench", "WORKDIR frappe-bench", "DL3000"),
		("COPY --chown", "COPPY --chown", "unexpected"),
	],
)
def test_hadolint_notices_a_broken_copy(tmp_path: Path, old: str, new: str, code: str):
	copy = tmp_path / "Containerfile"
	copy.write_text(broken(CONTAINERFILE.read_text(), old, new))
	assert code in lint(copy)


def taken(name: str) -> bool:
	"""Whether the ignore file lets something of the repository's root into the image: the last rule that fits decides."""
	decided = True
	for line in (DEPLOY / "container" / "Containerfile.dockerignore").read_text().splitlines():
		rule = line.strip()
		if rule and not rule.startswith("#") and fnmatch.fnmatch(name, rule.removeprefix("!")):
			decided = rule.startswith("!")
	return decided


def test_the_image_gets_what_pip_needs_and_nothing_of_the_rest():
	needed = {"dogansystem", "pyproject.toml", "setup.py", "README.md", "LICENSE"}
	assert {path.name for path in ROOT.iterdir() if taken(path.name)} == needed
