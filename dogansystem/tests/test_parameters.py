"""Parameters, `notify` and `disable_after` as people meet them on a site: forms, rights, Frappe's notifications, commands."""

import json
from typing import Any

import frappe

from dogansystem.api import errors, workflows
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.contract.sentences import contract
from dogansystem.tests.home import MANAGER, OTHER, USER, SiteTestCase, ensure_user
from dogansystem.tests.own import NOBODY
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

NAME = "contract-set"
WORKFLOW = "Dogan Workflow"
PARAMETERS = {
	"limit": {"type": "number", "title": "Ask above this amount", "default": 10000},
	"approver": {"type": "string", "format": "user", "title": "Who approves"},
	"team": {"type": "string", "format": "role", "title": "Team", "default": "System Manager"},
	"about": {"type": "string", "format": "doctype", "title": "About", "default": "ToDo"},
	"language": {"type": "string", "format": "link:Language", "title": "Language", "default": "en"},
}
FAILS = step("it", "data.check", params={"that": False, "message": "no"})


class ParametersTestCase(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Notification Log", {"subject": ["like", f"%{NAME}%"]})
		frappe.set_user(PERSON)

	def save(self, *steps: dict[str, Any], enabled: bool = False, **rest: Any) -> Any:
		source = {"name": NAME, "run_as": PERSON, "steps": list(steps or [step("a")]), **rest}
		self.orchestrator.import_workflow(source, enabled)
		return frappe.get_doc(WORKFLOW, NAME)


class TestParameters(ParametersTestCase):
	def test_the_form_is_enabled_once_all_have_values(self):
		doc = self.save(parameters=PARAMETERS)
		doc.enabled = 1
		with self.assertRaisesRegex(frappe.ValidationError, r"Who approves\): has no value"):
			doc.save()
		doc.reload()
		frappe.clear_messages()
		doc.title = "Asks"
		doc.save()
		self.assertIn("Who approves", json.dumps(frappe.get_message_log()))
		self.assertEqual(workflows.set_parameters(NAME, {"approver": OTHER})["approver"], OTHER)
		doc.reload()
		doc.enabled = 1
		doc.save()
		self.assertTrue(doc.enabled_since)

	def test_what_a_value_names_has_to_exist(self):
		self.save(parameters=PARAMETERS)
		for name, value, doctype in (
			("approver", "no-such@example.com", "User"),
			("approver", OTHER.upper(), "User"),
			("team", "Contract None", "Role"),
			("about", "Contract None", "DocType"),
			("language", "contract none", "Language"),
		):
			with (
				self.subTest(name=name, value=value),
				self.assertRaisesRegex(errors.InputError, f"no {doctype}"),
			):
				workflows.set_parameters(NAME, {name: value})
		given = {"approver": OTHER, "team": "Dogan User", "about": "Event", "language": "de"}
		self.assertEqual(workflows.set_parameters(NAME, json.dumps(given)), {"limit": 10000, **given})

	def test_a_doctype_that_the_site_does_not_have_is_named(self):
		parameters = {"to": {"type": "string", "format": "link:Contract None", "title": "To"}}
		self.save(parameters=parameters)
		with self.assertRaisesRegex(errors.InputError, "there is no Contract None 'x'"):
			workflows.set_parameters(NAME, {"to": "x"})

	def test_a_disabled_user_is_refused_and_one_disabled_later_keeps_it_from_being_enabled(self):
		ensure_user(NOBODY, [])
		self.addCleanup(frappe.db.set_value, "User", NOBODY, "enabled", 1)
		self.save(parameters=PARAMETERS)
		workflows.set_parameters(NAME, {"approver": NOBODY})
		frappe.db.set_value("User", NOBODY, "enabled", 0)
		with self.assertRaisesRegex(errors.InputError, "no User"):
			workflows.set_parameters(NAME, {"approver": NOBODY})
		with self.assertRaisesRegex(Exception, "no User"):
			self.orchestrator.set_workflow_enabled(NAME, True)

	def test_a_manager_sets_them_and_the_version_stays_that_of_who_wrote_it(self):
		doc = self.save(parameters=PARAMETERS)
		frappe.set_user(MANAGER)
		workflows.set_parameters(NAME, {"approver": OTHER, "limit": 5})
		changed = frappe.get_doc(WORKFLOW, NAME)
		self.assertEqual((changed.current_version, changed.run_as), (doc.current_version, PERSON))
		self.assertEqual(json.loads(changed.parameter_values), {"approver": OTHER, "limit": 5})
		version = frappe.get_doc("Dogan Workflow Version", doc.current_version)
		self.assertEqual((version.owner, version.trusted), (PERSON, 1))

	def test_nobody_else_sets_them_by_whatever_way(self):
		self.save(parameters=PARAMETERS)
		for user in (USER, OTHER, "Guest"):
			frappe.set_user(user)
			for attack in (
				lambda: workflows.set_parameters(NAME, {"limit": 1}),
				lambda: self.orchestrator.set_parameters(NAME, {"limit": 1}),
				lambda: frappe.client.set_value(WORKFLOW, NAME, "parameter_values", '{"limit": 1}'),
				lambda: self.site.documents.update(WORKFLOW, NAME, {"parameter_values": '{"limit": 1}'}),
			):
				with self.subTest(user=user), self.assertRaises(frappe.PermissionError):
					attack()
		frappe.set_user("Administrator")
		self.assertIsNone(frappe.db.get_value(WORKFLOW, NAME, "parameter_values"))

	def test_values_written_past_the_button_are_checked_too(self):
		self.save(parameters=PARAMETERS)
		workflows.set_parameters(NAME, {"approver": OTHER})
		self.orchestrator.set_workflow_enabled(NAME, True)
		for text in ("[1]", '{"approver": "no-such@example.com"}', '{"limit": "many"}', "{"):
			with self.subTest(text=text), self.assertRaises((frappe.ValidationError, ValueError)):
				frappe.client.set_value(WORKFLOW, NAME, "parameter_values", text)
			frappe.db.rollback()

	def test_a_form_and_its_export_say_the_same(self):
		notify = [OTHER, {"role": "System Manager"}]
		doc = self.save(parameters=PARAMETERS, notify=notify, limits={"disable_after": 0})
		self.assertEqual(doc.notify, f"{OTHER}\nrole: System Manager")
		exported = self.orchestrator.export_workflow(NAME)
		self.assertEqual(
			(exported["parameters"], exported["notify"], exported["limits"]),
			(PARAMETERS, notify, {"disable_after": 0}),
		)
		doc.save()
		self.assertEqual(frappe.get_doc(WORKFLOW, NAME).current_version, doc.current_version)
		self.assertEqual(self.orchestrator.export_workflow(NAME), exported)


class TestWhoIsTold(ParametersTestCase):
	settings = {"linger_seconds": 0}

	def told(self, words: str) -> list[str]:
		frappe.db.rollback()
		filters = {"subject": ["like", f"%{NAME}%{words}%"]}
		return sorted(frappe.get_all("Notification Log", filters, pluck="for_user"))

	def fail_runs(self, times: int) -> None:
		for _ in range(times):
			self.advance(60)
			frappe.set_user(PERSON)
			self.orchestrator.start_run(NAME)
			frappe.db.commit()
			frappe.set_user("Guest")
			Drainer(self.site, until=lambda: True).run()
		self.advance(60)
		tick(self.site)
		frappe.set_user("Administrator")

	@contract("by Frappe's Notification settings of that person")
	def test_users_and_roles_are_told_once_an_hour_by_their_own_settings(self):
		from frappe.desk.doctype.notification_settings.notification_settings import (
			create_notification_settings,
		)

		for user in (USER, OTHER):
			create_notification_settings(user)
		self.addCleanup(frappe.db.set_value, "Notification Settings", OTHER, "enabled", 1)
		frappe.db.set_value("Notification Settings", OTHER, "enabled", 0)
		self.save(FAILS, enabled=True, notify=[USER, OTHER, {"role": "Dogan Manager"}])
		frappe.db.commit()
		self.fail_runs(2)
		told = self.told("failed")
		self.assertEqual(told.count(USER), 1)
		self.assertEqual(told.count(MANAGER), 1)
		self.assertEqual(told.count(PERSON), 1)
		self.assertNotIn(OTHER, told)

	def test_owner_and_notify_are_told_that_it_was_disabled(self):
		self.save(FAILS, enabled=True, notify=USER, limits={"disable_after": 2})
		frappe.db.commit()
		self.fail_runs(2)
		self.assertEqual(self.told("disabled"), sorted([PERSON, USER]))
		doc = frappe.get_doc(WORKFLOW, NAME)
		self.assertEqual((doc.enabled, doc.modified_by), (0, "Administrator"))
		link = frappe.get_all(
			"Notification Log",
			{"subject": ["like", f"%{NAME}%disabled%"]},
			["document_type", "document_name"],
		)
		self.assertEqual({(each.document_type, each.document_name) for each in link}, {(WORKFLOW, NAME)})

	def test_who_does_not_exist_is_refused_when_named(self):
		for notify, word in (("no-such@example.com", "User"), ({"role": "Contract None"}, "Role")):
			with self.subTest(notify=notify), self.assertRaisesRegex(frappe.ValidationError, f"no {word}"):
				self.save(notify=notify)
