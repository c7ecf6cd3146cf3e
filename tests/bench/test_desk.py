"""The desk as a person sees it: workspace, forms and lists render, and the console does not complain."""

import frappe

from dogansystem.tests.contract.home import PERSON, fails, step
from dogansystem.worker import identity
from dogansystem.worker.tick import tick
from tests.bench.desk import DeskTestCase, form_of

AGAIN = {"attempts": 2, "delay": "1s", "on": ["CheckFailed"]}


class TestDesk(DeskTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.workflow = self.save(
			"contract-desk",
			[step("first", title="The first step"), fails("second", retry=AGAIN), step("third")],
			title="Contract in the desk",
			triggers=[{"on": "manual"}],
		)
		self.run_name = self.start(self.workflow)
		self.drain()
		self.advance(1)
		self.drain()

	def test_the_workspace_leads_to_workflows_runs_and_agents(self):
		shortcuts = "document.querySelectorAll('.widget.shortcut-widget-box').length >= 4"
		counted = "[...document.querySelectorAll('.number-widget-box .number')].filter((each) => each.innerText).length >= 4"
		self.visit("dogan-system", f"{shortcuts} && {counted}")
		shown = self.browser.evaluate("document.querySelector('.layout-main').innerText").lower()
		for label in ("workflows", "runs", "agents", "settings", "failed today"):
			self.assertIn(label, shown)

	def test_a_workflow_is_a_form_with_its_steps(self):
		self.visit(f"dogan-workflow/{self.workflow}", form_of("Dogan Workflow"))
		steps = self.browser.evaluate("cur_frm.doc.steps.map((each) => each.step_id)")
		self.assertEqual(steps, ["first", "second", "third"])
		self.browser.wait_for("document.querySelector('[data-fieldname=steps] .grid-row[data-idx=\"3\"]')")

	def test_a_run_shows_its_steps_outputs_and_errors(self):
		self.visit(
			f"dogan-workflow-run/{self.run_name}",
			form_of("Dogan Workflow Run") + " && document.querySelectorAll('.dogan-step').length === 3",
		)
		titles = "cur_frm.$wrapper.find('.title-text, .title-text-form').toArray().map((each) => each.innerText.trim())"
		*before, last = self.browser.evaluate(titles)
		self.assertEqual(last, "Contract in the desk")
		self.assertNotIn(last, before, "it stands for the document, and not for the list")
		rules = "sheet.href.includes('dogansystem.bundle') ? sheet.cssRules.length : 0"
		styles = f"[...document.styleSheets].filter((sheet) => sheet.href).map((sheet) => {rules})"
		self.assertGreater(max(self.browser.evaluate(styles)), 40, "its styles are there")
		shown = self.browser.evaluate("document.querySelector('.dogan-timeline').innerText")
		for text in ("The first step", "second says no", "Succeeded", "Failed", "Cancelled", "2 attempts"):
			self.assertIn(text, shown)
		self.browser.evaluate(
			"document.querySelector('.dogan-step[data-step=second] .dogan-chevron').click()"
		)
		self.browser.wait_for("document.querySelector('.dogan-step[data-step=second] .dogan-items')")
		details = self.browser.evaluate("document.querySelector('.dogan-details .dogan-items').innerText")
		self.assertIn("CheckFailed: second says no", details)

	def test_a_step_run_is_a_form(self):
		self.visit(f"dogan-step-run/{self.run_name}.second", form_of("Dogan Step Run"))
		self.assertEqual(self.browser.evaluate("cur_frm.doc.status"), "Failed")

	def test_lists_show_states(self):
		self.visit("dogan-workflow-run", "document.body.innerText.includes('Contract in the desk')")
		self.browser.wait_for("document.querySelector('.list-row-container .indicator-pill.red')")

	def test_the_capacity_page_shows_the_system_and_compares_baselines(self):
		tick(self.site)
		self.orchestrator.record_baseline("contract before", 5)
		self.advance(120)
		self.drain_another()
		tick(self.site)
		self.orchestrator.record_baseline("contract after", 1)
		self.site.database.commit()
		self.visit(
			"dogan-capacity",
			"document.querySelectorAll('.dogan-capacity-figure').length === 6"
			" && document.querySelectorAll('.dogan-capacity-charts svg.frappe-chart').length === 4"
			" && document.querySelectorAll('[data-compare]').length === 2",
		)
		shown = self.browser.evaluate("document.querySelector('.dogan-capacity').innerText")
		for text in (identity.node(), "contract before", "contract after", "Steps by node"):
			self.assertIn(text, shown)
		self.browser.evaluate("document.querySelector('[data-compare=\"contract before\"]').click()")
		self.browser.wait_for("cur_dialog && cur_dialog.get_value('baseline') === 'contract before'")
		self.browser.evaluate(
			"cur_dialog.set_value('other', 'contract after').then(() => !!cur_dialog.get_primary_btn().click())"
		)
		self.browser.wait_for("document.querySelector('.dogan-capacity-verdict')")
		report = self.browser.evaluate("document.querySelector('.dogan-capacity-report').innerText")
		for text in ("Not comparable", "contract before → contract after", "Before: "):
			self.assertIn(text, report)

	def test_the_capacity_page_gives_advice_for_a_target(self):
		self.visit("dogan-capacity", "document.querySelector('[data-bottleneck=idle]')")
		self.browser.evaluate(
			"!!$('.dogan-capacity-advice').prev('h4').find('select').val('5x').trigger('change')"
		)
		self.browser.wait_for(
			"document.querySelector('.dogan-capacity-advice').innerText.includes('Need 5x capacity')"
		)
		shown = self.browser.evaluate("document.querySelector('.dogan-capacity-advice').innerText")
		for text in (
			"Horizontal scaling",
			"innodb_buffer_pool_size",
			"--scale node=5",
			"Costs",
			self.workflow,
		):
			self.assertIn(text, shown)

	def test_a_baseline_is_recorded_on_the_capacity_page(self):
		self.visit("dogan-capacity", "document.querySelector('.dogan-capacity-baselines').innerText")
		self.browser.evaluate("document.querySelector('.primary-action').click()")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict.minutes")
		self.browser.evaluate(
			"cur_dialog.set_value('name', 'contract recorded').then(() => !!cur_dialog.get_primary_btn().click())"
		)
		self.browser.wait_for("document.querySelector('[data-compare=\"contract recorded\"]')")
		frappe.db.rollback()
		steps = frappe.db.get_value("Dogan Baseline", "contract recorded", "steps")
		self.assertEqual(steps, 3, "one attempt of the first step, two of the second")
		self.visit("dogan-baseline/contract recorded", form_of("Dogan Baseline"))

	def drain_another(self) -> None:
		"""Another run, executed."""
		self.start(self.workflow)
		self.drain()

	def test_settings_and_agents_are_forms(self):
		self.visit("dogan-settings", form_of("Dogan Settings"))
		self.assertEqual(self.browser.evaluate("cur_frm.doc.max_agents"), 20)
		self.orchestrator.register_agent("Contract Desk", PERSON, ["mail"])
		self.site.database.commit()
		self.visit("dogan-agent/Contract Desk", form_of("Dogan Agent"))
		self.assertEqual(self.browser.evaluate("cur_frm.doc.user"), PERSON)
