"""A supervisor of a test's own that runs the workers of the temporary bench, by the configuration that `bench` writes."""

import getpass
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dogansystem.homes.frappe import alive

STARTS = 60.0  # seconds
LEAVES = 60.0  # seconds
MAIN = """[unix_http_server]
file={root}/config/s
[supervisorctl]
serverurl=unix://{root}/config/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisord]
nodaemon=true
logfile={root}/logs/supervisord.log
pidfile={root}/config/supervisord.pid
[include]
files=config/supervisor.conf
"""
_WEB = re.compile(r"^\[(?:program|group):[^\]]*-(?:web|node-socketio)\]\n(?:(?!\[).*\n?)*", re.MULTILINE)


class Supervisord:
	"""The supervisor of a bench. `supervisorctl` finds it from the bench's folder."""

	def __init__(self, root: Path) -> None:
		self.root = root
		self.process = subprocess.Popen(
			["supervisord", "-c", "supervisord.conf"],
			cwd=root,
			stdin=subprocess.DEVNULL,
			stdout=subprocess.DEVNULL,
			stderr=subprocess.STDOUT,
		)

	def processes(self) -> dict[str, int]:
		"""The programs' processes that run, by the last part of their names, with their numbers."""
		command = ["supervisorctl", "status"]
		said = subprocess.run(command, cwd=self.root, stdout=subprocess.PIPE, text=True).stdout
		found = re.findall(r"^\S+-frappe-(\S+)\s+(?:RUNNING|STARTING)\s+pid (\d+)", said, re.MULTILINE)
		return {name: int(pid) for name, pid in found}

	def workers(self) -> dict[str, int]:
		"""Those of our queue."""
		return {name: pid for name, pid in self.processes().items() if name.startswith("dogansystem-")}


def why_not() -> str | None:
	"""Why no bench can be put under supervisor here, or None."""
	missing = [name for name in ("bench", "supervisord", "supervisorctl") if shutil.which(name) is None]
	return f"no {', '.join(missing)} here" if missing else None


@contextmanager
def supervised(root: Path, workers: int) -> Iterator[Supervisord]:
	"""Have `bench setup supervisor` write the configuration for so many workers, and supervisor run all of it but the web."""
	config = root / "sites" / "common_site_config.json"
	before = config.read_text()
	make_bench(root)
	queue = {"timeout": 1800, "background_workers": workers}
	_set(config, workers={"dogansystem": queue})
	said = subprocess.run(
		["bench", "setup", "supervisor", "--yes", "--skip-redis", "--skip-supervisord"],
		cwd=root,
		stdout=subprocess.PIPE,
		stderr=subprocess.STDOUT,
		text=True,
	)
	written = root / "config" / "supervisor.conf"
	if not written.exists():
		raise RuntimeError(f"bench setup supervisor: {said.stdout}")
	written.write_text(_WEB.sub("", written.read_text()))
	(root / "supervisord.conf").write_text(MAIN.format(root=root))
	daemon = Supervisord(root)
	try:
		wait_for_workers(root, workers)
		yield daemon
	finally:
		daemon.process.terminate()
		daemon.process.wait(LEAVES)
		written.unlink()
		config.write_text(before)


@contextmanager
def bench_start(root: Path) -> Iterator[None]:
	"""Have `bench start` run the bench's Procfile."""
	# What `bench` starts it with stands beside its own Python.
	folder = Path(Path(shutil.which("bench") or "").read_text().splitlines()[0].removeprefix("#!")).parent
	path = os.pathsep.join([os.environ["PATH"], str(folder)])
	process = subprocess.Popen(
		["bench", "start"], cwd=root, env=os.environ | {"PATH": path}, stdin=subprocess.DEVNULL,
		stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True,
	)  # fmt: skip
	try:
		yield
	finally:
		process.send_signal(signal.SIGINT)
		process.wait(LEAVES)


def make_bench(root: Path) -> None:
	"""What `bench` looks for in a folder before it takes it for a bench, and before it works as this user."""
	_set(root / "sites" / "common_site_config.json", frappe_user=getpass.getuser())
	(root / "config" / "pids").mkdir(exist_ok=True)
	if not (root / "env").exists():
		(root / "env").symlink_to(sys.prefix)


def _set(config: Path, **values: Any) -> None:
	config.write_text(json.dumps(json.loads(config.read_text()) | values, indent=1, sort_keys=True))


def wait_for_workers(root: Path, number: int) -> None:
	"""Wait until RQ knows so many workers of our queue."""
	until = time.monotonic() + STARTS
	while (found := alive.count(root / "sites")) != number:
		if time.monotonic() > until:
			raise TimeoutError(
				f"{found} workers instead of {number}: {(root / 'logs' / 'worker.log').read_text()[-2000:]}"
			)
		time.sleep(0.2)
