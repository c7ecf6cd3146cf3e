"""Parameters of actions: their JSON Schemas, and rendered values held against them."""

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

Schema = Mapping[str, Any]
Check = Callable[[Mapping[str, Any]], None]


class ValidationError(DoganError):
	"""Parameters that an action cannot work with. Another attempt would not change them."""


def compile_check(schema: Schema) -> Check | None:
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


def parameters(
	required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, **rules: Any
) -> Schema:
	"""A mapping with these keys and no others. `rules`: more keywords of JSON Schema."""
	properties = {**required, **(optional or {})}
	needed = {"required": list(required)} if required else {}
	return {"type": "object", "additionalProperties": False, **needed, **rules, "properties": properties}


def text(description: str, **rules: Any) -> Schema:
	"""A text that is not empty."""
	return {"type": "string", "minLength": 1, **rules, "description": description}


def words(description: str, *, needed: bool = False) -> Schema:
	"""A parameter that people read. A number is as good as a text: `{{ doc.grand_total }}` alone gives one.

	`needed`: it must not be empty. The action makes text of it with `str`.
	"""
	least = {"minLength": 1} if needed else {}
	return {"type": ["string", "number"], **least, "description": description}


def document_of(description: str, **optional: Schema) -> Schema:
	"""One document by `doctype` and `name`."""
	return parameters(NAMED, optional, description=description)


def is_true(value: Any) -> bool:
	"""Whether a rendered condition holds, as a step's `if` sees it: nothing, 0, blank text and empty lists do not."""
	return bool(value.strip() if isinstance(value, str) else value)


def one_or_many(description: str, **rules: Any) -> Schema:
	"""A text, or a list of texts, and never empty; each text follows `rules`."""
	form = text(description, **rules)
	return {**form, "type": ["string", "array"], "minItems": 1, "items": form}


DOCTYPE = text("The document's type, such as Quotation")
# Frappe numbers the documents of some types: their names are integers.
NAME: Schema = {**text("The document's name, such as {{ doc.name }}"), "type": ["string", "integer"]}
NAMED: Mapping[str, Schema] = {"doctype": DOCTYPE, "name": NAME}
# Which document a step's example is about.
OF_DOC: Mapping[str, Any] = {"doctype": "Quotation", "name": "{{ doc.name }}"}
VALUES: Schema = {
	"type": "object",
	"description": "The fields' values by field name; child tables are lists of rows",
}


def switch(description: str, default: bool = False) -> Schema:
	"""True or false."""
	return {"type": "boolean", "default": default, "description": description}
