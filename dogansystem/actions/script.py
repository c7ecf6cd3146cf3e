"""Scripts that people keep on the site."""

from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import parameters, text


class Run(Action):
	"""Runs a Server Script as the acting user, in the step's transaction."""

	name = "script.run"
	summary = "Run a Server Script of type API"
	parameters = parameters(
		{"script": text("The Server Script's name, or the name of its API method")},
		{
			"args": {
				"type": "object",
				"description": "What frappe.form_dict holds in the script",
				"default": {},
			}
		},
	)
	returns = "what the script answers: frappe.response['message'], else what it put into frappe.flags"
	example = {"script": "recalculate_discount", "args": {"quotation": "{{ doc.name }}"}}

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.run_script(params["script"], params.get("args", {}))
