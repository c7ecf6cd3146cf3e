"""The ready workflows for money and sales, on a real ERPNext, as users who have only the roles that each one asks for."""

from typing import Any

import frappe
from frappe.utils import add_days, nowdate

from dogansystem.tests.contract.home import states
from dogansystem.workflows import template
from tests.bench.erpnext_case import BUYER, CLERK, HEAD, HOUR, TemplatesTestCase
from tests.bench.erpnext_masters import (
	CUSTOMER,
	SERVICE,
	make_customer,
	make_stock_item,
	store,
)  # fmt: skip
from tests.bench.test_due import COMPANY


class TestMoney(TemplatesTestCase):
	def test_overdue_invoices_are_reminded_three_times_until_they_are_paid(self):
		workflow = self.enable("overdue-invoices", caller=HEAD)
		unpaid = self.invoice(due=0, contact_email=BUYER)
		paid = self.invoice(due=0, contact_email="contract-payer@example.com")
		self.wait(5)
		about = lambda name: [subject for _, subject, _ in self.mails() if name in subject]  # noqa: E731
		self.assertEqual((len(about(unpaid.name)), len(about(paid.name))), (1, 1))
		self.pay("Sales Invoice", paid.name)
		self.wait(28)
		self.assertEqual(len(about(paid.name)), 1)
		expected = [
			f"{kind}: invoice {unpaid.name}" for kind in ("Reminder", "Second reminder", "Last reminder")
		]
		self.assertEqual(about(unpaid.name), expected)
		text = next(text for _, subject, text in self.mails() if subject == expected[0])
		self.assertIn("100.00 USD", text)
		((user, description),) = self.todos_about(unpaid.name)
		self.assertEqual(user, HEAD)
		self.assertIn("100.00 USD", description)
		self.assertEqual(self.todos_about(paid.name), [])
		ours = [each for each in self.runs(workflow) if each["document"]["name"] in (unpaid.name, paid.name)]
		self.assertEqual([each["status"] for each in ours], ["Succeeded"] * 2)

	def test_the_invoice_that_comes_near_the_limit_is_told_once_until_less_is_owed(self):
		customer = make_customer(
			f"Contract Limited {frappe.generate_hash(length=6)}",
			credit_limits=[{"company": COMPANY, "credit_limit": 1000}],
		)
		workflow = self.enable("credit-limit-watch", share=80)
		tags = lambda: frappe.db.get_value("Customer", customer, "_user_tags") or ""  # noqa: E731
		made: list[str] = []
		for rate, told in ((700, 0), (150, 1), (20, 1)):
			made.append(self.invoice(due=5, on=0, rate=rate, customer=customer).name)
			self.drain()
			self.assertEqual(len(self.told(HEAD)), told, [each["error"] for each in self.runs(workflow)])
		self.assertIn("owes 850.00: 85 % of the credit limit", self.told(HEAD)[0])
		self.assertIn("Near Credit Limit", tags())
		comments = {"reference_name": customer, "comment_type": "Comment"}
		(comment,) = frappe.get_all("Comment", comments, pluck="content")
		self.assertIn("/app/sales-invoice/", comment)
		self.pay("Sales Invoice", made[0])
		self.drain()
		self.assertNotIn("Near Credit Limit", tags())

	def test_a_payment_is_thanked_for_and_its_invoice_told_to_be_paid(self):
		customer = make_customer("Contract Thanked", email_id=BUYER)
		workflow = self.enable("payment-thanks")
		invoice = self.invoice(due=5, customer=customer)
		self.pay("Sales Invoice", invoice.name)
		self.drain()
		run = self.the_run(workflow)
		self.assertEqual((states(run)["thank"], states(run)["signal"]), ("Succeeded", "Succeeded"))
		((to, subject, text),) = self.mails()
		self.assertEqual((to, subject), (BUYER, "Thank you for your payment of 100.00 USD"))
		self.assertIn(f"{invoice.name}: 100.00 USD", text)

	def test_a_paid_order_is_delivered_by_somebody_from_the_store(self):
		item = make_stock_item("Contract Pot", opening=50)
		workflow = self.enable("deliver-when-paid")
		order = self.make(
			"Sales Order", submit=True, company=COMPANY, customer=CUSTOMER, currency="USD", selling_price_list="Contract Selling",
			delivery_date=add_days(nowdate(), 5), items=[{"item_code": item, "qty": 3, "rate": 20, "warehouse": store()}],
		)  # fmt: skip
		self.pay("Sales Order", order.name)
		self.drain()
		run = self.the_run(workflow)
		(note,) = run["output"]["delivery_notes"]
		found = frappe.get_doc("Delivery Note", note)
		self.assertEqual((found.docstatus, found.customer, found.items[0].qty), (0, CUSTOMER, 3))
		self.assertEqual((found.items[0].against_sales_order, found.owner), (order.name, f"contract-{template('deliver-when-paid').name}@example.com"))  # fmt: skip
		self.assertIn("please deliver", self.told(HEAD)[0])
		self.pay("Sales Invoice", self.invoice(due=5, customer=CUSTOMER).name)
		self.drain()
		self.assertEqual(
			sorted(len(each["output"]["delivery_notes"]) for each in self.runs(workflow)), [0, 1]
		)

	def test_a_debt_that_is_paid_while_the_lawyer_has_it_is_withdrawn(self):
		lawyer = "contract-lawyer@example.com"
		workflow = self.enable("bad-debt", lawyer=lawyer, days=5, grace=2)
		self.enable("payment-thanks")
		small = self.invoice(due=-9, rate=20)
		debt = self.invoice(due=-9, rate=900, contact_email=BUYER)
		self.wait(4)
		tags = lambda doctype, name: frappe.db.get_value(doctype, name, "_user_tags") or ""  # noqa: E731
		self.assertEqual([to for to, _, _ in self.mails()], [BUYER, lawyer])
		self.assertIn("900.00 USD", self.mails()[1][2])
		self.assertIn("With Lawyer", tags("Sales Invoice", debt.name))
		self.assertIn("With Lawyer", tags("Customer", CUSTOMER))
		self.pay("Sales Invoice", debt.name)
		self.drain()
		self.wait(0.1)
		run = self.the_run(workflow, "Failed")
		self.assertEqual(
			{states(run)[each] for each in ("hand_over", "tag_invoice", "tag_customer")}, {"Compensated"}, run
		)
		self.assertIn("Please stop", self.mails()[-1][1])
		self.assertNotIn("With Lawyer", tags("Sales Invoice", debt.name))
		self.assertNotIn("With Lawyer", tags("Customer", CUSTOMER))
		self.assertEqual(tags("Sales Invoice", small.name), "")

	def test_yesterdays_sales_are_sent(self):
		boss = "contract-digest@example.com"
		workflow = self.enable("sales-digest", company=COMPANY, to=boss)
		name = self.invoice(due=5, on=-1, rate=1234.5).name
		self.start(workflow)
		self.drain()
		self.the_run(workflow)
		daily, month = self.mails()
		self.assertEqual((daily[0], month[0]), (boss, boss))
		self.assertIn(f"/app/sales-invoice/{name}", daily[2])
		self.assertTrue("http" in daily[2], daily[2])
		self.assertIn("1,234.50", daily[2])

	def test_an_invoice_and_a_quotation_are_mailed_as_pdf(self):
		mailed = self.enable("mail-invoice")
		name = self.invoice(due=5, contact_email=BUYER).name
		self.drain()
		self.the_run(mailed)
		(mail,) = self.mails()
		self.assertEqual(mail[:2], (BUYER, f"Your invoice {name}"))
		(queued,) = (
			each for each in frappe.get_all("Email Queue", pluck="name") if each not in self.mails_before
		)
		self.assertIn(f"{name}.pdf", frappe.db.get_value("Email Queue", queued, "message") + (frappe.db.get_value("Email Queue", queued, "attachments") or ""))  # fmt: skip


class TestTrade(TemplatesTestCase):
	def quotation(self, valid: int, **values: Any) -> Any:
		return self.make(
			"Quotation", submit=True, company=COMPANY, party_name=CUSTOMER, currency="USD", selling_price_list="Contract Selling",
			valid_till=add_days(nowdate(), valid), items=[{"item_code": SERVICE, "qty": 1, "rate": 10}], **values,
		)  # fmt: skip

	def test_quotations_are_mailed_and_followed_up(self):
		mailed = self.enable("mail-quotation")
		soon = self.quotation(2, contact_email=BUYER)
		self.drain()
		self.the_run(mailed)
		self.assertEqual([mail[:2] for mail in self.mails()], [(BUYER, f"Your quotation {soon.name}")])
		self.orchestrator.set_workflow_enabled(mailed, False)
		self.quotation(20, contact_email=BUYER)
		workflow = self.enable("follow-up-quotations")
		self.start(workflow)
		self.drain()
		run = self.the_run(workflow)
		self.assertEqual(run["output"], {"expiring": 1, "mailed": 1})
		self.assertIn(soon.name, self.told(CLERK)[-1])

	def test_a_new_customer_is_welcomed_called_and_missed(self):
		workflow = self.enable("customer-onboarding", responsible=HEAD, weeks=1)
		with self.site.acting_as(CLERK):
			customer = make_customer(f"Contract New {frappe.generate_hash(length=6)}", email_id=BUYER)
		self.drain()
		self.assertEqual([user for user, _ in self.todos_about(customer)], [HEAD])
		self.wait(0.1, HOUR)
		self.assertEqual([mail[:2] for mail in self.mails()], [(BUYER, f"Welcome, {customer}")])
		self.wait(8)
		self.the_run(workflow)
		self.assertIn(f"{customer} has not ordered anything in 1 weeks", self.told(HEAD))

	def test_a_contract_that_ends_is_given_to_somebody(self):
		workflow = self.enable("contract-ending", responsible=HEAD, days=60, again=14)
		values = {"party_type": "Customer", "party_name": CUSTOMER, "contract_terms": "contract", "is_signed": 1, "start_date": add_days(nowdate(), -90)}  # fmt: skip
		ending = self.make("Contract", submit=True, end_date=add_days(nowdate(), 30), **values)
		self.make("Contract", submit=True, end_date=None, **values)
		with self.site.acting_as(CLERK):
			self.make("Contract", submit=True, end_date=add_days(nowdate(), 150), **values).cancel()
		frappe.db.commit()
		self.wait(1)
		self.assertEqual([user for user, _ in self.todos_about(ending.name)], [HEAD])
		self.wait(20)
		self.the_run(workflow)
		self.assertIn("there is none after it", self.told(HEAD)[0])
