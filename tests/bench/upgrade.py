"""A site with an older version of the app, and runs under way in every state, is migrated to this checkout."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe

from tests.bench.place import APP, CHECKOUT, Bench

RELEASED = ("1e0b184",)  # commits whose sites must be able to migrate


def upgrade(bench: Bench) -> None:
	"""Install each older version, leave work under way, migrate, and see it end. Raises CommandFailed where it does not."""
	for commit in RELEASED:
		if not _has(commit):
			print(f"Left out: an upgrade from {commit}: this checkout has no history of it", flush=True)
			continue
		if frappe.__version__.partition(".")[0] != "15":
			print(f"Left out: an upgrade from {commit}: that release was for Frappe 15", flush=True)
			continue
		_upgrade_from(bench, commit)
		bench.frappe("uninstall-app", APP, "--yes", "--no-backup")


def _upgrade_from(bench: Bench, commit: str) -> None:
	path = bench.root / "upgrade.json"
	with _checked_out(bench, commit):
		bench.frappe("install-app", APP)
		_run(bench, "make", path)
	bench.frappe("migrate")
	_run(bench, "finish", path)


def _has(commit: str) -> bool:
	command = ["git", "-C", str(CHECKOUT), "cat-file", "-e", f"{commit}^{{commit}}"]
	return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def _checked_out(bench: Bench, commit: str) -> Iterator[None]:
	"""Within the block, the bench has the app as it was then."""
	aside = bench.app.with_name(f"{APP}.now")
	bench.app.rename(aside)
	try:
		bench.app.mkdir()
		archive = subprocess.run(
			["git", "-C", str(CHECKOUT), "archive", commit], stdout=subprocess.PIPE, check=True
		)
		subprocess.run(["tar", "-x", "-C", str(bench.app)], input=archive.stdout, check=True)
		yield
	finally:
		shutil.rmtree(bench.app)
		aside.rename(bench.app)


def _run(bench: Bench, what: str, path: Path) -> None:
	bench.python(str(CHECKOUT / "tests" / "bench" / "upgrade_site.py"), what, str(path), quiet=True)
