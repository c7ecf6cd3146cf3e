"""Rehearse: a workflow, saved or not, against documents that exist; the report in its own form."""

import frappe

from dogansystem import jobs
from dogansystem.proving import rehearsal
from dogansystem.tests.contract.home import PERSON, step
from tests.bench.canvas import FLOW, CanvasTestCase
from tests.bench.desk import form_of

NAME = "rehearse-by-mouse"
REPORT = "document.querySelector('.dogan-rehearsal')"


class TestRehearse(CanvasTestCase):
	def setUp(self) -> None:
		super().setUp()
		self._patch(rehearsal, "REST", 0.0)
		frappe.delete_doc_if_exists("Dogan Workflow", NAME)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Dogan Rehearsal", {"started_by": PERSON})
		self.names = {}
		for priority in ("Low", "Medium", "High"):
			todo = frappe.get_doc(
				{"doctype": "ToDo", "description": "contract rehearsed", "priority": priority}
			).insert()
			self.names[priority] = todo.name
		self.orchestrator.import_workflow(self.definition("Low", "Medium"), True)
		frappe.db.commit()

	def definition(self, *priorities: str) -> dict[str, object]:
		trigger = {
			"on": "document",
			"doctype": "ToDo",
			"event": "created",
			"if": f"{{{{ doc.priority in {list(priorities)} }}}}",
		}
		check = step(
			"check",
			"data.check",
			params={"that": "{{ doc.priority != 'High' }}", "message": "High is <b>not</b> for us"},
		)
		return {"name": NAME, "run_as": PERSON, "triggers": [trigger], "steps": [check]}

	def rehearse(self) -> str:
		"""The workflow is changed on the page, not saved, and rehearsed; the job is done here."""
		self.visit(f"dogan-workflow/{NAME}", f"{form_of('Dogan Workflow')} && {FLOW}")
		condition = "{{ doc.priority in ['Medium', 'High'] }}"
		self.browser.evaluate(
			"frappe.model.set_value(cur_frm.doc.triggers[0].doctype, cur_frm.doc.triggers[0].name,"
			f" 'condition', \"{condition}\").then(() => true)"
		)
		button = "$('[data-label=\"' + encodeURIComponent(__('Rehearse')) + '\"]')"
		self.browser.wait_for(f"{button}.length")
		self.browser.evaluate(f"!!{button}[0].click()")
		self.browser.wait_for("cur_dialog && cur_dialog.display && cur_dialog.fields_dict.days")
		self.picture("rehearse-asked")
		self.confirm()
		self.browser.wait_for(form_of("Dogan Rehearsal"))
		self.picture("rehearse-waits")
		name = str(self.browser.evaluate("cur_frm.docname"))
		frappe.db.rollback()
		jobs.rehearse(name)
		frappe.set_user("Administrator")
		self.browser.wait_for(REPORT)
		return name

	def test_the_report_names_what_behaves_differently_failures_first(self):
		self.rehearse()
		shown = str(self.browser.evaluate(f"{REPORT}.innerText"))
		for words in ("Failed", "High is <b>not</b> for us", "Does not start", "What differs", "Succeeded"):
			self.assertIn(words, shown)
		places = [shown.index(self.names[priority]) for priority in ("High", "Low", "Medium")]
		self.assertEqual(places, sorted(places))
		self.picture("rehearse-report")
		self.assert_nothing_complained()

	def test_on_a_phone_in_arabic_in_the_dark(self):
		self.be_on_a_phone(PERSON, "ar", "Dark")
		self.rehearse()
		self.assertIn("لا يبدأ", str(self.browser.evaluate(f"{REPORT}.innerText")))
		wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
		self.assertLessEqual(self.browser.evaluate(wider), 1)
		self.picture("rehearse-phone-ar-dark")
		self.assert_nothing_complained()
