"""Trying workflows out on a site: who may, what they are shown, and that nothing of it stays."""

import json
import os
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import frappe

from dogansystem.actions.base import Action
from dogansystem.actions.schema import parameters
from dogansystem.api import proving, workflows
from dogansystem.api.errors import InputError
from dogansystem.engine.definitions.parse import parse
from dogansystem.homes.frappe.permissions import is_system_manager
from dogansystem.proving import on_site
from dogansystem.proving.cases import read as read_cases
from dogansystem.proving.dry_run import Asked, TooBusy, dry_run
from dogansystem.terminal import playing
from dogansystem.tests.contract.home import PERSON, proves
from dogansystem.tests.home import MANAGER, USER, SiteTestCase, ensure_user
from dogansystem.worker.drainer import Drainer

HIDDEN_FROM = "dogan-hidden@example.com"


def step(identity: str, action: str, **rest: Any) -> dict[str, Any]:
	return {"id": identity, "action": action, "params": {}, **rest}


def todo(identity: str = "make", **values: Any) -> dict[str, Any]:
	return step(
		identity, "document.create", params={"doctype": "ToDo", "values": {"description": "tried", **values}}
	)


class Rests(Action):
	"""Lets somebody else begin, and takes its time."""

	name = "tests.rests"
	summary = "Rest"
	parameters = parameters({})
	returns = "nothing"

	def __init__(self, begin: threading.Event) -> None:
		self._begin = begin

	def run(self, params: dict[str, Any], context: Any) -> None:
		self._begin.set()
		time.sleep(5)


class TestProving(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		frappe.db.commit()
		frappe.set_user(PERSON)

	def definition(self, *steps: dict[str, Any], run_as: str = PERSON, **rest: Any) -> dict[str, Any]:
		return {"name": "dogan-tried", "run_as": run_as, "steps": list(steps), **rest}

	@proves(
		"All of them run for real, inside transactions that are rolled back, with the permissions of who they act for"
	)
	def test_a_definition_that_is_not_saved_is_tried_and_leaves_nothing(self):
		before = frappe.db.count("ToDo")
		report = proving.dry_run(definition=self.definition(todo()))
		self.assertEqual(report["status"], "Succeeded", report["error"])
		self.assertEqual([each["events"] for each in report["changes"]], [["created"]])
		self.assertIn("Description", {each["label"] for each in report["changes"][0]["fields"]})
		self.assertEqual(frappe.db.count("ToDo"), before)
		self.assertFalse(frappe.db.exists("Dogan Workflow", "dogan-tried"))
		self.assertIn("workflow: dogan-tried.yaml", report["test"])

	def test_the_request_goes_on_as_who_made_it(self):
		frappe.local.form_dict.tried = "kept"
		session = dict(frappe.local.session)
		proving.dry_run(definition=self.definition(todo()))
		self.assertEqual((frappe.session.user, frappe.local.form_dict.tried), (PERSON, "kept"))
		self.assertEqual(dict(frappe.local.session), session)

	def test_a_saved_workflow_is_tried_on_a_document(self):
		doc = frappe.get_doc({"doctype": "ToDo", "description": "about this"}).insert()
		frappe.db.commit()
		self.addCleanup(
			lambda: (
				frappe.set_user("Administrator"),
				frappe.delete_doc("ToDo", doc.name, force=True),
				frappe.db.commit(),
			)
		)
		change = step(
			"change",
			"document.update",
			params={"doctype": "ToDo", "name": "{{ doc.name }}", "values": {"priority": "High"}},
		)
		self.orchestrator.import_workflow(self.definition(change))
		frappe.db.commit()
		report = proving.dry_run(workflow="dogan-tried", doctype="ToDo", name=doc.name)
		self.assertEqual(report["status"], "Succeeded", report["error"])
		(found,) = report["changes"]
		self.assertEqual(
			[(each["label"], each["before"], each["after"]) for each in found["fields"]],
			[("Priority", "Medium", "High")],
		)
		self.assertEqual(frappe.db.get_value("ToDo", doc.name, "priority"), "Medium")

	def test_people_answer_as_they_are_told_to(self):
		ask = step("ok", "flow.approve", params={"to": USER, "subject": "May I?"})
		assumed = proving.dry_run(definition=self.definition(ask))
		self.assertEqual(
			(assumed["steps"][0]["branch"], assumed["approvals"][0]["asked"]), ("approved", [USER])
		)
		answers = {"ok": {"decision": "rejected", "by": USER}}
		given = proving.dry_run(definition=self.definition(ask), answers=answers)
		self.assertEqual((given["steps"][0]["branch"], given["assumed"]), ("rejected", []))

	def test_one_step_is_tried_with_the_values_of_a_run(self):
		first, second = (
			step("one", "data.set", params={"x": 5}),
			todo("two", description="tried {{ steps.one.output.x }}"),
		)
		self.orchestrator.import_workflow(self.definition(first, second))
		frappe.db.commit()
		report = proving.dry_run(workflow="dogan-tried")
		typed = proving.single_step("two", workflow="dogan-tried", pinned={"one": {"x": 9}})
		self.assertEqual(report["status"], "Succeeded", report["error"])
		self.assertEqual(typed["steps"][0]["output"]["description"], "tried 9")
		with self.assertRaises(InputError):
			proving.single_step("two", workflow="dogan-tried")

	def test_a_path_of_many_folders_is_looked_at_once(self):
		deep = "/" + "/".join("abcdefghijklmnopqrst")
		with self.site.kept_in():
			began = time.monotonic()
			self.assertFalse(os.path.exists(deep))
			self.assertLess(time.monotonic() - began, 1)

	def test_it_gives_way_to_who_waits_for_a_document_that_it_has_changed(self):
		doc = frappe.get_doc({"doctype": "ToDo", "description": "about this"}).insert()
		frappe.db.commit()
		self.addCleanup(self.remove, doc.name)
		control, waited = self.site.open_control(), []
		self.addCleanup(control.close)

		begin = threading.Event()

		def somebody() -> None:
			begin.wait(30)
			began = time.monotonic()
			control.execute("UPDATE `tabToDo` SET priority = 'Low' WHERE name = %s", (doc.name,))
			control.commit()
			waited.append(time.monotonic() - began)

		thread = threading.Thread(target=somebody)
		thread.start()
		values = {"doctype": "ToDo", "name": doc.name, "values": {"priority": "High"}}
		steps = (step("change", "document.update", params=values), step("rest", Rests.name), todo())
		actions = {Rests.name: Rests(begin)}
		definition = parse(self.definition(*steps))
		with self.assertRaises(TooBusy):
			dry_run(self.site, Asked(definition, PERSON, actions=actions))
		thread.join()
		self.assertLess(waited[0], 1.8)  # a look every fifth of a second, on a machine that is busy
		frappe.db.rollback()
		self.assertEqual(frappe.db.get_value("ToDo", doc.name, "priority"), "Low")
		self.assertEqual(proving.dry_run(definition=self.definition(todo()))["status"], "Succeeded")

	def remove(self, name: str) -> None:
		frappe.set_user("Administrator")
		frappe.delete_doc("ToDo", name, force=True)
		frappe.db.commit()

	# Who may

	def refused(self, definition: dict[str, Any], user: str) -> None:
		frappe.set_user(user)
		with self.assertRaises(frappe.PermissionError):
			proving.dry_run(definition=definition)

	def test_nobody_tries_with_the_permissions_of_somebody_else(self):
		for user in (MANAGER, USER):
			self.refused(self.definition(todo(), run_as=PERSON), user)
		frappe.set_user(MANAGER)
		own = self.definition(step("a", "data.set", params={"x": 1}), run_as=MANAGER)
		self.assertEqual(proving.dry_run(definition=own)["status"], "Succeeded")

	def test_not_by_a_saved_workflow_that_a_system_manager_wrote(self):
		self.orchestrator.import_workflow(
			self.definition(
				step("read", "document.get", params={"doctype": "User", "name": "{{ input.name }}"})
			)
		)
		frappe.db.commit()
		frappe.set_user(MANAGER)
		for call in (lambda: proving.dry_run(workflow="dogan-tried", input={"name": PERSON}), lambda: proving.single_step("read", workflow="dogan-tried", input={"name": PERSON})):  # fmt: skip
			with self.assertRaises(frappe.PermissionError):
				call()

	def test_not_by_an_agent_of_somebody_else(self):
		self.orchestrator.register_agent("Dogan Boss", PERSON, ["lead"])
		frappe.db.commit()
		for who in ({"agent": "Dogan Boss"}, {"capability": "lead"}):
			self.refused(self.definition({**todo(), **who}, run_as=MANAGER), MANAGER)

	def test_not_by_a_workflow_that_a_step_runs(self):
		self.orchestrator.import_workflow({**self.definition(todo()), "name": "dogan-below"})
		frappe.db.commit()
		frappe.set_user(MANAGER)
		below = step("below", "flow.run", params={"workflow": "{{ 'dogan-below' }}"})
		report = proving.dry_run(definition=self.definition(below, run_as=MANAGER))
		self.assertEqual(report["status"], "Failed")
		self.assertIn("may start only what acts as", report["error"])

	def test_documents_that_the_reader_may_not_read_are_named_and_not_shown(self):
		ensure_user(HIDDEN_FROM, ["Dogan Manager"])
		self.addCleanup(frappe.db.commit)
		self.addCleanup(ensure_user, HIDDEN_FROM, [])  # others count who may decide
		frappe.db.commit()
		frappe.set_user(HIDDEN_FROM)
		self.assertFalse(is_system_manager(HIDDEN_FROM))
		note = step("tell", "notify.user", params={"user": USER, "subject": "x"})
		report = proving.dry_run(definition=self.definition(note, run_as=HIDDEN_FROM))
		self.assertEqual(report["status"], "Succeeded", report["error"])
		for each in report["changes"]:
			self.assertTrue(each.get("hidden") or frappe.has_permission(each["doctype"], "read"), each)

	def test_the_text_of_mails_is_for_system_managers(self):
		from dogansystem.tests.test_frappe_site import make_mail_account

		make_mail_account(self)
		frappe.db.commit()
		mail = step(
			"mail", "email.send", params={"to": "a@example.com", "subject": "Hello", "message": "secret link"}
		)
		for user, is_shown in ((PERSON, True), (MANAGER, False)):
			frappe.set_user(user)
			report = proving.dry_run(definition=self.definition(mail, run_as=user))
			self.assertEqual(report["status"], "Succeeded", report["error"])
			(sent,) = report["outbox"]
			self.assertEqual((sent["to"], sent["subject"]), (["a@example.com"], "Hello"))
			self.assertEqual("secret link" in sent.get("message", ""), is_shown)

	def test_what_reaches_outside_is_answered_by_a_stand_in(self):
		ask = step("ask", "http.request", params={"url": "https://example.com/rates"})
		report = proving.dry_run(definition=self.definition(ask))
		self.assertEqual(
			[(each["request"], each["stand_in"]) for each in report["requests"]],
			[("GET https://example.com/rates", True)],
		)
		answers = {"http GET https://example.com/rates": {"status": 200, "json": {"eur": 2}}}
		given = proving.dry_run(definition=self.definition(ask), answers=answers)
		self.assertEqual(given["steps"][0]["output"]["body"], {"eur": 2})

	def test_real_runs_stay_as_they_are(self):
		self.orchestrator.import_workflow({**self.definition(todo()), "name": "dogan-real"})
		run = workflows.start_run("dogan-real")["run"]
		frappe.db.commit()
		before = frappe.db.get_value("Dogan Workflow Run", run, ["status", "modified"])
		proving.dry_run(definition=self.definition(todo()))
		self.assertEqual(frappe.db.get_value("Dogan Workflow Run", run, ["status", "modified"]), before)

	@proves("and on a site: `bench … dogansystem test`")
	def test_tests_are_played_on_the_site_and_leave_nothing(self):
		definition = self.definition(step("read", "document.get", params={"doctype": "ToDo", "name": "dogan-t-1", "fields": ["status"]}), todo("two", description="{{ steps.read.output.status }}, {{ today }}"))  # fmt: skip
		tests = {
			"workflow": "tried.yaml",
			"tests": [
				{
					"name": name,
					"now": "2026-01-05 09:00",
					"documents": [
						{"doctype": "ToDo", "name": "dogan-t-1", "status": "Closed", "description": "x"}
					],
					"expect": {
						"status": "Succeeded",
						"documents": [{"doctype": "ToDo", "description": text}],
					},
				}
				for name, text in (("passes", "Closed, 2026-01-05"), ("fails", "Open, 2026-01-05"))
			],
		}
		with TemporaryDirectory() as folder:
			for name, found in (("tried.yaml", definition), ("tried.test.yaml", tests)):
				(Path(folder) / name).write_text(json.dumps(found))
			_found, cases = playing.read(Path(folder) / "tried.test.yaml")
		found = [on_site.play(self.site, self.orchestrator.check(definition), each)[1] for each in cases]
		self.assertEqual([len(differs) for differs in found], [0, 1], found)
		self.assertFalse(frappe.db.exists("ToDo", "dogan-t-1"))

	def test_a_run_of_the_site_is_saved_as_a_test_that_passes_there(self):
		source = self.definition(todo(), output={"made": "{{ steps.make.output.name }}", "at": "{{ now }}", "x": "{{ input.x }}"})  # fmt: skip
		self.orchestrator.import_workflow(source)
		run = workflows.start_run("dogan-tried", input={"x": 1})["run"]
		frappe.db.commit()
		frappe.set_user("Guest")
		Drainer(self.site, until=lambda: True).run()
		frappe.set_user(PERSON)
		definition = self.orchestrator.check(source)
		_name, cases = read_cases(proving.as_test(run), "saved.test.yaml", lambda _file: definition)
		self.assertEqual(cases[0].expect["output"], {"made": "*", "at": "*", "x": 1})
		self.assertEqual(on_site.play(self.site, definition, cases[0])[1], [])
		for planted in ({**source, "steps": [todo(priority="High")]}, {**source, "output": {"x": 2}}):
			changed = self.orchestrator.check(planted)
			self.assertNotEqual(on_site.play(self.site, changed, cases[0])[1], [])
