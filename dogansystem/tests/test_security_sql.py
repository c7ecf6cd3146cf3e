"""SQL in filters, names, fields and orders, with Frappe's own list beneath: it is data, or it is refused; it never runs."""

from collections.abc import Iterator
from typing import Any

import frappe

from dogansystem.api import workflows
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.home import OTHER, USER
from dogansystem.tests.injections import INJECTIONS

SECRET, MINE = "contract secret", "contract mine"


class TestSQL(SecurityTestCase):
	"""USER may read one ToDo of two. No way of asking for ToDos shows anything of the other."""

	def setUp(self) -> None:
		super().setUp()
		self.names = {}
		for user, description in ((OTHER, SECRET), (USER, MINE)):
			frappe.set_user(user)
			values = {"doctype": "ToDo", "description": description, "allocated_to": user}
			self.names[description] = frappe.get_doc(values).insert().name
		frappe.db.commit()
		self.counts = self.counted()
		self.tried = 0
		frappe.set_user(USER)

	def counted(self) -> dict[str, int]:
		frappe.db.rollback()
		doctypes = (
			"ToDo",
			"User",
			"Dogan Workflow",
			"Dogan Workflow Version",
			"Dogan Workflow Run",
			"Dogan Step Run",
			"Dogan Agent",
		)
		return {each: frappe.db.count(each) for each in doctypes}

	def attack(self, what: Any, *given: Any, **more: Any) -> list[dict[str, Any]]:
		"""What an attack gives; nothing if it is refused. An error of the database would show that it got there."""
		self.tried += 1
		frappe.clear_messages()
		with self.undone():
			try:
				return what(*given, **more) or []
			except Exception as error:
				self.assertFalse(type(error).__module__.startswith("pymysql"), repr(error))
				self.assertNotIsInstance(
					error, TypeError | KeyError | AttributeError | IndexError, repr(error)
				)
		return []

	def test_lists_of_documents(self):
		documents = self.site.documents
		for text in INJECTIONS:
			for given in (*self.filters(text), *self.fields(text), *self.orders(text)):
				with self.subTest(given=given):
					for row in self.attack(documents.list, "ToDo", **given):
						self.assertNotIn(SECRET, repr(row))
						self.assertNotIn(self.names[SECRET], repr(row))
			for doctype in (text, f"ToDo{text}", f"tabToDo` {text}"):
				with self.subTest(doctype=doctype):
					self.assertEqual(self.attack(documents.list, doctype), [])
		self.assertEqual(self.counted(), self.counts)
		print(f"\nSQL in lists of documents on a site: tried {self.tried}, ran 0", flush=True)

	def filters(self, text: str) -> Iterator[dict[str, Any]]:
		for filters in (
			{"name": text}, {"description": text}, {text: "Open"}, {"description": ["=", text]}, {"description": ["in", [text]]},
			{"description": ["in", text]}, {"description": [text, "x"]}, {"priority": ["like", text]}, {"creation": [">", text]},
			{"creation": ["between", [text, text]]}, [["ToDo", "description", "=", text]], [[text, "description", "=", "x"]],
			[["description", text, "x"]], [["ToDo", text, "=", "x"]], {"name": ["not in", [text]]}, {"description": ["is", text]},
			{"creation": ["timespan", text]}, {"name": ["descendants of", text]}, [text], text, [[text]], {"name": [text]},
		):  # fmt: skip
			yield {"filters": filters, "fields": ["name", "description"]}

	def fields(self, text: str) -> Iterator[dict[str, Any]]:
		for fields in (
			[text], ["name", text], [f"name as {text}"], [f"{text} as name"], [f"count({text})"], [f"max({text}) as name"], [f"`{text}`"],
			[f"`tabToDo`.{text}"], [f"`tabToDo`.`{text}`"], [f"ifnull(description, {text})"], [f"{text}.name"], [f"allocated_to.{text}"],
		):  # fmt: skip
			yield {"fields": fields}

	def orders(self, text: str) -> Iterator[dict[str, Any]]:
		for order in (
			text,
			f"name {text}",
			f"name, {text}",
			f"name asc, {text} desc",
			f"`{text}` asc",
			f"`tabToDo`.`name` {text}",
		):
			yield {"order_by": order, "fields": ["name", "description"]}

	def test_single_documents(self):
		documents, name = self.site.documents, self.names[MINE]
		for text in INJECTIONS:
			for what, *given in (
				(documents.get, "ToDo", text), (documents.get, text, name), (documents.get, "ToDo", name, [text]),
				(documents.update, "ToDo", text, {"status": "Closed"}), (documents.update, "ToDo", name, {text: "x"}),
				(documents.delete, "ToDo", text), (documents.create, text, {"description": "x"}),
				(documents.create, "ToDo", {"description": MINE, text: "x"}), (documents.comment, "ToDo", text, text),
				(documents.assign, "ToDo", name, text), (documents.submit, "ToDo", text), (documents.cancel, text, text),
			):  # fmt: skip
				with self.subTest(what=what.__name__, given=given):
					self.assertNotIn(SECRET, repr(self.attack(what, *given)))
		self.assertEqual(self.counted(), self.counts)
		print(f"\nSQL in names of documents on a site: tried {self.tried}, ran 0", flush=True)

	def test_lists_of_runs(self):
		for text in INJECTIONS:
			for given in (
				{"workflow": text},
				{"status": text},
				{"doctype": text, "name": text},
				{"doctype": "ToDo", "name": text},
			):
				with self.subTest(given=given):
					self.assertEqual(self.attack(workflows.list_runs, **given), [])
		self.assertEqual(self.counted(), self.counts)
		print(f"\nSQL in lists of runs on a site: tried {self.tried}, ran 0", flush=True)

	def test_somebody_elses_runs_by_frappes_own_methods(self):
		frappe.set_user(OTHER)
		for text in INJECTIONS:
			for method, given in (
				("frappe.client.get_list", {"doctype": "Dogan Workflow Run", "filters": {"workflow": text}, "fields": ["name", text]}),
				("frappe.client.get_list", {"doctype": "Dogan Step Run", "order_by": text}),
				("frappe.client.get_list", {"doctype": "Dogan Workflow Run", "group_by": text}),
				("frappe.client.get_list", {"doctype": "Dogan Workflow Run", "or_filters": {"name": text, "workflow": "open"}}),
				("frappe.client.get_value", {"doctype": "Dogan Workflow Run", "filters": {"name": text}, "fieldname": text}),
				("frappe.client.get_count", {"doctype": "Dogan Workflow Run", "filters": [[text, "=", text]]}),
			):  # fmt: skip
				self.tried += 1
				with self.subTest(method=method, given=given), self.undone():
					try:
						answer = self.site.call_method(method, given)
					except Exception:
						continue  # in Frappe's words, or the database's
					self.assertNotIn(self.run[:6], repr(answer))
					self.assertIn(answer, ([], None, {}, 0))
		frappe.set_user(USER)
		self.assertEqual(self.counted(), self.counts)
		print(f"\nSQL in somebody else's runs on a site: tried {self.tried}, shown 0", flush=True)
