"""What the tests of the ready workflows on a real ERPNext have in common: documents of an ordinary clerk, and what came of them."""

import os
import unittest
from email import message_from_string
from email.header import decode_header, make_header
from typing import Any

import frappe
from frappe.utils import add_days, nowdate

from dogansystem.tests.contract.home import Home, states
from dogansystem.tests.home import SiteTestCase, ensure_user
from dogansystem.tests.test_frappe_site import make_mail_account
from dogansystem.workflows import template
from tests.bench.erpnext_masters import CUSTOMER, SERVICE, make_masters, remove_stand_ins, settle_earlier
from tests.bench.test_due import COMPANY, make_company

CLERK, HEAD, OTHER = "contract-clerk@example.com", "contract-boss@example.com", "contract-other@example.com"
CLERKS = ["Sales User", "Accounts User", "Purchase User", "Stock User", "HR User", "Projects User", "Support Team", "Sales Manager", "Item Manager", "Stock Manager"]  # fmt: skip
HEADS = ["Accounts Manager", "Purchase Manager", "Stock Manager", "HR Manager", "Projects Manager", "Stock User", "Support Team", "Dogan User"]  # fmt: skip
DAY, HOUR = 86_400.0, 3600.0
BUYER = "contract-buyer@example.com"


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


def _mail(name: str) -> tuple[str, str, str]:
	queued = frappe.get_doc("Email Queue", name)
	message = message_from_string(queued.message)
	parts = [each for each in message.walk() if each.get_content_type() == "text/html"]
	text = parts[0].get_payload(decode=True).decode() if parts else ""
	return queued.recipients[0].recipient, str(make_header(decode_header(message["Subject"]))), text
