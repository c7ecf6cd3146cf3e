"""AI agents on the desk: their form, and a call that waits in the inbox of somebody who decides."""

from typing import Any

import frappe

from dogansystem.agents.ai.conversation import Answer, Asked, Model
from dogansystem.agents.ai.providers import scripted
from dogansystem.homes.frappe.site import FrappeSite
from dogansystem.tests.contract.home import PERSON, output
from dogansystem.tests.home import MANAGER
from dogansystem.tests.test_ai_agents import AGENT, ASK, MODEL, TODO
from tests.bench.desk import DeskTestCase, form_of

CARD = "$('.dogan-inbox-card[data-approval]:visible')"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SHOWN = "cur_frm.fields_dict.tools.$wrapper.is(':visible')"


class TestAIAgents(DeskTestCase):
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

	def wait_for_decision(self) -> tuple[str, Any]:
		"""A run whose agent wants to change a ToDo."""
		doc = frappe.get_doc({"doctype": "ToDo", "description": "contract todo", "priority": "Low"}).insert()
		call = {"tool": "document_update", "params": {"name": doc.name, "values": {"priority": "High"}}}
		left = [{"call": call}, {"text": "Done."}]

		def say(model: Model, asked: Asked, step: str) -> Answer:
			return scripted.said(left.pop(0), 1, asked)

		self._patch(FrappeSite, "models", staticmethod(say))
		frappe.db.commit()
		run = self.start(self.save("contract-asks", [ASK]))
		self.drain()
		return run, doc

	def test_the_form_of_an_agent_shows_what_an_ai_agent_has_and_hides_it_from_others(self):
		self.visit(f"dogan-agent/{AGENT}", f"{form_of('Dogan Agent')} && {SHOWN}")
		self.picture("ai_agent_form")
		self.browser.evaluate("cur_frm.scroll_to_field('tools') || true")
		self.picture("ai_agent_tools")
		self.browser.evaluate("cur_frm.set_value('kind', 'Steps') && true")
		self.browser.wait_for(f"!{SHOWN}")

	def test_the_form_of_an_agent_fits_on_a_phone(self):
		self.be_on_a_phone(PERSON, "ar", "Dark")
		self.visit(f"dogan-agent/{AGENT}", f"{form_of('Dogan Agent')} && {SHOWN}")
		self.picture("ai_agent_form_phone")
		self.assertFalse(self.browser.evaluate(WIDE))

	def test_a_call_waits_in_the_inbox_and_is_made_when_it_is_approved(self):
		run, doc = self.wait_for_decision()
		with self.signed_in(MANAGER):
			self.visit("dogan-inbox", f"window.frappe && {CARD}.length === 1")
			text = self.browser.evaluate(f"{CARD}[0].innerText")
			for said in ("document.update", doc.name, "priority", "High", "exactly this call is made"):
				self.assertIn(said, text)
			self.picture("ai_agent_inbox")
			self.press("Approve", within=f"{CARD}[0]")
			self.browser.wait_for(f"{CARD}.find('.dogan-inbox-send').length")
			self.press("Approve", within=f"{CARD}[0]")
			self.browser.wait_for("$('.dogan-inbox-empty:visible').length")
		self.drain()
		frappe.db.rollback()
		self.assertEqual(frappe.db.get_value("ToDo", doc.name, "priority"), "High")
		self.assertEqual(output(self.run_of(run), "ask")["calls"][0]["approved_by"], MANAGER)
