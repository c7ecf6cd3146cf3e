"""An approval's own form, and the banner on the document: what each person sees in each state, and every button pressed."""

from typing import Any

import frappe

from dogansystem.tests.asking import ApprovalTestCase
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER, OTHER, USER
from tests.bench import axe
from tests.bench.desk import BUTTONS, DeskTestCase

APPROVAL = "Dogan Approval"
SHOWN = "document.querySelector('.dogan-block')"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
DECIDES = ["Approve", "Reject", "Pass On"]
FIELDS = [{"name": "limit", "label": "New limit", "type": "Float", "required": True}]

# The buttons that each person sees in each state. PERSON is a System Manager, and MANAGER a Dogan Manager.
SEEN = {
	"Open": {USER: DECIDES, MANAGER: [], PERSON: ["Reassign"]},
	"Ask": {USER: ["Answer", "Pass On"], MANAGER: [], PERSON: ["Reassign"]},
	"Kept": {USER: ["Approve", "Reject"], PERSON: ["Reassign"]},
	"Half": {USER: [], OTHER: DECIDES, PERSON: ["Reassign"]},
	"Stood in": {USER: DECIDES, OTHER: DECIDES, PERSON: ["Reassign"]},
	"Approved": {USER: [], MANAGER: [], PERSON: []},
	"Rejected": {USER: [], MANAGER: [], PERSON: []},
	"Answered": {USER: [], PERSON: []},
	"Expired": {USER: [], PERSON: []},
	"Cancelled": {USER: [], MANAGER: [], PERSON: []},
}
LEADS = {"Approve": "Approved", "Reject": "Rejected", "Answer": "Answered"}


class TestApprovalForm(DeskTestCase, ApprovalTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def approval_in(self, state: str, about: dict[str, str] | None = None) -> str:
		"""An approval in this state, in which USER is or was asked."""
		params: dict[str, Any] = {"document": about or self.document(), "message": "<b>Please</b> look"}
		if state in ("Ask", "Answered"):
			approval = self.ask(action="flow.ask", subject="How much?", fields=FIELDS, message="Please")
		elif state == "Half":
			approval = self.ask([USER, OTHER], needs="all", **params)
		else:
			more = {"Kept": {"delegate": False}, "Expired": {"deadline": "1h"}}
			approval = self.ask(**params, **more.get(state, {}))
		self.bring_to(state, approval)
		frappe.db.commit()
		return approval

	def bring_to(self, state: str, approval: str) -> None:
		decisions = {
			"Approved": "approved",
			"Half": "approved",
			"Rejected": "rejected",
			"Answered": "answered",
		}
		if decision := decisions.get(state):
			values = {"limit": 5} if decision == "answered" else None
			with self.site.acting_as(USER):
				self.orchestrator.decide(
					approval, decision, comment="" if values else "I have looked", values=values
				)
		elif state == "Expired":
			self.advance(3601.0)
			self.drain()
		elif state == "Cancelled":
			self.act("cancel", self.run)
		elif state == "Stood in":
			frappe.set_user("Administrator")
			frappe.get_doc(doctype="Dogan Substitute", for_user=USER, by_user=OTHER).insert()

	def open_form(self, approval: str) -> None:
		self.visit(
			f"dogan-approval/{approval}", f"window.cur_frm && cur_frm.docname === '{approval}' && {SHOWN}"
		)

	def shows(self, buttons: list[str]) -> None:
		self.browser.wait_for(f"JSON.stringify({BUTTONS}) === JSON.stringify({buttons})", 10)

	def test_each_person_sees_their_buttons_in_each_state(self):
		asked = {state: self.approval_in(state) for state in SEEN if state != "Stood in"}
		asked["Stood in"] = self.approval_in("Stood in")
		for user in (USER, OTHER, MANAGER, PERSON):
			with self.signed_in(user):
				for state, of in SEEN.items():
					if user in of:
						with self.subTest(user=user, state=state):
							self.open_form(asked[state])
							self.shows(of[user])
							self.picture(f"approval_{state}_{user.partition('@')[0]}")

	def test_every_button_leads_where_it_says(self):
		for state, buttons in (("Open", ("Approve", "Reject")), ("Ask", ("Answer",))):
			for button in buttons:
				approval = self.approval_in(state)
				with self.signed_in(USER):
					self.open_form(approval)
					self.press(button)
					self.browser.wait_for("cur_dialog?.$wrapper.is('.show')")
					self.browser.evaluate("!!cur_dialog.set_values({'value:limit': 5, comment: 'x'})")
					self.confirm()
					self.browser.wait_for(f"cur_frm.doc.status === '{LEADS[button]}'")
					self.assert_nothing_complained()

	def test_on_a_phone_in_arabic_and_in_the_dark(self):
		about = self.document()
		asked = {state: self.approval_in(state, about) for state in ("Half", "Expired", "Open")}
		for language, theme in (("en", "Light"), ("ar", "Dark")):
			self.be_on_a_phone(USER, language, theme)
			for state, approval in asked.items():
				with self.subTest(language=language, state=state):
					self.open_form(approval)
					self.assert_fits(f"approval_phone_{state}_{language}", ".dogan-block")
					shown = self.browser.evaluate("$('.dogan-approval-buttons button:visible').length")
					self.assertEqual(shown, 2 if state == "Open" else 0)
			with self.subTest(language=language, what="banner"):
				self.visit(f"contact/{about['name']}", "document.querySelector('.dogan-waiting button')")
				self.assert_fits(f"banner_phone_{language}", ".dogan-waiting")
				self.browser.evaluate("!!$('.dogan-waiting button').first().click()")
				self.browser.wait_for("cur_dialog?.$wrapper.is('.show')")
				self.picture(f"banner_dialog_phone_{language}")

	def assert_fits(self, name: str, within: str) -> None:
		self.picture(name)
		self.assertFalse(self.browser.evaluate(WIDE))
		if axe.script():
			self.assertEqual(axe.findings(self.browser, within), [])
