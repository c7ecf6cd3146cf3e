"""Workflows as Frappe's fixtures: what `bench export-fixtures` writes, and what `bench migrate` does with the file."""

import json
import tempfile
from pathlib import Path
from typing import Any

import frappe
from frappe.core.doctype.data_import.data_import import export_json, import_doc

from dogansystem.tests.contract.home import PERSON, Home, proves, step
from dogansystem.tests.home import SiteTestCase

WORKFLOW = "Dogan Workflow"
KEPT = ["enabled", "enabled_since", "current_version", "parameter_values"]
LIMIT = {"limit": {"type": "number", "title": "Limit"}}


class TestFixtures(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.file = Path(folder.name) / "dogan_workflow.json"

	def exported(self, *names: str) -> list[dict[str, Any]]:
		export_json(WORKFLOW, str(self.file), filters={"name": ["in", names]})
		return json.loads(self.file.read_text())

	def imported(self, *documents: dict[str, Any]) -> None:
		self.file.write_text(frappe.as_json(list(documents)))
		import_doc(str(self.file))

	def waits(self, name: str) -> list[tuple[Any, ...]]:
		frappe.db.rollback()
		return list(frappe.db.sql("SELECT id, due_at, kind, data FROM dogan_timer WHERE subject = %s", name))

	@proves("the two convert without loss (`export`, `import`, Frappe fixtures)")
	def test_a_workflow_goes_to_another_site_whole(self):
		source = {
			"triggers": [
				{"on": "schedule", "every": "2h"},
				{"on": "document", "doctype": "ToDo", "event": "created"},
			],
			"parameters": LIMIT,
			"limits": {"concurrent_runs": 2},
			"output": {"was": "{{ steps.a.output }}"},
		}
		steps = [step("a", retry={"attempts": 3, "delay": "5s"}), step("b", after=["a"], when="done")]
		frappe.set_user(PERSON)
		self.orchestrator.import_workflow(
			{"name": "contract-fixture", "run_as": PERSON, "steps": steps, **source}, False
		)
		before = self.orchestrator.export_workflow("contract-fixture")
		(document,) = self.exported("contract-fixture")
		frappe.delete_doc(WORKFLOW, "contract-fixture", delete_permanently=True)
		frappe.db.commit()
		frappe.set_user("Administrator")
		self.imported({**document, "enabled": 1, "parameter_values": '{"limit": 9}'})
		self.assertEqual(self.orchestrator.export_workflow("contract-fixture"), before)
		found = frappe.db.get_value(WORKFLOW, "contract-fixture", KEPT, as_dict=True)
		self.assertEqual((found.enabled, found.parameter_values), (0, None))
		self.assertEqual(self.waits("contract-fixture"), [])

	def test_a_workflow_that_is_there_stays_enabled_with_its_values_and_its_schedule(self):
		self.save("contract-kept", [step("a")], triggers=[{"on": "schedule", "every": "2h"}], parameters={"limit": {**LIMIT["limit"], "default": 1}})  # fmt: skip
		self.orchestrator.set_parameters("contract-kept", {"limit": 5})
		frappe.db.commit()
		(document,) = self.exported("contract-kept")
		before = frappe.db.get_value(WORKFLOW, "contract-kept", KEPT)
		waits = self.waits("contract-kept")
		self.assertEqual(len(waits), 1)
		self.imported({**document, "enabled": 0, "parameter_values": None, "enabled_since": None})
		self.assertEqual(frappe.db.get_value(WORKFLOW, "contract-kept", KEPT), before)
		self.assertEqual(self.waits("contract-kept"), waits)

	def test_a_run_under_way_keeps_its_version_and_the_next_has_the_new_one(self):
		self.save("contract-renewed", [step("w", "flow.wait", params={"for": "1h"}), step("old")])
		run = self.start("contract-renewed")
		self.drain()
		(document,) = self.exported("contract-renewed")
		self.imported({**document, "steps": [{**document["steps"][1], "step_id": "new"}]})
		self.advance(3601)
		self.drain()
		self.assertEqual([each["id"] for each in self.run_of(run)["steps"]], ["w", "old"])
		later = self.start("contract-renewed")
		self.assertEqual([each["id"] for each in self.run_of(later)["steps"]], ["new"])
		self.assertEqual(len(frappe.get_all(WORKFLOW, {"name": "contract-renewed"})), 1)
