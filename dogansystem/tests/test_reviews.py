"""Require Review: a version is approved by somebody else before it is enabled."""

import json

import frappe

from dogansystem.api import approvals, reviews, versions, workflows
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER
from dogansystem.tests.reviewing import APPROVAL, RUN, VERSION, WORKFLOW, ReviewTestCase


class TestReview(ReviewTestCase):
	def test_an_approved_version_is_enabled_and_keeps_who_approved_it(self):
		self.assertEqual(reviews.state("reviewed")["approved_by"], None)
		self.approve()
		self.assertEqual(reviews.state("reviewed")["approved_by"], MANAGER)
		self.enable()
		self.assertTrue(self.is_enabled())
		self.assertEqual(frappe.db.get_value(VERSION, self.doc().current_version, "approved_by"), MANAGER)
		self.assertEqual(versions.history("reviewed")[0]["approved_by"], MANAGER)

	def test_the_reviewer_reads_what_is_different_from_what_was_approved(self):
		self.approve()
		doc = self.doc()
		doc.steps[0].params = json.dumps({"text": "<b>two</b>"})
		doc.change_note = "It was wrong"
		doc.save()
		self.publish("three")
		approval = self.ask()
		frappe.set_user(MANAGER)
		said = approvals.get(approval)["message_html"]
		self.assertIn("Step a: Text was changed from “one” to “three”", said)
		self.assertIn("It was wrong", said)
		self.assertNotIn("two", said)

	def test_what_a_definition_holds_is_text_for_the_reviewer(self):
		self.publish("<img src=x onerror=alert(1)>{{ input.role }}")
		self.approve()
		self.publish("<b>bold</b> {{ 1 + 1 }}")
		approval = self.ask()
		frappe.set_user(MANAGER)
		said = approvals.get(approval)["message_html"]
		self.assertIn("&lt;b&gt;bold&lt;/b&gt; {{ 1 + 1 }}", said)
		self.assertNotIn("<b>", said)

	def test_the_maker_is_told_of_the_decision(self):
		self.decide(self.ask(), "rejected", comment="No")
		self.drain()
		said = frappe.get_all(
			"Notification Log", {"for_user": PERSON, "document_name": "reviewed"}, pluck="subject"
		)
		self.assertTrue([each for each in said if "was rejected" in each], said)

	def test_a_change_of_an_enabled_workflow_disables_it_until_it_is_approved(self):
		self.approve()
		self.enable()
		frappe.db.commit()
		self.publish("two")
		self.assertFalse(self.is_enabled())
		self.assert_not_enabled(self.enable)
		self.approve()
		self.enable()
		self.assertTrue(self.is_enabled())

	def test_what_is_no_change_of_the_definition_needs_no_review(self):
		self.approve()
		self.enable()
		doc = self.doc()
		doc.positions = '{"a": [1, 2]}'
		doc.save()
		self.assertTrue(self.is_enabled())
		self.orchestrator.set_workflow_enabled("reviewed", False)
		self.enable()
		self.assertTrue(self.is_enabled())

	def test_a_version_that_says_what_an_approved_one_says_is_approved(self):
		self.approve()
		self.publish("two")
		versions.restore("reviewed", 1)
		self.enable()
		self.assertTrue(self.is_enabled())

	def test_workflows_that_are_enabled_already_go_on(self):
		doc = frappe.get_doc(WORKFLOW, "open")
		self.assertTrue(doc.enabled)
		doc.save()
		workflows.set_parameters("open", '{"limit": 3}')
		self.assertTrue(frappe.db.get_value(WORKFLOW, "open", "enabled"))

	def test_a_review_is_asked_for_once_and_a_newer_version_takes_its_place(self):
		first = self.ask()
		with self.assertRaisesRegex(frappe.ValidationError, "in review already"):
			reviews.ask("reviewed")
		self.publish("two")
		second = self.ask()
		self.assertEqual(frappe.db.get_value(APPROVAL, first, "status"), "Cancelled")
		self.assertEqual(reviews.state("reviewed")["approval"], second)
		self.assertEqual(reviews.state("reviewed")["asked"], [MANAGER])

	def test_nobody_left_to_review_is_said(self):
		self.set_settings(review_role="Dogan User")
		frappe.set_user(MANAGER)
		run = reviews.ask("reviewed")["run"]
		frappe.db.commit()
		self.drain()
		self.assertEqual(frappe.db.get_value(RUN, run, "status"), "Waiting")  # USER and OTHER have it
		self.set_settings(review_role="Dogan Manager")
		frappe.set_user(PERSON)
		self.publish("two")
		frappe.set_user(MANAGER)
		doc = self.doc()
		run = reviews.ask("reviewed")["run"]
		frappe.db.commit()
		self.drain()
		status, error = frappe.db.get_value(RUN, run, ["status", "error_type"])
		# Somebody else of the site may be a Dogan Manager too.
		self.assertIn((status, error), (("Failed", "NobodyCanDecide"), ("Waiting", None)), doc.name)
