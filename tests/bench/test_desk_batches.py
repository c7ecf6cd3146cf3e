"""Many documents are chosen in their list, and each gets a run: a batch, with its progress and results on its form."""

import frappe

from dogansystem.tests.contract.home import PERSON, step
from tests.bench.desk import DeskTestCase

ITEM = (
	"cur_list.page.actions.find('.dropdown-item').toArray()"
	".find((each) => each.textContent.includes('Run a Workflow'))"
)


class TestBatchesInTheDesk(DeskTestCase):
	def test_documents_chosen_in_their_list_get_a_run_each(self):
		triggers = [{"on": "manual", "doctype": "ToDo"}]
		self.save("contract-desk-batch", [step("a", params={"of": "{{ doc.name }}"})], triggers=triggers)
		with self.site.acting_as(PERSON):
			made = [
				frappe.get_doc({"doctype": "ToDo", "description": f"contract chosen {number}"}).insert().name
				for number in range(3)
			]
		frappe.db.commit()
		frappe.clear_cache()
		self.visit(
			"todo/view/list", "window.cur_list && cur_list.doctype === 'ToDo' && cur_list.data.length >= 3"
		)
		for name in made[:2]:
			self.browser.evaluate(
				f"document.querySelector('.list-row-checkbox[data-name=\"{name}\"]').click()"
			)
		self.browser.wait_for(f"cur_list.get_checked_items(true).length === 2 && !!{ITEM}")
		self.picture("batch-list")
		self.browser.evaluate(f"{ITEM}.click()")
		self.browser.wait_for("cur_dialog && cur_dialog.display")
		self.browser.evaluate("!!(cur_dialog.get_primary_btn().click(), 1)")
		self.browser.wait_for(
			"window.cur_frm && cur_frm.doctype === 'Dogan Batch' && cur_frm.doc.total === 2"
		)
		for _ in range(3):
			self.drain()
		self.browser.evaluate("cur_frm.reload_doc().then(() => true)")
		self.browser.wait_for("cur_frm.doc.status === 'Completed'")
		pills = "document.querySelectorAll('.dogan-batch tbody .indicator-pill')"
		self.browser.wait_for(f"[...{pills}].filter((each) => each.textContent === 'Succeeded').length === 2")
		shown = self.browser.evaluate("document.querySelector('.dogan-batch').innerText")
		self.picture("batch")
		for name in made[:2]:
			self.assertIn(name, shown)
