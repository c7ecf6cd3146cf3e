"""Parameters that several families share."""

from collections.abc import Mapping
from typing import Any

DOCTYPE: Mapping[str, Any] = {
	"type": "string",
	"minLength": 1,
	"description": "The document's type, such as Quotation",
}
# Frappe numbers the documents of some types: their names are integers.
NAME: Mapping[str, Any] = {
	"type": ["string", "integer"],
	"minLength": 1,
	"description": "The document's name, such as {{ doc.name }}",
}


def words(description: str, *, needed: bool = False) -> Mapping[str, Any]:
	"""A parameter that people read. A number is as good as a text: `{{ doc.grand_total }}` alone gives one.

	`needed`: it must not be empty. The action makes text of it with `str`.
	"""
	least = {"minLength": 1} if needed else {}
	return {"type": ["string", "number"], **least, "description": description}


def document_of(description: str, **more: Mapping[str, Any]) -> Mapping[str, Any]:
	"""A parameter that names one document by `doctype` and `name`, with optional properties `more`."""
	return {
		"type": "object",
		"additionalProperties": False,
		"required": ["doctype", "name"],
		"properties": {"doctype": DOCTYPE, "name": NAME, **more},
		"description": description,
	}


def one_or_many(description: str, pattern: str = "") -> Mapping[str, Any]:
	"""A parameter that is a text, or a list of texts, and never empty; each text fits `pattern`."""
	form = {"minLength": 1, **({"pattern": pattern} if pattern else {}), "description": description}
	return {
		"type": ["string", "array"],
		"minItems": 1,
		"items": {"type": "string", **form},
		**form,
	}
