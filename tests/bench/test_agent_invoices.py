"""An agent that submits an invoice on ERPNext: its ledger entries are shown before, and are those that are then made."""

import json
from collections import Counter
from typing import Any

import frappe

from dogansystem.agents.ai import trying
from dogansystem.agents.ai.conversation import Answer, Asked, Model
from dogansystem.agents.ai.providers import scripted
from dogansystem.homes.frappe.site import FrappeSite
from dogansystem.tests.contract.home import output
from dogansystem.tests.home import MANAGER
from dogansystem.tests.test_ai_agents import AGENT, ASK, MODEL
from tests.bench.erpnext_case import CLERK, SERVICE, TemplatesTestCase
from tests.bench.erpnext_masters import CUSTOMER
from tests.bench.test_due import COMPANY


class TestInvoices(TemplatesTestCase):
	def setUp(self) -> None:
		super().setUp()
		self._patch(trying, "SECONDS", 300.0)
		frappe.get_doc(
			{"doctype": "Dogan Model", "model_name": MODEL, "provider": "openai", "model": "x"}
		).insert()
		tools = [{"action": f"document.{each}", "params": json.dumps({"doctype": "Sales Invoice"}), "ask_user": MANAGER} for each in ("submit", "cancel", "update")]  # fmt: skip
		agent = {"agent_name": AGENT, "kind": "AI", "user": CLERK, "model": MODEL, "enabled": 1}
		frappe.get_doc({"doctype": "Dogan Agent", **agent, "tools": tools}).insert()
		frappe.db.commit()

	def draft(self) -> Any:
		return self.make(
			"Sales Invoice", company=COMPANY, currency="USD", selling_price_list="Contract Selling", customer=CUSTOMER,
			items=[{"item_code": SERVICE, "qty": 2, "rate": 100}],
		)  # fmt: skip

	def asked(self, tool: str, **params: Any) -> tuple[str, dict[str, Any]]:
		"""The run that waits, and what is asked."""
		left = [{"call": {"tool": tool, "params": params}}, {"text": "Done."}]

		def say(model: Model, asked: Asked, step: str) -> Answer:
			return scripted.said(left.pop(0), 1, asked)

		self._patch(FrappeSite, "models", staticmethod(say))
		frappe.db.commit()
		run = self.start(self.save("contract-asks", [ASK]))
		self.drain()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Waiting", [output(found, "ask"), found["error"]])
		return run, self.question()

	def asked_in_vain(self, tool: str, **params: Any) -> str:
		"""The error of a call that nobody is asked about, as it would only fail."""
		with self.assertRaises(AssertionError) as failure:
			self.asked(tool, **params)
		self.assertEqual(self.orchestrator.pending_approvals(MANAGER), [])
		return str(failure.exception)

	def question(self) -> dict[str, Any]:
		frappe.db.rollback()
		(pending,) = self.orchestrator.pending_approvals(MANAGER)
		return dict(self.orchestrator.get_approval(pending["approval"]))

	def approve(self, approval: str) -> None:
		with self.site.acting_as(MANAGER):
			self.orchestrator.decide(approval, "approved", user=MANAGER)
		frappe.db.commit()
		self.drain()

	def entries(self, name: str) -> Counter[str]:
		frappe.db.rollback()
		return Counter(frappe.get_all("GL Entry", {"voucher_no": name}, pluck="account"))

	def test_the_entries_that_are_shown_are_those_that_are_made(self):
		invoice = self.draft()
		run, about = self.asked("document_submit", name=invoice.name)
		proposed = about["proposed"]
		self.assertEqual((proposed["unknown"], proposed["error"]), ("", ""))
		self.assertEqual(self.entries(invoice.name), Counter())
		shown = Counter(
			after
			for each in proposed["changes"]
			if each["doctype"] == "GL Entry"
			for label, _before, after, _event in each["fields"]
			if label[0] == "Account"
		)
		self.assertEqual(sum(shown.values()), 2)
		self.approve(about["approval"])
		found = self.run_of(run)
		self.assertEqual(
			found["status"], "Succeeded", found["status"] == "Waiting" and self.question()["proposed"]
		)
		self.assertEqual(self.entries(invoice.name), shown)
		self.assertEqual(output(found, "ask")["calls"][0]["approved_by"], MANAGER)
		left = self.asked_in_vain("document_cancel", name=invoice.name)  # which the clerk may not
		self.assertIn("PermissionError", left)

	def test_another_amount_is_asked_about_and_nothing_was_submitted(self):
		invoice = self.draft()
		run, about = self.asked("document_submit", name=invoice.name)
		with self.site.acting_as(CLERK):
			doc = frappe.get_doc("Sales Invoice", invoice.name)
			doc.items[0].qty = 200
			doc.save()
		frappe.db.commit()
		self.approve(about["approval"])
		self.assertEqual(self.run_of(run)["status"], "Waiting")
		self.assertEqual(
			(frappe.db.get_value("Sales Invoice", invoice.name, "docstatus"), self.entries(invoice.name)),
			(0, Counter()),
		)
		self.assertTrue(self.question()["proposed"]["again"])

	def test_changed_rows_stand_beside_each_other(self):
		invoice = self.draft()
		(row,) = invoice.items
		values = {"items": [{"name": row.name, "item_code": SERVICE, "qty": 5, "rate": 100}]}
		run, about = self.asked("document_update", name=invoice.name, values=values)
		change = next(each for each in about["proposed"]["changes"] if each["doctype"] == "Sales Invoice")
		labels = {tuple(label): (before, after) for label, before, after, _ in change["fields"]}
		self.assertEqual(labels["Quantity", "Items", 1], ("2.0", "5.0"))
		self.approve(about["approval"])
		self.assertEqual(self.run_of(run)["status"], "Succeeded")
