"""Starts nodes of this checkout, and of a release that is taken from its history."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[3]
RELEASED = "1e0b184"  # the release before
LEAVES = 15.0  # seconds a worker may take after SIGTERM


class CallFailed(Exception):
	"""A desk's call raised an error of this `kind`."""

	def __init__(self, kind: str, message: str) -> None:
		super().__init__(f"{kind}: {message}")
		self.kind = kind


def checked_out(folder: Path, commit: str = RELEASED) -> Path:
	"""That release's files in `folder`. Skips the test where this checkout has no history of it."""
	git = ["git", "-C", str(CHECKOUT)]
	known = subprocess.run([*git, "cat-file", "-e", f"{commit}^{{commit}}"], capture_output=True, check=False)
	if known.returncode:
		pytest.skip(f"this checkout has no history of the release {commit}")
	folder.mkdir()
	archive = subprocess.run([*git, "archive", commit], stdout=subprocess.PIPE, check=True)
	subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
	return folder


class _Process:
	"""A process of node.py with the code of a release; `environment` is added to its own."""

	def __init__(
		self, what: str, tree: Path, url: str, options: Mapping[str, Any], environment: Mapping[str, str]
	) -> None:
		self.process = subprocess.Popen(
			[sys.executable, str(Path(__file__).with_name("node.py")), what, url, json.dumps(options)],
			env=os.environ | {"PYTHONPATH": str(tree)} | environment,
			cwd=tree,
			stdin=subprocess.PIPE,
			stdout=subprocess.PIPE if what == "desk" else subprocess.DEVNULL,
			text=True,
		)

	def kill(self) -> None:
		"""`kill -9`."""
		self.process.kill()
		self.process.communicate()


class Desk(_Process):
	"""What people do, on a node of one release."""

	def __init__(self, tree: Path, url: str, environment: Mapping[str, str] = {}, **more: Any) -> None:
		super().__init__("desk", tree, url, {"node": f"desk of {tree.name}", **more}, environment)
		self._read()
		assert self.call("file").startswith(str(tree)), "it has the code of another release"

	def call(self, name: str, *arguments: Any, **named: Any) -> Any:
		"""Call the front door; the changes are committed. Raises CallFailed."""
		assert self.process.stdin
		self.process.stdin.write(json.dumps([name, arguments, named]) + "\n")
		self.process.stdin.flush()
		return self._read()

	def _read(self) -> Any:
		assert self.process.stdout
		answer = json.loads(
			self.process.stdout.readline() or '{"error": "Ended", "message": "the desk is gone"}'
		)
		if "error" in answer:
			raise CallFailed(answer["error"], answer["message"])
		return answer["result"]


class Node:
	"""Some workers of one release under one name; those that are killed are replaced by hand."""

	def __init__(
		self,
		tree: Path,
		url: str,
		name: str,
		workers: int,
		*,
		elsewhere: bool = False,
		environment: Mapping[str, str] = {},
		log: Path | None = None,
		**more: Any,
	) -> None:
		"""`log`: a file for what it says; `more`: further options of node.py."""
		self.name = name
		options = {"node": name, "elsewhere": elsewhere, "log": str(log) if log else None, **more}
		self._start = lambda: _Process("work", tree, url, options, environment)
		self.workers = [self._start() for _ in range(workers)]

	def kill(self, position: int) -> None:
		"""`kill -9` of one worker, and another in its place."""
		self.workers[position].kill()
		self.workers[position] = self._start()

	def leave(self) -> None:
		"""SIGTERM to all of them; returns when they have left. Fails if one does not, or leaves with an error."""
		for worker in self.workers:
			worker.process.terminate()
		for worker in self.workers:
			worker.process.communicate(timeout=LEAVES)
			code = worker.process.returncode
			assert code in (0, -SIGTERM), (
				f"a worker of {self.name} has ended with {code}"
			)  # -15: it had just come
		self.workers = []

	def end(self) -> None:
		"""Let nobody survive."""
		for worker in self.workers:
			worker.kill()


@contextmanager
def ending(*started: Any) -> Iterator[list[Any]]:
	"""A list for nodes and desks that are gone when the block is left."""
	found = list(started)
	try:
		yield found
	finally:
		for each in found:
			(each.end if isinstance(each, Node) else each.kill)()


def wait_until(condition: Any, seconds: float, what: str) -> float:
	"""Wait until it is so; gives the seconds it took. Fails with `what` was waited for."""
	began = time.monotonic()
	while not condition():
		assert time.monotonic() - began < seconds, f"after {seconds} s still not: {what}"
		time.sleep(0.05)
	return time.monotonic() - began
