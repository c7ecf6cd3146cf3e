"""`bench --site SITE dogansystem run --dry-run` and `test`, as a shell sees them."""

import json
import tempfile
from pathlib import Path

import frappe
import yaml

from dogansystem.tests import test_commands
from dogansystem.tests.contract.home import PERSON, proves, step
from dogansystem.tests.home import SiteTestCase

WORKFLOW = "Dogan Workflow"


class TestTrying(SiteTestCase):
	has_processes = True
	write = test_commands.TestCommands.write
	words = test_commands.TestCommands.words
	command = test_commands.TestCommands.command

	def setUp(self) -> None:
		super().setUp()
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = Path(folder.name)

	@proves("On a bench: `bench --site SITE dogansystem status | check | import | export | run")
	@proves("On a bench: `bench --site SITE dogansystem status | check | import | export | run | test")
	def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(self):
		make = step(
			"make", "document.create", params={"doctype": "ToDo", "values": {"description": "dogan tried"}}
		)
		ask = step("ok", "flow.approve", params={"to": PERSON, "subject": "May I?"})
		path = self.write("dogan-tried", make, ask)
		shown = self.command("run", path, "--dry-run").stdout
		self.assertIn("would create: ToDo", shown)
		self.assertIn("assumed for step ok: approved", shown)
		answer = 'ok={"decision": "rejected"}'
		found = json.loads(self.command("run", path, "--dry-run", "--answer", answer, "--json").stdout)
		self.assertEqual((found["status"], found["steps"][1]["branch"]), ("Succeeded", "rejected"))
		self.assertFalse(frappe.db.exists("ToDo", {"description": "dogan tried"}))
		self.assertFalse(frappe.db.exists(WORKFLOW, "dogan-tried"))

	def test_tests_of_workflows_are_played(self):
		self.write("dogan-tried", step("make", "document.create", params={"doctype": "ToDo", "values": {"description": "dogan tried"}}))  # fmt: skip
		expect = {"status": "Succeeded", "documents": [{"doctype": "ToDo", "description": "dogan *"}]}
		for name, code in (("dogan *", 0), ("other", 1)):
			expect["documents"][0]["description"] = name
			tests = {"workflow": "dogan-tried.yaml", "tests": [{"name": "makes one", "expect": expect}]}
			path = self.folder / "dogan-tried.test.yaml"
			path.write_text(yaml.safe_dump(tests))
			done = self.command("test", str(path), code=code)
			self.assertIn("1 passed" if code == 0 else "expected:", done.stdout)
