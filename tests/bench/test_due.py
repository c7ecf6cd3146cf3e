"""Invoices of a real ERPNext that are overdue: a date has come, a condition holds, and the scheduler's tick starts the runs.

Everything is done by an ordinary user with ERPNext's own role for it.
"""

from inspect import signature
from typing import Any
from unittest import SkipTest

import frappe
from frappe.utils import add_days, scheduler, today

from dogansystem.api import desk, document_page
from dogansystem.tests.contract.home import PERSON, output, step
from dogansystem.tests.home import ensure_user
from tests.bench.company import COMPANY, CUSTOMER, ITEM, PRICE_LIST, make_company
from tests.bench.processes import Worker
from tests.bench.test_workers import TICK, BenchTestCase

ACCOUNTANT = "contract-accountant@example.com"


class TestOverdueInvoices(BenchTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		if "erpnext" not in frappe.get_installed_apps():
			raise SkipTest("ERPNext is not on this bench")
		ensure_user(ACCOUNTANT, ["Accounts User", "Sales User", "Dogan User"])
		make_company()
		# Frappe takes a site on which nobody has done anything yet for a dormant one.
		frappe.get_doc({"doctype": "Activity Log", "subject": "contract", "user": PERSON}).insert()
		frappe.db.commit()

	def invoice(self, due: int, on: int = -20) -> str:
		"""Submit an invoice of the day `on`, due on the day `due`, both counted from today; as the accountant."""
		with self.site.acting_as(ACCOUNTANT):
			doc = frappe.get_doc(
				{
					"doctype": "Sales Invoice",
					"company": COMPANY,
					"currency": "USD",
					"selling_price_list": PRICE_LIST,
					"customer": CUSTOMER,
					"set_posting_time": 1,
					"posting_date": add_days(today(), on),
					"due_date": add_days(today(), due),
					"items": [{"item_code": ITEM, "qty": 1, "rate": 100}],
				}
			).insert()
			doc.submit()
		frappe.db.commit()
		return doc.name

	def watching(self, name: str, **trigger: Any) -> str:
		fields = {
			"name": "{{ doc.name }}",
			"left": "{{ doc.outstanding_amount }}",
			"trigger": "{{ trigger }}",
		}
		return self.save(
			f"contract-{name}",
			[
				step("about", params=fields),
				step(
					"tell",
					"document.comment",
					params={"doctype": "Sales Invoice", "name": "{{ doc.name }}", "text": f"contract {name}"},
				),
			],
			run_as=ACCOUNTANT,
			triggers=[{"doctype": "Sales Invoice", "filters": {"status": "Overdue"}, **trigger}],
		)

	def tick_by_the_scheduler(self) -> None:
		"""Have the scheduler put its job into the queue now, as it does every minute."""
		frappe.db.sql("UPDATE dogan_timer SET due_at = due_at - 61 WHERE subject LIKE 'contract-%'")
		frappe.db.sql("DELETE FROM dogan_state WHERE name = 'tick'")
		long_ago = add_days(frappe.utils.now(), -1)
		job = {"method": TICK}
		frappe.db.set_value("Scheduled Job Type", job, {"creation": long_ago, "last_execution": None})
		frappe.db.commit()
		given = (
			{"site": frappe.local.site} if "site" in signature(scheduler.enqueue_events).parameters else {}
		)
		self.assertIn(TICK, scheduler.enqueue_events(**given))

	def about(self, workflow: str) -> dict[str, Any]:
		"""What the workflow's only run was about, once it has succeeded."""
		(run,) = self.wait_for(lambda: self.runs_of(workflow), 180)
		found = self.finished(run["run"])
		self.assertEqual(found["status"], "Succeeded", found)
		return {**output(found, "about"), "reference": found["document"]}

	def test_an_overdue_invoice_starts_a_run_by_its_date_and_by_its_status(self):
		old = self.invoice(due=-15)
		by_date = self.watching("overdue-by-date", on="date", field="due_date", offset="1d")
		by_status = self.watching("overdue-by-status", on="condition", every="1m")
		new = self.invoice(due=-1)
		later = self.invoice(due=5)
		self.assertEqual(frappe.db.get_value("Sales Invoice", old, "status"), "Overdue")
		self.assertEqual(frappe.db.get_value("Sales Invoice", new, "status"), "Overdue")
		self.assertEqual(frappe.db.get_value("Sales Invoice", later, "status"), "Unpaid")
		with Worker("default,dogansystem"):
			self.tick_by_the_scheduler()
			for workflow, on in ((by_date, "date"), (by_status, "condition")):
				found = self.about(workflow)
				self.assertEqual((found["name"], found["left"], found["trigger"]["on"]), (new, 100.0, on))
				self.assertEqual(found["reference"], {"doctype": "Sales Invoice", "name": new})
			self.tick_by_the_scheduler()
			self.wait_for(
				lambda: frappe.db.get_value("Scheduled Job Type", {"method": TICK}, "last_execution")
			)
		frappe.db.rollback()
		self.assertEqual([len(self.runs_of(each)) for each in (by_date, by_status)], [1, 1])
		comments = {"reference_name": new, "comment_type": "Comment"}
		self.assertEqual(set(frappe.get_all("Comment", comments, pluck="owner")), {ACCOUNTANT})
		for workflow in (by_date, by_status):
			self.orchestrator.set_workflow_enabled(workflow, False)
		frappe.db.commit()

	def test_a_field_that_is_no_date_and_a_user_who_may_not_read_are_told_when_it_is_saved(self):
		with self.assertRaisesRegex(
			Exception, "'customer' of Sales Invoice is of type Link, not Date or Datetime"
		):
			self.watching("overdue-by-nothing", on="date", field="customer")
		frappe.db.rollback()
		with self.assertRaises(frappe.PermissionError):
			self.save(
				"contract-overdue-unread",
				[step("a")],
				run_as="Guest",
				triggers=[{"on": "condition", "doctype": "Sales Invoice", "filters": {"status": "Overdue"}}],
			)
		frappe.db.rollback()

	def test_a_run_is_started_by_hand_on_an_invoice(self):
		workflow = self.save(
			"contract-invoice-by-hand",
			[step("about", params={"name": "{{ doc.name }}"})],
			triggers=[{"on": "manual", "doctype": "Sales Invoice"}],
		)
		name = self.invoice(due=3)
		with self.site.acting_as(ACCOUNTANT):
			offered = document_page.on_document("Sales Invoice", name)["workflows"]
			self.assertIn(workflow, [each["name"] for each in offered])
			self.assertEqual(document_page.on_document("Customer", CUSTOMER)["workflows"], [])
			with self.assertRaises(frappe.PermissionError):
				desk.run_now(workflow, doctype="Customer", name=CUSTOMER)
			frappe.db.rollback()
			run = desk.run_now(workflow, doctype="Sales Invoice", name=name)["run"]
		frappe.db.commit()
		with Worker():
			self.assertEqual(output(self.finished(run), "about"), {"name": name})
