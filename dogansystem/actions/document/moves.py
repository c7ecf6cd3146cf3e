"""What becomes of a document: an amendment, another name, another document, the next state, a PDF."""

from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.files import RETURNS, name_of
from dogansystem.actions.schema import NAME, NAMED, OF_DOC, VALUES, parameters, switch, text

CHANGED = {**VALUES, "description": "Fields that are to differ from the original, by field name"}


class Amend(Action):
	name = "document.amend"
	summary = "Amend a cancelled document"
	parameters = parameters(NAMED, {"values": CHANGED})
	returns = "the new document, a draft"
	example = {**OF_DOC, "values": {"valid_till": "{{ today | add_days(30) }}"}}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.amend(params["doctype"], params["name"], params.get("values", {}))


class Rename(Action):
	name = "document.rename"
	summary = "Rename a document"
	parameters = parameters({**NAMED, "new_name": text("Its new name, which no document of this type has")})
	returns = "{name} it has then"
	example = {"doctype": "Customer", "name": "{{ doc.party_name }}", "new_name": "{{ doc.party_name }} Ltd"}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return {"name": context.site.documents.rename(params["doctype"], params["name"], params["new_name"])}


class Convert(Action):
	"""Has one of the site's mappers make a document out of another one, and saves it."""

	name = "document.convert"
	summary = "Make a document out of another one"
	parameters = parameters(
		{
			"method": text(
				"Dotted path of a whitelisted mapper, such as "
				"erpnext.selling.doctype.quotation.quotation.make_sales_order"
			),
			"name": {**NAME, "description": "The name of the document that it is made of"},
		},
		{
			"values": {**VALUES, "description": "Fields of the new document, by field name"},
			"submit": switch("Whether the new document is submitted"),
		},
	)
	returns = "the new document"
	example = {
		"method": "erpnext.selling.doctype.quotation.quotation.make_sales_order",
		"name": "{{ doc.name }}",
		"values": {"delivery_date": "{{ today | add_days(7) }}"},
		"submit": True,
	}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.convert(
			params["method"], params["name"], params.get("values", {}), submit=params.get("submit", False)
		)


class Transition(Action):
	name = "document.transition"
	summary = "Take an action of the document's Workflow"
	parameters = parameters({**NAMED, "action": text("The Workflow's action, such as Approve")})
	returns = (
		"{name, state}; PermissionError for who may not; an action that is not open is an error that names "
		"those that are"
	)
	example = {**OF_DOC, "action": "Approve"}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.documents.transition(params["doctype"], params["name"], params["action"])


class Print(Action):
	"""Prints as the user may. The PDF is that user's own File, unless it is attached."""

	name = "document.print"
	summary = "Print a document into a PDF file"
	parameters = parameters(
		NAMED,
		{
			"format": text("The Print Format; the document type's own if left out"),
			"letterhead": text("The Letter Head; the default one if left out"),
			"language": text("A language's code, such as de; the site's if left out"),
			"attach": switch(
				"Whether the file is attached to the document, which needs permission to change it"
			),
		},
	)
	returns = RETURNS
	example = {**OF_DOC, "attach": True}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		document = (params["doctype"], params["name"])
		content = context.site.files.print(
			*document, params.get("format"), params.get("letterhead"), params.get("language")
		)
		return context.site.files.create(
			name_of(str(params["name"]), ".pdf"),
			content,
			attached_to=document if params.get("attach") else None,
		)
