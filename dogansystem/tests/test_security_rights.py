"""Ways to act with somebody else's permissions: through agents, triggers, documents, methods. Each is tried, and fails."""

import json
from collections.abc import Callable
from typing import Any

import frappe

from dogansystem.api import agents, workflows
from dogansystem.engine.errors import NotAllowed, NotFound
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER


class TestActingAsSomebody(SecurityTestCase):
	"""No workflow, agent or step gives anybody more than they have."""

	def grab(self, **keys: Any) -> dict[str, Any]:
		"""A step that gives MANAGER every right, if only somebody with the rights does it."""
		values = {"roles": [{"role": "System Manager"}]}
		return step(
			"grab", "document.update", params={"doctype": "User", "name": MANAGER, "values": values}, **keys
		)

	def assert_nothing_grabbed(self) -> None:
		frappe.db.rollback()
		frappe.clear_cache(user=MANAGER)
		self.assertNotIn("System Manager", frappe.get_roles(MANAGER))

	def test_a_manager_cannot_write_a_step_for_somebody_elses_agent(self):
		frappe.set_user(MANAGER)
		self.assert_refused(lambda: self.save("mine", self.grab(agent="Boss"), run_as=MANAGER))

	def test_an_agent_that_comes_later_does_not_do_a_managers_step(self):
		self.save_as_manager("mine", self.grab(agent="Later"))
		frappe.set_user(PERSON)
		agents.register("Later", PERSON)
		frappe.db.commit()
		frappe.set_user(MANAGER)
		self.assert_refused(lambda: self.orchestrator.start_run("mine"), NotAllowed)
		self.assert_nothing_grabbed()

	def test_an_agent_that_changes_hands_does_not_do_a_managers_step(self):
		frappe.set_user(MANAGER)
		agents.register("Mine", MANAGER)
		self.save_as_manager("mine", self.grab(agent="Mine"))
		run = self.orchestrator.start_run("mine")
		frappe.set_user(PERSON)
		agents.register("Mine", PERSON)
		frappe.db.commit()
		self.drain()
		self.assertEqual(self.orchestrator.get_run(run)["status"], "Failed")
		self.assertIn("NotAllowed", self.orchestrator.get_run(run)["error"])
		self.assert_nothing_grabbed()

	def test_a_capability_does_not_lead_a_managers_step_to_somebody_elses_agent(self):
		frappe.set_user(MANAGER)
		self.save_as_manager("mine", self.grab(capability="lead"))
		self.assert_refused(lambda: self.orchestrator.start_run("mine"), NotAllowed)
		agents.register("Mine", MANAGER, ["lead"])
		run = self.orchestrator.start_run("mine")
		frappe.db.commit()
		self.drain()
		found = self.orchestrator.get_run(run)
		self.assertEqual(found["steps"][0]["agent"], "Mine")
		self.assert_nothing_grabbed()

	def test_a_capability_put_into_a_row_behind_the_agents_back_gives_nothing(self):
		self.save_as_manager("mine", self.grab(capability="planted"))
		frappe.set_user(MANAGER)
		row = frappe.get_doc("Dogan Agent", "Boss").capabilities[0]
		frappe.client.set_value("Dogan Agent Capability", row.name, "capability", "planted")
		self.assert_refused(lambda: self.orchestrator.start_run("mine"), NotAllowed, NotFound)
		self.assert_nothing_grabbed()

	def test_a_managers_workflow_waiting_for_an_agent_does_not_stand_in_others_way(self):
		frappe.set_user(MANAGER)
		agents.register("Mine", MANAGER, ["lead"], enabled=False)
		self.save_as_manager("mine", step("a", capability="lead"))
		waiting = self.orchestrator.start_run("mine")
		frappe.set_user(PERSON)
		self.save("theirs", step("a", capability="lead"))
		run = self.orchestrator.start_run("theirs")
		frappe.db.commit()
		self.drain()
		self.assertEqual(self.orchestrator.get_run(run)["status"], "Succeeded")
		self.assertIn(self.orchestrator.get_run(waiting)["status"], ("Queued", "Running"))

	def test_a_system_managers_steps_go_to_any_agent(self):
		frappe.set_user(PERSON)
		frappe.get_doc(
			{"doctype": "Dogan Agent", "agent_name": "Theirs", "user": OTHER, "enabled": 1, "capacity": 1}
		).insert()
		self.save("theirs", step("a", agent="Theirs", params={"who": "{{ user }}"}))
		run = self.orchestrator.start_run("theirs")
		frappe.db.commit()
		self.drain()
		self.assertEqual(self.orchestrator.get_run(run)["steps"][0]["output"], {"who": OTHER})

	def test_steps_are_not_changed_behind_the_workflows_back(self):
		row = frappe.get_doc("Dogan Workflow", "open").steps[0]
		for caller in (USER, MANAGER):
			frappe.set_user(caller)
			with self.subTest(caller=caller):
				self.assert_refused(
					lambda: frappe.client.set_value(
						"Dogan Workflow Step", row.name, "params", '{"for": "2h"}'
					)
				)
				self.assert_refused(
					lambda: frappe.client.set_value("Dogan Workflow", "open", "run_as", OTHER)
				)
		frappe.set_user(MANAGER)
		planted = {
			"doctype": "Dogan Workflow Step",
			"parent": "open",
			"parenttype": "Dogan Workflow",
			"parentfield": "steps",
		}
		for attack in (
			lambda: frappe.get_doc({**planted, "step_id": "x", "action": "data.set"}).insert(),
			lambda: frappe.get_doc("Dogan Workflow Step", row.name).save(),
			lambda: frappe.delete_doc("Dogan Workflow Step", row.name),
			lambda: frappe.get_doc("Dogan Workflow Trigger", {"parent": "open"}).save(),
			lambda: frappe.delete_doc("Dogan Agent Capability", frappe.get_doc("Dogan Agent", "Boss").capabilities[0].name),
		):  # fmt: skip
			self.assert_refused(attack)
		self.assertEqual(len(frappe.get_doc("Dogan Workflow", "open").steps), 1)

	def test_a_managers_trigger_sees_only_documents_that_the_manager_may_read(self):
		self.save_as_manager(
			"spy", step("a", params={"seen": "{{ doc.description }}"}), triggers=[{"on": "document", "doctype": "ToDo", "event": "created"}]
		)  # fmt: skip
		for owner, expected in ((USER, 0), (MANAGER, 1)):
			frappe.set_user(USER)
			frappe.get_doc(
				{
					"doctype": "ToDo",
					"description": "contract secret",
					"allocated_to": owner,
					"assigned_by": USER,
				}
			).insert()
			with self.subTest(owner=owner):
				self.assertEqual(frappe.db.count("Dogan Workflow Run", {"workflow": "spy"}), expected)
		frappe.db.rollback()

	def test_a_managers_trigger_sees_only_fields_that_the_manager_may_read(self):
		self.save_as_manager(
			"spy", step("a"), triggers=[{"on": "document", "doctype": "User", "event": "updated"}]
		)
		frappe.set_user("Administrator")
		user = frappe.get_doc("User", MANAGER)
		user.bio = "contract"
		user.save()
		runs = frappe.get_all("Dogan Workflow Run", {"workflow": "spy"}, pluck="doc_values")
		hidden = [
			field.fieldname for field in user.meta.fields if field.permlevel and user.get(field.fieldname)
		]
		self.assertTrue(hidden)
		for values in runs:
			self.assertEqual([field for field in hidden if json.loads(values).get(field)], [])
		frappe.db.rollback()

	def test_a_document_is_not_made_ones_own_by_changing_it(self):
		frappe.set_user(USER)
		todo = frappe.get_doc(
			{"doctype": "ToDo", "description": "contract theirs", "allocated_to": USER}
		).insert()
		mine = self.as_user(OTHER, lambda: frappe.get_doc({"doctype": "ToDo", "description": "contract mine", "allocated_to": OTHER}).insert())  # fmt: skip
		frappe.set_user(OTHER)
		documents = self.site.documents
		for values in (
			{"allocated_to": OTHER},
			{"assigned_by": OTHER, "status": "Closed"},
			{"owner": OTHER, "assigned_by": OTHER},
		):
			self.assert_refused(lambda values=values: documents.update("ToDo", todo.name, values))
		self.assert_refused(
			lambda: documents.update("ToDo", mine.name, {"name": todo.name, "modified": str(todo.modified), "status": "Closed"}),
			frappe.CannotChangeConstantError,
		)  # fmt: skip
		frappe.db.rollback()

	def as_user(self, user: str, do: Callable[[], Any]) -> Any:
		with self.site.acting_as(user):
			return do()

	def test_values_do_not_switch_permissions_off(self):
		frappe.set_user(USER)
		documents = self.site.documents
		tricks: dict[str, Any] = {
			"flags": {"ignore_permissions": True, "ignore_validate": True},
			"ignore_permissions": True,
			"_action": "save",
			"__islocal": 0,
			"__onload": {"ignore_permissions": 1},
			"dont_update_if_missing": ["roles"],
		}
		self.assert_refused(
			lambda: documents.create("User", {"email": "x@example.com", "first_name": "x", **tricks})
		)
		self.assert_refused(lambda: documents.create("Role", {"role_name": "Contract", **tricks}))
		self.assert_refused(
			lambda: documents.create(
				"Server Script", {"name": "x", "script_type": "API", "script": "1", **tricks}
			)
		)
		self.assert_refused(lambda: documents.update("User", PERSON, {"first_name": "x", **tricks}))
		self.assert_refused(lambda: documents.delete("User", PERSON))
		self.assert_refused(lambda: documents.create("Dogan Workflow", {"workflow_name": "x", **tricks}))
		self.assert_refused(lambda: documents.create("Has Role", {"parent": USER, "parenttype": "User", "parentfield": "roles", "role": "System Manager"}))  # fmt: skip
		own = documents.update("User", USER, {"roles": [{"role": "System Manager"}], "bio": "contract"})
		self.assertNotIn("System Manager", frappe.get_roles(USER), own)
		frappe.db.rollback()

	def test_a_step_calls_only_what_callers_from_outside_may_call(self):
		frappe.set_user(USER)
		for method in (
			"os.system", "builtins.eval", "builtins.exec", "subprocess.run", "frappe.set_user", "frappe.db.sql", "frappe.local.db.sql",
			"frappe.get_doc", "frappe.utils.safe_exec.safe_exec", "frappe.utils.password.get_decrypted_password",
			"frappe.permissions.add_permission", "frappe.model.delete_doc.delete_doc", "frappe.installer.update_site_config",
			"dogansystem.jobs.drain", "dogansystem.jobs.tick", "dogansystem.api.access.need_user",
			"dogansystem.homes.frappe.catalog.credential", "dogansystem.api.desk.boot", "frappe.client.set_value.__globals__",
			"frappe.client.__builtins__", "../../etc/passwd", "frappe/../os.system", "os", "", ".", "a" * 5000, "é.è",
		):  # fmt: skip
			with self.subTest(method=method):
				self.assert_refused(
					lambda method=method: self.site.call_method(method, {}),
					frappe.PermissionError,
					NotFound,
				)

	def test_what_a_step_calls_has_the_acting_users_permissions(self):
		frappe.set_user(USER)
		for method, given in (
			("frappe.client.set_value", {"doctype": "User", "name": PERSON, "fieldname": "enabled", "value": 0}),
			("frappe.client.insert", {"doc": {"doctype": "Role", "role_name": "Contract"}, "ignore_permissions": 1}),
			("frappe.client.delete", {"doctype": "User", "name": PERSON}),
			("frappe.client.get_password", {"doctype": "User", "name": PERSON, "fieldname": "password"}),
			("frappe.core.doctype.user.user.impersonate", {"user": PERSON, "reason": "x"}),
			("frappe.core.doctype.user.user.generate_keys", {"user": PERSON}),
			("frappe.utils.password_strength.test_password_strength", {}),
			("dogansystem.api.agents.register", {"name": "Own", "user": PERSON}),
			("dogansystem.api.workflows.get_run", {"run": self.as_user(PERSON, lambda: workflows.start_run("closed")["run"])}),
		):  # fmt: skip
			with self.subTest(method=method):
				self.assert_refused(
					lambda method=method, given=given: self.site.call_method(method, given),
					frappe.PermissionError,
					frappe.AuthenticationError,
					NotFound,
				)
				self.assertEqual(frappe.session.user, USER)

	def test_a_step_that_signs_in_as_somebody_leaves_the_worker_as_it_was(self):
		frappe.set_user("Guest")
		with self.site.step_scope(USER):
			frappe.set_user("Administrator")
			frappe.flags.ignore_permissions = True
			frappe.local.session.data = frappe._dict(user=PERSON)
		with self.site.step_scope(USER):
			self.assertEqual(frappe.session.user, USER)
			self.assertFalse(frappe.flags.ignore_permissions)
			self.assert_refused(lambda: frappe.get_doc("User", PERSON).check_permission("write"))

	def test_runs_and_agents_cannot_be_renamed_into_others(self):
		frappe.set_user(MANAGER)
		for doctype, name in (
			("Dogan Agent", "Boss"),
			("Dogan Workflow", "open"),
			("Dogan Workflow Run", self.run),
		):
			with self.subTest(doctype=doctype):
				self.assert_refused(
					lambda doctype=doctype, name=name: frappe.rename_doc(doctype, name, "renamed"),
					frappe.ValidationError,
					frappe.PermissionError,
				)
