"""Triggers as a way to documents that one may not read, and to workflows that one may not start. Each is tried, and fails."""

from typing import Any

import frappe

from dogansystem.api import desk, document_page, workflows
from dogansystem.engine.errors import DefinitionError
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import PERSON, proves, step
from dogansystem.tests.home import MANAGER, OTHER, USER

TEXT = "contract secret"


class TestTriggersAsSomebody(SecurityTestCase):
	"""ToDos are seen by who made them and by who has to do them, and by System Managers."""

	def todo(self, **values: Any) -> str:
		with self.site.acting_as(PERSON):
			name = self.site.documents.create("ToDo", {"description": TEXT, "date": "2026-01-01", **values})[
				"name"
			]
		frappe.db.commit()
		return name

	def watch(self, user: str, **saved_by: Any) -> tuple[str, str]:
		"""Two workflows of `user` that look at ToDos."""
		tomorrow = frappe.utils.add_days(frappe.utils.nowdate(), 1)
		self.todo(allocated_to=user, date=tomorrow)
		names = []
		for on, keys in (("date", {"field": "date"}), ("condition", {"existing": True})):
			names.append(f"contract-spy-{on}")
			trigger = {"on": on, "doctype": "ToDo", "filters": {"description": TEXT}, **keys}
			self.save(names[-1], step("a"), triggers=[trigger], run_as=user)
		frappe.db.commit()
		return names[0], names[1]

	def seen_by(self, user: str) -> None:
		tomorrow = frappe.utils.add_days(frappe.utils.nowdate(), 1)
		secret = self.todo(date=tomorrow)
		by_date, by_condition = self.watch(user)
		theirs = frappe.db.get_value("ToDo", {"description": TEXT, "allocated_to": user})
		self.advance(2 * 86400)
		self.drain()
		for workflow in (by_date, by_condition):
			runs = frappe.get_all("Dogan Workflow Run", {"workflow": workflow}, pluck="reference_name")
			self.assertEqual(runs, [theirs], workflow)
			self.assertNotIn(secret, runs)

	def test_a_look_finds_only_what_run_as_may_read(self):
		frappe.set_user(PERSON)
		self.seen_by(USER)

	def test_a_managers_look_finds_only_what_the_manager_may_read(self):
		frappe.set_user(MANAGER)
		self.seen_by(MANAGER)

	def test_a_manager_cannot_look_as_somebody_else(self):
		frappe.set_user(MANAGER)
		trigger = {"on": "condition", "doctype": "ToDo", "filters": {"status": "Open"}}
		self.assert_refused(lambda: self.save("contract-spy", step("a"), triggers=[trigger], run_as=PERSON))

	def test_filters_cannot_carry_sql(self):
		frappe.set_user(PERSON)
		for filters in (
			{"name) OR 1=1 -- ": 1},
			[["ToDo", "1=1 OR name", "=", "x"]],
			{"name": ["= '' OR 1=1 --", 1]},
		):
			with self.subTest(filters=filters):
				trigger = {"on": "condition", "doctype": "ToDo", "filters": filters}
				self.assert_refused(lambda trigger=trigger: self.save("contract-sql", step("a"), triggers=[trigger]), DefinitionError)  # fmt: skip
		trigger = {"on": "condition", "doctype": "ToDo", "filters": {"name": "' OR '1'='1"}, "existing": True}
		self.todo()
		self.save("contract-sql", step("a"), triggers=[trigger])
		frappe.db.commit()
		self.advance(61)
		self.drain()
		self.assertEqual(frappe.db.count("Dogan Workflow Run", {"workflow": "contract-sql"}), 0)

	def by_hand(self, **trigger: Any) -> None:
		frappe.set_user(PERSON)
		self.save("contract-by-hand", step("a"), triggers=[{"on": "manual", "doctype": "ToDo", **trigger}])
		frappe.db.commit()

	def test_a_document_that_one_may_not_read_starts_nothing_by_hand(self):
		self.by_hand()
		secret = self.todo()
		frappe.set_user(OTHER)
		for start in (workflows.start_run, desk.run_now):
			self.assert_refused(lambda start=start: start("contract-by-hand", doctype="ToDo", name=secret))

	@proves("| `manual` | `role`, `doctype`")
	def test_a_workflow_for_one_type_is_not_started_on_another(self):
		self.by_hand()
		frappe.set_user(OTHER)
		for start in (workflows.start_run, desk.run_now):
			self.assert_refused(lambda start=start: start("contract-by-hand", doctype="User", name=OTHER))

	@proves("| `manual` | `role`, `doctype` | a permitted person presses Run")
	def test_a_role_is_needed_for_the_button_and_for_what_it_does(self):
		self.by_hand(role="Accounts Manager")
		mine = self.todo(allocated_to=OTHER)
		frappe.set_user(OTHER)
		self.assertEqual(document_page.on_document("ToDo", mine)["workflows"], [])
		self.assert_refused(lambda: desk.run_now("contract-by-hand", doctype="ToDo", name=mine))
		frappe.set_user(PERSON)
		offered = document_page.on_document("ToDo", mine)["workflows"]
		self.assertEqual([each["name"] for each in offered], ["contract-by-hand"])
