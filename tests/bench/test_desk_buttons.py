"""Every button of a run's page, pressed by everybody who sees it."""

from collections.abc import Callable

import frappe
import yaml

from dogansystem.tests.contract.home import PERSON, fails, states, step
from dogansystem.tests.home import MANAGER, OTHER, USER
from tests.bench.desk import BUTTONS, MESSAGE, RUN_SHOWN, DeskTestCase

RUN, WORKFLOW = "Dogan Workflow Run", "Dogan Workflow"

# What a run's page offers in each state, and the state that pressing it leads to.
OF_RUN = {
	"Queued": {"Pause": ("Paused",), "Cancel Run": ("Cancelled",)},
	"Running": {"Pause": ("Paused",), "Cancel Run": ("Cancelled",)},
	"Waiting": {"Pause": ("Paused",), "Cancel Run": ("Cancelled",)},
	"Paused": {"Resume": ("Running", "Waiting"), "Cancel Run": ("Cancelled",)},
	"Succeeded": {},
	"Failed": {"Retry": ("Running",)},
	"Cancelled": {"Retry": ("Running",)},
}
WORKFLOW_FOR = {
	"Queued": "contract-full",
	"Running": "contract-bad",
	"Failed": "contract-bad",
	"Succeeded": "contract-good",
}
# Beside these, what test_desk_versions presses.
BESIDE = {state: ["Run Again", "Compare", "Save as Test"] for state in ("Succeeded", "Failed", "Cancelled")}
CONFIRMED = ("Cancel Run", "Retry")
# Keeps the text of the file that is downloaded next.
DOWNLOADS = """(() => {
	const make = URL.createObjectURL;
	window.downloaded = null;
	URL.createObjectURL = (blob) => (blob.text().then((text) => (window.downloaded = text)), make.call(URL, blob));
	return true;
})()"""
FROM_HERE = {"Succeeded": ["a", "b"], "Failed": ["a", "b"], "Cancelled": ["a", "b"]}


class TestButtonsOfARun(DeskTestCase):
	def setUp(self) -> None:
		super().setUp()
		manual = [{"on": "manual"}]
		wait = step("b", "flow.wait", params={"for": "1h"})
		self.save("contract-good", [step("a"), step("b")], triggers=manual)
		self.save("contract-bad", [step("a"), fails("b")], triggers=manual)
		self.save("contract-waits", [step("a"), wait], triggers=manual)
		limits = {"concurrent_runs": 1}
		self.save("contract-full", [step("a"), wait], triggers=manual, limits=limits)
		self.start("contract-full")
		self.drain()

	def run_in(self, state: str, user: str) -> str:
		"""A run of `user` in this state."""
		workflow = WORKFLOW_FOR.get(state, "contract-waits")
		run = self.start_as(user, workflow)
		if state != "Queued":
			self.drain()
		if act := {"Paused": "pause", "Cancelled": "cancel", "Running": "retry"}.get(state):
			self.act(act, run)
		self.assertEqual(self.status_of(run), state)
		return run

	def open_run(self, state: str, user: str) -> str:
		run = self.run_in(state, user)
		self.go(RUN, run, f"{RUN_SHOWN} && cur_frm.dogan_view?.run.name === '{run}'")
		return run

	def assert_leads(self, run: str, pressed: Callable[[], None], states: tuple[str, ...]) -> None:
		"""Pressing leads to one of these states, on the page too, and nobody complains."""
		pressed()
		self.browser.wait_for(f"{list(states)}.includes(cur_frm.dogan_view.run.status) || {MESSAGE}")
		self.assert_nothing_complained()
		self.assertIn(self.status_of(run), states)

	def press_every_button(self, state: str, user: str) -> None:
		for button, leads_to in OF_RUN[state].items():
			with self.subTest(state=state, user=user, button=button):
				run = self.open_run(state, user)
				shown = [*OF_RUN[state], *BESIDE.get(state, ["Compare"])]
				self.assertEqual(self.browser.evaluate(BUTTONS), shown)

				def press(button: str = button) -> None:
					self.press(button)
					if button in CONFIRMED:
						self.confirm()

				self.assert_leads(run, press, leads_to)
		for step_id in FROM_HERE.get(state, ()):
			with self.subTest(state=state, user=user, step=step_id):
				run = self.open_run(state, user)

				def press_here(step_id: str = step_id) -> None:
					self.browser.evaluate(f"!!$('.dogan-retry[data-step={step_id}]').click()")
					self.confirm()

				self.assert_leads(run, press_here, ("Running",))

	def save_as_test(self, state: str, user: str) -> None:
		with self.subTest(state=state, user=user, button="Save as Test"):
			self.open_run(state, user)
			self.browser.evaluate(DOWNLOADS)
			self.press("Save as Test")
			self.browser.wait_for("window.downloaded")
			workflow = WORKFLOW_FOR.get(state, "contract-waits")
			saved = yaml.safe_load(self.browser.evaluate("window.downloaded"))
			self.assertEqual((saved["workflow"], len(saved["tests"])), (f"{workflow}.yaml", 1))
			self.assertEqual(saved["tests"][0]["expect"]["status"], state)
			self.assert_nothing_complained()

	def test_every_button_in_every_state_does_what_it_says(self):
		for user in (PERSON, MANAGER, USER):
			with self.signed_in(user):
				for state in OF_RUN:
					self.press_every_button(state, user)
					if "Save as Test" in BESIDE.get(state, ()):
						self.save_as_test(state, user)
					self.picture(f"run-{state}-{user}")

	def test_who_only_sees_a_run_has_no_buttons_that_change_it(self):
		todo = frappe.get_doc(
			{"doctype": "ToDo", "description": "contract seen", "allocated_to": OTHER}
		).insert()
		frappe.db.commit()
		run = self.start("contract-bad", document=self.site.documents.get("ToDo", todo.name))
		self.drain()
		with self.signed_in(OTHER):
			self.go(RUN, run, RUN_SHOWN)
			self.assertEqual(
				self.browser.evaluate(BUTTONS), BESIDE["Failed"]
			)  # OTHER may start the workflow too
			self.assertEqual(self.browser.evaluate("document.querySelectorAll('.dogan-retry').length"), 0)
			self.assert_nothing_complained()


class TestRetryWithTheVersionSavedNow(DeskTestCase):
	def failed(self, *saved: dict) -> str:
		self.save("contract-mended", [step("a"), fails("b")])
		run = self.start("contract-mended")
		self.drain()
		self.save("contract-mended", list(saved))
		self.visit(f"dogan-workflow-run/{run}", f"window.cur_frm && {RUN_SHOWN}")
		self.press("Retry")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict.version")
		return run

	def choose_current(self) -> None:
		self.browser.evaluate("cur_dialog.set_value('version', 'current').then(() => true)")
		self.confirm()

	def test_a_mended_workflow_rescues_the_run(self):
		run = self.failed(step("a"), step("b"), step("c"))
		self.assertIn(
			"version 1", self.browser.evaluate("document.querySelector('.dogan-summary').innerText")
		)
		self.picture("retry-dialog")
		self.choose_current()
		self.browser.wait_for("document.querySelector('.dogan-summary').innerText.includes('version 2')")
		self.assert_nothing_complained()
		self.drain()
		self.assertEqual(states(self.run_of(run)), dict.fromkeys("abc", "Succeeded"))

	def test_a_version_that_differs_before_is_refused_in_words(self):
		run = self.failed(step("a", params={"done": "otherwise"}), step("b"))
		self.choose_current()
		self.browser.wait_for(
			f"({MESSAGE}).includes(\"step 'a', which would not run again, is different there\")"
		)
		self.picture("retry-refused")
		self.assertEqual(self.status_of(run), "Failed")

	def test_by_default_the_run_keeps_its_version(self):
		run = self.failed(step("a"), step("b"))
		self.confirm()
		self.browser.wait_for("cur_frm.dogan_view.run.status === 'Running'")
		self.drain()
		self.assertEqual((self.status_of(run), self.run_of(run)["version"]), ("Failed", 1))
