"""The workflows that ship with the app, on a real ERPNext: with its own documents, as users who have only the roles that each one asks for.

Leave Application belongs to the app hrms, which a test bench does not have: a DocType of the same name and fields stands in.
"""

import os
import unittest
from collections.abc import Iterator
from email import message_from_string
from typing import Any

import frappe
from frappe.utils import add_days, now_datetime, nowdate

from dogansystem.api import approvals
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.triggers.base import fields_of_filters
from dogansystem.tests.contract.home import Home, states
from dogansystem.tests.home import MANAGER, USER, SiteTestCase, ensure_user
from dogansystem.tests.home import OTHER as OTHER_USER
from dogansystem.tests.test_frappe_site import make_mail_account
from dogansystem.workflows import template, templates
from tests.bench.test_due import COMPANY, make_company

CUSTOMER, SERVICE, SUPPLIER = "Contract Customer", "Contract Service", "Contract Supplier"
CLERK, HEAD, OTHER = "contract-clerk@example.com", "contract-boss@example.com", "contract-other@example.com"
CLERKS = ["Sales User", "Accounts User", "Purchase User", "Stock User", "HR User", "Projects User", "Support Team", "Sales Manager", "Item Manager", "Stock Manager"]  # fmt: skip
HEADS = ["Accounts Manager", "Purchase Manager", "Stock Manager", "HR Manager", "Projects Manager", "Stock User", "Support Team", "Dogan User"]  # fmt: skip
DAY, HOUR = 86_400.0, 3600.0
BUYER = "contract-buyer@example.com"
STAND_INS = {
	"Leave Application": {
		"employee": "Data", "employee_name": "Data", "leave_type": "Data", "posting_date": "Date", "from_date": "Date",
		"to_date": "Date", "status": "Data", "leave_approver": "Data", "leave_approver_name": "Data",
	},
	"Expense Claim": {
		"employee": "Data", "employee_name": "Data", "approval_status": "Data", "total_claimed_amount": "Currency",
		"expenses": "Table",
	},
}  # fmt: skip
ROWS = {"Expense Claim": {"expense_date": "Date", "expense_type": "Data", "amount": "Currency"}}


class TemplatesTestCase(SiteTestCase, Home):
	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		if "erpnext" not in frappe.get_installed_apps():
			raise unittest.SkipTest("ERPNext is not on this bench")
		super().setUpClass()
		make_company()
		ensure_user(CLERK, CLERKS)
		ensure_user(HEAD, HEADS)
		ensure_user(OTHER, ["Desk User"])
		cls.addClassCleanup(remove_stand_ins)
		make_masters()
		settle_earlier()
		frappe.db.commit()

	def setUp(self) -> None:
		super().setUp()
		make_mail_account(self)
		self.mails_before = set(frappe.get_all("Email Queue", pluck="name"))
		self.told_before = set(frappe.get_all("Notification Log", pluck="name"))
		frappe.db.commit()

	def enable(self, name: str, **parameters: Any) -> str:
		"""Keep and enable a template, run as a user who has its roles and no others."""
		found = template(name)
		user = f"contract-{name}@example.com"
		ensure_user(user, list(found.roles))
		workflow = f"contract-{name}"
		source = {**found.definition.source, "name": workflow, "run_as": user}
		self.orchestrator.import_workflow(source, True, parameters)
		self.site.database.commit()
		return workflow

	def make(self, doctype: str, *, submit: bool = False, **values: Any) -> Any:
		"""A document of an ordinary clerk."""
		with self.site.acting_as(CLERK):
			doc = frappe.get_doc({"doctype": doctype, **values}).insert()
			if submit:
				doc.submit()
		frappe.db.commit()
		return doc

	def invoice(self, due: int, rate: float = 100, on: int = -20, **values: Any) -> Any:
		return self.make(
			"Sales Invoice", submit=True, company=COMPANY, currency="USD", selling_price_list="Contract Selling",
			set_posting_time=1, posting_date=add_days(nowdate(), on), due_date=add_days(nowdate(), due),
			items=[{"item_code": SERVICE, "qty": 1, "rate": rate}], **{"customer": CUSTOMER, **values},
		)  # fmt: skip

	def pay(self, doctype: str, name: str) -> Any:
		"""A clerk's payment of an invoice or, in advance, of an order."""
		from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

		cash = frappe.db.get_value("Account", {"company": COMPANY, "account_type": "Cash", "is_group": 0})
		with self.site.acting_as(CLERK):
			doc = get_payment_entry(doctype, name, bank_account=cash)
			doc.reference_no, doc.reference_date = "contract", nowdate()
			doc.insert()
			doc.submit()
		frappe.db.commit()
		return doc

	def wait(self, days: float, turn: float = DAY / 2) -> None:
		"""Let so many days pass, and everything be done that is due."""
		left = days * DAY
		while left > 0:
			self.advance(min(turn, left))
			left -= turn
			self.tick()
			self.drain()
			frappe.db.rollback()

	def runs(self, workflow: str) -> list[dict[str, Any]]:
		frappe.db.rollback()
		return [self.run_of(each["run"]) for each in self.orchestrator.list_runs(workflow)]

	def the_run(self, workflow: str, status: str = "Succeeded") -> dict[str, Any]:
		(run,) = self.runs(workflow)
		self.assertEqual(run["status"], status, (run["error"], states(run)))
		return run

	def mails(self) -> list[tuple[str, str, str]]:
		"""The mails that were queued: to whom, subject, text."""
		frappe.db.rollback()
		names = frappe.get_all("Email Queue", order_by="creation", pluck="name")
		return [_mail(name) for name in names if name not in self.mails_before]

	def told(self, user: str) -> list[str]:
		"""What a user was told on the desk."""
		frappe.db.rollback()
		rows = frappe.get_all("Notification Log", {"for_user": user, "type": "Alert"}, ["name", "subject"], order_by="creation")  # fmt: skip
		return [row.subject for row in rows if row.name not in self.told_before]

	def todos_about(self, name: str) -> list[tuple[str, str]]:
		rows = frappe.get_all("ToDo", {"reference_name": name}, ["allocated_to", "description"])
		return [(row.allocated_to, row.description) for row in rows]


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


class TestStock(TemplatesTestCase):
	def order(self, required: int, **values: Any) -> Any:
		return self.make(
			"Purchase Order", submit=True, company=COMPANY, supplier=SUPPLIER, currency="USD", buying_price_list="Contract Buying",
			transaction_date=add_days(nowdate(), -20), schedule_date=add_days(nowdate(), required),
			items=[{"item_code": SERVICE, "qty": 5, "rate": 10, "schedule_date": add_days(nowdate(), required)}], **values,
		)  # fmt: skip

	def test_a_supplier_is_asked_about_an_order_that_is_late(self):
		workflow = self.enable("supplier-late", days=2)
		late = self.order(-6, contact_email=BUYER)
		self.order(10, contact_email=BUYER)
		self.wait(1)
		self.the_run(workflow)
		((to, subject, text),) = self.mails()
		self.assertEqual(to, BUYER)
		self.assertIn(late.name, subject)
		self.assertIn("5 of 5", text)
		self.assertIn(late.name, self.told(CLERK)[0])

	def test_what_is_below_its_safety_stock_is_requested_once(self):
		item = make_stock_item("Contract Soil", opening=3, safety_stock=10)
		workflow = self.enable("reorder-stock", warehouse=store())
		for _ in range(2):
			self.start(workflow)
			self.drain()
		first, second = sorted(self.runs(workflow), key=lambda each: each["run"])
		self.assertEqual(
			[first["status"], second["status"]], ["Succeeded"] * 2, (first["error"], second["error"])
		)
		made = frappe.get_doc("Material Request", first["output"]["request"])
		found = {row.item_code: row.qty for row in made.items}
		self.assertEqual((made.docstatus, made.company, found[item]), (0, COMPANY, 7))
		self.assertEqual(second["output"]["request"], None)
		self.assertIn("below their safety stock", self.told(HEAD)[0])
		made.delete(ignore_permissions=True)
		frappe.db.commit()

	def test_a_batch_that_expires_is_told_of(self):
		workflow = self.enable("batch-expiry", days=30, again=7)
		item = make_stock_item("Contract Seed", has_batch_no=1, has_expiry_date=1)
		make_batch(item, f"CONTRACT-{frappe.generate_hash(length=6)}", add_days(nowdate(), 20), 14)
		make_batch(item, f"CONTRACT-{frappe.generate_hash(length=6)}", add_days(nowdate(), 200), 14)
		frappe.db.commit()
		self.wait(1)
		self.wait(15)
		self.the_run(workflow)
		first, second = self.told(HEAD)
		self.assertIn("14 Nos in stock", first)
		self.assertIn("14 Nos are left", second)


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


class TestService(TemplatesTestCase):
	def test_an_issue_past_its_time_goes_to_the_manager(self):
		workflow = self.enable("issue-past-sla", manager=OTHER, hours=4)
		frappe.db.set_single_value("Support Settings", "track_service_level_agreement", 0)
		issue = self.make("Issue", subject="Contract <b>pump</b> stands", raised_by=BUYER, priority=priority())  # fmt: skip
		self.make("Issue", subject="Contract without agreement", raised_by=BUYER)
		frappe.db.set_value(
			"Issue", issue.name, "sla_resolution_by", frappe.utils.add_to_date(now_datetime(), hours=1)
		)
		frappe.db.commit()
		self.wait(0.2, HOUR)
		self.wait(0.5, HOUR)
		self.the_run(workflow)
		self.assertIn("is past its time", self.told(HEAD)[0])
		self.assertEqual([user for user, _ in self.todos_about(issue.name)], [OTHER])

	def test_a_task_that_is_overdue_is_told_of_until_it_has_another_date(self):
		workflow = self.enable("task-overdue", days=3)
		late = self.make("Task", subject="Contract dig", exp_end_date=nowdate())
		moved = self.make("Task", subject="Contract plant", exp_end_date=nowdate())
		self.make(
			"Task",
			subject="Contract done",
			exp_end_date=nowdate(),
			status="Completed",
			completed_on=nowdate(),
		)
		self.wait(2)
		self.assertEqual(len(self.told(CLERK)), 2)
		with self.site.acting_as(CLERK):
			frappe.get_doc("Task", moved.name).update({"exp_end_date": add_days(nowdate(), 60)}).save()
		frappe.db.commit()
		self.wait(4)
		self.assertEqual({each["status"] for each in self.runs(workflow)}, {"Succeeded"})
		(told,) = self.told(HEAD)
		self.assertIn(
			f"Contract dig is 4 days overdue: {frappe.db.get_value('Task', late.name, 'status')}", told
		)

	def test_mails_become_leads_where_their_user_may_write_them(self):
		from frappe.permissions import add_permission, reset_perms, update_permission_property

		add_permission("Communication", "Inbox User", 0)
		update_permission_property("Communication", "Inbox User", 0, "write", 1)
		self.addCleanup(reset_perms, "Communication")
		workflow = self.enable("leads-from-mail")
		sender = f"contract-{frappe.generate_hash(length=6)}@example.com"
		mail = {"communication_medium": "Email", "sent_or_received": "Received", "sender": sender, "sender_full_name": "Contract Sender"}  # fmt: skip
		doc = frappe.get_doc({"doctype": "Communication", "subject": "contract", **mail}).insert()
		frappe.db.commit()
		self.drain()
		self.the_run(workflow)
		lead = frappe.db.get_value("Lead", {"email_id": sender})
		self.assertEqual(
			frappe.db.get_value("Communication", doc.name, ["reference_doctype", "reference_name"]),
			("Lead", lead),
		)


class TestFields(TemplatesTestCase):
	def test_every_field_that_a_template_names_is_there(self):
		for found in templates():
			for doctype, field in named_fields(found.definition):
				if doctype in STAND_INS:
					self.assertIn(field, {*STAND_INS[doctype], "name", "docstatus"}, found.name)
					continue
				known = self.site.documents.fields_of(doctype)
				with self.subTest(template=found.name):
					self.assertIsNotNone(known, doctype)
					self.assertIn(field, known, doctype)


def named_fields(definition: Definition) -> Iterator[tuple[str, str]]:
	"""The fields that a definition's triggers and steps name, with their DocTypes."""
	for trigger in definition.triggers:
		if "doctype" in trigger.keys:
			named = [trigger.keys["field"]] if "field" in trigger.keys else []
			for field in (*named, *fields_of_filters(trigger.keys.get("filters"))):
				yield trigger.keys["doctype"], field
	for step in definition.steps:
		params = step.params
		if step.action.startswith("document.") and "{{" not in params.get("doctype", "{{"):
			order = [str(params["order_by"]).split()[0]] if "order_by" in params else []
			values = [key for mapping in ("values", "key") for key in params.get(mapping, {})]
			for field in (
				*params.get("fields", ()),
				*fields_of_filters(params.get("filters")),
				*order,
				*values,
			):
				yield params["doctype"], field


def _mail(name: str) -> tuple[str, str, str]:
	queued = frappe.get_doc("Email Queue", name)
	message = message_from_string(queued.message)
	parts = [each for each in message.walk() if each.get_content_type() == "text/html"]
	text = parts[0].get_payload(decode=True).decode() if parts else ""
	from email.header import decode_header, make_header

	return queued.recipients[0].recipient, str(make_header(decode_header(message["Subject"]))), text


def ensure(doctype: str, name: str, **values: Any) -> str:
	"""A document of this name; made by Administrator if there is none."""
	if not frappe.db.exists(doctype, name):
		frappe.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True)
	return name


def store() -> str:
	return frappe.db.get_value("Warehouse", {"company": COMPANY, "warehouse_name": "Stores"})


def priority() -> str:
	return frappe.get_all("Issue Priority", pluck="name")[0]


def make_masters() -> None:
	ensure("Price List", "Contract Buying", price_list_name="Contract Buying", currency="USD", buying=1)
	frappe.db.set_single_value("Buying Settings", "buying_price_list", "Contract Buying")
	# What test_due makes, on a site where test_erpnext has made the company.
	ensure("Price List", "Contract Selling", price_list_name="Contract Selling", currency="USD", selling=1)
	make_customer(CUSTOMER)
	group = frappe.db.get_value("Item Group", {"is_group": 0})
	ensure("Item", SERVICE, item_code=SERVICE, item_group=group, is_stock_item=0, stock_uom="Nos")
	group = frappe.db.get_value("Supplier Group", {"is_group": 0})
	ensure("Supplier", SUPPLIER, supplier_name=SUPPLIER, supplier_group=group)


def settle_earlier() -> None:
	"""What an earlier run of these tests has left is no longer due."""
	of_tests = {"subject": ["like", "Contract%"]}
	frappe.db.set_value("Issue", of_tests, "status", "Closed")
	frappe.db.set_value("Task", of_tests, "status", "Cancelled")
	frappe.db.set_value("Quotation", {"party_name": CUSTOMER}, "valid_till", add_days(nowdate(), 400))


def make_customer(name: str, **values: Any) -> str:
	"""A Customer of this name, made by who acts."""
	if not frappe.db.exists("Customer", name):
		frappe.get_doc(
			{
				"doctype": "Customer", "customer_name": name,
				"customer_group": frappe.db.get_value("Customer Group", {"is_group": 0}),
				"territory": frappe.db.get_value("Territory", {"is_group": 0}), **values,
			}
		).insert()  # fmt: skip
	frappe.db.commit()
	return name


def make_stock_item(name: str, opening: float = 0, **values: Any) -> str:
	if not frappe.db.exists("Item", name):
		group = frappe.db.get_value("Item Group", {"is_group": 0})
		ensure(
			"Item",
			name,
			item_code=name,
			item_group=group,
			is_stock_item=1,
			stock_uom="Nos",
			valuation_rate=5,
			**values,
		)
		if opening:
			receive(name, opening)
	frappe.db.commit()
	return name


def receive(item: str, qty: float, **values: Any) -> None:
	row = {"item_code": item, "qty": qty, "t_warehouse": store(), "basic_rate": 5, **values}
	entry = {
		"doctype": "Stock Entry",
		"stock_entry_type": "Material Receipt",
		"company": COMPANY,
		"items": [row],
	}
	frappe.get_doc(entry).insert().submit()


def make_batch(item: str, name: str, expires: str, qty: float) -> None:
	frappe.get_doc({"doctype": "Batch", "batch_id": name, "item": item, "expiry_date": expires}).insert()
	receive(item, qty, batch_no=name, use_serial_batch_fields=1)


def make_employee(name: str, born: str, joined: str, **values: Any) -> str:
	known = frappe.db.get_value("Employee", {"employee_name": name})
	if known:
		return known
	ensure("Gender", "Female", gender="Female")
	doc = {"doctype": "Employee", "first_name": name, "company": COMPANY, "gender": "Female", "status": "Active", "date_of_birth": born, "date_of_joining": joined, "create_user_permission": 0, **values}  # fmt: skip
	return frappe.get_doc(doc).insert(ignore_permissions=True).name


def make_stand_in(name: str, *roles: str) -> None:
	"""A DocType with the name and the fields that the app hrms gives it, as far as a template uses them."""
	if frappe.db.exists("DocType", name):
		return
	rows = f"{name} Detail"
	if name in ROWS:
		_make_doctype(rows, ROWS[name], rows, istable=1)
	rights = [{"role": role, "read": 1, "write": 1, "create": 1} for role in roles]
	_make_doctype(name, STAND_INS[name], rows, autoname="hash", permissions=rights)


def remove_stand_ins() -> None:
	"""The app hrms may be installed later."""
	frappe.db.rollback()
	frappe.set_user("Administrator")
	for name in (*STAND_INS, *(f"{each} Detail" for each in ROWS)):
		if frappe.db.exists("DocType", {"name": name, "custom": 1}):
			frappe.delete_doc("DocType", name, force=True)
			frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `tab{name}`")
	frappe.db.commit()


def _make_doctype(name: str, kinds: dict[str, str], rows: str, **rest: Any) -> None:
	fields = [
		{
			"fieldname": field,
			"label": field,
			"fieldtype": kind,
			**({"options": rows} if kind == "Table" else {}),
		}
		for field, kind in kinds.items()
	]
	doc = {"doctype": "DocType", "name": name, "module": "Custom", "custom": 1, "fields": fields, **rest}
	frappe.get_doc(doc).insert()


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
