"""The manifests: resolved as kubectl does, checked by Kubernetes' schemas and KEDA's, and by our own rules."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.deploy import chart, cluster, kustomize
from tests.integration.deploy.files import DEPLOY, broken, run

FOLDER = DEPLOY / "kubernetes"
OVERLAYS = tuple(cluster.SPOT)
APPLIED = ("keda", "hpa", *(f"overlays/{provider}" for provider in OVERLAYS))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
	"""A copy to break."""
	return Path(shutil.copytree(FOLDER, tmp_path / "kubernetes"))


def change(file: Path, old: str, new: str) -> None:
	file.write_text(broken(file.read_text(), old, new))


def everything_wrong(folder: Path, name: str) -> Iterator[str]:
	objects = kustomize.build(folder / name)
	yield from cluster.invalid(objects)
	yield from cluster.problems(objects)
	if name.startswith("overlays/"):
		yield from cluster.spot_problems(name.removeprefix("overlays/"), objects)


@pytest.mark.parametrize("name", ["worker", "base", "spot", *APPLIED])
def test_what_is_applied_is_what_kubectl_makes_of_it(name: str):
	"""The tests look through a resolver of their own; this compares it with the real one."""
	made = {kustomize.key(each): each for each in kustomize.build(FOLDER / name)}
	command = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
	if not shutil.which(command[0]):
		pytest.skip("no kustomize and no kubectl here: install kubectl")
	if (
		"Kustomize Version: v5" not in run("kubectl", "version", "--client").stdout
		and command[0] == "kubectl"
	):
		pytest.skip("a kubectl with an older kustomize than 5")
	real = run(*command, FOLDER / name)
	assert real.returncode == 0, real.stdout
	assert made == {kustomize.key(each): each for each in yaml.safe_load_all(real.stdout)}


@pytest.mark.parametrize("name", APPLIED)
def test_the_schemas_and_the_rules_hold(name: str):
	assert list(everything_wrong(FOLDER, name)) == []


@pytest.mark.parametrize(
	"file, old, new, problem",
	[
		# refused by the schemas
		(
			"worker/deployment.yaml",
			"terminationGracePeriodSeconds: 1830",
			"terminationGracePeriod: 1830",
			"Additional",
		),
		("worker/deployment.yaml", "args: [bench", "args: bench #", "not of type"),
		("worker/deployment.yaml", "apiVersion: apps/v1", "apiVersion: apps/v3", "Deployment"),
		("worker/disruption.yaml", "maxUnavailable:", "maxUnavailible:", "Additional"),
		(
			"base/configure.yaml",
			"backoffLimit: 5",
			"backoffLimit: often",
			"not of type",
		),
		("keda/scaling.yaml", "maxReplicaCount: 10", "maxReplicas: 10", "unexpected"),
		("keda/scaling.yaml", 'queryValue: "1"', "queryValue: 1", "not of type"),
		("keda/scaling.yaml", "metricType: AverageValue", "metricType: Utilization", "not one of"),
		("keda/scaling.yaml", "secretTargetRef:", "secretRef:", "unexpected"),
		(
			"spot/scaling.yaml",
			"stabilizationWindowSeconds: 300",
			"stabilizationWindowSeconds: 9999",
			"maximum",
		),
		("overlays/aws/storage.yaml", "mountOptions:", "mountOption:", "Additional"),
		# refused by the rules
		("worker/deployment.yaml", "--queue, dogansystem", "--queue, long", "does not work on"),
		("worker/deployment.yaml", "PeriodSeconds: 1830", "PeriodSeconds: 600", "scaling in can end"),
		(
			"worker/deployment.yaml",
			"dogansystem.homes.frappe.alive",
			"dogansystem.homes.frappe.life",
			"tells nothing",
		),
		("worker/deployment.yaml", "  # No `replicas`", "  replicas: 3\n  # No `replicas`", "undoes"),
		("worker/deployment.yaml", 'evict: "false"', 'evict: "true"', "ten minutes"),
		("worker/disruption.yaml", "component: worker\n", "component: workers\n", "disruption budgets"),
		("base/configure.yaml", "'timeout': 1800", "'timeout': 300", "as the app expects"),
		("base/configure.yaml", "args: [bench, set-config", "args: [bench, schedule", "second scheduler"),
		("keda/scaling.yaml", "minReplicaCount: 2", "minReplicaCount: 0", "go to another one"),
		("keda/scaling.yaml", "minReplicaCount: 2", "minReplicaCount: 20", "no ceiling"),
		(
			"keda/scaling.yaml",
			"stabilizationWindowSeconds: 300",
			"stabilizationWindowSeconds: 0",
			"no cooldown",
		),
		("keda/scaling.yaml", "WHERE begun_at IS NOT NULL", "WHERE begun_at IS NULL", "ready and what runs"),
		("keda/scaling.yaml", "    name: dogansystem-worker\n", "    name: worker\n", "scales nothing"),
		(
			"spot/pool/kustomization.yaml",
			"component: worker-spot",
			"component: worker",
			"take each other's pods",
		),
		("overlays/aws/spot.yaml", "eks.amazonaws.com/capacityType: SPOT", "disk: ssd", "run anywhere"),
		("overlays/aws/spot.yaml", '"120"', '"1200"', "another notice"),
		("overlays/aws/storage.yaml", "efs.csi", "ebs.csi", "only one node"),
		(
			"overlays/aws/kustomization.yaml",
			"  - name: dogansystem\n",
			"  - name: other\n",
			"image is not named",
		),
	],
)
def test_a_broken_copy_is_noticed(copied: Path, file: str, old: str, new: str, problem: str):
	change(copied / file, old, new)
	with pytest.raises(AssertionError, match=problem):
		assert not (found := list(everything_wrong(copied, "overlays/aws"))), found


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("type: External", "type: Outside", "another metric"),
		("averageValue:", "averageValues:", "Additional"),
		("name: dogansystem_wanted_workers\n        target", "name: cpu\n        target", "another metric"),
		("maxReplicas: 10", "maxReplicas: 1", "no ceiling"),
		("minReplicas: 2", "minReplicas: 0", "another one"),
		("name: dogansystem-worker\n  minReplicas", "name: worker\n  minReplicas", "scales nothing"),
	],
)
def test_a_broken_hpa_is_noticed(copied: Path, old: str, new: str, problem: str):
	change(copied / "hpa" / "autoscaler.yaml", old, new)
	with pytest.raises(AssertionError, match=problem):
		assert not (found := list(everything_wrong(copied, "hpa"))), found


@pytest.mark.parametrize(
	"file, old, new",
	[
		("overlays/gcp/spot.yaml", "name: dogansystem-worker-spot", "name: dogansystem-worker-cheap"),
		("overlays/gcp/kustomization.yaml", "metadata/dbName", "metadata/database"),
		("overlays/gcp/kustomization.yaml", "resources:", "resource:"),
		("spot/pool/kustomization.yaml", "nameSuffix: -spot", "nameSuffix: ''"),
	],
)
def test_a_kustomization_that_fits_nothing_is_noticed(copied: Path, file: str, old: str, new: str):
	change(copied / file, old, new)
	with pytest.raises(kustomize.Unknown):
		kustomize.build(copied / "overlays/gcp")


# The chart's values


def values(provider: str, folder: Path = FOLDER) -> dict[str, object]:
	files = (folder / "helm-values.yaml", folder / "overlays" / provider / "helm-values.yaml")
	return chart.merged(*(yaml.safe_load(file.read_text()) for file in files))


@pytest.mark.parametrize("provider", OVERLAYS)
def test_the_values_are_the_charts(provider: str):
	assert list(chart.problems(values(provider))) == []


@pytest.mark.parametrize("provider", OVERLAYS)
def test_the_autoscaler_asks_the_database_of_the_chart(provider: str):
	objects = kustomize.build(FOLDER / "overlays" / provider)
	triggers = [each["spec"]["triggers"][0]["metadata"] for each in objects if each["kind"] == "ScaledObject"]
	assert {trigger["host"] for trigger in triggers} == {values(provider)["dbHost"]}
	images = {container["image"] for each in objects for container in kustomize.containers(each)}
	image = values(provider)["image"]
	assert images == {f"{image['repository']}:{image['tag']}"}


@pytest.mark.parametrize(
	"file, old, new, problem",
	[
		("helm-values.yaml", "replicaCount: 1", "replicaCount: 2", "one scheduler"),
		("helm-values.yaml", "storageClass:", "storageClas:", "does not know"),
		("helm-values.yaml", "ReadWriteMany", "ReadWriteOnce", "shared storage"),
		(
			"helm-values.yaml",
			"valkey-queue:\n  enabled: false",
			"valkey-queue:\n  enabled: true",
			"beside the managed",
		),
		(
			"overlays/azure/helm-values.yaml",
			"erp-queue.redis.cache.windows.net:6379\n\n",
			"erp-cache.redis.cache.windows.net:6379\n\n",
			"a Redis each",
		),
		("overlays/azure/helm-values.yaml", "override: true", "override: false", "with a key"),
		("overlays/azure/helm-values.yaml", "dbHost:", "databaseHost:", "no managed database"),
	],
)
def test_broken_values_are_noticed(copied: Path, file: str, old: str, new: str, problem: str):
	change(copied / file, old, new)
	with pytest.raises(AssertionError, match=problem):
		assert not (found := list(chart.problems(values("azure", copied)))), found
