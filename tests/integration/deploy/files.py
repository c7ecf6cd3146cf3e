"""The files under deploy/ as the tests read and break them, and the programs that check them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
PROGRAMS = Path(sys.executable).parent  # where the tools of the extra `test` are

_UNITS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


def files() -> list[Path]:
	"""Everything an operator may copy."""
	return [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]


def program(name: str, package: str) -> str:
	"""Where a program of the system is; the test is skipped where it is not."""
	found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"]))
	if found is None:
		pytest.skip(f"no {name} here: install Debian's {package}")
	return found


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
	"""Run a checker to its end; its output is one text."""
	return subprocess.run(
		[str(part) for part in command],
		cwd=cwd,
		stdout=subprocess.PIPE,
		stderr=subprocess.STDOUT,
		text=True,
		timeout=120,
	)


def broken(text: str, old: str, new: str) -> str:
	"""The text with a mistake in it, which has to be possible to make."""
	assert old in text, f"nothing to break: {old!r}"
	return text.replace(old, new)


def seconds(duration: str | int) -> int:
	"""`1830`, `1830s`, `30m30s`, `30min 30s`."""
	parts = re.findall(r"(\d+)\s*([a-z]*)", str(duration))
	return sum(int(number) * _UNITS[unit] for number, unit in parts)


def queue_of(command: Sequence[str]) -> str | None:
	"""What stands after `--queue`."""
	words = list(command)
	return words[words.index("--queue") + 1] if "--queue" in words else None
