"""The two objects of KEDA that we use, as its reference describes them: kubernetes-validate does not know them.

Written down from the pages "ScaledObject specification", "Authentication" and "MySQL" of KEDA 2.
"""

from collections.abc import Iterator
from typing import Any

import jsonschema

_POSITIVE = {"type": "integer", "minimum": 1}
_NATURAL = {"type": "integer", "minimum": 0}
_NAME = {"type": "string", "pattern": r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
	return {
		"type": "object",
		"required": required,
		"properties": properties,
		"additionalProperties": False,
	}


def _kind(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
	names = {"type": "object", "additionalProperties": {"type": "string"}}
	metadata = _object(["name"], name=_NAME, labels=names, annotations=names, namespace=_NAME)
	return _object(
		["apiVersion", "kind", "metadata", "spec"],
		apiVersion={"const": "keda.sh/v1alpha1"},
		kind={"const": kind},
		metadata=metadata,
		spec=spec,
	)


_SCALING = _object(
	[],
	stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
	selectPolicy={"enum": ["Max", "Min", "Disabled"]},
	policies={
		"type": "array",
		"minItems": 1,
		"items": _object(
			["type", "value", "periodSeconds"],
			type={"enum": ["Pods", "Percent"]},
			value=_POSITIVE,
			periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800},
		),
	},
)

# Metadata of a trigger are strings, numbers among them: KEDA refuses the object otherwise.
_MYSQL = _object(
	["query", "queryValue"],
	query={"type": "string", "pattern": r"^SELECT\b"},
	queryValue={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
	activationQueryValue={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
	host={"type": "string"},
	port={"type": "string", "pattern": r"^\d+$"},
	dbName={"type": "string"},
	username={"type": "string"},
	passwordFromEnv={"type": "string"},
	connectionStringFromEnv={"type": "string"},
)

_TRIGGER = _object(
	["type", "metadata"],
	type={"const": "mysql"},
	name=_NAME,
	useCachedMetrics={"type": "boolean"},
	metricType={"enum": ["AverageValue", "Value"]},  # Utilization is for processor and memory only
	metadata=_MYSQL,
	authenticationRef=_object(
		["name"], name=_NAME, kind={"enum": ["TriggerAuthentication", "ClusterTriggerAuthentication"]}
	),
)

SCHEMAS = {
	"ScaledObject": _kind(
		"ScaledObject",
		_object(
			["scaleTargetRef", "triggers"],
			scaleTargetRef=_object(
				["name"],
				name=_NAME,
				kind={"type": "string"},
				apiVersion={"type": "string"},
				envSourceContainerName={"type": "string"},
			),
			pollingInterval=_POSITIVE,
			cooldownPeriod=_NATURAL,
			initialCooldownPeriod=_NATURAL,
			idleReplicaCount=_NATURAL,
			minReplicaCount=_NATURAL,
			maxReplicaCount=_POSITIVE,
			fallback=_object(
				["failureThreshold", "replicas"],
				failureThreshold=_POSITIVE,
				replicas=_NATURAL,
				behavior={
					"enum": ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]
				},
			),
			advanced=_object(
				[],
				restoreToOriginalReplicaCount={"type": "boolean"},
				horizontalPodAutoscalerConfig=_object(
					[], name=_NAME, behavior=_object([], scaleUp=_SCALING, scaleDown=_SCALING)
				),
			),
			triggers={"type": "array", "minItems": 1, "items": _TRIGGER},
		),
	),
	"TriggerAuthentication": _kind(
		"TriggerAuthentication",
		_object(
			["secretTargetRef"],
			secretTargetRef={
				"type": "array",
				"minItems": 1,
				"items": _object(
					["parameter", "name", "key"],
					parameter={
						"enum": ["password", "connectionString", "host", "port", "username", "dbName"]
					},
					name=_NAME,
					key={"type": "string"},
				),
			},
		),
	),
}


def problems(each: dict[str, Any]) -> Iterator[str]:
	"""What KEDA would not take."""
	for error in jsonschema.Draft202012Validator(SCHEMAS[each["kind"]]).iter_errors(each):
		yield f"{each['kind']} {error.json_path}: {error.message}"
