"""Ways round a review, each of which is tried here and leads nowhere."""

import json

import frappe

from dogansystem.api import approvals, reviews, run_page, workflows
from dogansystem.api import desk as desk_api
from dogansystem.homes.frappe import reviews as rules
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER
from dogansystem.tests.reviewing import APPROVAL, RUN, VERSION, WORKFLOW, ReviewTestCase


class TestWaysRound(ReviewTestCase):
	def test_no_way_enables_what_nobody_has_approved(self):
		definition = dict(self.orchestrator.export_workflow("reviewed"))
		new = {**definition, "name": "reviewed-too"}
		self.assert_not_enabled(self.enable)
		self.assert_not_enabled(lambda: self.orchestrator.set_workflow_enabled("reviewed", True))
		self.assert_not_enabled(lambda: self.orchestrator.import_workflow(definition, enabled=True))
		self.assert_not_enabled(lambda: frappe.client.set_value(WORKFLOW, "reviewed", "enabled", 1))
		self.assert_not_enabled(lambda: frappe.client.save({**self.doc().as_dict(), "enabled": 1}))
		self.assert_refused(
			lambda: self.orchestrator.import_workflow(new, enabled=True), frappe.ValidationError
		)
		copy = frappe.copy_doc(self.doc())
		copy.update({"workflow_name": "reviewed-copy", "enabled": 1})
		self.assert_refused(copy.insert, frappe.ValidationError)

	def test_an_approved_version_named_by_the_caller_does_not_stand_for_another_one(self):
		self.approve()
		approved = self.doc().current_version
		self.publish("two")

		def forge() -> None:
			doc = self.doc()
			doc.update({"current_version": approved, "enabled": 1})
			doc.save()

		self.assert_not_enabled(forge)

	def test_editing_and_enabling_at_once_is_refused(self):
		self.approve()

		def both() -> None:
			doc = self.doc()
			doc.steps[0].params = json.dumps({"text": "evil"})
			doc.enabled = 1
			doc.save()

		self.assert_not_enabled(both)

	def test_who_made_the_version_does_not_approve_it(self):
		approval = self.ask()
		self.assert_refused(
			lambda: approvals.decide(approval, "approved"), frappe.ValidationError, frappe.PermissionError
		)
		self.assertIsNone(reviews.state("reviewed")["approved_by"])

	def test_nor_does_who_made_an_earlier_one_that_nobody_has_approved(self):
		"""MANAGER's change is in the version that PERSON has saved last."""
		definition = {"name": "theirs", "run_as": MANAGER, "steps": [step("a")]}
		frappe.set_user(MANAGER)
		self.orchestrator.import_workflow(definition, enabled=False)
		frappe.set_user(PERSON)
		doc = frappe.get_doc(WORKFLOW, "theirs")
		doc.description = "As before"
		doc.save()
		frappe.db.commit()
		run = reviews.ask("theirs")["run"]
		frappe.db.commit()
		self.drain()
		found = frappe.db.get_value(RUN, run, "input")
		self.assertEqual(json.loads(found)["makers"], sorted([MANAGER, PERSON]))
		asked = frappe.get_all("Dogan Approver", {"run": run}, pluck="user")
		self.assertNotIn(MANAGER, asked)

	def test_a_decision_passed_on_or_reassigned_does_not_come_to_the_maker(self):
		approval = self.ask()
		frappe.set_user(MANAGER)
		for to in (PERSON, OTHER):
			self.assert_refused(
				lambda to=to: approvals.pass_on(approval, to), frappe.ValidationError, frappe.PermissionError
			)
		frappe.set_user(PERSON)
		self.assert_refused(
			lambda: approvals.reassign(approval, MANAGER, PERSON),
			frappe.ValidationError,
			frappe.PermissionError,
		)

	def test_an_approval_of_people_about_the_version_does_not_count(self):
		"""PERSON asks MANAGER something else, and names the version as its document."""
		version = self.doc().current_version
		document = {"doctype": VERSION, "name": version}
		ask = step(
			"review", "flow.approve", params={"to": MANAGER, "subject": "Lunch?", "document": document}
		)
		self.orchestrator.import_workflow({"name": "lunch", "run_as": PERSON, "steps": [ask]}, enabled=False)
		frappe.db.commit()
		run = desk_api.run_now("lunch")["run"]
		frappe.db.commit()
		self.drain()
		approval = frappe.db.get_value(APPROVAL, {"run": run})
		self.decide(approval)
		frappe.set_user(PERSON)
		self.assertIsNone(reviews.state("reviewed")["approved_by"])
		self.assert_not_enabled(self.enable)

	def test_a_step_that_acts_as_the_reviewer_decides_nothing(self):
		"""A System Manager may let steps run as anybody."""
		approval = self.ask()
		args = {"approval": approval, "decision": "approved"}
		decide = step("d", "method.call", params={"method": "dogansystem.api.approvals.decide", "args": args})
		self.orchestrator.import_workflow(
			{"name": "puppet", "run_as": MANAGER, "steps": [decide]}, enabled=False
		)
		frappe.db.commit()
		run = desk_api.run_now("puppet")["run"]
		frappe.db.commit()
		self.drain()
		self.assertIn("people do", frappe.db.get_value(RUN, run, "error"))
		self.assertEqual(frappe.db.get_value(APPROVAL, approval, "status"), "Open")

	def test_nobody_takes_the_name_of_the_review_or_starts_one_with_an_input_of_their_own(self):
		definition = {"name": rules.NAME, "run_as": PERSON, "steps": [step("review")]}
		self.assert_refused(
			lambda: self.orchestrator.import_workflow(definition, enabled=False), frappe.ValidationError
		)
		run = reviews.ask("reviewed")["run"]
		frappe.db.commit()
		forged = json.dumps({"makers": [], "role": "System Manager"})
		for call in (
			lambda: workflows.start_run(rules.NAME, forged),
			lambda: desk_api.run_now(rules.NAME, forged),
			lambda: run_page.run_again(run, forged),
		):
			self.assert_refused(
				call, frappe.DoesNotExistError, frappe.ValidationError, frappe.PermissionError
			)

	def test_versions_and_approvals_are_not_written_by_hand(self):
		version = self.doc().current_version
		self.assert_refused(
			lambda: frappe.client.set_value(VERSION, version, "approved_by", MANAGER),
			frappe.ValidationError,
			frappe.PermissionError,
		)

	def test_users_do_not_ask_and_managers_do_not_switch_the_review_off(self):
		frappe.set_user(USER)
		self.assert_refused(lambda: reviews.ask("reviewed"))
		frappe.set_user(MANAGER)
		with self.undone():
			doc = frappe.get_doc("Dogan Settings")
			doc.update({"require_review": 0, "review_role": "Dogan User"})
			doc.save()
			found = frappe.db.get_singles_dict("Dogan Settings")
			self.assertEqual((str(found.require_review), found.review_role), ("1", "Dogan Manager"))

	def test_a_fixture_that_changes_an_enabled_workflow_disables_it(self):
		self.approve()
		self.enable()
		frappe.db.commit()
		values = self.doc().as_dict()
		values["steps"][0]["params"] = json.dumps({"text": "by fixture"})
		doc = frappe.get_doc(values)
		frappe.flags.in_import = True
		try:
			doc.run_method("before_import")
			frappe.delete_doc(WORKFLOW, "reviewed", force=True)
			doc.set("__islocal", 1)
			doc.flags.ignore_links = True  # as Frappe's import of files has it
			doc.insert()
		finally:
			frappe.flags.in_import = False
		self.assertFalse(self.is_enabled())
