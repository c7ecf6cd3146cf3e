"""What the desk tells of what went wrong: of a step, of a run to its people, of the site's machinery."""

from unittest.mock import patch

import frappe
from frappe.translate import get_all_translations

from dogansystem.health import database
from dogansystem.homes.frappe.documents import Documents
from dogansystem.tests.contract.home import PERSON, fails, step
from dogansystem.tests.home import MANAGER, USER
from dogansystem.worker.tick import tick
from tests.bench.desk import DeskTestCase

RUN = "Dogan Workflow Run"
ERROR = "document.querySelector('.dogan-step-error')"
BELL = "$('.notifications-icon:visible, .sidebar-notification:visible')"  # in the head, or in the sidebar
PROBLEMS = "$('.dogan-problems:visible').text()"


class TestErrors(DeskTestCase):
	def failed(self, action: str, **params: object) -> str:
		self.save("contract-error", [step("it", action, params=params)])
		run = self.start("contract-error")
		self.drain()
		return run

	def test_an_error_is_told_in_words_and_the_original_on_demand(self):
		run = self.failed("document.create", doctype="ToDo", values={"priority": "Low"})
		self.visit(f"dogan-workflow-run/{run}", ERROR)
		self.picture("error-in-words")
		self.assertIn("Description (params.values.description)", self.browser.evaluate(f"{ERROR}.innerText"))
		folded = f"{ERROR}.querySelector('details')"
		self.assertFalse(self.browser.evaluate(f"{folded}.open"))
		self.browser.evaluate(f"!!{folded}.querySelector('summary').click()")
		self.assertIn("MandatoryError: [ToDo", self.browser.evaluate(f"{folded}.innerText"))
		self.browser.evaluate("!!cur_frm.events.redraw(cur_frm)")
		self.browser.wait_for(f"{ERROR} && {folded}.open")

	def test_only_system_managers_see_the_traceback(self):
		with patch.object(Documents, "get", side_effect=KeyError("contract defect")):
			run = self.failed("document.get", doctype="ToDo", name="x")
		for user, sees in ((PERSON, True), (MANAGER, False)):
			with self.signed_in(user):
				self.go(RUN, run, ERROR)
				self.browser.evaluate("!!$('.dogan-step-head').click()")
				self.browser.wait_for("document.querySelector('.dogan-details').innerText")
				shown = self.browser.evaluate("document.querySelector('.dogan-details').textContent")
				self.assertEqual("Traceback" in shown, sees, user)
				self.picture(f"traceback-{user}")
				self.assert_nothing_complained()


class TestNotification(DeskTestCase):
	def test_the_bell_leads_whoever_started_the_run_to_it(self):
		self.save("contract-bell", [fails("it")], title="contract bell", triggers=[{"on": "manual"}])
		run = self.start_as(USER, "contract-bell")
		self.drain()
		self.addCleanup(frappe.db.delete, "Notification Log", {"subject": ["like", "contract bell%"]})
		self.advance(60)
		tick(self.site)
		item = "$('.notifications-list .notification-item:contains(contract bell)')"
		with self.signed_in(USER):
			self.browser.wait_for(f"{BELL}.length")
			self.browser.evaluate(f"!!{BELL}.first().click()")
			self.browser.wait_for(f"{item}.length")
			self.picture("bell")
			self.browser.evaluate(f"!!{item}[0].click()")
			self.browser.wait_for(f"window.cur_frm && cur_frm.docname === '{run}' && {ERROR}")
			self.assert_nothing_complained()


class TestProblemsOfTheSite(DeskTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.scheduler(False)
		self.addCleanup(self.scheduler, True)
		self.save("contract-problem", [step("a")])

	def scheduler(self, is_on: bool) -> None:
		frappe.db.set_single_value("System Settings", "enable_scheduler", int(is_on))
		frappe.db.commit()
		frappe.clear_cache(doctype="System Settings")

	def test_a_scheduler_that_is_off_is_told_where_people_look(self):
		shown = {
			"dogan-system": "document.querySelectorAll('.widget.shortcut-widget-box').length >= 4",
			"dogan-workflow/contract-problem": "window.cur_frm",
		}
		for path, is_drawn in shown.items():
			self.visit(path, f"({PROBLEMS}).includes('The scheduler of the site is off') && {is_drawn}")
			self.assertIn("enable-scheduler", self.browser.evaluate(PROBLEMS))
			self.picture(f"problem-{path.split('/')[0]}")
		self.press("Run")
		self.confirm()
		self.browser.wait_for("$('.desk-alert').text().includes('scheduler')")
		self.browser.wait_for(f"cur_frm.doctype === '{RUN}' && ({PROBLEMS}).includes('scheduler')")
		self.picture("problem-run")
		self.assert_nothing_complained()
		self.drain()
		self.browser.wait_for("cur_frm.dogan_view.run.status === 'Succeeded'")
		self.assertEqual(self.browser.evaluate(PROBLEMS), "", "it does not matter to a run that has ended")

	def test_it_is_told_in_the_reader_s_language(self):
		for language in ("ar", "de", "tr"):
			with self.subTest(language=language):
				self.look_like(PERSON, language, "Light")
				self.sign_in(PERSON)
				told = get_all_translations(language)["The scheduler of the site is off."]
				self.visit("dogan-workflow/contract-problem", f"({PROBLEMS}).includes('{told}')")
				self.picture(f"problem-{language}")
				self.be_on_a_phone(PERSON, language, "Dark")
				self.visit("dogan-system", f"({PROBLEMS}).includes('{told}')")
				self.picture(f"problem-phone-{language}")
				self.browser._page("Emulation.clearDeviceMetricsOverride")

	def test_nothing_is_told_where_all_is_well(self):
		self.scheduler(True)
		tick(self.site)
		# How the server keeps its commits is rightly told, and not the test's to change.
		told = "".join(f"{each.sentence} {each.remedy}" for each in database.problems(self.site))
		self.visit("dogan-system", "document.querySelectorAll('.widget.shortcut-widget-box').length >= 4")
		self.browser.evaluate("frappe.xcall('dogansystem.api.status.get_problems').then(() => true)")
		if told:
			self.browser.wait_for(PROBLEMS)
		self.assertEqual(self.browser.evaluate(PROBLEMS), told)
