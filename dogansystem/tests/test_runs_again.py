"""A finished run is run again with another input, and compared with the first."""

from typing import Any

import frappe

from dogansystem.api import run_page
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import step
from dogansystem.tests.home import OTHER, USER

RUN = "Dogan Workflow Run"


class TestRunsAgain(SecurityTestCase):
	def test_a_new_run_keeps_of_which_one_it_is_and_goes_by_the_version_saved_now(self):
		first = frappe.db.get_value(RUN, self.ended, "version")
		self.save("open", step("w", params={"x": 1}), triggers=[{"on": "manual"}])
		frappe.db.commit()
		frappe.set_user(USER)
		new = run_page.run_again(self.ended, '{"n": 2}')["run"]
		row = frappe.db.get_value(
			RUN, new, ["again_of", "version", "input", "started_by", "cause"], as_dict=True
		)
		self.assertEqual((row.again_of, row.started_by, row.cause), (self.ended, USER, "manual"))
		self.assertEqual(frappe.parse_json(row.input), {"n": 2})
		self.assertNotEqual(row.version, first)
		self.assertEqual(run_page.run_view(new)["run"]["again_of"], self.ended)

	def test_what_the_trigger_of_the_first_run_brought_is_there_again(self):
		said = {"on": "webhook", "body": {"order": 7}}
		first = self.orchestrator.start_run("open", cause="webhook", trigger=said)
		self.orchestrator.cancel_run(first)
		new = run_page.run_again(first)["run"]
		self.assertEqual(frappe.parse_json(frappe.db.get_value(RUN, new, "trigger_data")), said)

	def test_a_run_about_a_document_is_run_again_about_it_or_another_one(self):
		names = [frappe.get_doc(doctype="ToDo", description=text).insert().name for text in ("one", "two")]
		document = self.site.documents.get("ToDo", names[0])
		first = self.orchestrator.start_run("open", document=document)
		self.orchestrator.cancel_run(first)
		self.assertEqual(run_page.given(first)["document"], {"doctype": "ToDo", "name": names[0]})
		new = run_page.run_again(first, doctype="ToDo", name=names[1])["run"]
		self.assertEqual(frappe.db.get_value(RUN, new, "reference_name"), names[1])

	def test_a_run_that_has_not_ended_is_not_run_again(self):
		self.assert_refused(lambda: run_page.run_again(self.run), frappe.ValidationError)

	def test_who_may_not_start_the_workflow_now_does_not_run_it_again(self):
		self.save("open", step("w"), triggers=[{"on": "manual", "role": "System Manager"}])
		frappe.db.commit()
		frappe.set_user(USER)
		self.assert_refused(lambda: run_page.run_again(self.ended))

	def test_runs_are_compared_only_by_who_may_see_both(self):
		frappe.set_user(USER)
		found = run_page.compare(self.run, self.ended)
		self.assertIn("second is Cancelled", found["differences"][0]["sentence"])
		frappe.set_user(OTHER)
		self.assert_refused(lambda: run_page.compare(self.run, self.ended))
		mine = self.mine()
		self.assert_refused(lambda: run_page.compare(mine, self.ended))
		self.assert_refused(lambda: run_page.compare(self.ended, mine))

	def mine(self) -> Any:
		return self.orchestrator.start_run("open")
