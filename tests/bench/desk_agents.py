"""What tests of AI agents on the desk have in common: an agent, what its model says, and a run that asks it."""

import json
from typing import Any

import frappe

from dogansystem.agents.ai.conversation import Answer, Asked, Model
from dogansystem.agents.ai.providers import scripted
from dogansystem.homes.frappe.site import FrappeSite
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER
from dogansystem.tests.test_ai_agents import AGENT, ASK, MODEL, TODO
from tests.bench import axe
from tests.bench.desk import DeskTestCase, form_of

DETAILS = "document.querySelector('.dogan-step[data-step=ask] .dogan-ask')"
UNFOLDED = f"(document.querySelectorAll('.dogan-turn, .dogan-call').forEach((each) => (each.open = true)), {DETAILS}?.innerText || '')"


class AgentTestCase(DeskTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.get_doc(
			{"doctype": "Dogan Model", "model_name": MODEL, "provider": "openai", "model": "x"}
		).insert()
		agent = {
			"agent_name": AGENT,
			"kind": "AI",
			"user": PERSON,
			"model": MODEL,
			"capacity": 1,
			"enabled": 1,
		}
		tools = [{**TODO, "ask_user": MANAGER}]
		frappe.get_doc(
			{"doctype": "Dogan Agent", **agent, "instructions": "You are kind.", "tools": tools}
		).insert()
		frappe.db.commit()

	def says(self, *answers: dict[str, Any]) -> None:
		left = list(answers)

		def say(model: Model, asked: Asked, step: str) -> Answer:
			return scripted.said(left.pop(0), 1, asked)

		self._patch(FrappeSite, "models", staticmethod(say))

	def ask(self) -> str:
		frappe.db.commit()
		run = self.start(self.save("contract-asks", [ASK]))
		self.drain()
		return run

	def wait_for_decision(self) -> tuple[str, Any]:
		"""A run whose agent wants to change a ToDo."""
		doc = frappe.get_doc({"doctype": "ToDo", "description": "contract todo", "priority": "Low"}).insert()
		call = {"tool": "document_update", "params": {"name": doc.name, "values": {"priority": "High"}}}
		self.says({"text": "It is urgent.", "call": call}, {"text": "Done."})
		return self.ask(), doc

	def open_step(self, run: str) -> None:
		self.visit(
			f"dogan-workflow-run/{run}",
			f"{form_of('Dogan Workflow Run')} && document.querySelector('.dogan-step[data-step=ask]')"
			" && document.querySelector('[data-node=\"step:ask\"] .dogan-node-detail')",
		)
		self.browser.evaluate(
			"document.querySelector('.dogan-step[data-step=ask] .dogan-step-title').click()"
		)
		self.browser.wait_for(DETAILS)

	def unfold(self, until: str) -> str:
		"""Open every turn and call; what is read then, which has this in it. A form that is drawn anew asks for them again."""
		found: str | None = None
		while not found or until not in found:
			self.browser.wait_for(f"{UNFOLDED}.includes({json.dumps(until)})")
			found = self.browser.evaluate(UNFOLDED)
		return found

	def assert_no_findings(self, within: str) -> None:
		# A form that is drawn anew fades in.
		solid = "((each) => { for (; each; each = each.parentElement) if (getComputedStyle(each).opacity !== '1') return false; return true })"
		self.browser.wait_for(f"{solid}(document.querySelector('{within}'))")
		try:
			self.assertEqual(axe.findings(self.browser, within), [])
		except LookupError as error:
			print(f"Left out: {error}")
