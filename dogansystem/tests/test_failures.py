"""What people are told of a step that failed: in words and labels that they know; what nobody expected, with its traceback."""

import logging
from pathlib import Path
from typing import Any
from unittest.mock import patch

import frappe

from dogansystem.api import run_page
from dogansystem.engine import log
from dogansystem.homes.frappe import logs
from dogansystem.homes.frappe.documents import Documents
from dogansystem.protocol import Act
from dogansystem.store import versions
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER, SiteTestCase
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

RUN, STEP_RUN = "Dogan Workflow Run", "Dogan Step Run"


class FailureTestCase(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		self.addCleanup(frappe.db.commit)
		for doctype in ("Error Log", "Notification Log"):
			self.addCleanup(frappe.db.delete, doctype, {"creation": [">=", frappe.utils.now()]})

	def failed_step(self, action: str, params: Any, run_as: str = PERSON, **rest: Any) -> Any:
		"""Run a step that fails; gives its row."""
		source = {
			"name": "contract-fails",
			"run_as": run_as,
			"steps": [step("it", action, params=params, **rest)],
		}
		self.orchestrator.import_workflow(source)
		run = self.orchestrator.start_run("contract-fails")
		frappe.db.commit()
		Drainer(self.site, until=lambda: True).run()
		frappe.db.rollback()
		found = frappe.get_doc(STEP_RUN, f"{run}.it")
		self.assertEqual(found.status, "Failed")
		return found

	def create(self, doctype: str, values: dict[str, Any], run_as: str = PERSON) -> Any:
		return self.failed_step("document.create", {"doctype": doctype, "values": values}, run_as)

	def assert_explained(self, row: Any, kind: str, *words: str, raw: str) -> None:
		"""The error keeps its name; our text names the step and these words, Frappe's own text stands below."""
		self.assertEqual(row.error_type, kind)
		ours, _, below = row.error.partition("\n\n")
		for word in ("Step it: ", *words):
			self.assertIn(word, ours)
		self.assertIn(raw, below)
		self.assertIsNone(row.traceback)


# As Frappe itself says it.
NO_PERMISSION = (
	"Insufficient Permission" if frappe.__version__.startswith("15.") else "No permission for Role"
)


class TestExplanations(FailureTestCase):
	def test_a_missing_permission_names_the_user_and_what_was_wanted(self):
		row = self.create("Role", {"role_name": "contract"}, run_as=OTHER)
		self.assert_explained(row, "PermissionError", OTHER, "create Role", "run_as", raw=NO_PERMISSION)

	def test_a_permission_to_one_document_names_it(self):
		row = self.failed_step("document.get", {"doctype": "User", "name": "Administrator"}, run_as=OTHER)
		self.assert_explained(row, "PermissionError", OTHER, "read User Administrator", raw="")

	def test_a_missing_value_names_the_label_and_the_parameter(self):
		row = self.create("ToDo", {"priority": "Low"})
		self.assert_explained(
			row, "MandatoryError", "ToDo", "Description (params.values.description)", raw="]: description"
		)

	def test_a_missing_value_in_a_row_names_the_table(self):
		values = {"subject": "contract", "starts_on": "2026-01-01 10:00", "event_participants": [{}]}
		row = self.create("Event", values)
		self.assert_explained(
			row, "MandatoryError", "params.values.event_participants[].reference_doctype", raw="]: "
		)

	def test_a_link_to_nothing_names_the_label_and_the_value(self):
		row = self.create("ToDo", {"description": "contract", "allocated_to": "nobody@example.com"})
		self.assert_explained(
			row, "LinkValidationError", "(params.values.allocated_to)", "User 'nobody@example.com'",
			raw="Could not find",
		)  # fmt: skip

	def test_a_missing_document_names_the_parameter(self):
		row = self.failed_step("document.get", {"doctype": "ToDo", "name": "contract-none"})
		self.assert_explained(row, "DoesNotExistError", "'contract-none' (params.name)", raw="not found")

	def test_a_missing_doctype_names_the_parameter(self):
		row = self.failed_step("document.get", {"doctype": "Tooodo", "name": "x"})
		self.assert_explained(row, "DoesNotExistError", "'Tooodo'", "(params.doctype)", raw="")

	def test_a_duplicate_names_the_document(self):
		row = self.create("Role", {"role_name": "System Manager"})
		self.assert_explained(row, "DuplicateEntryError", "Role named 'System Manager'", raw="1062")

	def test_a_value_that_has_to_be_unique_names_the_label(self):
		cause = Exception(1062, "Duplicate entry '0123' for key 'mobile_no'")
		error = frappe.UniqueValidationError("User", "x@example.com", cause)
		act = Act("document.create", {"doctype": "User", "values": {"mobile_no": "0123"}}, PERSON)
		self.assertIn("'0123' in Mobile No (params.values.mobile_no)", self.site.explain(error, act))

	def test_html_becomes_lines_of_text(self):
		def refuse(*_: object) -> None:
			frappe.throw("<b>Debit</b> &amp; Credit<br>differ by &lt;5&gt;<ul><li>one</li><li>two</li></ul>")

		with patch.object(Documents, "get", refuse):
			row = self.failed_step("document.get", {"doctype": "ToDo", "name": "x"})
		self.assertEqual(row.error_type, "ValidationError")
		self.assertEqual(row.error, "Debit & Credit\ndiffer by <5>\none\ntwo")

	def test_an_explanation_that_fails_leaves_the_error_as_it_is(self):
		with patch.object(self.site, "explain", side_effect=KeyError("a defect")):
			row = self.create("ToDo", {})
		self.assertEqual(row.error_type, "MandatoryError")
		self.assertIn("]: description", row.error)


class TestUnexpectedErrors(FailureTestCase):
	def break_step(self) -> Any:
		with patch.object(Documents, "get", side_effect=KeyError("contract defect")):
			return self.failed_step("document.get", {"doctype": "ToDo", "name": "x"})

	def test_the_traceback_is_on_the_step_and_once_in_the_error_log(self):
		frappe.cache.delete_keys("dogan_cache:reported")
		first, second = self.break_step(), self.break_step()
		for row in (first, second):
			self.assertIn("Traceback", row.traceback)
			self.assertIn("KeyError: 'contract defect'", row.traceback)
		logged = frappe.get_all(
			"Error Log",
			{"method": "contract-fails: KeyError"},
			["error", "reference_doctype", "reference_name"],
		)
		self.assertEqual(
			[(each.reference_doctype, each.reference_name) for each in logged], [(RUN, first.run)]
		)
		self.assertIn("contract defect", logged[0].error)

	def test_only_system_managers_see_it(self):
		row = self.break_step()
		for user, sees in ((PERSON, True), (MANAGER, False)):
			frappe.set_user(user)
			details = run_page.step_details(row.run, "it")
			self.assertEqual("traceback" in details and bool(details["traceback"]), sees)
			listed = frappe.get_list(STEP_RUN, {"name": row.name}, ["name", "traceback"])
			self.assertEqual(bool(listed[0].get("traceback")), sees)
			doc = frappe.get_doc(STEP_RUN, row.name)
			doc.apply_fieldlevel_read_permissions()
			self.assertEqual(bool(doc.get("traceback")), sees)

	def test_an_attempt_that_succeeds_takes_it_away(self):
		calls = []

		def once(*_: object) -> dict[str, Any]:
			calls.append(1)
			if len(calls) == 1:
				raise KeyError("contract defect")
			return {}

		retry = {"attempts": 2, "delay": 0}
		with patch.object(Documents, "get", once):
			source = {"name": "contract-again", "run_as": PERSON}
			params = {"doctype": "ToDo", "name": "x"}
			steps = [step("it", "document.get", params=params, retry=retry)]
			self.orchestrator.import_workflow({**source, "steps": steps})
			run = self.orchestrator.start_run("contract-again")
			frappe.db.commit()
			for _ in range(2):
				Drainer(self.site, until=lambda: True).run()
				self.advance(1)
		frappe.db.rollback()
		row = frappe.get_doc(STEP_RUN, f"{run}.it")
		self.assertEqual((row.status, row.traceback), ("Succeeded", None))


class TestNotices(FailureTestCase):
	settings = {"linger_seconds": 0}

	def fail_and_tick(self, by: str) -> str:
		self.advance(60)
		frappe.set_user(by)
		run = self.orchestrator.start_run("contract-told")
		frappe.db.commit()
		frappe.set_user("Administrator")
		Drainer(self.site, until=lambda: True).run()
		self.advance(60)
		tick(self.site)
		frappe.db.rollback()
		return run

	def notices(self, **filters: Any) -> list[Any]:
		wanted = {"subject": ["like", "%contract-told%"], **filters}
		fields = ["for_user", "document_type", "document_name", "email_content"]
		return frappe.get_all("Notification Log", wanted, fields, order_by="creation asc")

	def setUp(self) -> None:
		super().setUp()
		frappe.set_user(MANAGER)
		steps = [step("it", "data.check", params={"that": False, "message": "<b>no</b>"})]
		self.orchestrator.import_workflow({"name": "contract-told", "run_as": MANAGER, "steps": steps})
		frappe.db.commit()
		frappe.set_user("Administrator")

	def test_owner_and_starter_are_told_once_an_hour_with_a_link(self):
		run = self.fail_and_tick(USER)
		self.fail_and_tick(USER)
		found = self.notices()
		self.assertEqual(sorted(each.for_user for each in found), sorted([MANAGER, USER]))
		self.assertEqual({(each.document_type, each.document_name) for each in found}, {(RUN, run)})
		self.assertIn("&lt;b&gt;no", found[0].email_content)
		self.advance(3600)
		tick(self.site)
		frappe.db.rollback()
		self.assertEqual(len(self.notices()), 4)

	def test_who_may_not_see_the_run_is_led_to_the_document(self):
		run = self.fail_and_tick(USER)
		name = (
			frappe.get_doc({"doctype": "ToDo", "description": "contract told", "allocated_to": OTHER})
			.insert()
			.name
		)
		reached = self.site.people.notice([OTHER], "contract-told", "x", [(RUN, run), ("ToDo", name)])
		self.assertEqual(reached, [OTHER])
		(told,) = self.notices(for_user=OTHER)
		self.assertEqual((told.document_type, told.document_name), ("ToDo", name))


class TestUnreadableVersion(FailureTestCase):
	def test_its_runs_fail_and_say_so_and_all_others_go_on(self):
		runs = {}
		for name in ("contract-broken", "contract-good"):
			self.orchestrator.import_workflow({"name": name, "run_as": PERSON, "steps": [step("a")]})
			runs[name] = self.orchestrator.start_run(name)
		frappe.db.sql(
			"UPDATE `tabDogan Workflow Version` SET definition = '{' WHERE workflow = 'contract-broken'"
		)
		frappe.db.commit()
		versions._kept.forget(self.site)
		frappe.cache.delete_keys("dogan_cache:")
		Drainer(self.site, until=lambda: True).run()
		self.advance(60)
		self.assertTrue(tick(self.site))
		frappe.db.rollback()
		broken = frappe.get_doc(RUN, runs["contract-broken"])
		self.assertEqual((broken.status, broken.error_type), ("Failed", "UnreadableVersion"))
		self.assertIn("save the workflow again", broken.error)
		self.assertEqual(frappe.db.get_value(RUN, runs["contract-good"], "status"), "Succeeded")
		logged = {"reference_doctype": RUN, "reference_name": broken.name}
		self.assertEqual(frappe.db.count("Error Log", logged), 1)
		self.assertEqual(frappe.db.count("Notification Log", {"document_name": broken.name}), 1)


class TestLog(FailureTestCase):
	def lines(self) -> list[str]:
		return Path(frappe.get_site_path("logs", "dogansystem.log")).read_text().splitlines()

	def test_runs_and_failures_are_in_the_sites_log_and_steps_if_asked(self):
		with patch.dict(frappe.local.conf, {"dogansystem_log_level": "DEBUG"}):
			logs.start()
			row = self.create("ToDo", {})
		logs.start()
		mine = [line for line in self.lines() if f"run={row.run}" in line]
		events = [line.split(" dogansystem ")[1].split()[0] for line in mine]
		self.assertEqual(events, ["run.start", "step.start", "run.end", "step.failed", "step.end"])
		for said in ("step=", "attempt=1", "worker=", "node=", "seconds=", f"site={frappe.local.site}"):
			self.assertIn(said, mine[-1])

	def test_unless_asked_only_what_went_wrong_is_told(self):
		with patch.dict(frappe.local.conf, {"dogansystem_log_level": None, "developer_mode": 0}):
			logs.start()
			row = self.create("ToDo", {})
		logs.start()
		mine = [line.split(" dogansystem ")[1] for line in self.lines() if f"run={row.run}" in line]
		self.assertEqual([line.split()[0] for line in mine], ["run.end", "step.failed"])

	def test_a_log_that_cannot_be_written_disturbs_nobody(self):
		with (
			patch.object(frappe, "logger", side_effect=OSError("disk full")),
			patch.object(logging, "raiseExceptions", False),
		):
			log.event(log.ERROR, "contract.event")
