"""A database that takes nothing more for a while: errors that say so, and everything goes on by itself afterwards."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.conftest import LEASE
from tests.faults.load import Load
from tests.faults.server import Server
from tests.faults.workers import Way, working

OUTAGE = 3.0  # seconds
DISK = 48  # MB


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


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
	with Server(tmp_path) as server:
		yield server


@contextmanager
def outage(url: str, log: Path, tell: Tell, title: str) -> Iterator[Load]:
	"""A load with workers; in the block the database takes nothing for a while. Afterwards all must end right."""
	with FaultSandbox(url) as site:
		site.set_settings(lease_seconds=LEASE, linger_seconds=1)
		load = Load(site)
		load.start(60)
		with working(url, 2, lambda position: Way(log=str(log))) as workers:
			time.sleep(0.4)
			yield load
			took = load.wait_until_done(60, lambda: (workers.replace(), load.tick()))
		count = load.assert_right()
	tell(
		title,
		outages=1,
		seconds_until_done=round(took, 1),
		steps=count.steps,
		lost=count.lost,
		doubled=count.doubled,
	)


def test_a_database_that_is_read_only_for_a_while(server: Server, tmp_path: Path, tell: Tell):
	url = server.new_database("read_only")
	with server.connect() as connection, connection.cursor() as cursor:
		cursor.execute("CREATE USER person@'127.0.0.1'")
		cursor.execute("GRANT ALL ON read_only.* TO person@'127.0.0.1'")
		log = tmp_path / "worker.log"
		with outage(url.replace("root@", "person@"), log, tell, "database read-only") as load:
			cursor.execute("SET GLOBAL read_only = 1")
			time.sleep(OUTAGE)
			with pytest.raises(pymysql.err.OperationalError, match="read-only"):
				load.start(1)
			load.site.database.rollback()
			cursor.execute("SET GLOBAL read_only = 0")
	assert "--read-only" in log.read_text()


def test_a_disk_that_is_full_for_a_while(server: Server, disk: Path, tmp_path: Path, tell: Tell):
	url = server.new_database("full")
	server.stop()
	# Only the tables: a server that cannot write its log any more ends, and that is another fault.
	shutil.move(server.data / "full", disk / "full")
	(server.data / "full").symlink_to(disk / "full")
	server.start()
	log = tmp_path / "worker.log"
	filler = disk / "filler"
	with outage(url, log, tell, "disk full") as load:
		with filler.open("wb", buffering=0) as file:
			try:
				while True:
					file.write(b"x" * 65536)
			except OSError:
				pass
		with pytest.raises(pymysql.err.OperationalError, match="is full"):
			load.start(100_000)  # the tables have some room left inside their files
		load.site.database.rollback()
		time.sleep(OUTAGE)
		filler.unlink()
	assert re.search(r"\(1114, .* is full", log.read_text())
