"""A call of an AI agent as people meet it before they decide: in the inbox, in the approval's form, on the page of the mail's link."""

import frappe

from dogansystem.homes.frappe import approval_links
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER
from tests.bench import test_desk_ai_agents as office
from tests.bench.desk import form_of
from tests.bench.desk_agents import AgentTestCase

TABLE = "$('table.dogan-proposed:visible')"
OVER = "[...document.querySelectorAll('.dogan-proposed, .dogan-message')].some((each) => each.scrollWidth > each.clientWidth + 1)"


class TestCalls(AgentTestCase):
	def approval(self) -> str:
		(pending,) = self.orchestrator.pending_approvals(MANAGER)
		frappe.db.rollback()
		return str(pending["approval"])

	def test_old_and_new_values_stand_beside_each_other(self):
		self.wait_for_decision()
		with self.signed_in(MANAGER):
			self.visit("dogan-inbox", f"{TABLE}.length === 1")
			said = self.browser.evaluate(f"{TABLE}[0].innerText")
			for text in ("Priority", "Low", "High"):
				self.assertIn(text, said)
			self.picture("agent_call_inbox")
			self.visit(
				f"dogan-approval/{self.approval()}", f"{form_of('Dogan Approval')} && {TABLE}.length === 1"
			)
			self.picture("agent_call_form")

	def test_on_a_phone_in_arabic_and_in_the_dark(self):
		self.wait_for_decision()
		for language, theme in (("en", "Light"), ("ar", "Dark")):
			with self.subTest(language=language), self.signed_in(MANAGER):
				self.be_on_a_phone(MANAGER, language, theme)
				self.visit("dogan-inbox", f"{TABLE}.length === 1")
				self.picture(f"agent_call_phone_{language}")
				self.assertFalse(self.browser.evaluate(office.WIDE))
				self.assertFalse(self.browser.evaluate(OVER))
				if language == "ar":
					self.assertIn("بعد ذلك", self.browser.evaluate(f"{TABLE}.text()"))

	def test_the_page_of_the_link_shows_it_too(self):
		self.wait_for_decision()
		frappe.db.set_value("User", MANAGER, "language", "en")
		link = approval_links.path(approval_links.issue(self.approval(), MANAGER))
		frappe.db.commit()
		with self.signed_in(MANAGER):
			self.browser.resize(390, 844)
			self.browser.open(f"{self.url}{link}")
			self.browser.wait_for("document.querySelector('.message table')")
			self.picture("agent_call_link")
			self.assertIn("High", self.browser.evaluate("document.querySelector('.message').innerText"))
			self.assertFalse(self.browser.evaluate(office.WIDE))

	def test_the_agents_own_user_sees_nothing_to_decide(self):
		self.wait_for_decision()
		self.assertEqual(self.orchestrator.pending_approvals(PERSON), [])
