"""What people see of runs: on a document, on a run's page, in the list; on a phone, by keyboard, by a screen reader."""

import frappe

from dogansystem.tests.contract.home import PERSON, fails, step
from dogansystem.tests.home import ensure_user
from tests.bench import axe
from tests.bench.desk import DeskTestCase, form_of
from tests.bench.socketio import realtime

READER = "dogan-reader@example.com"
ABOUT = "document.querySelector('.dogan-about')"
STEPS = "document.querySelectorAll('.dogan-step').length"
RUN = "Dogan Workflow Run"


class WatchedTestCase(DeskTestCase):
	def setUp(self) -> None:
		super().setUp()
		ensure_user(READER, ["Desk User"])
		todo = {"doctype": "ToDo", "description": "contract watched", "allocated_to": READER}
		with self.site.acting_as(PERSON):
			self.todo = frappe.get_doc({**todo, "date": "2099-01-31"}).insert().name
		frappe.db.commit()

	def start_here(self, name: str, steps: list, **rest: object) -> str:
		self.save(name, steps, title=f"{name} in words", **rest)
		return self.start(name, document={"doctype": "ToDo", "name": self.todo}, cause="document")

	def make_runs(self) -> None:
		"""One of each kind about the document."""
		self.start_here("contract-ran", [step("a")])
		self.failed = self.start_here("contract-failed", [step("a"), fails("b", title="The second")])
		asks = {"to": [PERSON], "subject": "contract watched?"}
		self.start_here("contract-asks", [step("ok", "flow.approve", params=asks, title="Ask")])
		dated = {"on": "date", "doctype": "ToDo", "field": "date"}
		self.save(
			"contract-to-come",
			[step("a")],
			title="To come",
			triggers=[dated, {"on": "manual", "doctype": "ToDo"}],
		)
		self.drain()
		frappe.clear_cache()

	def read(self, expression: str) -> str:
		return str(self.browser.evaluate(f"{expression}.innerText"))

	def width(self) -> int:
		"""How far the page reaches beyond the screen."""
		return int(self.browser.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


class TestOnADocument(WatchedTestCase):
	def test_whoever_reads_the_document_reads_what_happens_to_it(self):
		self.make_runs()
		for user, has_role in ((PERSON, True), (READER, False)):
			self.sign_in(user)
			self.visit(f"todo/{self.todo}", f"{form_of('ToDo')} && {ABOUT}")
			shown = self.read(ABOUT)
			for text in (
				"contract-asks in words",
				"to decide: contract watched?",
				"The second",
				"told",
				"To come",
			):
				self.assertIn(text, shown, user)
			self.assertEqual("b says no" in shown, has_role, user)
			self.assertEqual(
				bool(self.browser.evaluate(f"{ABOUT}.querySelectorAll('a[href]').length")), has_role
			)
			folded = f"{ABOUT}.querySelector('details')"
			self.assertIn("contract-ran in words", self.browser.evaluate(f"{folded}.textContent"))
			self.picture(f"on-document-{user}")
		self.sign_in(PERSON)

	def test_a_form_without_workflows_loads_no_more(self):
		self.visit("role/Guest", form_of("Role"))
		loaded = "performance.getEntriesByType('resource').map((each) => each.name).filter((each) => each.includes('dogan'))"
		names = self.browser.evaluate(loaded)
		self.assertFalse([each for each in names if "dogan_runs" in each or "dogan_approvals" in each], names)
		self.assertFalse(self.browser.evaluate(f"!!{ABOUT}"))


class TestOnARun(WatchedTestCase):
	def visit_run(self, run: str, steps: int) -> None:
		self.visit(f"dogan-workflow-run/{run}", f"{form_of(RUN)} && {STEPS} === {steps}")

	def test_parameters_stand_beside_outputs(self):
		params = {"to": "{{ input.name }}", "token": "abc", "lines": [1, 2]}
		run = self.start(self.save("contract-shown", [step("a", params=params)]), {"name": "amy"})
		self.drain()
		self.visit_run(run, 1)
		self.browser.evaluate("document.querySelector('.dogan-step-title').click()")
		self.browser.wait_for("document.querySelector('.dogan-values')")
		shown = self.read("document.querySelector('.dogan-details')")
		for text in ("Parameters", "amy", "[secret]", "Output"):
			self.assertIn(text, shown)
		self.picture("parameters")

	def test_with_failures_it_has_not_simply_succeeded(self):
		check = {"that": "{{ item }}"}
		each = step("each", "data.check", params=check, for_each=[0, 0, 1], on_error="continue")
		run = self.start(self.save("contract-partly", [each, step("b")], title="Partly"))
		self.drain()
		self.visit_run(run, 2)
		self.browser.wait_for(
			"cur_frm.$wrapper.find('.indicator-pill.orange').text().includes('with errors')"
		)
		self.assertIn("2 items failed", self.read("document.querySelector('.dogan-summary')"))
		self.picture("with-errors")
		self.visit(
			"dogan-workflow-run",
			"$('.list-row-container .indicator-pill.orange:contains(with errors)').length",
		)

	def test_the_keyboard_reaches_steps_and_their_buttons(self):
		self.make_runs()
		self.visit_run(self.failed, 2)
		self.browser.evaluate("!!document.querySelectorAll('.dogan-step-title')[0].focus()")
		self.browser.key("Enter")
		self.browser.wait_for("document.querySelector('.dogan-step.is-open .dogan-details .dogan-values')")
		expanded = "document.querySelector('.dogan-step-title').getAttribute('aria-expanded')"
		self.assertEqual(self.browser.evaluate(expanded), "true")
		self.browser.key("Tab")
		focused = self.browser.evaluate("document.activeElement.className")
		self.assertIn("dogan-retry", focused)
		self.assertGreater(self.browser.evaluate("document.activeElement.offsetHeight"), 0)


class TestManyRuns(WatchedTestCase):
	def test_failed_runs_are_retried_from_their_list(self):
		self.save("contract-many", [step("a", "data.check", params={"that": "{{ input.ok }}"})], title="Many")
		runs = [self.start("contract-many", {"ok": False}) for _ in range(12)]
		done = self.start("contract-many", {"ok": True})
		self.drain()
		path = "dogan-workflow-run/view/list?workflow=contract-many"
		self.visit(
			path,
			"window.cur_list && cur_list.doctype === 'Dogan Workflow Run' && cur_list.data.length === 13",
		)
		self.browser.evaluate("!!$('.list-check-all').first().trigger('click')")
		self.browser.wait_for("cur_list.get_checked_items().length === 13")
		item = "cur_list.page.actions.find('.dropdown-item').toArray().find((each) => each.textContent.trim().startsWith('Retry'))"
		self.browser.wait_for(f"!!{item}")
		self.browser.evaluate(f"{item}.click()")
		self.confirm()
		self.browser.wait_for("!frappe.cur_progress || !frappe.cur_progress.is_visible")
		self.wait_for(lambda: {self.status_of(run) for run in runs} == {"Running"})
		self.assertEqual(self.status_of(done), "Succeeded")
		self.picture("retried-from-the-list")


class TestOnAPhone(WatchedTestCase):
	def test_nothing_reaches_beyond_the_screen(self):
		self.make_runs()
		self.browser.resize(390, 844)
		self.addCleanup(self.browser.resize, 1400, 1000)
		pages = (
			("dogan-workflow-run", "document.querySelector('.list-row-container .indicator-pill')", "list"),
			(f"dogan-workflow-run/{self.failed}", f"{form_of(RUN)} && {STEPS} === 2", "run"),
			(f"todo/{self.todo}", f"{form_of('ToDo')} && {ABOUT}", "document"),
			(
				"dogan-capacity",
				"document.querySelectorAll('.dogan-capacity-figure').length === 6",
				"capacity",
			),
		)
		for path, until, name in pages:
			self.visit(path, until)
			self.picture(f"phone-{name}")
			with self.subTest(name):
				self.assertLessEqual(self.width(), 0)
			if name == "run":
				retry = "$('.dogan-summary .dogan-retry:visible').length"
				self.assertEqual(self.browser.evaluate(retry), 1)
			if name == "list":
				shown = (
					"$('.page-form .frappe-control:visible').toArray().map((each) => each.dataset.fieldname)"
				)
				self.assertLessEqual(set(self.browser.evaluate(shown)), {"workflow", "status"})


class TestLive(WatchedTestCase):
	def test_the_end_of_a_run_is_told_and_not_asked_for(self):
		if not frappe.__version__.startswith("15."):
			self.skipTest(
				"the desk of Frappe 17 loads anew between pages, and would look for the server where it is not"
			)
		wait = step("a", "flow.wait", params={"for": "1h"})
		run = self.start(self.save("contract-live", [wait, step("b")]))
		self.drain()
		with realtime() as port:
			self.visit("dogan-workflow", "window.cur_list && cur_list.doctype === 'Dogan Workflow'")
			self.browser.evaluate(
				f"(window.dev_server = true, frappe.realtime.socket?.disconnect(), frappe.realtime.socket = null,"
				f" frappe.realtime.init({port}), true)"
			)
			self.go(RUN, run, f"{STEPS} === 2")
			self.browser.wait_for("frappe.realtime.socket.connected")
			self.browser.evaluate(
				"new Promise((done) => setTimeout(() => done(true), 1500))"
			)  # it has to be let into the room
			asked = "performance.getEntriesByType('resource').filter((each) => each.name.includes('run_view')).length"
			before = self.browser.evaluate(asked)
			self.browser.evaluate("new Promise((done) => setTimeout(() => done(true), 6000))")
			self.assertEqual(self.browser.evaluate(asked), before, "nothing is asked while nothing happens")
			self.advance(3600)
			self.drain()
			self.browser.wait_for(
				"cur_frm.$wrapper.find('.indicator-pill.green:contains(Succeeded)').length", 3.0
			)
		self.picture("live-end")


class TestInArabic(WatchedTestCase):
	def test_what_people_read_of_runs_is_arabic(self):
		self.make_runs()
		frappe.db.set_value("User", PERSON, "language", "ar")
		self.addCleanup(self.speak_english)
		frappe.db.commit()
		frappe.clear_cache()
		self.sign_in(PERSON)
		pages = (
			(f"todo/{self.todo}", f"{form_of('ToDo')} && {ABOUT}", ABOUT, "فشل"),
			(
				f"dogan-workflow-run/{self.failed}",
				f"{form_of(RUN)} && {STEPS} === 2",
				"document.querySelector('.dogan-timeline')",
				"انتهت",
			),
			(
				"dogan-system",
				"document.querySelector('.dogan-home')",
				"document.querySelector('.dogan-home')",
				"مسارات العمل",
			),
			(
				"dogan-capacity",
				"document.querySelector('[data-bottleneck]')",
				"document.querySelector('.dogan-capacity')",
				"العمال",
			),
		)
		for path, until, ours, text in pages:
			self.visit(path, until)
			self.picture(f"arabic-{path.partition('/')[0]}")
			with self.subTest(path):
				self.assertEqual(self.browser.evaluate("document.documentElement.dir"), "rtl")
				self.assertIn(text, self.read(ours))

	def speak_english(self) -> None:
		frappe.db.set_value("User", PERSON, "language", "")
		frappe.db.commit()
		frappe.clear_cache()
		self.sign_in(PERSON)


class TestFirstScreen(WatchedTestCase):
	def test_an_empty_site_leads_to_the_templates(self):
		self.visit("dogan-system", "document.querySelectorAll('.dogan-home-card').length === 3")
		self.picture("first-screen")
		self.browser.evaluate("document.querySelector('[data-do=template]').click()")
		self.browser.wait_for("cur_dialog && cur_dialog.$body.find('.dogan-template').length > 3")
		self.picture("gallery")
		shown = self.read("document.querySelector('.dogan-gallery')")
		for text in ("Asks for", "Run As needs", "Works on"):
			self.assertIn(text, shown)
		self.browser.evaluate(
			"!!cur_dialog.$body.find('[data-fieldname=search] input').val('overdue').trigger('input')"
		)
		self.browser.wait_for("cur_dialog.$body.find('.dogan-template:visible').length < 5")

	def test_lists_show_titles(self):
		self.save("contract-titled", [step("a")], title="A title that people know")
		self.start("contract-titled")
		self.drain()
		self.visit("dogan-workflow-run", "$('.list-row-container:contains(A title that people know)').length")


class TestAccessibility(WatchedTestCase):
	def test_nothing_serious_of_ours(self):
		if axe.script() is None:
			print(
				"\nLeft out: axe-core: name its axe.min.js in DOGAN_TEST_AXE",
				flush=True,
			)
			self.skipTest("no axe-core")
		self.make_runs()
		pages = (
			(f"todo/{self.todo}", f"{form_of('ToDo')} && {ABOUT}", ".dogan-about"),
			(f"dogan-workflow-run/{self.failed}", f"{form_of(RUN)} && {STEPS} === 2", ".dogan-timeline"),
			("dogan-capacity", "document.querySelector('[data-bottleneck]')", ".dogan-capacity"),
		)
		for path, until, ours in pages:
			self.visit(path, until)
			if ours == ".dogan-timeline":
				self.browser.evaluate("!!$('.dogan-step-title').trigger('click')")
				self.browser.wait_for("document.querySelector('.dogan-details .dogan-block')")
			with self.subTest(path):
				self.assertEqual(axe.findings(self.browser, ours), [])
