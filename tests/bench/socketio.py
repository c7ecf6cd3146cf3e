"""Frappe's realtime server for a temporary bench: what the desk is told by."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS = 20.0  # seconds


@contextmanager
def realtime() -> Iterator[int]:
	"""Within the block the bench has a socket.io server; gives its port."""
	root = Path(os.environ["FRAPPE_BENCH_ROOT"])
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		port = int(probe.getsockname()[1])
	known = {"FRAPPE_SITE": os.environ["DOGAN_BENCH_SITE"], "FRAPPE_SOCKETIO_PORT": str(port)}
	with (root / "logs" / "socketio.log").open("ab") as log:
		process = subprocess.Popen(
			[shutil.which("node") or "node", "socketio.js"],
			cwd=root / "apps" / "frappe",
			env=os.environ | known,
			stdin=subprocess.DEVNULL,
			stdout=log,
			stderr=log,
		)
	try:
		_wait_for(port, process)
		yield port
	finally:
		process.terminate()
		process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
	until = time.monotonic() + STARTS
	while time.monotonic() < until and process.poll() is None:
		with socket.socket() as probe:
			if probe.connect_ex(("127.0.0.1", port)) == 0:
				return
		time.sleep(0.1)
	raise AssertionError("the realtime server did not start: see logs/socketio.log")
