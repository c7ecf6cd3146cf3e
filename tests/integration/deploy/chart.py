"""The values of the official chart `erpnext` (8.0) that ours may set, so that a misspelt one is noticed: Helm is silent."""

from collections.abc import Iterator
from typing import Any

_PROBES = {"livenessProbe": {"override", "probe"}, "readinessProbe": {"override", "probe"}}
_WORKER = {"replicaCount": None, "resources": None, "nodeSelector": None, "tolerations": None} | _PROBES
_IN_CLUSTER = {"enabled"}  # a database or a Redis of the chart's own

VALUES: dict[str, Any] = {
	"image": {"repository", "tag", "pullPolicy"},
	"nginx": {"replicaCount", "resources", "nodeSelector", "tolerations", "environment"},
	"worker": {
		"gunicorn": {"replicaCount", "resources", "nodeSelector", "tolerations", "args"},
		"default": _WORKER,
		"short": _WORKER,
		"long": _WORKER,
		"scheduler": _WORKER,
	},
	"socketio": {"replicaCount", "resources", "nodeSelector", "tolerations"},
	"persistence": {"worker": {"enabled", "existingClaim", "size", "storageClass", "accessModes"}},
	"dbHost": None,
	"dbPort": None,
	"dbRootUser": None,
	"dbRootPassword": None,
	"dbRds": None,
	"dbExistingSecret": None,
	"dbExistingSecretPasswordKey": None,
	"externalRedis": {"cache", "queue"},
	**{
		name: _IN_CLUSTER
		for name in ("mariadb-sts", "mariadb-subchart", "postgresql-sts", "postgresql-subchart")
	},
	**{
		f"{name}-{use}": _IN_CLUSTER
		for name in ("valkey", "dragonfly", "redis")
		for use in ("cache", "queue")
	},
}


def unknown(values: dict[str, Any], known: Any = VALUES, path: str = "") -> Iterator[str]:
	"""The paths that the chart does not read."""
	for name, value in values.items():
		if name not in known:
			yield f"{path}{name}"
		elif isinstance(known, dict) and known[name] is not None:
			yield from unknown(value, known[name], f"{path}{name}.")


def merged(*files: dict[str, Any]) -> dict[str, Any]:
	"""Several files of values, the later ones over the earlier ones."""
	result: dict[str, Any] = {}
	for values in files:
		for name, value in values.items():
			both = isinstance(value, dict) and isinstance(result.get(name), dict)
			result[name] = merged(result[name], value) if both else value
	return result


def problems(values: dict[str, Any]) -> Iterator[str]:
	"""What is wrong with the values of a provider."""
	yield from (f"the chart does not know {path}" for path in unknown(values))
	if values.get("worker", {}).get("scheduler", {}).get("replicaCount") != 1:
		yield "not exactly one scheduler"
	for name in ("mariadb-sts", "mariadb-subchart", "valkey-cache", "valkey-queue"):
		if values.get(name, {}).get("enabled") is not False:
			yield f"{name} runs in the cluster, beside the managed one"
	if not values.get("dbHost") or not values.get("dbExistingSecret"):
		yield "no managed database"
	addresses = list(values.get("externalRedis", {}).values())
	if len(set(addresses)) != 2 or not all(each.startswith("redis://") for each in addresses):
		yield "the cache and the queue need a Redis each"
	claim = values.get("persistence", {}).get("worker", {})
	if claim.get("accessModes") != ["ReadWriteMany"] or claim.get("storageClass") != "dogansystem-sites":
		yield "the sites are not on shared storage"
	keyed = any("@" in each for each in addresses)
	for name in ("default", "short", "long", "scheduler"):
		for kind in _PROBES:
			if keyed and not values["worker"].get(name, {}).get(kind, {}).get("override"):
				yield f"the chart's {kind} of {name} cannot read an address with a key in it"
