"""What can be done with the site's documents, with the acting user's permissions and in the step's transaction.

The site raises DoesNotExistError, PermissionError and ValidationError; none of them is retried.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.parameters import DOCTYPE, NAME, words

DEFAULT_LIMIT = 1000  # rows. Source: workflow-format.md, parameters of document.list
VALUES: Mapping[str, Any] = {
	"type": "object",
	"description": "The fields' values by field name; child tables are lists of rows",
}
FIELDS: Mapping[str, Any] = {
	"type": "array",
	"items": {"type": "string", "minLength": 1},
	"minItems": 1,
}


def _parameters(required: Mapping[str, Any], **optional: Any) -> Mapping[str, Any]:
	return {
		"type": "object",
		"additionalProperties": False,
		"required": list(required),
		"properties": {**required, **optional},
	}


NAMED: Mapping[str, Any] = {"doctype": DOCTYPE, "name": NAME}


def _state(document: Mapping[str, Any]) -> dict[str, Any]:
	return {"name": document["name"], "docstatus": int(document.get("docstatus") or 0)}


class Create(Action):
	"""Inserts a document."""

	name: ClassVar[str] = "document.create"
	summary: ClassVar[str] = "Create a document"
	parameters: ClassVar[Mapping[str, Any]] = _parameters({"doctype": DOCTYPE, "values": VALUES})
	returns: ClassVar[str] = "the document, name included"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.create(params["doctype"], params["values"])


class Get(Action):
	"""Reads one document."""

	name: ClassVar[str] = "document.get"
	summary: ClassVar[str] = "Read a document"
	parameters: ClassVar[Mapping[str, Any]] = _parameters(
		NAMED, fields={**FIELDS, "description": "Only these fields; all if left out"}
	)
	returns: ClassVar[str] = "the document, or the error DoesNotExistError"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.get(params["doctype"], params["name"], params.get("fields"))


class List(Action):
	"""Reads the documents that match filters."""

	name: ClassVar[str] = "document.list"
	summary: ClassVar[str] = "List documents that match filters"
	parameters: ClassVar[Mapping[str, Any]] = _parameters(
		{"doctype": DOCTYPE},
		filters={
			"type": ["object", "array"],
			"description": 'Which documents, such as {"status": "Open", "valid_till": ["<", "{{ today }}"]}; '
			"all if left out",
		},
		fields={**FIELDS, "description": "The fields of each row; only the name if left out"},
		order_by={
			"type": "string",
			"minLength": 1,
			"description": "How they are sorted, such as creation desc",
		},
		limit={
			"type": "integer",
			"minimum": 1,
			"default": DEFAULT_LIMIT,
			"description": "At most so many rows",
		},
	)
	returns: ClassVar[str] = "a list of rows"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.list(
			params["doctype"],
			filters=params.get("filters"),
			fields=params.get("fields"),
			order_by=params.get("order_by"),
			limit=params.get("limit", DEFAULT_LIMIT),
		)


class Update(Action):
	"""Changes fields of a document and saves it."""

	name: ClassVar[str] = "document.update"
	summary: ClassVar[str] = "Change a document"
	parameters: ClassVar[Mapping[str, Any]] = _parameters({**NAMED, "values": VALUES})
	returns: ClassVar[str] = "the document"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.update(params["doctype"], params["name"], params["values"])


class Submit(Action):
	"""Submits a draft."""

	name: ClassVar[str] = "document.submit"
	summary: ClassVar[str] = "Submit a document"
	parameters: ClassVar[Mapping[str, Any]] = _parameters(NAMED)
	returns: ClassVar[str] = "{name, docstatus}"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.submit(params["doctype"], params["name"]))


class Cancel(Action):
	"""Cancels a submitted document."""

	name: ClassVar[str] = "document.cancel"
	summary: ClassVar[str] = "Cancel a submitted document"
	parameters: ClassVar[Mapping[str, Any]] = _parameters(NAMED)
	returns: ClassVar[str] = "{name, docstatus}"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.cancel(params["doctype"], params["name"]))


class Delete(Action):
	"""Deletes a document."""

	name: ClassVar[str] = "document.delete"
	summary: ClassVar[str] = "Delete a document"
	parameters: ClassVar[Mapping[str, Any]] = _parameters(NAMED)
	returns: ClassVar[str] = "{name, docstatus} as it was"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return _state(context.site.documents.delete(params["doctype"], params["name"]))


class Comment(Action):
	"""Writes a comment on a document's timeline."""

	name: ClassVar[str] = "document.comment"
	summary: ClassVar[str] = "Comment on a document"
	parameters: ClassVar[Mapping[str, Any]] = _parameters(
		{
			**NAMED,
			"text": words("The comment; HTML is allowed", needed=True),
		}
	)
	returns: ClassVar[str] = "{name} of the comment"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		comment = context.site.documents.comment(params["doctype"], params["name"], str(params["text"]))
		return {"name": comment["name"]}


class Assign(Action):
	"""Gives a document to a user, as a ToDo."""

	name: ClassVar[str] = "document.assign"
	summary: ClassVar[str] = "Assign a document to a user"
	parameters: ClassVar[Mapping[str, Any]] = _parameters(
		{
			**NAMED,
			"user": {"type": "string", "minLength": 1, "description": "Who gets it"},
		},
		description=words("What is to be done"),
	)
	returns: ClassVar[str] = "{name} of the ToDo"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		description = str(params["description"]) if "description" in params else None
		todo = context.site.documents.assign(params["doctype"], params["name"], params["user"], description)
		return {"name": todo["name"]}
