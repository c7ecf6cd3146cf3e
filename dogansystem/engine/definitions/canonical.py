"""The one form of a definition that is stored: the same meaning gives the same text and the same checksum."""

import hashlib
import json

from dogansystem.engine.definition import Definition


def canonical_json(definition: Definition) -> str:
	"""A definition's source as JSON text, keys sorted, no spaces: equal definitions give equal text."""
	return json.dumps(
		definition.source, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
	)


def checksum(definition: Definition) -> str:
	"""SHA-256 of the canonical JSON, in hex."""
	return hashlib.sha256(canonical_json(definition).encode()).hexdigest()
