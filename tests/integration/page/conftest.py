"""A sandbox that is shown by `dogansystem ui`, in a Chromium without a window."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dogansystem.terminal import demo
from tests.bench.browser import Browser, command

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def built() -> None:
	"""The page is built, or the tests are left out."""
	found = subprocess.run([CHECKOUT / "script" / "ui"], capture_output=True, text=True, check=False)
	if found.returncode:
		pytest.skip(found.stderr.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
	found = command()
	if found is None:
		pytest.skip("no Chromium here; install one or name it in DOGAN_TEST_BROWSER")
	with Browser(found) as browser:
		yield browser


@pytest.fixture
def database(tmp_path: Path) -> Path:
	return tmp_path / "page.db"


@pytest.fixture
def tour(database: Path) -> None:
	"""The tour has left something there before the page is opened."""
	demo.run(str(database), 2, lambda text: None)


@pytest.fixture
def url(built: None, database: Path) -> Iterator[str]:
	"""The address that the command prints. It ends as a person ends it."""
	words = [sys.executable, "-m", "dogansystem", "ui", "--db", str(database), "--port", "0", "--json"]
	with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
		try:
			assert process.stdout is not None
			found: dict[str, Any] = json.loads(process.stdout.readline())
			yield found["url"]
		finally:
			process.send_signal(signal.SIGINT)
			assert process.wait(timeout=30) == 0


@pytest.fixture
def page(url: str, chromium: Browser) -> Iterator[Browser]:
	"""The page, opened; in the end nothing may have complained."""
	chromium.start_anew()
	chromium.resize(1400, 1000)
	chromium.complaints.clear()
	chromium.open(url)
	chromium.wait_for("document.querySelector('.ui-templates li')")
	yield chromium
	assert chromium.complaints == []
	chromium.open("about:blank")


def keep(page: Browser, name: str) -> None:
	"""Keep what the page looks like, in the folder that DOGAN_TEST_PICTURES names, as docs/pictures."""
	if folder := os.environ.get("DOGAN_TEST_PICTURES"):
		page.picture(Path(folder) / f"{name}.png")
