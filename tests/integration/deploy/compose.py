"""Reading a Compose file as Compose does, as far as ours goes, and the rules that no schema knows."""

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from dogansystem.homes.frappe.queues import FALLBACK_QUEUE, GRACE, QUEUE, TIMEOUT
from dogansystem.protocol import Settings
from tests.integration.deploy.files import queue_of, seconds

# What frappe_docker's compose.yaml calls its services and the things they share.
SERVICES = {
	"configurator",
	"backend",
	"frontend",
	"websocket",
	"queue-short",
	"queue-long",
	"scheduler",
}
ANCHORS = {"x-customizable-image", "x-depends-on-configurator", "x-backend-defaults"}
SITES = "sites:/home/frappe/frappe-bench/sites"

_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::?([-?])((?:[^{}]|\$\{[^}]*\})*))?\}")


class Unset(Exception):
	"""A variable that has to be set is not."""


def interpolate(text: str, given: Mapping[str, str]) -> str:
	"""Fill in `${NAME}`, `${NAME:-default}` and `${NAME:?error}`; `$$` is a dollar."""

	def fill(match: re.Match[str]) -> str:
		name, kind, rest = match.groups()
		if name is None:
			return "$"
		if given.get(name):
			return given[name]
		if kind == "?":
			raise Unset(f"{name}: {rest}")
		return rest or ""

	return _VARIABLE.sub(fill, text)


def read(text: str, **given: str) -> dict[str, Any]:
	"""A Compose file, filled in and parsed."""
	return yaml.safe_load(interpolate(text, {"CUSTOM_IMAGE": "dogansystem", "CUSTOM_TAG": "v15"} | given))


def words(service: Mapping[str, Any]) -> list[str]:
	"""The command of a service as a list of words, a shell's script included."""
	command = service.get("command", [])
	return shlex.split(command if isinstance(command, str) else " ".join(command))


def problems(document: Mapping[str, Any]) -> Iterator[str]:
	"""What is wrong with an override that adds nodes."""
	services = document["services"]
	if set(services) - SERVICES != {"node", "queue-configurator"}:
		yield f"services that frappe_docker does not know: {sorted(set(services) - SERVICES)}"
	if not set(document) >= ANCHORS:
		yield "anchors of compose.yaml are missing"
	yield from _node(services["node"])
	yield from _queue(words(services["queue-configurator"]))
	if seconds(services[f"queue-{FALLBACK_QUEUE}"].get("stop_grace_period", 10)) < GRACE:
		yield "the queue that steps fall back to ends them"
	if services["scheduler"].get("deploy", {}).get("replicas") != 1:
		yield "not exactly one scheduler"
	for name, service in services.items():
		if "schedule" in words(service):
			yield f"{name} is a second scheduler"
		if name not in ("configurator", "queue-configurator", "frontend", "websocket"):
			done = service.get("depends_on", {}).get("queue-configurator", {}).get("condition")
			if done != "service_completed_successfully":
				yield f"{name} reads the list of queues before ours is in it"


def _node(node: Mapping[str, Any]) -> Iterator[str]:
	command = words(node)
	if {"container_name", "ports"} & set(node):
		yield "there can be only one node: it has a name or a port"
	if command[:2] != ["bench", "worker-pool"] or queue_of(command) != QUEUE:
		yield f"the node does not work on {QUEUE}"
	if command[-2:] != ["--num-workers", str(Settings().num_workers)]:
		yield "the node has not as many workers as Dogan Settings"
	if seconds(node.get("stop_grace_period", 10)) < GRACE:
		yield "a step can take longer than the node may need to stop"
	if node.get("stop_signal", "SIGTERM") != "SIGTERM":
		yield "workers leave on SIGTERM"
	if "dogansystem.homes.frappe.alive" not in node.get("healthcheck", {}).get("test", []):
		yield "nothing tells whether the workers live"
	if node.get("volumes") != [SITES]:
		yield "the node has not the sites"


def _queue(command: list[str]) -> Iterator[str]:
	if command[:4] != ["bench", "set-config", "-gp", "workers"]:
		yield "the queue is not made known"
		return
	if ast.literal_eval(command[4])[QUEUE] != {
		"timeout": TIMEOUT,
		"background_workers": Settings().num_workers,
	}:
		yield "the queue is not as the app expects it"
