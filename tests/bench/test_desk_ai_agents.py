"""AI agents on the desk: their form, and a call that waits in the inbox of somebody who decides."""

import frappe

from dogansystem.tests.contract.home import PERSON, output
from dogansystem.tests.home import MANAGER, USER
from dogansystem.tests.test_ai_agents import AGENT, MODEL, TODO
from tests.bench.desk import form_of
from tests.bench.desk_agents import DETAILS, AgentTestCase
from tests.unit.agents.tool_server import ADD

CARD = "$('.dogan-inbox-card[data-approval]:visible')"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SHOWN = "cur_frm.fields_dict.tools_html.$wrapper.find('.dogan-tools').is(':visible')"
DIALOG = "cur_dialog && cur_dialog.$wrapper.is('.show')"


class TestAIAgents(AgentTestCase):
	def test_a_run_shows_each_turn_and_call_and_for_whom_it_waits(self):
		run, doc = self.wait_for_decision()
		self.open_step(run)
		node = self.browser.evaluate("document.querySelector('[data-node=\"step:ask\"]').innerText")
		self.assertIn(f"waits for {MANAGER}", node)
		self.assertEqual(self.browser.evaluate("document.querySelectorAll('.dogan-turn[open]').length"), 0)
		text = self.unfold("It is urgent.")
		for said in ("It is urgent.", "document.update", doc.name, "High", f"waits for {MANAGER} to decide"):
			self.assertIn(said, text)
		self.picture("ai_agent_run_waits")
		(pending,) = self.orchestrator.pending_approvals(MANAGER)
		with self.site.acting_as(MANAGER):
			self.orchestrator.decide(pending["approval"], "approved", user=MANAGER)
		frappe.db.commit()
		self.drain()
		# The form is drawn anew at the run's end, and what was open is asked for again.
		self.browser.wait_for("cur_frm.doc.status === 'Succeeded'")
		self.browser.wait_for(f"{DETAILS}.innerText.includes('approved by {MANAGER}')")
		self.browser.wait_for("document.querySelectorAll('.dogan-turn').length === 2")
		self.assertEqual(self.browser.evaluate("document.querySelectorAll('.dogan-turn[open]').length"), 1)
		self.unfold("Done.")
		self.picture("ai_agent_run")
		self.assert_no_findings(".dogan-timeline")
		self.assert_nothing_complained()

	def test_one_that_gave_up_or_was_stopped_says_why_and_what_to_do(self):
		self.says({"give_up": "There is no order to look at."})
		run = self.ask()
		self.visit(f"dogan-workflow-run/{run}", "document.querySelector('.dogan-ask-notice')")
		notice = "document.querySelector('.dogan-ask-notice').innerText"
		self.assertIn("There is no order to look at.", self.browser.evaluate(notice))
		self.assertIn("retry from here", self.browser.evaluate(notice))
		frappe.db.set_value("Dogan Agent", AGENT, "max_calls", 0)
		self.says({"call": {"tool": "document_update", "params": {}}})
		self.open_step(self.ask())
		text = self.browser.evaluate("document.querySelector('.dogan-step[data-step=ask]').innerText")
		self.assertIn("BudgetExceeded: Max Calls", text)
		self.assertIn("Raise it in the agent", text)
		self.picture("ai_agent_run_over")
		self.browser.evaluate("document.querySelector('.dogan-ask-notice a').click()")
		self.browser.wait_for("document.querySelector('.dogan-agents-figure')")

	def test_a_run_on_a_phone_in_arabic(self):
		run, _ = self.wait_for_decision()
		self.be_on_a_phone(PERSON, "ar", "Dark")
		self.open_step(run)
		self.unfold("It is urgent.")
		self.browser.evaluate(f"{DETAILS}.scrollIntoView()")
		self.picture("ai_agent_run_phone")
		self.assertFalse(self.browser.evaluate(WIDE))

	def test_the_page_of_an_agent_shows_what_it_did_and_spent(self):
		frappe.db.set_value("Dogan Model", MODEL, {"price_in": 50, "price_out": 50})
		run, _ = self.wait_for_decision()
		(pending,) = self.orchestrator.pending_approvals(MANAGER)
		with self.site.acting_as(MANAGER):
			self.orchestrator.decide(pending["approval"], "approved", user=MANAGER)
		frappe.db.commit()
		self.drain()
		self.says({"give_up": "No."})
		self.ask()
		self.visit(
			f"dogan-agents/{AGENT}",
			"document.querySelectorAll('.dogan-agents .dogan-agents-bars').length === 3",
		)
		text = self.browser.evaluate("document.querySelector('.dogan-agents').innerText")
		for said in ("1 answered, 1 gave up", "1 approved", "does not say how many minutes", "of 10"):
			self.assertIn(said, text)
		self.assertEqual(self.browser.evaluate("$('.dogan-agents tbody tr').length"), 2)
		self.picture("ai_agent_page")
		self.assert_no_findings(".dogan-agents")
		frappe.db.set_value("Dogan Workflow", "contract-asks", "minutes_saved", 30)
		frappe.db.commit()
		self.browser.evaluate("document.querySelector('[data-agents-days=\"7\"]').click()")
		self.browser.wait_for(
			"document.querySelector('.dogan-agents').innerText.includes('as the authors of its workflows say')"
		)
		self.assertIn("0.5", self.browser.evaluate("document.querySelector('.dogan-agents').innerText"))
		self.browser.evaluate(f"document.querySelector('.dogan-agents td a[href*=\"{run}\"]').click()")
		self.browser.wait_for(f"{form_of('Dogan Workflow Run')} && cur_frm.docname === '{run}'")
		self.assert_nothing_complained()

	def test_the_page_of_an_agent_on_a_phone_in_arabic(self):
		self.wait_for_decision()
		self.be_on_a_phone(PERSON, "ar", "Dark")
		self.visit(
			f"dogan-agents/{AGENT}",
			"document.querySelectorAll('.dogan-agents .dogan-agents-bars').length === 3",
		)
		self.picture("ai_agent_page_phone")
		self.assertFalse(self.browser.evaluate(WIDE))

	def test_agents_that_were_asked_nothing_and_a_site_without_any_say_what_to_do(self):
		self.visit(f"dogan-agents/{AGENT}", "document.querySelector('.dogan-agents-empty')")
		self.assertIn(
			"agent.ask", self.browser.evaluate("document.querySelector('.dogan-agents-empty').innerText")
		)
		self.picture("ai_agent_page_unasked")
		self.browser.evaluate("!!frappe.set_route('dogan-agents')")
		self.browser.wait_for("document.querySelector('.dogan-agents-card')")
		self.picture("ai_agents_page")
		self.assert_no_findings(".dogan-agents")
		frappe.db.set_value("Dogan Agent", AGENT, "kind", "Steps")
		frappe.db.commit()
		self.visit("dogan-agents", "document.querySelector('.dogan-agents-empty a')")
		self.picture("ai_agents_page_empty")
		self.assert_no_findings(".dogan-agents")

	def test_a_tool_is_added_and_changed_without_a_brace(self):
		self.visit(f"dogan-agent/{AGENT}", f"{form_of('Dogan Agent')} && {SHOWN}")
		self.browser.click("[data-add-tool]")
		self.browser.wait_for(f"{DIALOG} && cur_dialog.$wrapper[0].contains(document.activeElement)")
		self.picture("ai_agent_tool_new")
		lists = "cur_dialog.$wrapper.find('.awesomplete ul:visible')"
		self.assertFalse(self.browser.evaluate(f"{lists}.length"), "no list lies over the other fields")
		self.browser.click(".modal.show [data-fieldname=action] input")
		self.browser.wait_for(f"{lists}.length")
		self.browser.evaluate("document.activeElement.blur()")
		self.browser.evaluate("cur_dialog.set_value('action', 'document.get') && true")
		self.browser.wait_for("document.querySelector('[data-bound=doctype] select')")
		self.bound("doctype", "fixed")
		self.browser.evaluate(
			"cur_dialog.$wrapper.find('[data-bound=doctype] input').val('ToDo').trigger('change') && true"
		)
		self.bound("fields", "one_of")
		self.browser.wait_for("$('[data-bound=fields] [data-adder] option[value=priority]').length")
		self.browser.evaluate(
			"cur_dialog.$wrapper.find('[data-bound=fields] [data-adder]').val('priority').trigger('change') && true"
		)
		self.browser.wait_for("$('[data-bound=fields] .dogan-chosen').length === 1")
		self.picture("ai_agent_tool_dialog")
		self.assert_no_findings(".modal.show [data-bound=fields]")
		self.confirm()
		self.browser.wait_for("document.querySelectorAll('.dogan-tool').length === 2 && cur_frm.is_dirty()")
		self.browser.evaluate("cur_frm.save().then(() => true)")
		self.browser.wait_for("!cur_frm.is_dirty()")
		self.browser.evaluate("!document.querySelector('.dogan-tools').scrollIntoView({block: 'center'})")
		self.picture("ai_agent_tools_words")
		self.assert_no_findings(".dogan-tools")
		doc = frappe.get_doc("Dogan Agent", AGENT)
		frappe.db.rollback()
		doc.reload()
		self.assertEqual(doc.tools[1].action, "document.get")
		self.assertEqual(frappe.parse_json(doc.tools[1].params), {"doctype": "ToDo", "fields": ["priority"]})
		self.assertEqual(frappe.parse_json(doc.tools[0].params), frappe.parse_json(TODO["params"]))
		self.browser.evaluate("document.querySelectorAll('[data-edit-tool]')[0].click()")
		inner = "cur_dialog.$wrapper.find('[data-inner=priority]')"
		self.browser.wait_for(f"{DIALOG} && {inner}.length && {inner}.val() === 'Low, High'")
		self.picture("ai_agent_tool_edited")
		self.browser.evaluate(f"{inner}.val('Low, Medium').trigger('change') && true")
		self.confirm()
		self.browser.wait_for(
			"document.querySelector('.dogan-tool').innerText.includes('priority (Low, Medium)')"
		)
		self.browser.evaluate("document.querySelectorAll('[data-remove-tool]')[1].click()")
		self.browser.wait_for("document.querySelectorAll('.dogan-tool').length === 1")

	def test_a_tool_of_a_server_is_chosen_bounded_and_named(self):
		tool = {"tool_name": "add", "allowed": 1, "description": "Adds", "definition": frappe.as_json(ADD)}
		hidden = {
			**tool,
			"tool_name": "drop",
			"allowed": 0,
			"definition": frappe.as_json({**ADD, "name": "drop"}),
		}
		server = {
			"doctype": "Dogan Tool Server",
			"server_name": "contract sums",
			"address": "https://sums.example.com",
		}
		doc = frappe.get_doc({**server, "tools": [tool, hidden]}).insert()
		self.addCleanup(frappe.delete_doc, doc.doctype, doc.name, force=True)
		frappe.db.commit()
		self.visit(f"dogan-agent/{AGENT}", f"{form_of('Dogan Agent')} && {SHOWN}")
		self.browser.click("[data-add-tool]")
		self.browser.wait_for(DIALOG)
		self.browser.evaluate("cur_dialog.set_value('action', 'document.get').then(() => true)")
		self.browser.evaluate("cur_dialog.set_value('server', 'contract sums').then(() => true)")
		self.browser.wait_for("cur_dialog.get_field('server_tool').$wrapper.is(':visible')")
		self.browser.wait_for("!cur_dialog.get_value('action')")  # one of them
		self.browser.evaluate("cur_dialog.set_value('server_tool', 'add').then(() => true)")
		self.browser.wait_for("document.querySelector('[data-bound=a] select')")
		self.bound("a", "fixed")
		self.browser.evaluate(
			"cur_dialog.$wrapper.find('[data-bound=a] input').val('2').trigger('change') && true"
		)
		self.picture("ai_agent_tool_of_a_server")
		self.confirm()
		last = "[...document.querySelectorAll('.dogan-tool')].at(-1)"
		self.browser.wait_for(f"{last}.innerText.includes('add of the server contract sums')")
		self.browser.evaluate("cur_frm.save().then(() => true)")
		self.browser.wait_for("!cur_frm.is_dirty()")
		frappe.db.rollback()
		row = frappe.get_doc("Dogan Agent", AGENT).tools[-1]
		self.assertEqual((row.action or "", row.server, row.server_tool), ("", "contract sums", "add"))
		self.assertEqual(frappe.parse_json(row.params), {"a": 2})
		self.browser.wait_for(f"{last}.querySelector('[data-edit-tool]').dataset.editTool === {row.name!r}")
		self.browser.evaluate(f"{last}.querySelector('[data-edit-tool]').click()")
		self.browser.wait_for(f"{DIALOG} && cur_dialog.get_value('server_tool') === 'add'")
		self.browser.wait_for("document.querySelector('[data-bound=a] select')?.value === 'fixed'")
		self.confirm()
		self.browser.wait_for(f"{last}.innerText.includes('add of the server contract sums')")
		frappe.get_doc("Dogan Agent", AGENT).update({"tools": []}).save()
		frappe.db.commit()

	def bound(self, name: str, kind: str) -> None:
		self.browser.evaluate(
			f"cur_dialog.$wrapper.find('[data-bound={name}] select').first().val('{kind}').trigger('change') && true"
		)
		self.browser.wait_for(f"$('[data-bound={name}] .dogan-bound-value').find('input, select').length")

	def test_a_model_is_tried_and_says_what_is_wrong(self):
		self.visit(f"dogan-model/{MODEL}", form_of("Dogan Model"))
		self.press("Try")
		shown = "document.querySelector('.modal.show .dogan-model-tried')?.innerText || ''"
		self.browser.wait_for(f"({shown}).includes('It does not answer')")
		self.picture("ai_model_tried_in_vain")
		self.assert_no_findings(".modal.show .modal-body")
		self.assertEqual(frappe.db.exists("Dogan Model", MODEL), MODEL)

	def test_a_turn_is_read_and_has_no_button_to_save_it(self):
		run, doc = self.wait_for_decision()
		(name,) = frappe.get_all("Dogan Agent Turn", {"run": run}, pluck="name")
		self.visit(f"dogan-agent-turn/{name}", f"{form_of('Dogan Agent Turn')} && $('.dogan-turn').length")
		text = self.browser.evaluate("document.querySelector('.dogan-turn').innerText")
		self.assertIn("It is urgent.", text)
		self.assertIn(doc.name, text)
		self.assertFalse(self.browser.evaluate("cur_frm.page.btn_primary.is(':visible')"))
		self.picture("ai_agent_turn")
		self.press("Open Run")
		self.browser.wait_for(f"{form_of('Dogan Workflow Run')} && cur_frm.docname === '{run}'")

	def test_managers_see_agents_and_try_no_models_and_others_read_the_form_alone(self):
		with self.signed_in(MANAGER):
			self.visit(f"dogan-model/{MODEL}", form_of("Dogan Model"))
			self.assertFalse(
				self.browser.evaluate("$(cur_frm.page.inner_toolbar).find('button:contains(Try)').length")
			)
			self.visit(f"dogan-agents/{AGENT}", "document.querySelector('.dogan-agents-empty')")
		with self.signed_in(USER):
			self.visit(f"dogan-agent/{AGENT}", form_of("Dogan Agent"))
			self.assertFalse(self.browser.evaluate(SHOWN))
			self.assertFalse(self.browser.evaluate("$('[data-add-tool]').length"))
			self.browser.evaluate("!!frappe.set_route('dogan-agents')")
			self.browser.wait_for(
				"frappe.get_route()[0] === 'dogan-agents' && !document.querySelector('.dogan-agents-card')"
			)
			self.browser.complaints.clear()

	def test_settings_say_what_is_spent_today(self):
		self.visit("dogan-settings", "$('.dogan-spent:visible').length")
		self.assertIn("All agents have spent", self.browser.evaluate("$('.dogan-spent')[0].innerText"))

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
