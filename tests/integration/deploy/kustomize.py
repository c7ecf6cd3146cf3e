"""What `kubectl kustomize` makes of a folder, for the part of kustomize that deploy/kubernetes uses.

So the tests see what an operator applies, on machines without kubectl as well; where it is there, both are compared.
Anything of kustomize that this does not know is an error, not a silent difference.
"""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

_KNOWN = {"apiVersion", "kind", "resources", "nameSuffix", "labels", "images", "patches"}
_BY_NAME = {
	"containers",
	"volumes",
	"initContainers",
}  # lists that a patch merges by the name of what is in them


class Unknown(Exception):
	"""Something of kustomize that this resolver does not know, or a patch that fits nothing."""


def build(folder: Path) -> list[Object]:
	"""All objects that the folder's kustomization stands for."""
	(given,) = _read(folder / "kustomization.yaml")
	if set(given) - _KNOWN:
		raise Unknown(f"{folder.name}: {sorted(set(given) - _KNOWN)}")
	objects = [each for name in given.get("resources", []) for each in _resource(folder / name)]
	for patch in given.get("patches", []):
		_patch(objects, patch, folder)
	for each in objects:
		each["metadata"]["name"] += given.get("nameSuffix", "")
		for label in given.get("labels", []):
			_label(each, label)
		for image in given.get("images", []):
			_image(each, image)
	_check_unique(objects)
	return objects


def key(each: Object) -> tuple[str, str]:
	"""What tells an object from the others."""
	return each["kind"], each["metadata"]["name"]


def _resource(path: Path) -> list[Object]:
	return build(path) if path.is_dir() else _read(path)


def _read(path: Path) -> list[Object]:
	# Twice, because an anchor gives the same object in several places.
	return [
		copy.deepcopy(yaml.safe_load(yaml.dump(each, Dumper=_Plain)))
		for each in yaml.safe_load_all(path.read_text())
	]


class _Plain(yaml.SafeDumper):
	def ignore_aliases(self, data: Any) -> bool:
		return True


def _check_unique(objects: list[Object]) -> None:
	keys = [key(each) for each in objects]
	twice = {each for each in keys if keys.count(each) > 1}
	if twice:
		raise Unknown(f"twice: {sorted(twice)}")


def _label(each: Object, label: Object) -> None:
	if set(label) != {"pairs", "includeSelectors"}:
		raise Unknown(f"labels with {sorted(label)}")
	each["metadata"].setdefault("labels", {}).update(label["pairs"])
	if each["kind"] in ("Deployment", "PodDisruptionBudget"):
		each["spec"]["selector"]["matchLabels"].update(label["pairs"])
	if each["kind"] == "Deployment":
		template = each["spec"]["template"]
		template["metadata"]["labels"].update(label["pairs"])
		for spread in template["spec"].get("topologySpreadConstraints", []):
			spread["labelSelector"]["matchLabels"].update(label["pairs"])


def _image(each: Object, image: Object) -> None:
	for container in containers(each):
		if container["image"].split(":")[0] == image["name"]:
			container["image"] = f"{image['newName']}:{image['newTag']}"


def containers(each: Object) -> Iterator[Object]:
	"""The containers of a Deployment or a Job."""
	template = each.get("spec", {}).get("template", {})
	yield from template.get("spec", {}).get("containers", [])


def _patch(objects: list[Object], patch: Object, folder: Path) -> None:
	changes = _read(folder / patch["path"]) if "path" in patch else [yaml.safe_load(patch["patch"])]
	for change in changes:
		fitting = [each for each in objects if _fits(each, patch.get("target"), change)]
		if not fitting:
			raise Unknown(f"{folder.name}: a patch fits nothing")
		for each in fitting:
			if isinstance(change, list):
				for operation in change:
					_operate(each, operation)
			else:
				_merge(each, change)


def _fits(each: Object, target: Object | None, change: Any) -> bool:
	if target is None:
		return key(each) == key(change)
	if set(target) != {"kind"}:
		raise Unknown(f"a target by {sorted(target)}")
	return bool(each["kind"] == target["kind"])


def _operate(each: Any, operation: Object) -> None:
	if operation["op"] != "replace":
		raise Unknown(f"operation {operation['op']}")
	*way, last = operation["path"].strip("/").split("/")
	for step in way:
		each = each[int(step) if isinstance(each, list) else step]
	if last not in each:
		raise Unknown(f"nothing to replace at {operation['path']}")
	each[last] = operation["value"]


def _merge(into: Object, change: Object) -> None:
	"""A strategic merge: objects deeply, lists as a whole, but those in `_BY_NAME`."""
	for name, value in change.items():
		if name == "$patch" or value is None:
			raise Unknown(f"a patch that deletes ({name})")
		if isinstance(value, dict) and isinstance(into.get(name), dict):
			_merge(into[name], value)
		elif name in _BY_NAME and name in into:
			raise Unknown(f"a patch of {name}")
		else:
			into[name] = copy.deepcopy(value)
