"""What the form of a document says of the workflows about it, and to whom; runs that are retried many at a time."""

import json
from datetime import timedelta
from typing import Any

import frappe

from dogansystem.api import document_page, workflows
from dogansystem.api.document_page import on_document
from dogansystem.tests.contract.home import PERSON, Home, fails, step
from dogansystem.tests.home import OTHER, USER, SiteTestCase, ensure_user
from dogansystem.worker.tick import tick

READER = "dogan-reader@example.com"  # of the document; without any role of the app
RUN = "Dogan Workflow Run"


class DocumentTestCase(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		ensure_user(READER, ["Desk User"])
		self.addCleanup(frappe.set_user, "Administrator")
		with self.site.acting_as(PERSON):
			todo = {"doctype": "ToDo", "description": "contract watched", "allocated_to": READER}
			self.name = frappe.get_doc({**todo, "date": self.day(3)}).insert().name
		frappe.db.commit()

	def day(self, days: int) -> str:
		return (self.site.local_time(self.site.now()) + timedelta(days=days)).date().isoformat()

	def start_here(self, name: str, *steps: dict[str, Any], **rest: Any) -> str:
		self.save(name, list(steps), title=f"{name} in words", **rest)
		return self.start(name, document={"doctype": "ToDo", "name": self.name}, cause="document")

	def seen(self, user: str = READER) -> dict[str, Any]:
		frappe.db.rollback()
		frappe.set_user(user)
		try:
			return on_document("ToDo", self.name)
		finally:
			frappe.set_user("Administrator")


class TestOnDocument(DocumentTestCase):
	def test_whoever_may_read_the_document_reads_what_happens_but_neither_runs_nor_errors(self):
		self.start_here("contract-seen-ran", step("a"))
		self.start_here("contract-seen-failed", step("a"), fails("b", title="The second"))
		self.drain()
		self.start_here("contract-seen-waits", step("a", "flow.wait", params={"for": "1h"}, title="Later"))
		self.drain()
		waits, failed, ran = self.seen()["runs"]
		self.assertEqual(
			[each["status"] for each in (waits, failed, ran)], ["Waiting", "Failed", "Succeeded"]
		)
		self.assertEqual(ran["title"], "contract-seen-ran in words")
		self.assertEqual((waits["done"], waits["steps"]), (0, 1))
		(wait,) = waits["waits"]
		self.assertEqual((wait["kind"], wait["step"]), ("wait", "Later"))
		self.assertTrue(wait["until"])
		self.assertEqual(failed["failed_step"], "The second")
		for each in (waits, failed, ran):
			self.assertNotIn("run", each)
			self.assertNotIn("error", each)
		self.assertNotIn("says no", json.dumps(self.seen()))
		(_, failed, _) = self.seen(PERSON)["runs"]
		self.assertIn("b says no", failed["error"])
		self.assertTrue(frappe.db.exists(RUN, failed["run"]))

	def test_who_may_not_read_the_document_is_told_nothing(self):
		self.start_here("contract-seen-ran", step("a"))
		for user in ("Guest", USER, OTHER):
			for name in (self.name, "none"):
				frappe.set_user(user)
				with self.subTest(user=user, name=name), self.assertRaises(frappe.PermissionError):
					on_document("ToDo", name)

	def test_whom_a_wait_is_for_stands_there_by_name(self):
		params = {"to": [USER], "subject": "contract watched: may I?"}
		self.start_here("contract-seen-asks", step("ok", "flow.approve", params=params))
		self.drain()
		(wait,) = self.seen()["runs"][0]["waits"]
		self.assertEqual(
			(wait["asked"], wait["subject"]), ([frappe.utils.get_fullname(USER)], params["subject"])
		)

	def test_who_was_told_of_a_failure_and_who_will_be(self):
		self.start_here("contract-seen-failed", fails("a"), notify=[USER])
		self.drain()
		(failed,) = self.seen()["runs"]
		self.assertIn(frappe.utils.get_fullname(USER), failed["told"])
		self.assertFalse(failed["is_told"])
		self.advance(60)
		tick(self.site)
		self.assertTrue(self.seen()["runs"][0]["is_told"])

	def test_a_date_that_is_to_come_is_told_while_the_document_fits(self):
		fitting = {
			"on": "date",
			"doctype": "ToDo",
			"field": "date",
			"filters": {"description": "contract watched"},
		}
		other = {**fitting, "filters": {"description": "another"}}
		past = {**fitting, "offset": "-30d"}
		for name, trigger in (("fits", fitting), ("other", other), ("past", past)):
			self.save(f"contract-seen-{name}", [step("a")], title=name, triggers=[trigger])
		(coming,) = self.seen()["to_come"]
		self.assertEqual((coming["title"], coming["due"][:10]), ("fits", self.day(3)))
		self.assertEqual(coming["field"], "Due Date")

	def test_what_went_on_after_failures_says_how_many(self):
		params = {"that": "{{ item }}"}
		self.start_here(
			"contract-seen-partly",
			step("a", "data.check", params=params, for_each=[0, 0, 1], on_error="continue"),
		)
		self.drain()
		(run,) = self.seen()["runs"]
		self.assertEqual((run["status"], run["failures"]), ("Succeeded", 2))

	def test_what_is_under_way_comes_first_and_the_rest_is_counted(self):
		self.start_here("contract-seen-waits", step("a", "flow.wait", params={"for": "1h"}))
		self.drain()
		self.save("contract-seen-ran", [step("a")])
		for _ in range(document_page.SHOWN_RUNS + 1):
			self.start("contract-seen-ran", document={"doctype": "ToDo", "name": self.name})
		self.drain()
		found = self.seen()
		self.assertEqual(
			(found["runs"][0]["status"], found["total"]), ("Waiting", 2 + document_page.SHOWN_RUNS)
		)
		self.assertEqual(len(found["runs"]), document_page.SHOWN_RUNS)


class TestSignature(DocumentTestCase):
	def test_what_a_workflow_comments_is_signed_by_it(self):
		params = {"doctype": "ToDo", "name": self.name, "text": "contract said"}
		self.start_here("contract-signed", step("say", "document.comment", params=params))
		self.drain()
		frappe.db.rollback()
		about = {"reference_name": self.name, "comment_type": "Comment"}
		comment = frappe.db.get_value("Comment", about, ["content", "owner"], as_dict=True)
		self.assertEqual(comment.owner, PERSON)
		self.assertIn("contract said", comment.content)
		self.assertIn("contract-signed in words", comment.content)


class TestRetryMany(DocumentTestCase):
	def failed(self, user: str) -> str:
		self.save(
			"contract-many",
			[step("a", "data.check", params={"that": "{{ input }}"})],
			triggers=[{"on": "manual"}],
		)
		with self.site.acting_as(user):
			run = self.orchestrator.start_run("contract-many", False)
		frappe.db.commit()
		self.drain()
		frappe.db.rollback()
		return run

	def test_each_that_may_be_retried_is_and_the_others_say_why_not(self):
		mine, theirs, done = self.failed(USER), self.failed(OTHER), self.failed(USER)
		frappe.set_user(USER)
		workflows.retry(done)
		found = workflows.retry_many(json.dumps([mine, theirs, done, "none"]))
		self.assertEqual(found["retried"], [mine])
		self.assertEqual([each["run"] for each in found["refused"]], [theirs, done, "none"])
		self.assertTrue(all(each["reason"] for each in found["refused"]))
		self.assertEqual(frappe.message_log, [])
		frappe.db.commit()
		frappe.set_user("Administrator")
		self.assertEqual(frappe.db.get_value(RUN, mine, "status"), "Running")
		self.assertEqual(frappe.db.get_value(RUN, theirs, "status"), "Failed")

	def test_no_more_than_one_request_can_hold(self):
		frappe.set_user(USER)
		with self.assertRaises(workflows.InputError):
			workflows.retry_many([str(number) for number in range(workflows.MAX_RETRIED + 1)])
