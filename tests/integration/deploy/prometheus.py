"""A real Prometheus that scrapes a sandbox, and its promtool."""

import json
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from dogansystem import Orchestrator, Sandbox
from dogansystem.health.metrics import CONTENT_TYPE
from tests.integration.deploy.files import DEPLOY, program, run

MONITORING = DEPLOY / "monitoring"
PACKAGE = "prometheus"
TOKEN = "a-token-that-nobody-guesses"


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
	"""Run promtool; skipped where there is none."""
	return run(program("promtool", PACKAGE), *arguments)


@contextmanager
def metrics_of(url: str) -> Iterator[int]:
	"""Serve the metrics of a sandbox as a site does, to who has the token; gives the port."""

	class Handler(BaseHTTPRequestHandler):
		def do_GET(self) -> None:
			allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
			known = self.path == "/api/method/dogansystem.api.metrics.metrics"
			if not (allowed and known):
				return self.send_error(401 if known else 404)
			with Sandbox(url) as site:
				body = Orchestrator(site).get_metrics().encode()
			self.send_response(200)
			self.send_header("Content-Type", CONTENT_TYPE)
			self.end_headers()
			self.wfile.write(body)

		def log_message(self, *_: object) -> None:
			pass

	server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	thread = threading.Thread(target=server.serve_forever)
	thread.start()
	try:
		yield server.server_address[1]
	finally:
		server.shutdown()
		thread.join()
		server.server_close()


class Prometheus:
	"""Its answers."""

	def __init__(self, address: str):
		self._address = f"http://{address}/api/v1"

	def get(self, path: str, **parameters: str) -> Any:
		"""The `data` of an answer; what is wrong with the question is an error."""
		url = f"{self._address}/{path}?{urllib.parse.urlencode(parameters)}"
		try:
			with urllib.request.urlopen(url, timeout=10) as answer:
				return json.load(answer)["data"]
		except urllib.error.HTTPError as error:
			raise AssertionError(f"{parameters}: {error.read().decode()}") from None

	def query(self, expression: str) -> list[dict[str, Any]]:
		"""The series of an expression, each with its value now."""
		found: list[dict[str, Any]] = self.get("query", query=expression)["result"]
		return found

	def wait_for(self, expression: str, seconds: float = 30.0) -> list[dict[str, Any]]:
		"""The series of an expression, as soon as there are any."""
		until = time.monotonic() + seconds
		while time.monotonic() < until:
			if found := self.query(expression):
				return found
			time.sleep(0.3)
		raise AssertionError(f"nothing in {seconds} seconds: {expression}")


@contextmanager
def prometheus(folder: Path, target: int, port: int) -> Iterator[Prometheus]:
	"""A Prometheus with the deployed configuration, changed as an operator would change it, that scrapes every second."""
	config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
	(folder / "token").write_text(TOKEN)
	config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
	config["rule_files"] = [str(MONITORING / "rules.yml")]
	del config["alerting"]
	(job,) = config["scrape_configs"]
	job["scheme"] = "http"
	job["authorization"]["credentials_file"] = str(folder / "token")
	job["static_configs"] = [{"targets": [f"127.0.0.1:{target}"]}]
	(folder / "prometheus.yml").write_text(yaml.safe_dump(config))
	address = f"127.0.0.1:{port}"
	with (folder / "log").open("w") as log:
		process = subprocess.Popen(
			[
				program("prometheus", PACKAGE),
				f"--config.file={folder / 'prometheus.yml'}",
				f"--storage.tsdb.path={folder / 'data'}",
				f"--web.listen-address={address}",
			],
			stdout=log,
			stderr=log,
		)
	try:
		asked = Prometheus(address)
		until = time.monotonic() + 30
		while True:
			try:
				# It answers 503, an OSError as well, until it has read what it kept.
				urllib.request.urlopen(f"http://{address}/-/ready", timeout=10).close()
				break
			except OSError:
				assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
				time.sleep(0.1)
		yield asked
	finally:
		process.terminate()
		process.wait()
