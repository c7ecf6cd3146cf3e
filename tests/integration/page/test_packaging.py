"""The page that was built travels in the wheel and in the source archive: whoever installs one needs no Node."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.integration.page.conftest import CHECKOUT

FILES = {"index.html", "ui.js", "ui.css", "ui.licences.txt"}
PAGE = "dogansystem/terminal/ui/page"


def test_the_page_travels_with_the_package(built: None, tmp_path: Path):
	source = tmp_path / "source"
	source.mkdir()
	for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
		shutil.copy(CHECKOUT / name, source)
	shutil.copytree(
		CHECKOUT / "dogansystem", source / "dogansystem", ignore=shutil.ignore_patterns("__pycache__")
	)
	# What a wheel is packed from, and the source archive.
	words = ["build_py", "--build-lib", str(tmp_path / "lib"), "sdist", "--dist-dir", str(tmp_path)]
	found = subprocess.run(
		[sys.executable, "setup.py", "--quiet", *words],
		cwd=source,
		capture_output=True,
		text=True,
		check=False,
	)
	assert found.returncode == 0, found.stderr
	assert {each.name for each in (tmp_path / "lib" / PAGE).iterdir()} == FILES
	(archive,) = tmp_path.glob("*.tar.gz")
	with tarfile.open(archive) as packed:
		names = {Path(each).name for each in packed.getnames() if f"/{PAGE}/" in each}
	assert names == FILES
