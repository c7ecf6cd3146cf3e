"""Actions on ERPNext's own documents and reports, as users with ERPNext's own roles: quotations, orders, invoices."""

import io
import os
import unittest
from typing import Any

import frappe
import openpyxl
from frappe.utils import add_days, nowdate

from dogansystem.tests.contract.home import Home, output, proves, row, step
from dogansystem.tests.home import SiteTestCase, ensure_user
from dogansystem.tests.test_frappe_site import make_mail_account
from tests.bench.company import COMPANY, CUSTOMER, ITEM, PRICE_LIST, make_company

SALES, ACCOUNTS, HEAD = (
	"contract-sales@example.com",
	"contract-accounts@example.com",
	"contract-head@example.com",
)
PRICES = {
	"currency": "USD",
	"selling_price_list": PRICE_LIST,
}  # the site may have another currency than the company
MAPPER = "erpnext.selling.doctype.quotation.quotation.make_sales_order"
RECEIVABLE = "Accounts Receivable"
FLOW = "Contract Quotation Flow"


class TestOnERPNext(SiteTestCase, Home):
	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		if "erpnext" not in frappe.get_installed_apps():
			raise unittest.SkipTest("the bench has no ERPNext")
		super().setUpClass()
		make_company()
		ensure_user(SALES, ["Sales User"])
		ensure_user(ACCOUNTS, ["Accounts User"])
		ensure_user(HEAD, ["Sales Manager"])
		frappe.db.commit()

	def quotation(self) -> dict[str, Any]:
		values = {
			"party_name": CUSTOMER,
			"company": COMPANY,
			**PRICES,
			"items": [{"item_code": ITEM, "qty": 2, "rate": 50}],
		}
		return step("quotation", "document.create", params={"doctype": "Quotation", "values": values})

	def run_as(self, user: str, *steps: dict[str, Any]) -> dict[str, Any]:
		run = self.run_steps(list(steps), run_as=user)
		frappe.set_user("Administrator")
		return run

	def succeeded(self, user: str, *steps: dict[str, Any]) -> dict[str, Any]:
		run = self.run_as(user, *steps)
		self.assertEqual(run["status"], "Succeeded", run["error"])
		return run

	@proves(
		"amend, delete",
		"print (PDF as a File), convert (a mapper such as Quotation to Sales Order)",
	)
	def test_a_quotation_becomes_a_sales_order_that_is_submitted_printed_and_amended(self):
		quotation = {"doctype": "Quotation", "name": "{{ steps.quotation.output.name }}"}
		order = {"doctype": "Sales Order", "name": "{{ steps.order.output.name }}"}
		values, number = {"delivery_date": add_days(nowdate(), 7)}, frappe.generate_hash(length=8)
		run = self.succeeded(
			SALES,
			self.quotation(),
			step("submit", "document.submit", params=quotation),
			step(
				"order",
				"document.convert",
				params={"method": MAPPER, "name": quotation["name"], "values": values, "submit": True},
			),
			step("pdf", "document.print", params={**order, "attach": True}),
			step("cancel", "document.cancel", params=order),
			step("amended", "document.amend", params={**order, "values": {"po_no": number}}),
		)
		made, amended = output(run, "order"), output(run, "amended")
		self.assertEqual((made["docstatus"], made["grand_total"], made["owner"]), (1, 100, SALES))
		self.assertEqual(made["items"][0]["prevdoc_docname"], output(run, "quotation")["name"])
		self.assertEqual(
			(amended["amended_from"], amended["docstatus"], amended["po_no"]), (made["name"], 0, number)
		)
		self.assertEqual((amended["items"][0]["qty"], amended["grand_total"]), (2, 100))
		file = frappe.get_doc("File", output(run, "pdf")["file"])
		self.assertEqual((file.attached_to_name, file.owner, file.is_private), (made["name"], SALES, 1))
		with open(file.get_full_path(), "rb") as pdf:
			content = pdf.read()
		self.assertEqual(content[:5], b"%PDF-")
		print(f"\n{made['name']} printed: {len(content):,} bytes", flush=True)

	def test_who_may_not_make_an_order_makes_none_by_a_mapper(self):
		run = self.succeeded(SALES, self.quotation(), step("submit", "document.submit", params={"doctype": "Quotation", "name": "{{ steps.quotation.output.name }}"}))  # fmt: skip
		name = output(run, "quotation")["name"]
		before = frappe.db.count("Sales Order")
		refused = self.run_as(
			ACCOUNTS, step("order", "document.convert", params={"method": MAPPER, "name": name})
		)
		self.assertIn("PermissionError", row(refused, "order")["error"])
		self.assertEqual(frappe.db.count("Sales Order"), before)

	def invoice(self) -> dict[str, Any]:
		values = {
			"customer": CUSTOMER,
			"company": COMPANY,
			**PRICES,
			"due_date": add_days(nowdate(), 10),
			"items": [{"item_code": ITEM, "qty": 1, "rate": 70}],
			"docstatus": 0,
		}
		return step("invoice", "document.create", params={"doctype": "Sales Invoice", "values": values})

	def receivable(self, action: str = "report.run", **more: Any) -> dict[str, Any]:
		filters = {
			"company": COMPANY,
			"report_date": nowdate(),
			"ageing_based_on": "Due Date",
			"range": "30, 60, 90, 120",
		}
		return step("report", action, params={"report": RECEIVABLE, "filters": filters, **more})

	@proves("run (query or script report as the acting user, rows as output)")
	def test_receivables_are_reported_tabled_and_sent_as_an_accounts_user(self):
		make_mail_account(self)
		run = self.succeeded(
			ACCOUNTS,
			self.invoice(),
			step("submit", "document.submit", params={"doctype": "Sales Invoice", "name": "{{ steps.invoice.output.name }}"}),
			self.receivable(),
			step("table", "data.table", params={"rows": "{{ steps.report.output.rows }}", "columns": "{{ steps.report.output.columns }}", "as": "xlsx"}),
			{**self.receivable("report.send", to="boss@example.com", **{"as": "csv"}), "id": "send"},
		)  # fmt: skip
		found = output(run, "report")
		name = output(run, "invoice")["name"]
		(mine,) = (each for each in found["rows"] if each["voucher_no"] == name)
		self.assertEqual((mine["outstanding"], mine["party"]), (70, CUSTOMER))
		self.assertGreaterEqual(found["total"]["outstanding"], 70)
		self.assertIn("Voucher No", [each["label"] for each in found["columns"]])
		with self.site.acting_as(ACCOUNTS):
			content = self.site.files.read(output(run, "table")["file"], 10**7).content
		cells = [cell.value for line in openpyxl.load_workbook(io.BytesIO(content)).active for cell in line]
		self.assertIn(name, cells)
		queued = frappe.get_last_doc("Email Queue")
		self.assertEqual([each.recipient for each in queued.recipients], ["boss@example.com"])
		self.assertIn("Accounts Receivable.csv", queued.message.replace("\n ", " "))
		print(f"\n{RECEIVABLE}: {len(found['rows'])} rows, {len(found['columns'])} columns", flush=True)

	def test_a_report_of_accounts_is_not_a_sales_users(self):
		run = self.run_as(SALES, self.receivable())
		self.assertIn(f"{SALES} may not see the report {RECEIVABLE}", row(run, "report")["error"])

	def test_sales_analytics_run_for_a_sales_manager(self):
		filters = {
			"company": COMPANY,
			"tree_type": "Customer",
			"doc_type": "Sales Order",
			"value_quantity": "Value",
			"from_date": f"{nowdate()[:4]}-01-01",
			"to_date": f"{nowdate()[:4]}-12-31",
			"range": "Monthly",
		}
		params = {"report": "Sales Analytics", "filters": filters}
		run = self.succeeded(HEAD, step("report", "report.run", params=params))
		self.assertIn("entity", [each["fieldname"] for each in output(run, "report")["columns"]])

	@proves("transition (Frappe's own Workflow)")
	def test_a_quotation_takes_the_way_of_frappes_own_workflow(self):
		_make_flow()
		self.addCleanup(_remove_flow)
		name = "{{ steps.quotation.output.name }}"
		move = {"doctype": "Quotation", "name": name}
		run = self.succeeded(
			SALES,
			self.quotation(),
			step("sent", "document.transition", params={**move, "action": "Contract Send"}),
		)
		self.assertEqual(output(run, "sent")["state"], "Contract Sent")
		name = output(run, "sent")["name"]
		self.assertEqual(frappe.db.get_value("Quotation", name, "docstatus"), 1)
		refused = self.run_as(SALES, step("again", "document.transition", params={"doctype": "Quotation", "name": name, "action": "Contract Send"}))  # fmt: skip
		self.assertIn(
			"is Contract Sent, and the action 'Contract Send' is not open", row(refused, "again")["error"]
		)

	def test_a_customer_is_kept_once_by_its_name(self):
		key = {"customer_name": f"Contract Kept {frappe.generate_hash(length=8)}"}
		params = {"doctype": "Customer", "key": key, "values": {"customer_type": "Company"}}
		run = self.succeeded(
			SALES,
			step("one", "document.upsert", params=params),
			step("two", "document.upsert", params=params),
			step("count", "document.count", params={"doctype": "Customer", "filters": key}),
		)
		self.assertEqual((output(run, "one")["created"], output(run, "two")["created"]), (True, False))
		self.assertEqual(output(run, "count"), 1)


def _ensure(doctype: str, name: str, **values: Any) -> None:
	if not frappe.db.exists(doctype, name):
		frappe.get_doc({"doctype": doctype, **values}).insert()


def _make_flow() -> None:
	for state in ("Contract Draft", "Contract Sent"):
		_ensure("Workflow State", state, workflow_state_name=state)
	_ensure("Workflow Action Master", "Contract Send", workflow_action_name="Contract Send")
	_ensure(
		"Workflow",
		FLOW,
		workflow_name=FLOW,
		document_type="Quotation",
		is_active=1,
		workflow_state_field="workflow_state",
		states=[
			{"state": "Contract Draft", "doc_status": "0", "allow_edit": "Sales User"},
			{"state": "Contract Sent", "doc_status": "1", "allow_edit": "Sales User"},
		],
		transitions=[
			{"state": "Contract Draft", "action": "Contract Send", "next_state": "Contract Sent", "allowed": "Sales User", "allow_self_approval": 1},
		],
	)  # fmt: skip
	frappe.db.commit()


def _remove_flow() -> None:
	frappe.set_user("Administrator")
	frappe.delete_doc("Workflow", FLOW, force=True)
	frappe.clear_cache(doctype="Quotation")  # which has the name of the Workflow in it
	frappe.db.commit()
