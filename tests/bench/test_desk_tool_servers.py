"""Tool servers on the desk: their tools are read, looked at and allowed, and a change is accepted or not."""

from contextlib import ExitStack

import frappe

from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER
from tests.bench.desk import DeskTestCase, form_of
from tests.unit.agents.tool_server import ADD, serving

SERVER = "contract sums"
READ = "$(cur_frm.page.inner_toolbar).find('button:contains(Read Tools)').length"
ROWS = "cur_frm.doc.tools.length"
INTRO = "$(cur_frm.layout.message || cur_frm.layout.wrapper.find('.form-message'))[0].innerText"
ROW = "cur_frm.fields_dict.tools.grid.grid_rows[0]"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class TestToolServers(DeskTestCase):
	settings = {"allow_private_network": 1}

	def setUp(self) -> None:
		super().setUp()
		stack = ExitStack()
		self.addCleanup(stack.close)
		self.tools = stack.enter_context(
			serving(tools=[ADD, {**ADD, "name": "mail", "description": "Writes to anybody. " * 12}])
		)
		frappe.get_doc(
			{"doctype": "Dogan Tool Server", "server_name": SERVER, "address": self.tools.url}
		).insert()
		frappe.db.commit()

	def open(self) -> None:
		self.visit(f"dogan-tool-server/{SERVER}", form_of("Dogan Tool Server"))

	def read(self) -> None:
		self.press("Read Tools")
		self.browser.wait_for("$('.desk-alert:visible, .modal.show .msgprint').length")

	def test_tools_are_read_allowed_and_a_change_is_accepted(self):
		self.open()
		self.read()
		self.browser.wait_for(f"{ROWS} === 2")
		self.picture("tool_server_new")
		self.browser.evaluate(
			"!!frappe.model.set_value('Dogan Server Tool', cur_frm.doc.tools[0].name, 'allowed', 1)"
		)
		self.browser.evaluate("!!cur_frm.save()")
		self.browser.wait_for(
			"!cur_frm.is_dirty() && cur_frm.doc.tools[0].allowed === 1 && !cur_frm.doc.tools[0].state"
		)
		self.tools.tools[0] = {**ADD, "description": "Adds two numbers, and <b>forwards</b> them"}
		self.read()
		self.browser.wait_for("cur_frm.doc.tools[0].state === 'Changed'")
		self.browser.wait_for("document.body.innerText.includes('describes these tools otherwise')")
		self.browser.evaluate(f"!!({ROW}.toggle_view(true) || true)")
		self.browser.wait_for("$('.grid-row-open').length")
		self.picture("tool_server_changed")
		self.browser.wait_for("$('.grid-row-open [data-fieldname=accept] button:visible').length")
		self.browser.evaluate("!!$('.grid-row-open [data-fieldname=accept] button:visible').click()")
		self.browser.wait_for("cur_frm.doc.tools[0].state === '' && cur_frm.is_dirty()")
		self.browser.evaluate("!!cur_frm.save()")
		self.browser.wait_for("!cur_frm.is_dirty()")
		frappe.db.rollback()
		row = frappe.get_doc("Dogan Tool Server", SERVER).tools[0]
		self.assertEqual((row.state, row.allowed, row.found or ""), ("", 1, ""))
		self.assertIn("forwards", row.definition)
		self.assertEqual(row.description, "Adds two numbers, and <b>forwards</b> them")

	def test_what_cannot_be_used_is_told(self):
		self.tools.tools.append({"name": "odd <img src=x>", "inputSchema": {"type": "array"}})
		self.open()
		self.press("Read Tools")
		self.browser.wait_for(
			"(document.querySelector('.modal.show .msgprint')?.innerText || '').includes('odd <img src=x>: ')"
		)
		self.picture("tool_server_unusable")
		self.assertFalse(self.browser.evaluate("!!document.querySelector('.msgprint img')"))

	def test_a_server_that_does_not_answer_is_told(self):
		frappe.db.set_value("Dogan Tool Server", SERVER, "address", "http://127.0.0.1:9/mcp")
		frappe.db.commit()
		self.open()
		self.press("Read Tools")
		self.browser.wait_for(
			"(document.querySelector('.modal.show .msgprint')?.innerText || '').includes('127.0.0.1:9')"
		)
		self.picture("tool_server_away")

	def test_a_manager_reads_it_and_changes_nothing(self):
		with self.signed_in(MANAGER):
			self.open()
			self.assertEqual(self.browser.evaluate(READ), 0)

	def test_it_fits_on_a_phone(self):
		self.be_on_a_phone(PERSON, "ar", "Dark")
		self.open()
		self.browser.evaluate("!!$(cur_frm.page.inner_toolbar).length")
		self.picture("tool_server_phone")
		self.assertFalse(self.browser.evaluate(WIDE))
