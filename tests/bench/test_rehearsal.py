"""Changed versions of ready workflows, rehearsed on a real ERPNext with 2,000 documents: exactly those are named that behave
differently, as they were prepared by hand."""

import json
from collections.abc import Iterable
from typing import Any

import frappe
from frappe.utils import add_days, add_to_date, now_datetime, nowdate

from dogansystem import jobs
from dogansystem.api import rehearsals as api
from dogansystem.proving import rehearsal
from dogansystem.tests.contract.home import PERSON
from dogansystem.workflows import template
from tests.bench.erpnext_case import HEAD, TemplatesTestCase

DOCUMENTS = 2000
LIMIT = 40  # of each template: an attempt takes some tenths of a second, and each document has two
EVERY = 7  # one of so many is prepared to differ


class TestRehearsal(TemplatesTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Dogan Rehearsal", {"workflow": ["like", "contract-%"]})
		self._patch(rehearsal, "REST", 0.0)

	def make(self, doctype: str, number: int, differing: dict[str, Any], **values: Any) -> set[str]:
		"""So many documents, written at once; gives those that are prepared to differ."""
		self.addCleanup(frappe.db.delete, doctype, {"name": ["like", "CONTRACT-R-%"]})
		prepared = set()
		for each in range(number):
			own = {
				"name": f"CONTRACT-R-{each:04}",
				"creation": add_to_date(now_datetime(), seconds=each - DOCUMENTS),
			}
			if each % EVERY == 0:
				prepared.add(own["name"])
			doc = frappe.get_doc(doctype=doctype, **values)
			doc.update(own | (differing if each % EVERY == 0 else {}))
			doc.modified = own["creation"]
			doc.db_insert()
		frappe.db.commit()
		return prepared

	def rehearsed(self, name: str, **changes: Any) -> dict[str, Any]:
		"""What comes of a change to an enabled template."""
		source = {
			**template(name).definition.source,
			"name": f"contract-{name}",
			"run_as": f"contract-{name}@example.com",
		}
		asked = api.rehearse(definition=json.dumps({**source, **changes}), limit=LIMIT)["rehearsal"]
		frappe.db.commit()
		jobs.rehearse(asked)
		frappe.set_user("Administrator")
		found = api.get_rehearsal(asked)
		self.assertEqual(found["status"], "Completed", found["error"])
		self.assertEqual(found["result"]["summary"]["busy"], 0)
		return found["result"]

	def assert_differ(self, result: dict[str, Any], prepared: Iterable[str]) -> None:
		tried = {each["document"]["name"] for each in result["results"]}
		named = {each["document"]["name"] for each in result["results"] if each["differences"]}
		self.assertEqual(len(tried), LIMIT)
		self.assertEqual(named, tried & set(prepared))
		self.assertTrue(named)
		print(f"\nrehearsed {len(tried)} documents of {result['workflow']}: {len(named)} differ", flush=True)

	def test_changed_templates_name_exactly_what_behaves_differently(self):
		self.customers()
		self.tasks()
		self.issues()

	def customers(self) -> None:
		"""Customers with a tax number are welcomed no more."""
		self.enable("customer-onboarding", responsible=HEAD)
		prepared = self.make(
			"Customer", 800, {"tax_id": "T-1"}, customer_name="Contract R", customer_type="Company"
		)
		(trigger,) = template("customer-onboarding").definition.source["triggers"]
		condition = "{{ not doc.is_internal_customer and not doc.tax_id }}"
		result = self.rehearsed("customer-onboarding", triggers=[{**trigger, "if": condition}])
		self.assert_differ(result, prepared)
		self.assertEqual(
			{each["what"] for one in result["results"] for each in one["differences"]}, {"start"}
		)

	def tasks(self) -> None:
		"""Of tasks that are nearly done another sentence is told."""
		self.enable("task-overdue")
		late = {"subject": "Contract R", "status": "Working", "exp_end_date": add_days(nowdate(), -3)}
		prepared = self.make("Task", 700, {"progress": 90}, owner=PERSON, **late)
		steps = [dict(each) for each in template("task-overdue").definition.source["steps"]]
		params = steps[0]["params"]
		steps[0] = {
			**steps[0],
			"params": {
				**params,
				"subject": params["subject"] + "{{ ' (nearly done)' if doc.progress > 50 }}",
			},
		}
		result = self.rehearsed("task-overdue", steps=steps)
		self.assert_differ(result, prepared)

	def issues(self) -> None:
		"""No comment is left on what is urgent."""
		self.enable("issue-past-sla", manager=HEAD)
		late = {
			"subject": "Contract R",
			"status": "Open",
			"sla_resolution_by": add_to_date(now_datetime(), hours=-2),
		}
		prepared = self.make(
			"Issue", 500, {"priority": "High"}, owner=PERSON, raised_by="contract@example.com", **late
		)
		steps = [dict(each) for each in template("issue-past-sla").definition.source["steps"]]
		steps[1] = {**steps[1], "if": "{{ doc.priority != 'High' }}"}
		result = self.rehearsed("issue-past-sla", steps=steps)
		self.assert_differ(result, prepared)
		whats = {each["what"] for one in result["results"] for each in one["differences"]}
		self.assertIn("step note", whats)
