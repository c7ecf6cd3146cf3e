"""Who may do what over the API: guest, user, manager, System Manager, and somebody else's run."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import frappe

from dogansystem.api import agents, desk, errors, run_page, scaling, status, workflows
from dogansystem.homes.frappe import permissions
from dogansystem.store import nodes
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER, SiteTestCase

Call = Callable[[], Any]

# What people who have no role of the app see of it, each of them their own only: test_security_approvals shows that.
OF_EVERYBODY = {
	"Dogan Approval": set(),
	"Dogan Approver": set(),
	"Dogan Approval Decision": set(),
	"Dogan Substitute": {"write", "create", "delete"},
}


class TestAccess(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.set_user(PERSON)
		self.save("open", triggers=[{"on": "manual"}])
		self.save("for-managers")
		self.save("for-sales", triggers=[{"on": "manual", "role": "Dogan Manager"}])
		self.run_of_user = self.start("open", USER)
		frappe.db.commit()
		self.addCleanup(frappe.set_user, "Administrator")

	def save(self, name: str, **rest: Any) -> None:
		self.orchestrator.import_workflow(
			{"name": name, "run_as": PERSON, "steps": [step("w", "flow.wait", params={"for": "1h"})], **rest}
		)

	def start(self, workflow: str, user: str) -> str:
		frappe.set_user(user)
		return workflows.start_run(workflow)["run"]

	def assert_allowed(self, users: set[str], call: Call) -> None:
		"""Exactly these users may make the call; for all others it is a PermissionError and changes nothing."""
		for user in ("Guest", USER, OTHER, MANAGER, PERSON):
			frappe.set_user(user)
			frappe.db.savepoint("before_call")
			try:
				call()
				allowed = True
			except frappe.PermissionError:
				allowed = False
			frappe.db.rollback(save_point="before_call")
			with self.subTest(user=user):
				self.assertEqual(allowed, user in users)

	def test_everybody_with_a_role_may_start_what_has_a_manual_trigger_for_all(self):
		self.assert_allowed({USER, OTHER, MANAGER, PERSON}, lambda: workflows.start_run("open"))

	def test_only_managers_start_what_has_no_manual_trigger(self):
		self.assert_allowed({MANAGER, PERSON}, lambda: workflows.start_run("for-managers"))

	def test_a_manual_trigger_with_a_role_is_for_those_who_have_it(self):
		self.assert_allowed({MANAGER, PERSON}, lambda: workflows.start_run("for-sales"))

	def test_a_run_is_seen_by_who_started_it_and_by_managers(self):
		self.assert_allowed({USER, MANAGER, PERSON}, lambda: workflows.get_run(self.run_of_user))
		self.assert_allowed({USER, MANAGER, PERSON}, lambda: run_page.run_view(self.run_of_user))
		self.assert_allowed({USER, MANAGER, PERSON}, lambda: run_page.step_details(self.run_of_user, "w"))

	def test_a_run_is_changed_by_who_started_it_and_by_managers(self):
		for change in (workflows.pause, workflows.cancel):
			self.assert_allowed({USER, MANAGER, PERSON}, lambda change=change: change(self.run_of_user))

	def test_only_managers_run_a_disabled_workflow(self):
		frappe.set_user(PERSON)
		self.orchestrator.set_workflow_enabled("open", False)
		for user, may in ((USER, False), (MANAGER, True)):
			frappe.set_user(user)
			with self.subTest(user=user), nullcontext() if may else self.assertRaises(errors.WrongState):
				desk.run_now("open")

	def test_a_run_goes_on_with_the_version_saved_now_only_for_who_may_start_that(self):
		workflows.cancel(self.run_of_user)

		def retry() -> None:
			workflows.retry(self.run_of_user, version="current")

		self.assert_allowed({USER, MANAGER, PERSON}, retry)
		frappe.set_user(PERSON)
		self.orchestrator.set_workflow_enabled("open", False)
		self.assert_allowed({MANAGER, PERSON}, retry)
		self.save("open", triggers=[{"on": "manual", "role": "Dogan Manager"}])
		self.assert_allowed({MANAGER, PERSON}, retry)

	def test_lists_show_only_what_the_user_may_see(self):
		for user, expected in ((USER, [self.run_of_user]), (OTHER, []), (MANAGER, [self.run_of_user])):
			frappe.set_user(user)
			with self.subTest(user=user):
				lists = (
					[run["run"] for run in workflows.list_runs()],
					frappe.get_list("Dogan Workflow Run", pluck="name", limit=0),
					frappe.get_list("Dogan Step Run", pluck="run", limit=0),
				)
				for found in lists:  # a manager sees the site's own runs too
					seen = [run for run in found if user != MANAGER or run == self.run_of_user]
					self.assertEqual(seen, expected)

	def test_the_chart_counts_the_runs_of_today_that_the_user_may_see(self):
		for user, number in ((USER, 1), (OTHER, 0)):
			frappe.set_user(user)
			self.assertEqual(sum(desk.runs_per_day()["datasets"][0]["values"]), number, user)
		frappe.set_user(MANAGER)
		seen = desk.runs_per_day()
		self.assertGreaterEqual(seen["datasets"][0]["values"][-1], 1)
		self.assertEqual(len(seen["labels"]), len(seen["datasets"][0]["values"]))

	def test_the_chart_counts_each_run_that_may_be_seen_once_on_its_day_and_lists_show_the_same(self):
		frappe.set_user("Administrator")
		theirs, of_others = self.todo(USER), self.todo(OTHER)
		self.assertIn("%", theirs)
		own_about_theirs = self.start_about(USER, theirs)
		about_theirs = self.start_about(PERSON, theirs)
		about_others = self.start_about(PERSON, of_others)
		gone = self.start_about(USER, theirs)
		for run, days in ((own_about_theirs, 1), (about_theirs, 2), (gone, desk.SHOWN_DAYS)):
			at = frappe.utils.add_days(frappe.utils.now_datetime(), -days)
			frappe.db.set_value("Dogan Workflow Run", run, "queued_at", at, update_modified=False)
		for few in (0, permissions.FEW):  # too many documents to name them, and not
			for user, expected in ((USER, [1, 1, 1]), (OTHER, [0, 0, 1])):
				frappe.set_user(user)
				with self.subTest(user=user, few=few), patch.object(permissions, "FEW", few):
					values = desk.runs_per_day()["datasets"][0]["values"]
					self.assertEqual((values[-3:], sum(values)), (expected, sum(expected)))
					listed = {*frappe.get_list("Dogan Workflow Run", pluck="name", limit=0)}
					mine = {self.run_of_user, own_about_theirs, about_theirs, gone}
					self.assertEqual(listed, mine if user == USER else {about_others})
					steps = {*frappe.get_list("Dogan Step Run", pluck="run", limit=0)}
					self.assertEqual(steps, listed)

	def todo(self, user: str) -> str:
		given = {"doctype": "ToDo", "description": "contract access", "allocated_to": user}
		return frappe.get_doc(given).insert(set_name=f"contract {user} 100%s 'a").name

	def start_about(self, user: str, todo: str) -> str:
		frappe.set_user(user)
		return workflows.start_run("open", doctype="ToDo", name=todo)["run"]

	def test_a_run_about_a_document_is_seen_by_who_may_read_the_document(self):
		frappe.set_user("Administrator")
		todo = frappe.get_doc(
			{"doctype": "ToDo", "description": "contract access", "allocated_to": OTHER}
		).insert()
		run = workflows.start_run("open", doctype="ToDo", name=todo.name)["run"]
		self.assert_allowed({OTHER, MANAGER, PERSON}, lambda: workflows.get_run(run))
		for user, expected in ((USER, False), (OTHER, True)):
			frappe.set_user(user)
			with self.subTest(user=user):
				self.assertEqual(run in frappe.get_list("Dogan Workflow Run", pluck="name"), expected)
		# Seeing is not changing.
		self.assert_allowed({MANAGER, PERSON}, lambda: workflows.pause(run))

	def test_a_document_that_may_not_be_read_cannot_be_given_to_a_run(self):
		frappe.set_user("Administrator")
		todo = frappe.get_doc(
			{"doctype": "ToDo", "description": "contract access", "allocated_to": USER}
		).insert()
		self.assert_allowed(
			{USER, PERSON}, lambda: workflows.start_run("open", doctype="ToDo", name=todo.name)
		)

	def test_no_doctype_is_for_those_without_a_role_and_users_change_none(self):
		doctypes = frappe.get_all("DocType", {"module": "DoganSystem", "istable": 0}, pluck="name")
		self.assertGreater(len(doctypes), 6)
		changing = {"write", "create", "delete", "submit", "cancel", "amend", "import", "share"}
		for doctype in doctypes:
			for rule in frappe.get_meta(doctype).permissions:
				with self.subTest(doctype=doctype, role=rule.role):
					may = {each for each in changing if rule.get(each)}
					if doctype in OF_EVERYBODY and rule.role == "Desk User":
						self.assertLessEqual(may, OF_EVERYBODY[doctype])
						continue
					self.assertIn(rule.role, ("System Manager", "Dogan Manager", "Dogan User"))
					if rule.role == "Dogan User":
						self.assertEqual(may, set())
			frappe.set_user("Guest")
			for ptype in ("read", "write", "create", "delete", "report", "export"):
				self.assertFalse(frappe.has_permission(doctype, ptype), f"{doctype}, {ptype}")
			frappe.set_user("Administrator")

	def test_agents_are_registered_by_managers_and_listed_by_users(self):
		self.assert_allowed({USER, OTHER, MANAGER, PERSON}, agents.list)
		self.assert_allowed(
			{MANAGER, PERSON}, lambda: agents.register("Desk", frappe.session.user, ["mail"], 2)
		)
		self.assert_allowed({PERSON}, lambda: agents.register("Boss", "Administrator"))

	def test_the_status_is_for_users(self):
		self.assert_allowed({USER, OTHER, MANAGER, PERSON}, status.get_system_status)

	def test_only_a_system_manager_drains_a_node(self):
		nodes.seen(self.site.database, {"node-1": self.site.now()})
		frappe.db.commit()
		self.assert_allowed({PERSON}, lambda: scaling.cordon_node("node-1"))
		self.assert_allowed({PERSON}, lambda: scaling.uncordon_node("node-1"))
		frappe.set_user(PERSON)
		self.assertEqual(scaling.cordon_node("node-1")["empty"], True)
		with self.assertRaisesRegex(frappe.DoesNotExistError, "node-1"):
			scaling.cordon_node("nowhere")
