"""Values for later steps, conditions that must hold, and rows: read from text and files, and made into tables."""

from typing import Any

from dogansystem.actions import parsing, tables
from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.files import checked_name
from dogansystem.actions.schema import is_true, parameters, switch, text, words
from dogansystem.engine.errors import CheckFailed


class Set(Action):
	name = "data.set"
	summary = "Keep values for later steps"
	parameters = {
		"type": "object",
		"description": "Any names, each with its value",
		"additionalProperties": True,
	}
	returns = "the same values"
	reads_only = True
	example = {"total": "{{ doc.grand_total }}", "is_large": "{{ doc.grand_total > 10000 }}"}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return params


class Check(Action):
	name = "data.check"
	summary = "Fail with a message unless something is true"
	parameters = parameters(
		{
			"that": {
				"description": "What must be true, such as {{ doc.grand_total > 0 }}; "
				"nothing, 0, empty text and empty lists are not"
			}
		},
		{"message": words("What the error says if it is not true")},
	)
	returns = "true, or the error CheckFailed, which is never retried"
	reads_only = True
	example = {"that": "{{ doc.grand_total > 0 }}", "message": "{{ doc.name }} is worth nothing"}

	def run(self, params: dict[str, Any], context: StepContext) -> bool:
		if not is_true(params["that"]):
			reason = f"step {context.step}: what `that` asks for is not true"
			raise CheckFailed(params.get("message") or reason)
		return True


class Parse(Action):
	name = "data.parse"
	summary = "Read rows or values from text or a file"
	parameters = parameters(
		{},
		{
			"csv": {"type": "string", "description": "CSV text: rows by the names in its first line"},
			"json": {"type": "string", "description": "JSON text"},
			"xml": {
				"type": "string",
				"description": "XML text without a document type; an element is its text, or a mapping with "
				"attributes as @name, elements by their names, and #text",
			},
			"file": text(
				"A File's name or URL; its ending says what it is: .csv, .tsv, .txt, .json, .xml, .xlsx or .pdf, which gives its text"
			),
			"options": parameters(
				{},
				{
					"delimiter": text(
						"One character between the values of a CSV line; a comma if left out",
						pattern=r'^[^"\r\n]$',
					),
					"header": switch(
						"Whether the first line has the names; else rows are lists", default=True
					),
					"sheet": text("The sheet of an XLSX file; the first if left out"),
					"rows": text("Where the rows are in JSON or XML, such as orders.order; gives a list"),
					"encoding": text("The encoding of a file; utf-8, or what an XML file says, if left out"),
				},
				description="How it is read",
			),
		},
		oneOf=[{"required": ["csv"]}, {"required": ["json"]}, {"required": ["xml"]}, {"required": ["file"]}],
	)
	returns = "a list of rows, or the value"
	reads_only = True
	example = {"file": "/files/prices.csv", "options": {"delimiter": ";"}}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		options = params.get("options", {})
		if "file" in params:
			return parsing.parse_file(context.site.files.read(params["file"], parsing.MAX_FILE), options)
		if "csv" in params:
			return parsing.parse_csv(params["csv"], options)
		return (
			parsing.parse_json(params["json"], options)
			if "json" in params
			else parsing.parse_xml(params["xml"], options)
		)


class Table(Action):
	"""Makes a table. Markup in a cell is shown as it is, and no cell is a formula. The file is the acting user's own."""

	name = "data.table"
	summary = "Make a table of rows"
	parameters = parameters(
		{"rows": tables.ROWS},
		{
			"columns": tables.COLUMNS,
			"as": tables.FORM,
			"file_name": text("The file's name; table.csv or table.xlsx if left out"),
		},
	)
	returns = "{html}, or {file: the name of the File, file_name, file_url}"
	example = {
		"rows": "{{ doc.payment_schedule }}",
		"columns": ["due_date", {"fieldname": "payment_amount", "label": "Amount"}],
		"as": "xlsx",
	}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		form = params.get("as", "html")
		made = tables.made(params["rows"], params.get("columns"), form)
		if isinstance(made, str):
			return {"html": made}
		return context.site.files.create(checked_name(params.get("file_name", "table"), f".{form}"), made)
