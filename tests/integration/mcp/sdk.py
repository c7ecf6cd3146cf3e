"""Environments with MCP's official SDK, which is no dependency of the app: each release of it that people still use has its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import SkipTest

RELEASES = {"1": "mcp>=1.20,<2", "2": "mcp>=2.3,<3"}
FOLDER = Path(__file__).parent
PATIENCE = 300.0  # seconds for an installation
STARTS = 20.0  # seconds that a server gets to listen


def python(release: str, folder: Path) -> str:
	"""The Python of an environment with a release of the SDK. The test is left out where it cannot be had."""
	if not os.environ.get("DOGAN_TEST_ALL"):
		raise SkipTest("the official MCP SDK is fetched with --all only")
	found = folder / f"sdk-{release}" / "bin" / "python"
	if found.exists():
		return str(found)
	try:
		_install(found, RELEASES[release])
	except subprocess.SubprocessError as error:
		shutil.rmtree(found.parents[1], ignore_errors=True)
		raise SkipTest(f"the official MCP SDK cannot be fetched here: {error}") from None
	return str(found)


def _install(path: Path, requirement: str) -> None:
	root = path.parents[1]
	if uv := shutil.which("uv"):
		subprocess.run(
			[uv, "venv", "-q", "--python", sys.executable, root],
			check=True,
			timeout=PATIENCE,
			capture_output=True,
		)
		command = [uv, "pip", "install", "-q", "--python", str(path), requirement]
	else:
		venv.create(root, with_pip=True)
		command = [str(path), "-m", "pip", "install", "-q", requirement]
	subprocess.run(command, check=True, timeout=PATIENCE, capture_output=True)


def asked(
	interpreter: str, url: str, *calls: tuple[str, dict[str, Any]], token: str = "", mode: str = "auto"
) -> dict[str, Any]:
	"""What the official client hears from a server: its `tools`, and the `results` of these calls."""
	given = json.dumps({"url": url, "calls": calls, "token": token, "mode": mode})
	done = subprocess.run(
		[interpreter, "-W", "ignore", str(FOLDER / "official_client.py"), given],
		capture_output=True,
		text=True,
		timeout=60,
		check=False,
	)
	assert done.returncode == 0, done.stderr[-3000:]
	found: dict[str, Any] = json.loads(done.stdout)
	return found


@contextmanager
def serving(interpreter: str, *, is_json: bool, is_stateless: bool) -> Iterator[str]:
	"""A server made with the SDK, with the tools `add` and `fail`; gives its address."""
	with socket.socket() as free:
		free.bind(("127.0.0.1", 0))
		port = free.getsockname()[1]
	given = json.dumps({"port": port, "json": is_json, "stateless": is_stateless})
	command = [interpreter, "-W", "ignore", str(FOLDER / "official_server.py"), given]
	process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
	try:
		_wait_for(port, process)
		yield f"http://127.0.0.1:{port}/mcp"
	finally:
		process.kill()
		process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
	until = time.monotonic() + STARTS
	while time.monotonic() < until:
		assert process.poll() is None, "the server has ended"
		with socket.socket() as trying:
			if trying.connect_ex(("127.0.0.1", port)) == 0:
				return
		time.sleep(0.05)
	raise AssertionError("the server does not listen")
