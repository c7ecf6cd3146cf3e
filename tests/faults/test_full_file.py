"""A sandbox's file on a disk that is full for a while: the work waits, and goes on by itself."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.databases.sqlite import NoRoom

DISK = 8  # MB
OUTAGE = 3.0  # seconds
RUNS = 40


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
	"""A small disk of its own; skips where none can be mounted."""
	folder = tmp_path / "disk"
	folder.mkdir()
	mounted = subprocess.run(
		["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)], capture_output=True, text=True
	)
	if mounted.returncode:
		pytest.skip(f"no disk can be mounted: {mounted.stderr.strip()}")
	yield folder
	subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
	filler = disk / "filler"
	with filler.open("ab", buffering=0) as file:
		for size in (65536, 512, 1):
			try:
				while True:
					file.write(b"x" * size)
			except OSError:
				pass
	return filler


def start(site: Sandbox, steps: list[dict[str, object]], runs: int) -> list[str]:
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow({"name": "full", "steps": steps})
	names = [orchestrator.start_run("full") for _ in range(runs)]
	site.database.commit()
	return names


STEPS: list[dict[str, object]] = [
	{"id": "a", "action": "document.create", "params": {"doctype": "ToDo", "values": {"text": "x" * 2000}}},
	{"id": "b", "action": "data.set", "params": {"x": "{{ steps.a.output.name }}"}},
]


def test_workers_wait_until_there_is_room_and_lose_and_double_nothing(disk: Path, tmp_path: Path):
	url = str(disk / "full.db")
	log = tmp_path / "serve.log"
	with Sandbox(url) as site:
		Orchestrator(site).import_workflow({"name": "full", "steps": STEPS})
		site.database.commit()
		with log.open("w") as output:
			server = subprocess.Popen(
				[sys.executable, "-m", "dogansystem", "serve", "--db", url, "--workers", "2"],
				stdout=output,
				stderr=output,
			)
		try:
			time.sleep(2)
			runs = start(site, STEPS, RUNS)
			filler = fill(disk)
			with pytest.raises(NoRoom, match=r"database or disk is full\. Free some space"):
				start(site, STEPS, 10_000)
			site.database.rollback()
			time.sleep(OUTAGE)
			filler.unlink()
			until = time.monotonic() + 60
			while any(Orchestrator(site).get_run(run)["status"] != "Succeeded" for run in runs):
				assert time.monotonic() < until, log.read_text()
				time.sleep(0.2)
			assert len(site.documents.list("ToDo", limit=0)) == RUNS
		finally:
			server.terminate()
			server.wait(30)
	assert "Traceback" not in log.read_text()
	assert "ended with" not in log.read_text(), "a worker died of it"


def test_run_says_what_is_wrong_and_exits_with_3(disk: Path, tmp_path: Path):
	url = disk / "full.db"
	path = tmp_path / "full.json"
	path.write_text(json.dumps({"name": "full", "steps": STEPS}))
	Sandbox(url).close()
	fill(disk)
	done = subprocess.run(
		[sys.executable, "-m", "dogansystem", "run", str(path), "--db", str(url), "--json"],
		capture_output=True,
		text=True,
		timeout=60,
		check=False,
	)
	assert done.returncode == 3, done.stderr
	assert "See whether its disk is full" in json.loads(done.stdout)["error"]
	assert "Traceback" not in done.stderr
