"""A temporary bench that uses the apps and the Python of a person's bench, and has everything else of its own.

The person's bench is only read. Folders, configuration, the site, its database, the queues in Redis and a copy of this
checkout belong to the temporary bench and are removed with it. So a test runs exactly the checkout it was started from,
whatever is installed on the bench, and editing files during a test does no harm.
"""

import base64
import importlib.metadata
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import redis
from packaging.requirements import Requirement

from tests.bench.server import Server, Unusable

CHECKOUT = Path(__file__).resolve().parents[2]
APP = "dogansystem"
PASSWORD = "bench-test"  # the Administrator's, on a site that lives for minutes on this machine
SERVER_STARTS = 30.0  # seconds
WORKERS_LEAVE = 10.0  # seconds a worker gets to finish what it has in hand
_ARTEFACTS = shutil.ignore_patterns(
	".*", "__pycache__", "dist", "build", "node_modules", "*.egg-info", "*.db*"
)


class Bench:
	"""A temporary bench with one site. Made by `temporary_bench`."""

	def __init__(self, root: Path, original: Path, site: str, apps: Sequence[str]) -> None:
		self.root = root
		self.original = original
		self.site = site
		self.sites = root / "sites"
		self.app = root / "apps" / APP
		self.apps = [app for app in _apps_of(original, apps) if (original / "apps" / app).is_dir()]
		self.environment = self._environment()
		self._started: list[subprocess.Popen[bytes]] = []

	def _environment(self) -> dict[str, str]:
		kept = {
			key: value
			for key, value in os.environ.items()
			if not key.startswith(("FRAPPE_", "PYTHON")) and key not in ("SITES_PATH", "CI", "VIRTUAL_ENV")
		}
		return {
			**kept,
			"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}",
			"FRAPPE_BENCH_ROOT": str(self.root),
			"PYTHONPATH": os.pathsep.join([str(self.app), str(self.root / "requirements")]),
			"PYTHONUNBUFFERED": "1",
			"DOGAN_BENCH_SITE": self.site,
		}

	def python(self, *arguments: str, quiet: bool = False, **environment: str) -> str:
		"""Run the bench's Python in the sites folder, as `bench` does; gives its output, and shows it if not quiet.

		Raises CommandFailed when it ends with an error; its output is shown then in any case.
		"""
		command = [sys.executable, *arguments]
		process = subprocess.Popen(
			command,
			cwd=self.sites,
			env=self.environment | environment,
			stdin=subprocess.DEVNULL,
			stdout=subprocess.PIPE,
			stderr=subprocess.STDOUT,
			text=True,
		)
		lines = []
		for line in process.stdout:
			lines.append(line)
			if not quiet:
				print(line, end="", flush=True)
		if process.wait():
			if quiet:
				print("".join(lines), end="", flush=True)
			raise CommandFailed(f"exit code {process.returncode}: {' '.join(arguments)}")
		return "".join(lines)

	def frappe(self, *arguments: str, quiet: bool = True, **environment: str) -> str:
		"""`bench --site SITE …`."""
		return self.python(*FRAPPE, "--site", self.site, *arguments, quiet=quiet, **environment)

	def start(self, *arguments: str, log: str, **environment: str) -> "subprocess.Popen[bytes]":
		"""Start `bench --site SITE …`, such as `serve` or `worker`; it ends with the bench at the latest."""
		with (self.root / "logs" / f"{log}.log").open("ab") as output:
			process = subprocess.Popen(
				[sys.executable, *FRAPPE, "--site", self.site, *arguments],
				cwd=self.sites,
				env=self.environment | environment,
				stdin=subprocess.DEVNULL,
				stdout=output,
				stderr=output,
				start_new_session=True,
			)
		self._started.append(process)
		return process

	def serve(self) -> None:
		"""Have the site answer at its `host_name`: prints fetch their styles there, and the desk is looked at there."""
		port = _free_port()
		self.frappe("set-config", "host_name", f"http://127.0.0.1:{port}")
		# CI: without it the server starts a debugger and a second process that watches the files.
		server = self.start("serve", "--port", str(port), "--noreload", log="web", CI="1")
		until = time.monotonic() + SERVER_STARTS
		while time.monotonic() < until and server.poll() is None:
			with socket.socket() as probe:
				if probe.connect_ex(("127.0.0.1", port)) == 0:
					return
			time.sleep(0.2)
		raise CommandFailed(f"the web server did not start:\n{(self.root / 'logs' / 'web.log').read_text()}")

	def stop(self) -> None:
		"""End what was started."""
		for process in self._started:
			if process.poll() is None:
				process.send_signal(signal.SIGTERM)
		until = time.monotonic() + WORKERS_LEAVE
		for process in self._started:
			try:
				process.wait(max(0.1, until - time.monotonic()))
			except subprocess.TimeoutExpired:
				os.killpg(process.pid, signal.SIGKILL)
				process.wait()

	@property
	def config(self) -> dict[str, Any]:
		return json.loads((self.sites / "common_site_config.json").read_text())


FRAPPE = ("-m", "frappe.utils.bench_helper", "frappe")


class CommandFailed(Exception):
	"""A command on the bench ended with an error."""


@contextmanager
def temporary_bench(
	original: Path,
	apps: Sequence[str] = ("frappe", "erpnext"),
	online: Callable[[], AbstractContextManager[None]] = nullcontext,
	**config: Any,
) -> Iterator[Bench]:
	"""A bench with a site that has these `apps`, as far as the original has them, and not yet this one.

	`config` is added to its common_site_config.json. In the block of `online` packages can be fetched. Raises Unusable when there is no way to have one.
	"""
	with ExitStack() as stack:
		server = Server.find(_config_of(original))
		root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dogansystem-bench-")))
		bench = Bench(root, original, f"dogansystem-test-{os.getpid()}.localhost", apps)
		_make_folders(bench, server, config)
		with online():
			_check_checkout(bench)
		stack.callback(_forget_queues, bench)
		database, password = stack.enter_context(server.database())
		stack.callback(bench.stop)
		_make_site(bench, database, password)
		yield bench


def _config_of(original: Path) -> Mapping[str, Any]:
	path = original / "sites" / "common_site_config.json"
	return json.loads(path.read_text()) if path.exists() else {}


def _apps_of(original: Path, wanted: Sequence[str]) -> list[str]:
	"""Those of the bench that are wanted. Other apps of the bench are not this test's business."""
	listed = (original / "sites" / "apps.txt").read_text().split()
	if "frappe" not in listed:
		raise Unusable(f"{original}/sites/apps.txt names no frappe")
	return [app for app in wanted if app in listed]


def _make_folders(bench: Bench, server: Server, config: Mapping[str, Any]) -> None:
	for folder in ("apps", "config", "logs", "sites/assets"):
		(bench.root / folder).mkdir(parents=True)
	for app in bench.apps:
		(bench.root / "apps" / app).symlink_to(bench.original / "apps" / app)
		public = bench.original / "apps" / app / app / "public"
		(bench.sites / "assets" / app).symlink_to(public)
	shutil.copytree(CHECKOUT, bench.app, ignore=_ARTEFACTS)
	(bench.sites / "assets" / APP).symlink_to(bench.app / APP / "public")
	for name in ("assets.json", "assets-rtl.json"):
		built = bench.original / "sites" / "assets" / name
		if built.exists():
			shutil.copy(built, bench.sites / "assets" / name)
	locale = (
		bench.original / "sites" / "assets" / "locale"
	)  # Frappe's own translations, as later ones keep them
	if locale.is_dir():
		(bench.sites / "assets" / "locale").symlink_to(locale)
	(bench.sites / "apps.txt").write_text("".join(f"{app}\n" for app in [*bench.apps, APP]))
	_write_config(bench, server, config)


def _write_config(bench: Bench, server: Server, config: Mapping[str, Any]) -> None:
	queue = os.environ.get("DOGAN_TEST_REDIS")
	if not queue:
		raise Unusable("no Redis: install redis-server or set DOGAN_TEST_REDIS")
	values = {
		"bench_id": f"bench-test-{secrets.token_hex(4)}",
		"db_host": server.host,
		"db_port": server.port,
		"developer_mode": 0,  # with it, saving a DocType writes into the app
		# Given, or a web server that has read its configuration before there was one makes another.
		"encryption_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
		"max_queued_jobs": 100_000,  # few tests have a worker for Frappe's own jobs, and past 550 Frappe 17 refuses them
		"redis_cache": queue,
		"redis_queue": queue,
		"redis_socketio": queue,
		"server_script_enabled": 1,
		"workers": {APP: {"timeout": 1800, "background_workers": 2}},
		**config,
	}
	(bench.sites / "common_site_config.json").write_text(json.dumps(values, indent=1))


def _check_checkout(bench: Bench) -> None:
	"""Make sure that this checkout's code is what the bench's Python imports, and that it can."""
	missing = [str(each) for each in _requirements() if not _is_met(each)]
	if missing:
		_install(bench, missing)
	found = bench.python("-c", f"import {APP}; print({APP}.__file__)", quiet=True).strip()
	expected = bench.app / APP / "__init__.py"
	if Path(found).resolve() != expected.resolve():
		raise CommandFailed(f"the bench's Python imports {found}, not {expected}")


def _requirements() -> list[Requirement]:
	"""What pyproject.toml says the app needs. Read by hand: Python 3.10 has no tomllib."""
	text = (CHECKOUT / "pyproject.toml").read_text()
	listed = re.search(r"^dependencies = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
	return [Requirement(each) for each in re.findall(r'"([^"]+)"', listed[1])]


def _is_met(requirement: Requirement) -> bool:
	try:
		return requirement.specifier.contains(importlib.metadata.version(requirement.name), prereleases=True)
	except importlib.metadata.PackageNotFoundError:
		return False


def _install(bench: Bench, missing: Sequence[str]) -> None:
	"""Put what the bench's environment lacks into a folder of ours; the environment stays as it is."""
	folder = bench.root / "requirements"
	pinned = bench.root / "pinned.txt"
	pinned.write_text(bench.python("-m", "pip", "freeze", "--exclude-editable", quiet=True))
	try:
		bench.python(
			*("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(folder)),
			*("--constraint", str(pinned)),
			*missing,
			quiet=True,
		)
	except CommandFailed as error:
		raise Unusable(
			f"the bench's Python lacks {', '.join(missing)}, and they could not be installed"
		) from error


def _make_site(bench: Bench, database: str, password: str) -> None:
	bench.python(
		*(*FRAPPE, "new-site", bench.site, "--no-setup-db", "--db-name", database, "--db-password", password),
		*("--db-host", bench.config["db_host"], "--db-port", str(bench.config["db_port"])),
		*("--admin-password", PASSWORD),
		*(argument for app in bench.apps if app != "frappe" for argument in ("--install-app", app)),
		quiet=True,
	)


def _free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def _forget_queues(bench: Bench) -> None:
	"""Remove what the site left in a Redis that outlives this test."""
	connection = redis.from_url(bench.config["redis_queue"])
	marks = (bench.site, bench.config["bench_id"])
	found = [key for key in connection.scan_iter(count=1000) if any(mark.encode() in key for mark in marks)]
	if found:
		connection.delete(*found)
