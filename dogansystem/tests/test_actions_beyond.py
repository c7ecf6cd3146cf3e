"""Files, Workflows, reports and scripts of a Frappe site, as ordinary users have them."""

import os
from typing import Any
from unittest.mock import patch

import frappe
from frappe.utils import safe_exec

from dogansystem.engine.errors import NotAvailable, NotFound, StepCommitted
from dogansystem.tests.contract.home import PERSON, output, proves, row, step
from dogansystem.tests.home import MANAGER, OTHER, USER
from dogansystem.tests.papers import BUILT, PAPER, REPORT, SCRIPT, PaperTestCase

PAPERS = "dogansystem.tests.papers"


class TestFiles(PaperTestCase):
	def setUp(self) -> None:
		super().setUp()
		with self.site.acting_as(PERSON):
			self.theirs = self.site.files.create("contract secret.csv", b"contract,secret\n1,2\n")
		frappe.db.commit()

	def test_a_private_file_of_somebody_else_is_neither_read_nor_attached(self):
		name = self.paper()
		for given in (self.theirs["file"], self.theirs["file_url"]):
			self.refused(lambda given=given: self.site.files.read(given, 1000))
			self.refused(lambda given=given: self.site.files.attach(given, (PAPER, name)))
		for given in (
			"/private/files/../../site_config.json",
			"../site_config.json",
			"/etc/passwd",
			"Home",
			"",
		):
			with self.subTest(given=given):
				self.refused(lambda given=given: self.site.files.read(given, 1000), kind=NotFound)

	def test_a_file_is_read_by_whoever_may_read_the_document_it_is_attached_to(self):
		name = self.paper()
		made = self.site.files.create("contract shown.txt", b"contract", attached_to=(PAPER, name))
		frappe.db.commit()
		with self.site.acting_as(MANAGER):
			self.assertEqual(self.site.files.read(made["file_url"], 1000).content, b"contract")
		with self.site.acting_as(OTHER):
			self.refused(lambda: self.site.files.read(made["file_url"], 1000))
			mine = self.paper(OTHER)
			self.refused(lambda: self.site.files.attach(made["file"], (PAPER, mine)))

	def test_bytes_come_back_as_they_went_in(self):
		for content in (b"\xff\xfe\x00a", "Çelik".encode("windows-1254"), "ç".encode(), b"PK\x03\x04\x00"):
			with self.subTest(content=content):
				made = self.site.files.create("contract bytes.txt", content)
				frappe.db.commit()
				self.assertEqual(self.site.files.read(made["file"], 1000).content, content)
		self.refused(lambda: self.site.files.read(made["file"], 3), "at most 3", kind=frappe.ValidationError)

	def test_a_file_of_a_step_that_is_rolled_back_is_not_left_on_the_disk(self):
		made = self.site.files.create("contract undone.txt", b"contract that is undone")
		path = frappe.get_doc("File", made["file"]).get_full_path()
		self.assertTrue(os.path.exists(path))
		self.site.database.rollback()
		self.assertFalse(os.path.exists(path))
		self.assertFalse(frappe.db.exists("File", made["file"]))

	def test_a_remote_file_is_not_fetched(self):
		frappe.set_user(PERSON)
		file = frappe.get_doc(
			doctype="File", file_name="contract.csv", file_url="http://127.0.0.1:9/contract.csv"
		).insert()
		self.refused(
			lambda: self.site.files.read(file.name, 1000), "http.request", kind=frappe.ValidationError
		)

	@patch(
		"frappe.utils.pdf.get_pdf", return_value=b"%PDF-1.4"
	)  # the real one asks the web server for styles
	def test_a_print_is_the_users_own_file_and_commits_nothing(self, _: Any):
		name = self.paper()
		with self.site.step_scope(USER):
			self.assertEqual(self.site.files.print(PAPER, name), b"%PDF-1.4")
		frappe.set_user(USER)
		for format in ("No Such Format", "Purchase Order"):
			with self.assertRaisesRegex(frappe.DoesNotExistError, format):
				self.site.files.print(PAPER, name, format)
		with self.assertRaisesRegex(frappe.DoesNotExistError, "contract letter"):
			self.site.files.print(PAPER, name, letterhead="contract letter")


class TestTransitions(PaperTestCase):
	flow = True

	def test_an_action_moves_the_document_as_its_workflow_says(self):
		name = self.paper(amount=50)
		transition = self.site.documents.transition
		with self.site.acting_as(MANAGER):
			self.assertEqual(
				transition(PAPER, name, "Contract Approve"), {"name": name, "state": "Contract Approved"}
			)
		found = self.site.documents.get(PAPER, name)
		self.assertEqual((found["docstatus"], found["code"], found["modified_by"]), (1, "approved", MANAGER))

	def test_who_may_not_take_an_action_is_told_which_role_may(self):
		name = self.paper(amount=50)
		transition = self.site.documents.transition
		self.refused(lambda: transition(PAPER, name, "Contract Approve"), USER, "role Dogan Manager")
		with self.site.acting_as(OTHER):
			self.refused(lambda: transition(PAPER, name, "Contract Reject"))
		mine = self.paper(MANAGER)
		with self.site.acting_as(MANAGER):
			self.refused(lambda: transition(PAPER, mine, "Contract Approve"), "document of their own")

	def test_an_action_that_is_not_open_is_an_error_that_names_the_open_ones(self):
		name = self.paper(amount=50)
		for action in ("Contract Small", "Aprove"):
			self.refused(
				lambda action=action: self.site.documents.transition(PAPER, name, action),
				f"is Contract Open, and the action '{action}' is not open. Open for {USER}: Contract Reject.",
				kind=frappe.ValidationError,
			)
		self.site.documents.update(PAPER, name, {"amount": 5})
		self.assertEqual(
			self.site.documents.transition(PAPER, name, "Contract Small")["state"], "Contract Rejected"
		)

	def test_a_step_that_may_not_fails_with_the_words_of_the_workflow(self):
		name = self.paper(amount=50)
		params = {"doctype": PAPER, "name": name, "action": "Contract Approve"}
		run = self.ran_as(USER, step("go", "document.transition", params=params))
		self.assertIn("PermissionError", row(run, "go")["error"])
		self.assertIn("role Dogan Manager", row(run, "go")["error"])
		self.assertNotIn("Role Permissions Manager", row(run, "go")["error"])

	def test_without_a_workflow_the_error_says_so(self):
		todo = self.site.documents.create("ToDo", {"description": "contract", "allocated_to": USER})["name"]
		self.refused(
			lambda: self.site.documents.transition("ToDo", todo, "Approve"),
			"has no active Workflow",
			kind=frappe.ValidationError,
		)


class TestReports(PaperTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.set_user("Administrator")
		query = f"SELECT name, title, amount FROM `tab{PAPER}` WHERE title LIKE %(title)s ORDER BY amount"
		columns = [
			{"fieldname": "name", "label": "Paper", "fieldtype": "Link", "options": PAPER},
			{"fieldname": "title", "label": "Title", "fieldtype": "Data"},
			{"fieldname": "amount", "label": "Amount", "fieldtype": "Float"},
		]
		common = {
			"doctype": "Report",
			"ref_doctype": PAPER,
			"is_standard": "No",
			"roles": [{"role": "Dogan Manager"}],
		}
		for values in (
			{"report_name": REPORT, "report_type": "Query Report", "query": query, "columns": columns, "add_total_row": 1},
			{"report_name": BUILT, "ref_doctype": "ToDo", "report_type": "Report Builder", "json": '{"fields": [["name", "ToDo"], ["description", "ToDo"]]}', "roles": []},
		):  # fmt: skip
			if not frappe.db.exists("Report", values["report_name"]):
				frappe.get_doc({**common, **values}).insert()
		frappe.db.commit()
		frappe.set_user(USER)

	def test_rows_are_mappings_and_the_total_is_apart(self):
		for amount in (5, 10, 20):
			self.paper(amount=amount, title="contract reported")
		with self.site.acting_as(MANAGER):
			found = self.site.reports.run(REPORT, {"title": "contract rep%"}, 2)
		self.assertEqual([each["fieldname"] for each in found["columns"]], ["name", "title", "amount"])
		self.assertEqual([each["amount"] for each in found["rows"]], [5, 10])
		self.assertEqual((found["total"]["amount"], found["left_out"]), (35, 1))

	def test_a_query_report_leaves_what_the_step_has_changed_uncommitted_and_in_place(self):
		with self.site.step_scope(MANAGER):
			made = self.site.documents.create(PAPER, {"title": "contract unsaved"})["name"]
			found = self.site.reports.run(REPORT, {"title": "contract unsaved"}, 10)
		self.assertEqual([each["name"] for each in found["rows"]], [made])
		with self.assertRaises(StepCommitted), self.site.step_scope(MANAGER):
			self.site.reports.run(REPORT, {"title": "contract unsaved"}, 10)
			frappe.db.rollback()  # refused as before
		self.site.database.rollback()
		self.assertFalse(frappe.db.exists(PAPER, made))

	def test_a_report_that_the_user_may_not_see_is_refused_by_name(self):
		self.refused(lambda: self.site.reports.run(REPORT, {"title": "%"}, 10), USER, REPORT)
		with self.assertRaises(frappe.DoesNotExistError):
			self.site.reports.run("No Such Report", {}, 10)

	def test_a_report_of_the_builder_shows_what_the_user_may_read(self):
		documents = self.site.documents
		mine = documents.create("ToDo", {"description": "contract built", "assigned_by": USER})["name"]
		with self.site.acting_as(OTHER):
			documents.create("ToDo", {"description": "contract built", "assigned_by": OTHER})
		found = self.site.reports.run(BUILT, {"description": "contract built"}, 10)
		self.assertEqual(found["rows"], [{"name": mine, "description": "contract built"}])
		with self.assertRaises(frappe.DataError):
			self.site.reports.run(BUILT, {"name) OR 1=1 -- ": "x"}, 10)

	def test_a_step_runs_a_report_as_its_user(self):
		self.paper(title="contract stepped")
		steps = [
			step("go", "report.run", params={"report": REPORT, "filters": {"title": "contract stepped"}}),
			step("html", "data.table", params={"rows": "{{ steps.go.output.rows }}", "columns": "{{ steps.go.output.columns }}"}),
		]  # fmt: skip
		self.assertIn("may not see the report", row(self.ran_as(USER, *steps), "go")["error"])
		run = self.ran_as(MANAGER, *steps)
		self.assertEqual(run["status"], "Succeeded", run["error"])
		self.assertIn("<th>Paper</th>", output(run, "html")["html"])
		self.assertIn("contract stepped", output(run, "html")["html"])


class TestScripts(PaperTestCase):
	def script(self, text: str, **values: Any) -> None:
		frappe.db.rollback()
		with self.site.acting_as("Administrator"):
			frappe.delete_doc(
				"Server Script", SCRIPT, force=True, ignore_missing=True, delete_permanently=True
			)
			frappe.get_doc(
				{
					"doctype": "Server Script",
					"name": SCRIPT,
					"script_type": "API",
					"api_method": "contract_method",
					"script": text,
					**values,
				}
			).insert()
		frappe.db.commit()

	def setUp(self) -> None:
		super().setUp()
		if not safe_exec.is_safe_exec_enabled():
			self.leave_out("Server Scripts are switched off on this bench")

	@proves("run (a Server Script of type API, where the site allows them)")
	def test_a_script_answers_by_message_or_by_flags_and_is_found_by_both_names(self):
		self.script("frappe.response['message'] = [frappe.session.user, frappe.form_dict.what]")
		for name in (SCRIPT, "contract_method"):
			self.assertEqual(self.site.run_script(name, {"what": 5}), [USER, 5])
		self.assertEqual(self.site.call_method("contract_method", {"what": 6}), [USER, 6])
		self.script("frappe.flags.total = 3")
		self.assertEqual(self.site.run_script(SCRIPT, {}), {"total": 3})

	def test_a_script_has_the_users_permissions(self):
		name = self.paper(OTHER)
		self.script(f"frappe.get_doc('{PAPER}', '{name}').check_permission('read')")
		self.refused(lambda: self.site.run_script(SCRIPT, {}))

	def test_a_script_that_is_disabled_or_of_another_type_is_not_run(self):
		self.script("frappe.flags.total = 3", disabled=1)
		self.refused(lambda: self.site.run_script(SCRIPT, {}), SCRIPT, kind=NotFound)
		self.script(
			"pass", script_type="DocType Event", reference_doctype="ToDo", doctype_event="Before Save"
		)
		self.refused(lambda: self.site.run_script(SCRIPT, {}), SCRIPT, kind=NotFound)

	def test_a_script_cannot_commit_in_a_step(self):
		self.script("frappe.db.commit()")
		with self.assertRaises(StepCommitted), self.site.step_scope(USER):
			self.site.run_script(SCRIPT, {})

	@proves("run (a Server Script of type API, where the site allows them)")
	def test_where_scripts_are_switched_off_the_error_says_how_to_switch_them_on(self):
		with patch.object(safe_exec, "is_safe_exec_enabled", lambda: False):
			self.refused(
				lambda: self.site.run_script(SCRIPT, {}),
				"bench set-config -g server_script_enabled 1",
				kind=NotAvailable,
			)
