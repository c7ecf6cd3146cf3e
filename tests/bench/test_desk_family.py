"""A run's page: the way that a step ended, what a run waits for, the runs it has started, and what is undone of it."""

from dogansystem.tests.contract.home import PERSON, fails, output, states, step
from dogansystem.tests.home import USER
from tests.bench.desk import DeskTestCase

RUN = "dogan-workflow-run"
SHOWN = "document.querySelectorAll('.dogan-step').length > 0"
CHOICE = {"cases": [{"name": "big", "if": "{{ input.amount > 10 }}"}]}


def text_of(selector: str) -> str:
	return f"(document.querySelector({selector!r})?.innerText || '')"


def of_step(name: str, part: str = "") -> str:
	return text_of(f".dogan-step[data-step={name}] {part}".strip())


class TestARunSPage(DeskTestCase):
	def open_run(self, run: str) -> None:
		self.visit(f"{RUN}/{run}", f"window.cur_frm && {SHOWN} && cur_frm.dogan_view?.run.name === '{run}'")

	def test_the_way_that_a_step_ended(self):
		self.save("contract-way", [step("size", "flow.choose", params=CHOICE), step("a")])
		run = self.start("contract-way", {"amount": 11})
		self.drain()
		self.open_run(run)
		self.assertIn("big", self.browser.evaluate(of_step("size", ".dogan-branch")))

	def test_a_signal_is_sent_from_the_page_of_a_run_that_waits_for_it(self):
		wait = {"signal": "contract.paid", "key": "<b>SINV-1</b>", "deadline": "2d"}
		self.save(
			"contract-paid", [step("paid", "flow.wait_for", params=wait), step("a", after=["paid.received"])]
		)
		run = self.start("contract-paid")
		self.drain()
		self.open_run(run)
		said = self.browser.evaluate(of_step("paid", ".dogan-waits"))
		self.assertIn("Waits for the signal contract.paid with the key <b>SINV-1</b>, until", said)
		self.browser.evaluate("!!$('.dogan-send-signal').click()")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict.data && cur_dialog.$wrapper.is('.show')")
		self.browser.evaluate("""cur_dialog.set_value('data', '{"amount": 5}').then(() => true)""")
		self.picture("send-signal")
		self.confirm()
		self.browser.wait_for("!cur_dialog || !cur_dialog.display")
		self.assert_nothing_complained()
		self.drain()
		found = self.run_of(run)
		self.assertEqual((found["status"], output(found, "paid")), ("Succeeded", {"amount": 5}))
		self.browser.wait_for(f"{of_step('paid', '.dogan-branch')}.includes('received')")

	def test_who_may_not_send_signals_sees_what_is_waited_for(self):
		wait = step("paid", "flow.wait_for", params={"signal": "contract.paid"})
		self.save("contract-asked", [wait], triggers=[{"on": "manual"}])
		run = self.start_as(USER, "contract-asked")
		self.drain()
		with self.signed_in(USER):
			self.open_run(run)
			self.assertIn("contract.paid", self.browser.evaluate(of_step("paid", ".dogan-waits")))
			self.assertEqual(self.browser.evaluate("$('.dogan-send-signal').length"), 0)

	def test_a_run_and_the_runs_that_it_has_started_lead_to_each_other(self):
		self.save("contract-child", [step("w", "flow.wait", params={"for": "1h"})])
		self.save("contract-parent", [step("part", "flow.run", params={"workflow": "contract-child"})])
		run = self.start("contract-parent")
		self.drain()
		self.open_run(run)
		child = self.run_of(run)["children"][0]["run"]
		self.assertIn(f"Waits for the run {child}", self.browser.evaluate(of_step("part", ".dogan-waits")))
		self.assertIn("Waiting", self.browser.evaluate(of_step("part", ".dogan-children")))
		self.browser.evaluate("!!$('.dogan-children a')[0].click()")
		self.browser.wait_for(f"cur_frm.docname === '{child}' && cur_frm.dogan_view?.run.name === '{child}'")
		self.browser.wait_for(f"{text_of('.dogan-parent')}.includes({run!r})")
		self.assertIn("part", self.browser.evaluate(text_of(".dogan-parent")))
		self.picture("child-of-a-run")

	def cancelled(self, *, undo: bool) -> str:
		undone = {"action": "data.check", "params": {"that": "{{ False }}", "message": "<i>not undone</i>"}}
		self.save(
			"contract-undo", [step("a", compensate=undone), step("w", "flow.wait", params={"for": "1h"})]
		)
		run = self.start("contract-undo")
		self.drain()
		self.open_run(run)
		self.press("Cancel Run")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict.compensate")
		if undo:
			self.browser.evaluate("cur_dialog.set_value('compensate', 1).then(() => true)")
		self.picture("cancel-dialog")
		self.confirm()
		return run

	def test_cancelling_asks_whether_to_undo_what_was_done(self):
		run = self.cancelled(undo=True)
		self.browser.wait_for(f"{text_of('.dogan-undoing')}.includes('is being undone')")
		self.assert_nothing_complained()
		self.drain()
		self.browser.wait_for("cur_frm.dogan_view.run.status === 'Cancelled'")
		said = self.browser.evaluate(text_of(".dogan-undoing"))
		self.assertIn("Could not be undone: a. ", said)
		self.assertIn("<i>not undone</i>", said)
		self.assertEqual(len(self.run_of(run)["compensation_errors"]), 1)

	def test_cancelling_undoes_nothing_unless_asked(self):
		run = self.cancelled(undo=False)
		self.browser.wait_for("cur_frm.dogan_view.run.status === 'Cancelled'")
		self.assertEqual(states(self.run_of(run)), {"a": "Succeeded", "w": "Cancelled"})
		self.assertEqual(self.browser.evaluate("$('.dogan-undoing').length"), 0)

	def test_a_step_that_was_undone_says_so(self):
		undone = {"action": "data.set", "params": {"x": 1}}
		self.save("contract-undone", [step("a", compensate=undone), fails("b")])
		run = self.start("contract-undone")
		self.drain()
		self.open_run(run)
		self.assertIn("Compensated", self.browser.evaluate(of_step("a", ".dogan-step-end")))
		self.assertEqual(self.run_of(run)["started_by"], PERSON)
