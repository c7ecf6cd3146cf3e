"""Actions, Server Scripts and hooks that end a step's transaction on a real site: the step fails and says so, and nothing
of it stays."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from unittest.mock import patch

import frappe

from dogansystem.actions.base import Action, StepContext
from dogansystem.tests.contract.home import Home, step
from dogansystem.tests.home import SiteTestCase

MARK = "contract commits"
SCRIPT = "Contract Commits"


def field() -> None:
	frappe.get_doc(
		{
			"doctype": "Custom Field",
			"dt": "ToDo",
			"fieldname": "contract_commits",
			"fieldtype": "Data",
			"label": "x",
		}
	).insert(ignore_permissions=True)


def new_doctype() -> None:
	fields = [{"fieldname": "a", "fieldtype": "Data", "label": "A"}]
	permissions = [{"role": "System Manager", "read": 1}]
	frappe.get_doc(
		{"doctype": "DocType", "name": "Contract Commits", "module": "Core", "custom": 1, "fields": fields, "permissions": permissions}
	).insert(ignore_permissions=True)  # fmt: skip


def swallowed(*_: Any) -> None:
	try:
		frappe.db.commit()
	except Exception:
		pass


WAYS: dict[str, Callable[[], Any]] = {
	"commit": lambda: frappe.db.commit(),
	"commit, swallowed": swallowed,
	"commit as a statement": lambda: frappe.db.sql("COMMIT"),
	"rollback": lambda: frappe.db.rollback(),
	"begin": lambda: frappe.db.begin(),
	"a statement of DDL": lambda: frappe.db.sql("ALTER TABLE `tabToDo` ADD COLUMN contract_commits INT"),
	"sql_ddl": lambda: frappe.db.sql_ddl("CREATE TABLE contract_commits (a INT)"),
	"an index": lambda: frappe.db.add_index("ToDo", ["priority", "date"], "contract_commits"),
	"truncate": lambda: frappe.db.truncate("Error Log"),
	"a procedure": lambda: frappe.db.sql("CALL contract_commits()"),
	"two settings": lambda: frappe.db.sql("SET @a = 1, autocommit = 1"),
	"a compound statement": lambda: frappe.db.sql("IF 1 THEN COMMIT; END IF"),
	"a custom field": field,
	"a DocType": new_doctype,
	"another connection": lambda: frappe.connect(),
	"a connection closed": lambda: frappe.db.close(),
	"multisql": lambda: frappe.db.multisql({"mariadb": "COMMIT"}),
}


class Ends(Action):
	"""Makes a ToDo and then ends the transaction."""

	name: ClassVar[str] = "contract.ends"
	summary: ClassVar[str] = "x"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "x"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		frappe.get_doc({"doctype": "ToDo", "description": MARK}).insert()
		WAYS[params["way"]]()
		return None


class TestCommits(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(self.remove)
		actions = {**self.site.actions(), Ends.name: Ends()}
		patched = patch.object(type(self.site), "actions", lambda _site: actions)
		patched.start()
		self.addCleanup(patched.stop)

	def remove(self) -> None:
		frappe.db.rollback()
		frappe.set_user("Administrator")
		frappe.delete_doc("Server Script", SCRIPT, ignore_missing=True, force=True)
		frappe.db.commit()

	def assert_stopped(self, found: dict[str, Any]) -> None:
		self.assertEqual(found["status"], "Failed")
		self.assertRegex(found["error"], "StepCommitted: The step .*(commit|rollback|ran|closed|replaced)")
		self.assertEqual(found["steps"][0]["attempts"], 1, "it is not tried again")
		self.assertEqual(self.todos(MARK), [])

	def test_a_step_that_ends_the_transaction_in_any_way(self):
		for number, way in enumerate(WAYS):
			with self.subTest(way=way):
				workflow = self.save(f"contract-ends-{number}", [step("a", Ends.name, params={"way": way})])
				run = self.start(workflow)
				self.drain()
				self.assert_stopped(self.run_of(run))
		frappe.db.rollback()
		for made in ("contract_commits", "tabContract Commits"):
			self.assertEqual(frappe.db.sql("SHOW TABLES LIKE %s", made), ())
		self.assertFalse(frappe.db.has_column("ToDo", "contract_commits"))
		print(
			f"\nsteps that end their transaction on a site: tried {len(WAYS)}, stopped {len(WAYS)}",
			flush=True,
		)

	def test_a_server_script_that_commits(self):
		if not frappe.conf.server_script_enabled:
			self.skipTest("needs server_script_enabled in common_site_config.json")
		script = f"frappe.get_doc(doctype='ToDo', description='{MARK}').insert()\nfrappe.db.commit()"
		frappe.get_doc(
			{
				"doctype": "Server Script",
				"name": SCRIPT,
				"script_type": "API",
				"api_method": "contract_commits",
				"script": script,
			}
		).insert()
		frappe.db.commit()
		self.assert_stopped(self.run_steps([step("a", "method.call", params={"method": "contract_commits"})]))

	def test_a_hook_that_commits(self):
		creates = step("a", "document.create", params={"doctype": "ToDo", "values": {"description": MARK}})
		# Frappe offers no commit to Server Scripts about documents; the hooks of apps have one.
		hooks = {"ToDo": {"after_insert": ["dogansystem.tests.test_commits.swallowed"]}}
		with patch.object(frappe.local, "doc_events_hooks", hooks, create=True):
			self.assert_stopped(self.run_steps([creates]))
