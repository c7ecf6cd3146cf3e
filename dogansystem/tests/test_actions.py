"""What the actions need of a Frappe site, as ordinary users have it: and other people's documents, files and reports."""

import os
from typing import Any
from unittest.mock import patch

import frappe

from dogansystem.engine.errors import NotAvailable, NotFound, StepCommitted
from dogansystem.homes.frappe import methods
from dogansystem.homes.frappe.documents import Documents
from dogansystem.tests.contract.home import PERSON, Home, output, row, step
from dogansystem.tests.home import MANAGER, OTHER, USER
from dogansystem.tests.papers import BUILT, MAPPER, PAPER, REPORT, SCRIPT, PaperTestCase

PAPERS = "dogansystem.tests.papers"


class TestDocuments(PaperTestCase, Home):
	def test_a_count_has_each_document_once_and_only_what_the_user_may_read(self):
		self.paper()
		self.paper()
		self.paper(OTHER)
		self.assertEqual(self.site.documents.count(PAPER, {"title": "contract paper"}), 2)
		self.refused(lambda: self.site.documents.count("Has Role", {}))
		with self.site.acting_as(PERSON):
			both = [["Has Role", "role", "in", ["System Manager", "Desk User", "All"]], ["name", "=", "Administrator"]]
			listed = self.site.documents.list("User", both)
			self.assertGreater(len(listed), 1)  # once for each role, as Frappe lists them
			self.assertEqual(self.site.documents.count("User", both), 1)

	def test_an_amendment_is_a_draft_with_the_fields_of_the_original(self):
		name = self.paper(amount=5.5)
		documents = self.site.documents
		self.refused(lambda: documents.amend(PAPER, name, {}), "is not cancelled", kind=frappe.ValidationError)
		documents.submit(PAPER, name)
		documents.cancel(PAPER, name)
		frappe.db.commit()
		with self.site.acting_as(OTHER):
			self.refused(lambda: documents.amend(PAPER, name, {}))
		new = documents.amend(PAPER, name, {"title": "contract amended"})
		self.assertEqual((new["amended_from"], new["docstatus"], new["amount"]), (name, 0, 5.5))
		self.assertEqual((new["name"], new["title"], new["owner"]), (f"{name}-1", "contract amended", USER))
		self.assertEqual(documents.submit(PAPER, new["name"])["docstatus"], 1)
		with self.assertRaisesRegex(frappe.ValidationError, f"amended already, by {name}-1"):
			documents.amend(PAPER, name, {})
		with self.assertRaisesRegex(frappe.DataError, "titel"):
			documents.amend(PAPER, self.cancelled(), {"titel": "x"})

	def cancelled(self) -> str:
		name = self.paper()
		self.site.documents.submit(PAPER, name)
		self.site.documents.cancel(PAPER, name)
		return name

	def test_somebody_elses_document_is_not_touched(self):
		name = self.paper()
		documents, files = self.site.documents, self.site.files
		mine = self.paper(OTHER)
		attacks: dict[str, Any] = {
			"rename": lambda: documents.rename(PAPER, name, "CP-STOLEN"),
			"tag": lambda: documents.tag(PAPER, name, ["contract-x"]),
			"untag": lambda: documents.tag(PAPER, name, ["contract-x"], remove=True),
			"share": lambda: documents.share(PAPER, name, OTHER, ()),
			"unassign": lambda: documents.unassign(PAPER, name),
			"attach": lambda: files.create("contract.txt", b"contract", attached_to=(PAPER, name)),
			"print": lambda: files.print(PAPER, name),
			"convert": lambda: documents.convert(f"{PAPERS}.make_paper", name, {}),
			"upsert": lambda: documents.upsert(PAPER, {"name": name}, {"owner": OTHER}),
		}
		with self.site.acting_as(OTHER):
			for what, attack in attacks.items():
				with self.subTest(what=what):
					self.refused(attack, kind=(frappe.PermissionError, frappe.ValidationError))
			self.assertEqual(documents.tag(PAPER, mine, ["contract-x"]), ["contract-x"])
		frappe.db.rollback()
		self.assertEqual(self.site.documents.get(PAPER, name)["owner"], USER)

	def test_a_rename_keeps_within_what_the_type_allows(self):
		one, two = self.paper(), self.paper(OTHER)
		rename = self.site.documents.rename
		self.refused(lambda: rename(PAPER, one, two), two, "already", kind=frappe.ValidationError)
		todo = self.site.documents.create("ToDo", {"description": "contract", "allocated_to": USER})["name"]
		self.refused(lambda: rename("ToDo", todo, "X"), "not allowed", kind=frappe.ValidationError)
		self.assertEqual(rename(PAPER, one, "CP-NEW"), "CP-NEW")
		self.assertEqual(self.site.documents.get(PAPER, "CP-NEW")["title"], "contract paper")
		frappe.db.rollback()

	def test_nobody_shares_a_right_that_they_do_not_have(self):
		name = self.paper()
		documents = self.site.documents
		documents.share(PAPER, name, OTHER, ["share"])
		frappe.db.commit()
		with self.site.acting_as(OTHER):
			self.assertEqual(documents.get(PAPER, name)["title"], "contract paper")
			for right in ("write", "submit"):
				self.refused(lambda right=right: documents.share(PAPER, name, OTHER, [right]))
			self.refused(lambda: documents.update(PAPER, name, {"title": "x"}))
			documents.share(PAPER, name, MANAGER, [])
		self.assertEqual(documents.share(PAPER, name, OTHER, ["write"])["name"], self.share_of(name)["name"])
		found = self.share_of(name)
		self.assertEqual((found["read"], found["write"], found["share"], found["submit"]), (1, 1, 1, 0))

	def share_of(self, name: str) -> Any:
		fields = ["name", "read", "write", "share", "submit"]
		return frappe.db.get_value("DocShare", {"share_name": name, "user": OTHER}, fields, as_dict=True)

	def test_a_mapper_makes_a_document_with_the_users_permissions(self):
		name = self.paper(title="contract mapped")
		convert = self.site.documents.convert
		made = convert(MAPPER, name, {"priority": "High"})
		self.assertEqual((made["doctype"], made["description"], made["priority"]), ("ToDo", "contract mapped", "High"))
		self.assertEqual(made["owner"], USER)
		paper = convert(f"{PAPERS}.make_paper", name, {}, submit=True)
		self.assertEqual((paper["docstatus"], paper["title"]), (1, "contract from contract mapped"))
		with self.assertRaisesRegex(frappe.DataError, "titel"):
			convert(f"{PAPERS}.make_paper", name, {"titel": "x"})
		frappe.db.rollback()

	def test_a_mapper_that_ignores_permissions_does_not_lend_them(self):
		name = self.paper(title="contract mapped")
		self.site.documents.share(PAPER, name, PERSON, [])
		frappe.db.commit()
		with self.site.acting_as(PERSON):  # who may read this paper and make none
			self.refused(lambda: self.site.documents.convert(f"{PAPERS}.make_paper", name, {}))

	def test_only_whitelisted_mappers_are_called(self):
		name = self.paper()
		for method, kind in {
			"frappe.model.mapper.get_mapped_doc": frappe.PermissionError,
			"frappe.get_doc": frappe.PermissionError,
			"frappe.delete_doc": frappe.PermissionError,
			"dogansystem.jobs.tick": frappe.PermissionError,
			"os.system": NotFound,
			f"{PAPERS}.no_such": NotFound,
			"frappe.ping": frappe.ValidationError,
			"frappe.client.get_list": Exception,
		}.items():
			with self.subTest(method=method):
				self.refused(lambda method=method: self.site.documents.convert(method, name, {}), kind=kind)

	def test_a_step_s_error_names_the_user_and_what_is_needed(self):
		name = self.paper()
		steps = [step("tag", "document.tag", params={"doctype": PAPER, "name": name, "tag": "contract-x"})]
		frappe.set_user("Administrator")
		run = _run(self, steps, OTHER)
		self.assertIn(f"{OTHER} has no permission to", row(run, "tag")["error"])
		self.assertIn(name, row(run, "tag")["error"])


class TestUpserts(PaperTestCase, Home):
	def upsert(self, **key: Any) -> dict[str, Any]:
		params = {"doctype": PAPER, "key": key, "values": {"amount": 7}}
		frappe.set_user("Administrator")
		return _run(self, [step("up", "document.upsert", params=params)], USER)

	def test_two_at_once_make_one_document_where_a_field_is_unique(self):
		create, calls = Documents.create, []

		def create_after_another(documents: Documents, doctype: str, values: Any) -> Any:
			calls.append(values)
			if len(calls) == 1:
				self.insert_elsewhere(code=values["code"])
			return create(documents, doctype, values)

		with patch.object(Documents, "create", create_after_another):
			run = self.upsert(code="contract-race")
		found = output(run, "up")
		self.assertEqual((found["created"], found["amount"]), (False, 7), run["error"])
		self.assertEqual((len(calls), row(run, "up")["attempts"]), (1, 1))
		self.assertEqual(frappe.db.count(PAPER, {"code": "contract-race"}), 1)

	def insert_elsewhere(self, code: str) -> None:
		"""A paper of USER's, committed by another connection."""
		other = self.site.open_control()
		other.execute(
			f"INSERT INTO `tab{PAPER}` (name, owner, creation, modified, modified_by, docstatus, title, code)"
			" VALUES ('CP-ELSEWHERE', %s, NOW(6), NOW(6), %s, 0, 'contract paper', %s)",
			(USER, USER, code),
		)
		other.commit()
		other.close()

	def test_a_value_that_somebody_elses_document_has_is_an_error_and_not_an_endless_try(self):
		self.paper(OTHER, code="contract-theirs")
		run = self.upsert(code="contract-theirs")
		self.assertEqual((run["status"], row(run, "up")["attempts"]), ("Failed", 1))
		self.assertIn("contract-theirs", row(run, "up")["error"])
		self.assertEqual(frappe.db.get_value(PAPER, {"code": "contract-theirs"}, "amount"), 0)

	def test_a_key_by_a_name_that_the_site_does_not_give_is_an_error(self):
		run = self.upsert(name="CP-MINE")
		self.assertIn("Take another key", row(run, "up")["error"])
		self.assertEqual(frappe.db.count(PAPER, {"amount": 7}), 0)


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
		for given in ("/private/files/../../site_config.json", "../site_config.json", "/etc/passwd", "Home", ""):
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
		self.refused(lambda: self.site.files.read(file.name, 1000), "http.request", kind=frappe.ValidationError)

	@patch("frappe.utils.pdf.get_pdf", return_value=b"%PDF-1.4")  # the real one asks the web server for styles
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


class TestTransitions(PaperTestCase, Home):
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
		frappe.set_user("Administrator")
		run = _run(self, [step("go", "document.transition", params=params)], USER)
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


class TestReports(PaperTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		frappe.set_user("Administrator")
		query = f"SELECT name, title, amount FROM `tab{PAPER}` WHERE title LIKE %(title)s ORDER BY amount"
		columns = [
			{"fieldname": "name", "label": "Paper", "fieldtype": "Link", "options": PAPER},
			{"fieldname": "title", "label": "Title", "fieldtype": "Data"},
			{"fieldname": "amount", "label": "Amount", "fieldtype": "Float"},
		]
		common = {"doctype": "Report", "ref_doctype": PAPER, "is_standard": "No", "roles": [{"role": "Dogan Manager"}]}
		for values in (
			{"report_name": REPORT, "report_type": "Query Report", "query": query, "columns": columns, "add_total_row": 1},
			{"report_name": BUILT, "report_type": "Report Builder", "json": '{"fields": [["name", "Contract Paper"], ["title", "Contract Paper"]]}', "roles": []},
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

	def test_a_report_that_the_user_may_not_see_is_refused_by_name(self):
		self.refused(lambda: self.site.reports.run(REPORT, {"title": "%"}, 10), USER, REPORT)
		with self.assertRaises(frappe.DoesNotExistError):
			self.site.reports.run("No Such Report", {}, 10)

	def test_a_report_of_the_builder_shows_what_the_user_may_read(self):
		mine, theirs = self.paper(title="contract built"), self.paper(OTHER, title="contract built")
		found = self.site.reports.run(BUILT, {"title": "contract built"}, 10)
		self.assertEqual([each["name"] for each in found["rows"]], [mine])
		self.assertNotIn(theirs, str(found))

	def test_a_step_runs_a_report_as_its_user(self):
		self.paper(title="contract stepped")
		steps = [
			step("go", "report.run", params={"report": REPORT, "filters": {"title": "contract stepped"}}),
			step("html", "data.table", params={"rows": "{{ steps.go.output.rows }}", "columns": "{{ steps.go.output.columns }}"}),
		]  # fmt: skip
		frappe.set_user("Administrator")
		self.assertIn("may not see the report", row(_run(self, steps, USER), "go")["error"])
		run = _run(self, steps, MANAGER)
		self.assertEqual(run["status"], "Succeeded", run["error"])
		self.assertIn("<th>Paper</th>", output(run, "html")["html"])
		self.assertIn("contract stepped", output(run, "html")["html"])


class TestScripts(PaperTestCase):
	def script(self, text: str, **values: Any) -> None:
		frappe.db.rollback()
		with self.site.acting_as("Administrator"):
			frappe.delete_doc("Server Script", SCRIPT, force=True, ignore_missing=True, delete_permanently=True)
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
		if not methods.is_safe_exec_enabled():
			self.leave_out("Server Scripts are switched off on this bench")

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
		self.script("pass", script_type="DocType Event", reference_doctype="ToDo", doctype_event="Before Save")
		self.refused(lambda: self.site.run_script(SCRIPT, {}), SCRIPT, kind=NotFound)

	def test_a_script_cannot_commit_in_a_step(self):
		self.script("frappe.db.commit()")
		with self.assertRaises(StepCommitted), self.site.step_scope(USER):
			self.site.run_script(SCRIPT, {})

	def test_where_scripts_are_switched_off_the_error_says_how_to_switch_them_on(self):
		with patch.object(methods, "is_safe_exec_enabled", lambda: False):
			self.refused(
				lambda: self.site.run_script(SCRIPT, {}),
				"bench set-config -g server_script_enabled 1",
				kind=NotAvailable,
			)


def _run(test: Home, steps: list[dict[str, Any]], user: str) -> dict[str, Any]:
	"""Run a workflow of these steps as `user`."""
	frappe.db.rollback()
	return test.run_steps(steps, run_as=user)
