"""The rules for what is applied to a cluster that no schema knows."""

import ast
import importlib.util
from collections.abc import Iterator
from typing import Any

import kubernetes_validate

from dogansystem.homes.frappe.queues import GRACE, QUEUE, TIMEOUT
from tests.integration.deploy import keda
from tests.integration.deploy.files import queue_of
from tests.integration.deploy.kustomize import Object, containers

KUBERNETES = "1.33"  # the schemas to check against

# Where a provider puts the pods of spot machines, and what it leaves them when it takes the machine back, in seconds.
SPOT = {
	"aws": ("eks.amazonaws.com/capacityType", 120),
	"gcp": ("cloud.google.com/gke-spot", 15),
	"azure": ("kubernetes.azure.com/scalesetpriority", 30),
}
METRIC = ("External", "dogansystem_wanted_workers", "AverageValue")
DRIVERS = {
	"aws": "efs.csi.aws.com",
	"gcp": "filestore.csi.storage.gke.io",
	"azure": "file.csi.azure.com",
}


def invalid(objects: list[Object]) -> Iterator[str]:
	"""What Kubernetes or KEDA would not take."""
	for each in objects:
		if each["apiVersion"].startswith("keda.sh/"):
			yield from keda.problems(each)
			continue
		try:
			kubernetes_validate.validate(each, KUBERNETES, strict=True)
		except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
			yield f"{each['kind']} {each['metadata']['name']}: {error}"


def problems(objects: list[Object]) -> Iterator[str]:
	"""What Kubernetes would take, and would not do what it is for."""
	pools = [each for each in objects if each["kind"] == "Deployment"]
	for pool in pools:
		yield from _pool(pool)
		yield from _budget(pool, objects)
	names = {pool["metadata"]["name"] for pool in pools}
	selected = [tuple(sorted(pool["spec"]["selector"]["matchLabels"].items())) for pool in pools]
	if len(set(selected)) != len(selected):
		yield "two pools take each other's pods"
	scalers = [each for each in objects if each["kind"] in ("ScaledObject", "HorizontalPodAutoscaler")]
	for scaler in scalers:
		if scaler["spec"]["scaleTargetRef"]["name"] not in names:
			yield f"{scaler['metadata']['name']} scales nothing"
		yield from _bounds(scaler)
	if scalers and sorted(each["spec"]["scaleTargetRef"]["name"] for each in scalers) != sorted(names):
		yield "a pool has no autoscaler of its own"
	yield from _queue(next(each for each in objects if each["kind"] == "Job"))
	for each in objects:
		for container in containers(each):
			if "schedule" in container["args"]:
				yield f"{each['metadata']['name']} is a second scheduler"
	secrets = {each["metadata"]["name"] for each in objects if each["kind"] == "TriggerAuthentication"}
	for scaler in scalers:
		for trigger in scaler["spec"].get("triggers", []):
			if trigger.get("authenticationRef", {}).get("name") not in secrets:
				yield "a trigger has no password"


def _pool(pool: Object) -> Iterator[str]:
	name, spec = pool["metadata"]["name"], pool["spec"]["template"]["spec"]
	(container,) = spec["containers"]
	if container["args"][:2] != ["bench", "worker"] or queue_of(container["args"]) != QUEUE:
		yield f"{name} does not work on {QUEUE}"
	if spec.get("terminationGracePeriodSeconds", 30) < GRACE:
		yield f"{name}: scaling in can end a step"
	if "replicas" in pool["spec"]:
		yield f"{name}: whoever applies this undoes the autoscaler"
	for kind in ("startupProbe", "livenessProbe"):
		command = container.get(kind, {}).get("exec", {}).get("command", [])
		if "-m" not in command or not importlib.util.find_spec(command[command.index("-m") + 1]):
			yield f"{name}: the {kind} tells nothing"
	if (
		pool["spec"]["template"]["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"]
		!= "false"
	):
		yield f"{name}: the cluster autoscaler ends steps after ten minutes"


def _budget(pool: Object, objects: list[Object]) -> Iterator[str]:
	labels = pool["spec"]["template"]["metadata"]["labels"]
	budgets = [each for each in objects if each["kind"] == "PodDisruptionBudget"]
	fitting = [each for each in budgets if each["spec"]["selector"]["matchLabels"].items() <= labels.items()]
	if len(fitting) != 1:
		yield f"{pool['metadata']['name']} has {len(fitting)} disruption budgets"


def _bounds(scaler: Object) -> Iterator[str]:
	name, spec = scaler["metadata"]["name"], scaler["spec"]
	floor = spec.get("minReplicaCount", spec.get("minReplicas", 0))
	ceiling = spec.get("maxReplicaCount", spec.get("maxReplicas"))
	if ceiling is None or floor > ceiling:
		yield f"{name} has no ceiling above its floor"
	if floor < 1 and not name.endswith("-spot"):
		yield f"{name}: with nobody on the queue, steps go to another one"
	behavior = spec.get("behavior") or _behavior(spec)
	if behavior["scaleDown"]["stabilizationWindowSeconds"] < 60:
		yield f"{name} has no cooldown"
	if scaler["kind"] == "HorizontalPodAutoscaler" and [_metric(each) for each in spec["metrics"]] != [
		METRIC
	]:
		yield f"{name} goes by another metric"
	for trigger in spec.get("triggers", []):
		query = trigger["metadata"]["query"]
		if not ("dogan_ready" in query and "begun_at IS NOT NULL" in query):
			yield f"{name} does not count what is ready and what runs"


def _metric(given: Object) -> tuple[str, str, str]:
	external = given.get("external", {})
	return given["type"], external["metric"]["name"], external["target"]["type"]


def _behavior(spec: Object) -> Any:
	return spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]


def _queue(job: Object) -> Iterator[str]:
	(container,) = containers(job)
	if container["args"][:4] != ["bench", "set-config", "-gp", "workers"]:
		yield "the queue is not made known"
	elif ast.literal_eval(container["args"][4])[QUEUE]["timeout"] != TIMEOUT:
		yield "the queue is not as the app expects it"


def spot_problems(provider: str, objects: list[Object]) -> Iterator[str]:
	"""What is wrong with the overlay of a provider."""
	label, notice = SPOT[provider]
	(pool,) = (
		each
		for each in objects
		if each["kind"] == "Deployment" and each["metadata"]["name"].endswith("-spot")
	)
	template = pool["spec"]["template"]
	if label not in template["spec"].get("nodeSelector", {}):
		yield "the spot pool may run anywhere"
	if not template["spec"].get("tolerations"):
		yield "the spot pool runs nowhere"
	if template["metadata"]["annotations"].get("dogansystem/notice-seconds") != str(notice):
		yield "another notice than the provider gives"
	for each in objects:
		if (
			each is not pool
			and each["kind"] in ("Deployment", "Job")
			and "tolerations" in each["spec"]["template"]["spec"]
		):
			yield f"{each['metadata']['name']} may run on spot machines"
		if any(container["image"] == "dogansystem" for container in containers(each)):
			yield "the image is not named"
	(storage,) = (each for each in objects if each["kind"] == "StorageClass")
	if storage["provisioner"] != DRIVERS[provider]:
		yield "a disk that only one node can have"
	if storage.get("reclaimPolicy") != "Retain":
		yield "the sites go with their claim"
