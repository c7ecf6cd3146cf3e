"""The ready workflows for people, and those in which people decide, on a real ERPNext, as users who have only the roles that each one asks for."""

from typing import Any

import frappe
from frappe.utils import add_days, now_datetime, nowdate

from dogansystem.api import approvals
from dogansystem.tests.home import MANAGER, USER
from dogansystem.tests.home import OTHER as OTHER_USER
from tests.bench.erpnext_case import BUYER, CLERK, HEAD, OTHER, TemplatesTestCase
from tests.bench.erpnext_masters import (
	CUSTOMER,
	SERVICE,
	SUPPLIER,
	ensure,
	make_employee,
	make_stand_in,
)  # fmt: skip
from tests.bench.test_due import COMPANY


class TestPeople(TemplatesTestCase):
	def employee(self, name: str, born: str, joined: str, **values: Any) -> str:
		return make_employee(name, born, joined, **values)

	def test_birthdays_and_anniversaries_are_thought_of(self):
		workflow = self.enable("birthdays")
		today = nowdate()
		earlier = lambda years: f"{int(today[:4]) - years}{today[4:]}"  # noqa: E731
		self.employee(
			"Contract Born",
			earlier(30),
			"2020-02-03",
			company_email=BUYER,
			prefered_contact_email="Company Email",
		)
		self.employee("Contract Joined", "1990-02-03", earlier(3), company_email="contract-joined@example.com", prefered_contact_email="Company Email")  # fmt: skip
		frappe.db.commit()
		self.start(workflow)
		self.drain()
		run = self.the_run(workflow)
		self.assertEqual(run["output"], {"birthdays": 1, "anniversaries": 1})
		self.assertEqual([mail[:2] for mail in self.mails()], [(BUYER, "Happy birthday, Contract Born!"), ("contract-joined@example.com", "Thank you, Contract Joined!")])  # fmt: skip
		self.assertIn("3 years", self.mails()[1][2])
		self.assertEqual(self.told(HEAD), ["Today: Contract Born, Contract Joined"])

	def test_who_lacks_hours_is_told(self):
		workflow = self.enable("timesheet-missing", hours=8)
		monday = add_days(nowdate(), -7 - now_datetime().weekday())
		self.employee("Contract Lazy", "1990-02-03", "2020-02-03", user_id=OTHER)
		busy = self.employee("Contract Busy", "1990-02-03", "2020-02-03", user_id=CLERK)
		activity = {"activity_type": ensure("Activity Type", "Contract Work", activity_type="Contract Work")}
		if not frappe.db.exists("Timesheet", {"employee": busy, "start_date": monday}):
			self.make("Timesheet", employee=busy, company=COMPANY, time_logs=[{**activity, "hours": 8, "from_time": f"{monday} 09:00:00", "to_time": f"{monday} 17:00:00"}])  # fmt: skip
		self.start(workflow)
		self.drain()
		self.the_run(workflow)
		(told,) = self.told(OTHER)
		self.assertIn("0 of 8", told)
		self.assertEqual(self.told(CLERK), [])
		self.assertIn("employees lack hours", self.told(HEAD)[0])

	def test_a_leave_request_that_nobody_answers_is_told_of(self):
		make_stand_in("Leave Application", "HR User")
		workflow = self.enable("leave-unanswered", days=2, more=3)
		values = {"employee_name": "Contract Lazy", "leave_type": "Casual Leave", "from_date": add_days(nowdate(), 20), "to_date": add_days(nowdate(), 22), "leave_approver": OTHER}  # fmt: skip
		self.make("Leave Application", posting_date=add_days(nowdate(), -3), status="Open", **values)
		self.make("Leave Application", posting_date=add_days(nowdate(), -3), status="Approved", **values)
		self.wait(1)
		self.assertIn("waits for your answer", self.told(OTHER)[0])
		self.assertEqual([to for to, _, _ in self.mails()], [OTHER])
		self.assertIn("/app/leave-application/", self.mails()[0][2])
		self.wait(4)
		self.the_run(workflow)
		self.assertIn("Nobody has answered", self.told(HEAD)[0])


class TestApprovals(TemplatesTestCase):
	def decide(self, user: str, decision: str, comment: str = "") -> None:
		"""What waits for a user is decided over the API, and everything done that follows."""
		frappe.db.rollback()
		with self.site.acting_as(user):
			(asked,) = approvals.pending()
			approvals.decide(asked["approval"], decision, comment)
		frappe.db.commit()
		self.drain()

	def waiting_for(self, user: str) -> list[str]:
		frappe.db.rollback()
		with self.site.acting_as(user):
			return [each["subject"] for each in approvals.pending()]

	def quotation(self, rate: float) -> Any:
		return self.make(
			"Quotation", company=COMPANY, party_name=CUSTOMER, currency="USD", selling_price_list="Contract Selling",
			items=[{"item_code": SERVICE, "qty": 1, "rate": rate}],
		)  # fmt: skip

	def test_a_large_quotation_is_submitted_once_the_matrix_names_one_who_approves(self):
		matrix = f"Contract Matrix {frappe.generate_hash(length=6)}"
		rows = [{"to_amount": 20000, "user": OTHER}, {"from_amount": 20000, "user": HEAD}]
		frappe.get_doc({"doctype": "Dogan Approval Matrix", "matrix_name": matrix, "rows": rows}).insert()
		self.addCleanup(frappe.delete_doc, "Dogan Approval Matrix", matrix, force=True)
		workflow = self.enable("quotation-approval", matrix=matrix, limit=5000)
		doc = self.quotation(9000)
		small = self.quotation(100)
		self.drain()
		self.assertIn("9,000.00 USD", self.waiting_for(OTHER)[0])
		with self.site.acting_as(CLERK):  # it grows, so that another one decides
			frappe.get_doc("Quotation", doc.name).update(
				{"items": [{"item_code": SERVICE, "qty": 3, "rate": 9000}]}
			).save()
		frappe.db.commit()
		self.drain()
		self.assertEqual(self.waiting_for(OTHER), [])
		self.decide(HEAD, "approved", "contract fine")
		found = frappe.db.get_value("Quotation", doc.name, ["docstatus", "base_grand_total"])
		self.assertEqual(found, (1, 27000))
		self.assertEqual(frappe.db.get_value("Quotation", small.name, "docstatus"), 0)
		self.assertIn(f"Quotation {doc.name} is approved", self.told(CLERK))
		self.assertEqual(sorted(each["status"] for each in self.runs(workflow)), ["Cancelled", "Succeeded"])

	def test_a_purchase_order_goes_through_two_stages(self):
		workflow = self.enable(
			"purchase-approval", first_role="Dogan Manager", second_role="Dogan User", first=100, second=1000
		)
		made = [
			self.make(
				"Purchase Order", company=COMPANY, supplier=SUPPLIER, currency="USD", buying_price_list="Contract Buying",
				schedule_date=add_days(nowdate(), 5), items=[{"item_code": SERVICE, "qty": 1, "rate": rate, "schedule_date": add_days(nowdate(), 5)}],
			).name
			for rate in (50, 5000)
		]  # fmt: skip
		self.drain()
		self.decide(MANAGER, "approved")
		self.assertEqual(frappe.db.get_value("Purchase Order", made[1], "docstatus"), 0)
		self.decide(HEAD, "approved")
		states = [frappe.db.get_value("Purchase Order", name, "docstatus") for name in made]
		self.assertEqual(states, [0, 1], [each["error"] for each in self.runs(workflow)])

	def test_a_large_discount_that_is_rejected_goes_back(self):
		self.enable("discount-approval", limit=15, role="Dogan Manager")
		order = self.make(
			"Sales Order", company=COMPANY, customer=CUSTOMER, currency="USD", selling_price_list="Contract Selling",
			delivery_date=add_days(nowdate(), 5),
			items=[{"item_code": SERVICE, "qty": 1, "price_list_rate": 100, "discount_percentage": 30, "rate": 70}],
		)  # fmt: skip
		self.drain()
		self.assertIn("30 % discount", self.waiting_for(MANAGER)[0])
		self.decide(MANAGER, "rejected", "contract no")
		((user, description),) = self.todos_about(order.name)
		self.assertEqual(user, CLERK)
		self.assertIn("contract no", description)

	def test_an_expense_claim_has_four_eyes(self):
		make_stand_in("Expense Claim", "HR Manager", "HR User")
		workflow = self.enable("expense-approval", limit=500, role="Dogan User")
		employee = make_employee("Contract Claimer", "1990-02-03", "2020-02-03", user_id=OTHER_USER)
		claim = self.make(
			"Expense Claim", employee=employee, employee_name="Contract Claimer", approval_status="Draft", total_claimed_amount=840,
			expenses=[{"expense_date": nowdate(), "expense_type": "Travel", "amount": 840}],
		)  # fmt: skip
		self.drain()
		self.assertEqual(self.waiting_for(OTHER_USER), [], "the employee may not decide")
		self.decide(USER, "approved")
		self.assertEqual(frappe.db.get_value("Expense Claim", claim.name, "approval_status"), "Draft")
		self.decide(HEAD, "approved")
		self.the_run(workflow)
		self.assertEqual(frappe.db.get_value("Expense Claim", claim.name, "approval_status"), "Approved")
		self.assertEqual(self.told(OTHER_USER), [f"Your Expense Claim {claim.name} is approved"])
