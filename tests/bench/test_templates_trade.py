"""The ready workflows for stock, service and mails, and the fields that all of them name, on a real ERPNext, as users who have only the roles that each one asks for."""

from collections.abc import Iterator
from typing import Any

import frappe
from frappe.utils import add_days, now_datetime, nowdate

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.triggers.base import fields_of_filters
from dogansystem.workflows import templates
from tests.bench.erpnext_case import BUYER, CLERK, HEAD, HOUR, OTHER, TemplatesTestCase
from tests.bench.erpnext_masters import (
	SERVICE,
	STAND_INS,
	SUPPLIER,
	make_batch,
	make_stock_item,
	priority,
	store,
)  # fmt: skip
from tests.bench.test_due import COMPANY


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
