"""Changed versions of ready workflows, rehearsed on a real ERPNext with 2,000 documents: exactly those are named that behave
differently, as they were prepared by hand."""

import json
import os
import signal
import subprocess
import sys
import time
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
from tests.bench.test_proving import differences, state

DOCUMENTS = 2000
LIMIT = 40  # of each template: an attempt takes some tenths of a second, and each document has two
MANY = 200  # documents of the rehearsal after which the site is looked at
OWN = ("Dogan Rehearsal", "dogan_rehearsal", "rq:")  # a rehearsal is kept as a document, and is a job
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

	def changed(self, name: str, **changes: Any) -> dict[str, Any]:
		"""An enabled template with a change."""
		own = {"name": f"contract-{name}", "run_as": f"contract-{name}@example.com"}
		return {**template(name).definition.source, **own, **changes}

	def rehearsed(self, name: str, limit: int = LIMIT, **changes: Any) -> dict[str, Any]:
		"""What comes of a change to an enabled template."""
		definition = json.dumps(self.changed(name, **changes))
		asked = api.rehearse(definition=definition, limit=limit)["rehearsal"]
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

	def test_a_rehearsal_of_many_leaves_nothing_also_when_its_process_is_killed(self):
		self.enable("customer-onboarding", responsible=HEAD)
		self.make("Customer", MANY, {"tax_id": "T-1"}, customer_name="Contract R", customer_type="Company")
		(trigger,) = template("customer-onboarding").definition.source["triggers"]
		changes = {"triggers": [{**trigger, "if": "{{ not doc.tax_id }}"}]}
		self.rehearsed(
			"customer-onboarding", limit=1, **changes
		)  # what Frappe reads for the first time, it caches
		before = state()
		result = self.rehearsed("customer-onboarding", limit=MANY, **changes)
		self.assertEqual(result["summary"]["documents"], MANY)
		self.assertEqual(self.left(before), [])
		asked = api.rehearse(
			definition=json.dumps(self.changed("customer-onboarding", **changes)), limit=MANY
		)
		frappe.db.commit()
		before = state()
		self.kill_while_it_rehearses(asked["rehearsal"])
		self.assertEqual([each for each in self.left(before) if "key" not in each], [])
		row = frappe.db.get_value("Dogan Rehearsal", asked["rehearsal"], ["status", "done"], as_dict=True)
		self.assertEqual(row.status, "Running")
		self.assertLess(row.done, MANY)
		long_ago = add_to_date(now_datetime(), days=-1)
		frappe.db.set_value(
			"Dogan Rehearsal", asked["rehearsal"], "creation", long_ago, update_modified=False
		)
		self.assertEqual(api.get_rehearsal(asked["rehearsal"])["status"], "Failed")

	def left(self, before: dict[str, Any]) -> list[str]:
		return [each for each in differences(before, state()) if not any(own in each for own in OWN)]

	def kill_while_it_rehearses(self, name: str) -> None:
		code = f"import frappe; frappe.init(site='{frappe.local.site}'); frappe.connect(); from dogansystem import jobs; jobs.rehearse('{name}')"
		child = subprocess.Popen([sys.executable, "-c", code], env=os.environ)
		self.wait_for(lambda: frappe.db.get_value("Dogan Rehearsal", name, "done"), 60)
		child.send_signal(signal.SIGKILL)
		child.wait()
		time.sleep(1)  # the server notices that the connection is gone

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
