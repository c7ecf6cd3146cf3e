"""An Auto Repeat of a real ERPNext is taken over: an invoice is made, submitted and told of as its workflow says."""

from unittest import SkipTest

import frappe
from frappe.utils import today

from dogansystem.homes.frappe.adopting import taking
from dogansystem.tests.contract.home import output
from dogansystem.tests.home import ensure_user
from dogansystem.tests.test_frappe_site import make_mail_account
from tests.bench import test_due
from tests.bench.processes import Worker
from tests.bench.test_due import ACCOUNTANT, make_company
from tests.bench.test_workers import BenchTestCase


class TestRepeatedInvoices(BenchTestCase):
	invoice = test_due.TestOverdueInvoices.invoice

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		if "erpnext" not in frappe.get_installed_apps():
			raise SkipTest("ERPNext is not on this bench")
		ensure_user(ACCOUNTANT, ["Accounts User", "Sales User", "Dogan User"])
		make_company()
		allowed = {"doctype": "Sales Invoice", "doctype_or_field": "DocType", "property": "allow_auto_repeat"}
		frappe.make_property_setter({**allowed, "value": 1, "property_type": "Check"})
		cls.addClassCleanup(frappe.clear_cache, doctype="Sales Invoice")
		cls.addClassCleanup(frappe.db.delete, "Property Setter", {"property": "allow_auto_repeat"})
		frappe.db.commit()

	def test_an_invoice_is_made_again_by_the_workflow(self):
		make_mail_account(self)
		name = self.invoice(due=3)
		frappe.set_user("Administrator")
		old = frappe.get_doc(
			{
				"doctype": "Auto Repeat",
				"reference_doctype": "Sales Invoice",
				"reference_document": name,
				"frequency": "Monthly",
				"start_date": today(),
				"submit_on_creation": 1,
				"notify_by_email": 1,
				"recipients": "ada@example.com",
				"subject": "contract again {{ doc.name }}",
				"message": "contract {{ doc.grand_total }}",
			}
		).insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Auto Repeat", {"name": old.name})
		frappe.db.commit()
		(adopted,) = taking.found(self.orchestrator, ACCOUNTANT, [old.name])
		self.assertEqual(adopted.refused, [])
		self.assertTrue(any("as it is now" in text for text in adopted.left_out))
		self.addCleanup(self.forget, adopted.workflow)
		self.assertTrue(taking.write(self.orchestrator, adopted))
		taking.switch(self.orchestrator, adopted)
		self.assertEqual(frappe.db.get_value("Auto Repeat", old.name, "disabled"), 1)
		run = self.start(adopted.workflow)
		with Worker():
			found = self.finished(run)
		self.assertEqual(found["status"], "Succeeded", found["error"])
		made = frappe.get_doc("Sales Invoice", output(found, "make")["name"])
		self.assertNotEqual(made.name, name)
		self.assertEqual((made.docstatus, str(made.posting_date), made.grand_total), (1, today(), 100))
		mails = frappe.get_all("Email Queue", pluck="message")
		told = [each.replace("=\r\n", "").replace("=\n", "").replace("\r\n", "") for each in mails]
		self.assertEqual(len([each for each in told if f"contract again {made.name}" in each]), 1)

	def forget(self, workflow: str) -> None:
		"""Delete a workflow with its runs: its name is none of the tests' own."""
		for doctype in ("Dogan Step Run", "Dogan Workflow Run"):
			frappe.db.delete(doctype, {"workflow": workflow})
		frappe.delete_doc("Dogan Workflow", workflow, force=True, delete_permanently=True)
		frappe.db.commit()
