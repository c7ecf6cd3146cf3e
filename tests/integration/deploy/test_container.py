"""The image: hadolint reads the Containerfile, and what the image needs of this repository comes into it."""

import fnmatch
from pathlib import Path

import pytest

from tests.integration.deploy.files import DEPLOY, PROGRAMS, broken, run

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


def script() -> str:
	"""What the image's one RUN executes."""
	lines = CONTAINERFILE.read_text().split("\nRUN ")[1].split("\n\n")[0]
	return lines.replace("\\\n", "")


def bench(folder: Path, assets: str) -> Path:
	"""A bench as an image has it, with programs that only note what they were asked for."""
	for each in ("apps/frappe", "apps/dogansystem", "sites", "env/bin", "bin", assets):
		(folder / each).mkdir(parents=True, exist_ok=True)
	(folder / assets / "assets.json").write_text("old")
	note = f'#!/bin/sh\necho "$(basename "$0") $*" >> {folder}/asked\n'
	for name in ("env/bin/python", "bin/bench"):
		(folder / name).write_text(note)
		(folder / name).chmod(0o755)
	with (folder / "bin/bench").open("a") as program:
		program.write("[ -e sites/assets/assets.json ] && echo built > sites/assets/dogansystem.js\n")
	return folder


@pytest.mark.parametrize("assets", ["assets", "sites/assets"])
def test_what_is_built_lands_where_the_image_keeps_its_assets(tmp_path: Path, assets: str):
	"""Newer images keep them beside `sites`, older ones in it."""
	folder = bench(tmp_path, assets)
	command = f"PATH={folder}/bin:$PATH; {script()}"
	assert run("bash", "-o", "errexit", "-o", "pipefail", "-c", command, cwd=folder).returncode == 0
	asked = (folder / "asked").read_text().splitlines()
	assert asked[:2] == [
		"python -m pip install --no-cache-dir --editable apps/dogansystem",
		"bench build --app dogansystem --production",
	]
	assert {path.name for path in (folder / assets).iterdir()} == {"assets.json", "dogansystem.js"}
	assert (folder / "sites/assets").exists() == (assets == "sites/assets")
	assert (folder / "sites/apps.txt").read_text().split() == ["dogansystem", "frappe"]


def test_a_build_that_fails_makes_no_image(tmp_path: Path):
	folder = bench(tmp_path, "assets")
	(folder / "bin/bench").write_text("#!/bin/sh\nexit 1\n")
	command = f"PATH={folder}/bin:$PATH; {script()}"
	assert run("bash", "-o", "errexit", "-o", "pipefail", "-c", command, cwd=folder).returncode == 1
