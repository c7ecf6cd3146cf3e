"""Documents: made, found, changed, and moved from draft to submitted to cancelled."""

from collections.abc import Mapping
from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import (
	DOCTYPE,
	NAMED,
	OF_DOC,
	VALUES,
	Schema,
	ValidationError,
	parameters,
	shown,
	text,
)

DEFAULT_LIMIT = 1000  # rows. Source: workflow-format.md, parameters of document.list
FILTERS: Schema = {
	"type": ["object", "array"],
	"description": 'Which documents, such as {"status": "Open", "valid_till": ["<", "{{ today }}"]}; '
	"all if left out",
}


def _fields(description: str) -> Schema:
	names = {"type": "string", "minLength": 1}
	return {"type": "array", "items": names, "minItems": 1, "description": description}


def _state(document: Mapping[str, Any]) -> dict[str, Any]:
	return {"name": document["name"], "docstatus": int(document.get("docstatus") or 0)}


class Create(Action):
	name = "document.create"
	summary = "Create a document"
	parameters = parameters({"doctype": DOCTYPE, "values": VALUES})
	returns = "the document, name included"
	example = {
		"doctype": "ToDo",
		"values": {"description": "Call {{ doc.customer_name }}", "allocated_to": "sales@example.com"},
	}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.create(params["doctype"], params["values"])


class Get(Action):
	name = "document.get"
	summary = "Read a document"
	parameters = parameters(NAMED, {"fields": _fields("Only these fields; all if left out")})
	returns = "the document, or the error DoesNotExistError"
	reads_only = True
	example = {"doctype": "Customer", "name": "{{ doc.party_name }}", "fields": ["customer_group"]}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.get(params["doctype"], params["name"], params.get("fields"))


class List(Action):
	name = "document.list"
	summary = "List documents that match filters"
	parameters = parameters(
		{"doctype": DOCTYPE},
		{
			"filters": FILTERS,
			"fields": _fields("The fields of each row; only the name if left out"),
			"order_by": text("How they are sorted, such as creation desc"),
			"limit": {
				"type": "integer",
				"minimum": 1,
				"default": DEFAULT_LIMIT,
				"description": "At most so many rows",
			},
		},
	)
	returns = "a list of rows"
	reads_only = True
	example = {
		"doctype": "Quotation",
		"filters": {"status": "Open", "valid_till": ["<", "{{ today }}"]},
		"fields": ["name", "party_name"],
		"order_by": "valid_till",
	}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.list(
			params["doctype"],
			filters=params.get("filters"),
			fields=params.get("fields"),
			order_by=params.get("order_by"),
			limit=params.get("limit", DEFAULT_LIMIT),
		)


class Count(Action):
	name = "document.count"
	summary = "Count documents that match filters"
	parameters = parameters({"doctype": DOCTYPE}, {"filters": FILTERS})
	returns = "a number: how many of those that the user may read"
	reads_only = True
	example = {"doctype": "Quotation", "filters": {"party_name": "{{ doc.party_name }}"}}

	def run(self, params: dict[str, Any], context: StepContext) -> int:
		return context.site.documents.count(params["doctype"], params.get("filters"))


class Update(Action):
	name = "document.update"
	summary = "Change a document"
	parameters = parameters({**NAMED, "values": VALUES})
	returns = "the document"
	example = {"doctype": "Quotation", "name": "{{ doc.name }}", "values": {"status": "Lost"}}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.update(params["doctype"], params["name"], params["values"])


class Upsert(Action):
	"""Changes or creates. An empty key is refused: it would find any document whose field is empty."""

	name = "document.upsert"
	summary = "Change the document that a key finds, or create it"
	parameters = parameters(
		{
			"doctype": DOCTYPE,
			"key": {
				"type": "object",
				"minProperties": 1,
				"additionalProperties": {
					"type": ["string", "number", "boolean"],
					"pattern": r"\S",
					"description": "give it a value that is not empty, or leave the field out of the key",
				},
				"description": "Fields with the values by which the document is found, such as "
				'{"email_id": "{{ item.email }}"}; more than one found is an error. A new document gets them too. '
				"Two steps at the same time make one document where a unique field or the name is in the key; "
				"otherwise give the workflow a limit with a key, so that they come one after the other",
			},
			"values": VALUES,
		}
	)
	returns = "the document, with created: whether it is a new one"
	example = {
		"doctype": "Contact",
		"key": {"email_id": "{{ doc.contact_email }}"},
		"values": {"first_name": "{{ doc.customer_name }}"},
	}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		key, values = params["key"], params["values"]
		for field in key:
			if field in values and values[field] != key[field]:
				raise ValidationError(
					f"params.values.{field} is {shown(values[field])} and params.key.{field} {shown(key[field])}: the document "
					"would not be found by this key again. Leave it out of the values."
				)
		document, created = context.site.documents.upsert(params["doctype"], key, values)
		return {**document, "created": created}


class Submit(Action):
	name = "document.submit"
	summary = "Submit a document"
	parameters = parameters(NAMED)
	returns = "{name, docstatus}"
	example = OF_DOC

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.submit(params["doctype"], params["name"]))


class Cancel(Action):
	name = "document.cancel"
	summary = "Cancel a submitted document"
	parameters = parameters(NAMED)
	returns = "{name, docstatus}"
	example = OF_DOC

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.cancel(params["doctype"], params["name"]))


class Delete(Action):
	name = "document.delete"
	summary = "Delete a document"
	parameters = parameters(NAMED)
	returns = "{name, docstatus} as it was"
	example = OF_DOC

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.delete(params["doctype"], params["name"]))
