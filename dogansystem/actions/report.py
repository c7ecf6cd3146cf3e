"""The site's reports, as the acting user sees them."""

from collections.abc import Mapping
from typing import Any

from dogansystem.actions import tables
from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.email import addresses
from dogansystem.actions.files import name_of
from dogansystem.actions.schema import Schema, one_or_many, parameters, text, words

DEFAULT_LIMIT = 1000  # rows. Source: workflow-format.md, parameters of report.run
REPORT = text("The report's name, such as Accounts Receivable")
OPTIONAL: Mapping[str, Schema] = {
	"filters": {"type": "object", "description": "The report's filters by field name", "default": {}},
	"limit": {
		"type": "integer",
		"minimum": 1,
		"default": DEFAULT_LIMIT,
		"description": "At most so many rows; left_out says how many there were beyond it",
	},
}


def _run(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
	filters, limit = params.get("filters", {}), params.get("limit", DEFAULT_LIMIT)
	return context.site.reports.run(params["report"], filters, limit)


class Run(Action):
	name = "report.run"
	summary = "Run a report"
	parameters = parameters({"report": REPORT}, OPTIONAL)
	returns = (
		"{columns, rows, total, left_out}: rows are mappings by the columns' fieldname; total is the report's own "
		"row of totals, or null; left_out is the number of rows beyond the limit"
	)
	reads_only = True
	example = {
		"report": "Accounts Receivable",
		"filters": {"company": "{{ doc.company }}", "report_date": "{{ today }}"},
	}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return _run(params, context)


class Send(Action):
	"""Runs a report and mails it, as the table in the mail or as a file."""

	name = "report.send"
	summary = "Send a report by email"
	parameters = parameters(
		{
			"report": REPORT,
			"to": one_or_many("Who gets it: addresses, separated by commas or as a list", pattern="@"),
		},
		{
			**OPTIONAL,
			"subject": words("The subject line; the report's name if left out", needed=True),
			"message": words("The text above the table; HTML is allowed"),
			"cc": one_or_many("Who gets a copy: addresses, separated by commas or as a list", pattern="@"),
			"as": tables.FORM,
		},
	)
	returns = "{recipients: the addresses it goes to, rows: how many rows it has}"
	example = {
		"report": "Accounts Receivable",
		"to": "boss@example.com",
		"filters": {"company": "{{ doc.company }}"},
		"as": "xlsx",
	}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		found = _run(params, context)
		rows = [*found["rows"], *([found["total"]] if found["total"] else [])]
		made = tables.made(rows, found["columns"], params.get("as", "html"))
		parts = [str(params.get("message", "")), made if isinstance(made, str) else "", _rest(found)]
		recipients = context.site.people.send_email(
			to=addresses(params["to"], "params.to"),
			subject=str(params.get("subject", params["report"])),
			message="\n".join(part for part in parts if part),
			cc=addresses(params["cc"], "params.cc") if "cc" in params else (),
			attachments=[] if isinstance(made, str) else [_attachment(params, made)],
			reference=context.reference,
		)
		return {"recipients": recipients, "rows": len(found["rows"])}


def _attachment(params: Mapping[str, Any], made: bytes) -> dict[str, Any]:
	content = made.decode() if params["as"] == "csv" else made
	return {"fname": name_of(params["report"], f".{params['as']}"), "fcontent": content}


def _rest(found: Mapping[str, Any]) -> str:
	return f"<p>… and {found['left_out']} more rows</p>" if found["left_out"] else ""
