"""Parameters against an action's schema, at run time: templates give their values only then.

A schema is compiled once, when its action runs for the first time. One that constrains nothing costs nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.problems import shown as shown
from dogansystem.engine.definitions.schema_errors import note_all
from dogansystem.engine.definitions.schema_errors import type_words as type_words
from dogansystem.engine.errors import DoganError

MAX_PROBLEMS = 5  # named in one error; the rest are mended with them
CONSTRAINTS = frozenset({"properties", "required", "anyOf", "oneOf", "allOf", "not", "minProperties", "$ref"})


class ValidationError(DoganError):
	"""Parameters that an action cannot work with. Another attempt would not change them."""


Check = Callable[[Mapping[str, Any]], None]


def compile_check(schema: Mapping[str, Any]) -> Check | None:
	"""A function that raises ValidationError, naming each wrong path, for params that do not fit `schema`.

	None when the schema lets every mapping through.
	"""
	if not CONSTRAINTS & schema.keys() and schema.get("additionalProperties", True) is True:
		return None
	validator = Draft202012Validator(schema)

	def check(params: Mapping[str, Any]) -> None:
		problems = Problems()
		note_all(validator.iter_errors(params), "params", problems)
		if problems.found:
			raise ValidationError("; ".join(map(str, problems.found[:MAX_PROBLEMS])))

	return check
