"""Answers that have to be data of a certain form: JSON that fits a schema."""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from dogansystem.actions.schema import ValidationError
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.schema_errors import note_all

MAX_PROBLEMS = 5  # that a model is told at a time
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


def check_schema(schema: Mapping[str, Any]) -> None:
	"""Raise ValidationError unless `output` is a JSON Schema."""
	try:
		Draft202012Validator.check_schema(schema)
	except SchemaError as error:
		raise ValidationError(
			f"params.output: is no JSON Schema: {error.json_path}: {error.message}"
		) from None


def instruction(schema: Mapping[str, Any]) -> str:
	"""What a model is told of the form that its answer has to have."""
	text = json.dumps(schema, ensure_ascii=False)
	return f"Answer with JSON alone, without any words around it. It has to fit this JSON Schema: {text}"


def read(text: str, schema: Mapping[str, Any]) -> tuple[Any, str]:
	"""The value that an answer holds, and what is wrong with it; empty: nothing."""
	try:
		value = json.loads(_bare(text))
	except (ValueError, RecursionError) as error:
		return None, f"Your answer is no JSON: {error}. Answer with the JSON alone."
	problems = Problems()
	note_all(Draft202012Validator(schema).iter_errors(value), "answer", problems)
	if not problems.found:
		return value, ""
	return None, f"Your answer does not fit the schema: {'; '.join(map(str, problems.found[:MAX_PROBLEMS]))}."


def _bare(text: str) -> str:
	"""Many models put JSON into a fence, whatever they are told."""
	found = _FENCED.search(text)
	return (found[1] if found else text).strip()
