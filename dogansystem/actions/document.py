"""What can be done with the site's documents, with the acting user's permissions and in the step's transaction.

The site raises DoesNotExistError, PermissionError and ValidationError; none of them is retried.
"""

from collections.abc import Mapping
from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import DOCTYPE, NAMED, Schema, parameters, text, words

DEFAULT_LIMIT = 1000  # rows. Source: workflow-format.md, parameters of document.list
VALUES: Schema = {
	"type": "object",
	"description": "The fields' values by field name; child tables are lists of rows",
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

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.create(params["doctype"], params["values"])


class Get(Action):
	name = "document.get"
	summary = "Read a document"
	parameters = parameters(NAMED, {"fields": _fields("Only these fields; all if left out")})
	returns = "the document, or the error DoesNotExistError"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.get(params["doctype"], params["name"], params.get("fields"))


class List(Action):
	name = "document.list"
	summary = "List documents that match filters"
	parameters = parameters(
		{"doctype": DOCTYPE},
		{
			"filters": {
				"type": ["object", "array"],
				"description": 'Which documents, such as {"status": "Open", "valid_till": ["<", "{{ today }}"]}; '
				"all if left out",
			},
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

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.list(
			params["doctype"],
			filters=params.get("filters"),
			fields=params.get("fields"),
			order_by=params.get("order_by"),
			limit=params.get("limit", DEFAULT_LIMIT),
		)


class Update(Action):
	name = "document.update"
	summary = "Change a document"
	parameters = parameters({**NAMED, "values": VALUES})
	returns = "the document"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.update(params["doctype"], params["name"], params["values"])


class Submit(Action):
	name = "document.submit"
	summary = "Submit a document"
	parameters = parameters(NAMED)
	returns = "{name, docstatus}"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.submit(params["doctype"], params["name"]))


class Cancel(Action):
	name = "document.cancel"
	summary = "Cancel a submitted document"
	parameters = parameters(NAMED)
	returns = "{name, docstatus}"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.cancel(params["doctype"], params["name"]))


class Delete(Action):
	name = "document.delete"
	summary = "Delete a document"
	parameters = parameters(NAMED)
	returns = "{name, docstatus} as it was"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.delete(params["doctype"], params["name"]))


class Comment(Action):
	name = "document.comment"
	summary = "Comment on a document"
	parameters = parameters({**NAMED, "text": words("The comment; HTML is allowed", needed=True)})
	returns = "{name} of the comment"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		comment = context.site.documents.comment(params["doctype"], params["name"], str(params["text"]))
		return {"name": comment["name"]}


class Assign(Action):
	name = "document.assign"
	summary = "Assign a document to a user"
	parameters = parameters(
		{**NAMED, "user": text("Who gets it")}, {"description": words("What is to be done")}
	)
	returns = "{name} of the ToDo"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		description = str(params["description"]) if "description" in params else None
		todo = context.site.documents.assign(params["doctype"], params["name"], params["user"], description)
		return {"name": todo["name"]}
