"""`/api/method/dogansystem.api.ai_agents.…`: what AI agents were asked, did and spent, and what their forms need."""

from typing import Any

import frappe
from frappe import _

from dogansystem.agents.ai import figures, one_question, shown, tools
from dogansystem.agents.ai.conversation import ModelBusy, ModelError
from dogansystem.api.access import need_manager, need_run, need_system_manager, need_user
from dogansystem.api.arguments import checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.engine.errors import BudgetExceeded, NotFound
from dogansystem.homes.frappe.permissions import reader
from dogansystem.homes.frappe.site import current_site

TURN = "Dogan Agent Turn"
MAX_DAYS = 366


@frappe.whitelist()
@checked
def conversation(run: str, step: str, item: int = 0) -> list[dict[str, Any]]:
	"""What a step of a run, or one of its items (from 1), has asked an agent: each ask with its turns and the calls of each.

	Calls that name or give documents which the caller may not read are `hidden`.
	"""
	user = need_run(run)
	return shown.conversation(current_site(), run, step, item, reader(user))


@frappe.whitelist()
@checked
def turn(name: str) -> dict[str, Any]:
	"""One turn, as `conversation` shows it, with the `agent`."""
	need_user()
	found = frappe.db.get_value(TURN, name, ["run", "step", "item", "ask", "number"], as_dict=True)
	if not found:
		frappe.throw(_("There is no turn {0}.").format(name), frappe.DoesNotExistError)
	user, site = need_run(found.run), current_site()
	asks = shown.conversation(site, found.run, found.step, found.item, reader(user))
	return next(
		{**each, "agent": ask["agent"]} for ask in asks for each in ask["turns"] if each["name"] == name
	)


@frappe.whitelist()
@checked
def list_agents() -> list[dict[str, Any]]:
	"""Every AI agent: what it was asked in the last seven days and how that ended, and what it has spent today."""
	need_manager()
	return figures.of_all(current_site(), 7)


@frappe.whitelist()
@checked
def get(agent: str, days: int = 30) -> dict[str, Any]:
	"""The figures of an AI agent in the last so many days."""
	need_manager()
	with as_frappe_errors():
		return figures.of_agent(current_site(), agent, min(max(days, 1), MAX_DAYS))


@frappe.whitelist()
@checked
def today(agent: str | None = None) -> dict[str, float]:
	"""What an AI agent, and all of them, have spent today, and what they may spend in a day. Without one: all of them."""
	need_manager()
	with as_frappe_errors():
		return figures.of_today(current_site(), agent) if agent else figures.of_site_today(current_site())


@frappe.whitelist()
@checked
def actions() -> list[dict[str, Any]]:
	"""The actions that an agent may be given as tools: with their parameters, whether they only read, the parameter that has to be
	named `one_by_one`, and those that say who hears of it."""
	need_manager()
	return [
		{
			"name": name,
			"summary": action.summary,
			"schema": action.parameters,
			"reads_only": action.reads_only,
			"one_by_one": tools.ONE_BY_ONE.get(name),
			"recipients": [*tools.RECIPIENTS.get(name, ())],
		}
		for name, action in sorted(current_site().actions().items())
		if action.offered and name.partition(".")[0] not in tools.NOT_OFFERED
	]


@frappe.whitelist(methods=["POST"])
@checked
def try_model(model: str) -> dict[str, Any]:
	"""Ask a model one short question: its `answer`, `seconds`, `tokens` and `cost`; or the `error` in words, and `what_to_do`."""
	need_system_manager()
	try:
		return one_question.try_model(current_site(), model)
	except (ModelError, ModelBusy, BudgetExceeded, NotFound) as error:
		return {"error": str(error), "what_to_do": _what_to_do(error)}


def _what_to_do(error: Exception) -> str:
	"""In words, where the error itself does not say it."""
	text = str(error)
	if isinstance(error, BudgetExceeded | NotFound) or "Allow Private Network" in text:
		return ""
	status = getattr(error, "status", None)
	if status in (401, 403):
		return _(
			"Check the credential: the provider does not take its key. Anthropic wants it in the header x-api-key."
		)
	if status == 404:
		return _("Check the address and what the provider calls the model.")
	if status == 429:
		return _(
			"The provider has had enough requests for now, or there is no credit left with it. Try again later."
		)
	if isinstance(error, ModelBusy):
		return _("Check that its server runs and that this site reaches the address. Try again in a while.")
	return _("Check the address, the provider, and what the provider calls the model.")
