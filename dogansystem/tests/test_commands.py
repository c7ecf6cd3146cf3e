"""`bench --site SITE dogansystem …`, as a shell sees it: what is printed, and the exit code."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import frappe
import yaml

from dogansystem.tests import own
from dogansystem.tests.contract.home import PERSON, fails, proves, step
from dogansystem.tests.home import MANAGER, SiteTestCase
from dogansystem.worker.drainer import Drainer

WORKFLOW = "Dogan Workflow"
KEPT = ["enabled", "enabled_since", "current_version", "parameter_values", "modified"]


class TestCommands(SiteTestCase):
	has_processes = True

	def setUp(self) -> None:
		super().setUp()
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = Path(folder.name)

	def write(self, name: str, *steps: dict[str, Any], **rest: Any) -> str:
		"""A definition in a file; gives the file's path."""
		source = {"name": name, "run_as": PERSON, "steps": list(steps or [step("a")]), **rest}
		path = self.folder / f"{name}.yaml"
		path.write_text(yaml.safe_dump(source, sort_keys=False))
		return str(path)

	def words(self, *arguments: str) -> list[str]:
		"""What a shell would call."""
		return [
			*(sys.executable, "-W", "ignore", "-m", "frappe.utils.bench_helper", "frappe"),
			*("--site", frappe.local.site, "dogansystem", *arguments),
		]

	def command(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
		"""Run a command and look at its exit code."""
		done = subprocess.run(
			self.words(*arguments),
			cwd=os.path.abspath(frappe.local.sites_path),
			capture_output=True,
			text=True,
			check=False,
		)
		self.assertEqual(done.returncode, code, done.stdout + done.stderr)
		frappe.db.rollback()
		return done

	def drain(self) -> None:
		"""Work until nothing is left to do now."""
		Drainer(self.site, until=lambda: True).run()
		frappe.db.rollback()

	@proves("check | import | export | run")
	def test_a_workflow_is_imported_run_and_exported(self):
		path = self.write("contract-command", step("a", params={"of": "{{ input.number }}"}))
		self.command("import", path, "--enable")
		run = json.loads(self.command("run", "contract-command", "--input", '{"number": 7}', "--json").stdout)
		self.assertEqual((run["status"], run["steps"][0]["output"]), ("Succeeded", {"of": 7}))
		exported = yaml.safe_load(self.command("export", "contract-command").stdout)
		self.assertEqual(exported, yaml.safe_load(Path(path).read_text()))

	@proves("approvals | signal")
	def test_a_run_that_waits_for_people_and_signals_goes_on_by_commands(self):
		waits = [
			step("ok", "flow.approve", params={"subject": "May I?", "to": PERSON}),
			step("paid", "flow.wait_for", params={"signal": "contract-paid", "key": 1}),
		]
		self.command("import", self.write("contract-waits", *waits), "--enable")
		found = json.loads(self.command("run", "contract-waits", "--json", code=4).stdout)
		(asked,) = json.loads(self.command("approvals", "--user", PERSON, "--json").stdout)["approvals"]
		self.assertEqual((asked["run"], asked["subject"]), (found["run"], "May I?"))
		self.assertIn("May I?", self.command("approvals").stdout)
		self.assertIn(
			"is not asked",
			self.command("decide", asked["approval"], "approve", "--as", MANAGER, code=3).stderr,
		)
		self.command("decide", asked["approval"], "approve", "--as", PERSON)
		self.drain()
		self.assertEqual(self.orchestrator.get_run(found["run"])["status"], "Waiting")
		self.command("signal", "contract-paid", "--key", "1", "--data", '{"amount": 5}')
		self.drain()
		done = self.orchestrator.get_run(found["run"])
		self.assertEqual((done["status"], done["steps"][1]["output"]), ("Succeeded", {"amount": 5}))

	def test_check_names_file_place_and_remedy(self):
		good, bad = self.write("contract-good"), self.write("contract-bad", step("a", "data.sett"))
		done = self.command("check", good, bad, code=2)
		self.assertEqual(done.stdout.strip(), f"{good}: valid")
		self.assertIn(f"{bad}: steps[0].action: ", done.stderr)
		self.assertIn("data.set", done.stderr)

	def test_of_several_files_all_are_imported_or_none(self):
		good, bad = self.write("contract-good"), self.write("contract-bad", step("a", "data.sett"))
		self.command("import", good, bad, code=2)
		self.assertFalse(frappe.db.exists("Dogan Workflow", "contract-good"))

	@proves("On a bench: `bench --site SITE dogansystem status | check | import | export | run")
	@proves("`export --all DIR` and `import DIR [--prune] [--dry-run]` move all workflows as files")
	def test_a_folder_is_exported_planned_and_imported(self):
		self.write("contract-one")
		self.write("contract-two")
		(self.folder / "contract-one.yaml").rename(self.folder / "one.yaml")
		done = self.command("import", str(self.folder), "--enable", "--dry-run")
		self.assertIn("new       contract-one", done.stdout)
		self.assertFalse(frappe.db.exists(WORKFLOW, "contract-one"))
		self.command("import", str(self.folder), "--enable")
		found = json.loads(self.command("import", str(self.folder), "--json").stdout)
		kinds = {each["workflow"]: each["change"] for each in found["changes"]}
		self.assertEqual((kinds["contract-one"], kinds["contract-two"]), ("unchanged", "unchanged"))
		before = frappe.db.get_value(WORKFLOW, "contract-one", KEPT)
		self.write("contract-two", step("b"))
		self.command("import", str(self.folder))
		self.assertEqual(frappe.db.get_value(WORKFLOW, "contract-one", KEPT), before)
		self.assertEqual(frappe.db.get_value(WORKFLOW, "contract-two", "enabled"), 1)
		elsewhere = self.folder / "elsewhere"
		self.command("export", "--all", str(elsewhere))
		self.assertIn("contract-two.yaml", [path.name for path in elsewhere.iterdir()])

	def test_a_file_without_run_as_leaves_it_as_it_is(self):
		path = Path(self.write("contract-acts"))
		self.command("import", str(path))
		path.write_text(path.read_text().replace(f"run_as: {PERSON}\n", ""))
		found = json.loads(self.command("import", str(path), "--user", MANAGER, "--json").stdout)
		self.assertEqual(found["changes"][0]["change"], "unchanged")
		self.assertEqual(frappe.db.get_value(WORKFLOW, "contract-acts", "run_as"), PERSON)

	def test_a_notification_is_adopted_and_switched(self):
		values = {
			"name": "contract told",
			"subject": "contract {{ doc.name }}",
			"message": "contract",
			"document_type": "ToDo",
			"event": "New",
			"channel": "System Notification",
			"enabled": 1,
			"recipients": [{"receiver_by_document_field": "owner"}],
		}
		doc = frappe.get_doc({"doctype": "Notification", **values}).insert()
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "Notification", doc.name, force=True)
		workflow = "from-notification-contract-told"
		self.addCleanup(frappe.delete_doc, WORKFLOW, workflow, force=True)

		def adopt(*options: str) -> dict[str, Any]:
			asked = ("adopt", doc.name, "--run-as", PERSON, "--json", *options)
			(row,) = json.loads(self.command(*asked).stdout)["adopted"]
			return row

		self.assertEqual((adopt("--dry-run")["workflow"], adopt("--dry-run")["done"]), (workflow, ""))
		self.assertFalse(frappe.db.exists(WORKFLOW, workflow))
		self.assertEqual(adopt()["done"], "written, disabled")
		states = (
			frappe.db.get_value("Notification", doc.name, "enabled"),
			frappe.db.get_value(WORKFLOW, workflow, "enabled"),
		)
		self.assertEqual(states, (1, 0))
		self.assertIn("switched", adopt("--switch")["done"])
		states = (
			frappe.db.get_value("Notification", doc.name, "enabled"),
			frappe.db.get_value(WORKFLOW, workflow, "enabled"),
		)
		self.assertEqual(states, (0, 1))
		self.assertIn("there already", adopt()["done"])

	def test_simulate_takes_its_times_from_what_the_site_has_measured(self):
		path = self.write("contract-simulated", step("a"), step("b"))
		self.command("import", path, "--enable")
		asked = ("--workers", "1,2", "--arrivals", "5/s", "--for", "20s")
		done = self.command("simulate", "contract-simulated", *asked, code=2)
		self.assertIn("run it first, or give --service", done.stderr)
		for _ in range(3):
			self.command("run", "contract-simulated")
		found = json.loads(self.command("simulate", "contract-simulated", *asked, "--json").stdout)
		self.assertEqual(found["times"], "as measured in 6 attempts")
		self.assertEqual([each["workers"] for each in found["configurations"]], [1, 2])
		for each in found["configurations"]:
			self.assertTrue(each["keeps_up"])
			self.assertAlmostEqual(each["steps"], 10, delta=4)
			self.assertLess(each["run"]["p50"], 5)

	def test_simulate_takes_a_file_and_given_times(self):
		path = self.write("contract-planned", step("a"))
		asked = ("--service", "wait 100ms", "--arrivals", "20/s", "--for", "20s", "--workers", "1,4")
		done = self.command("simulate", path, *asked)
		few, enough = done.stdout.strip().splitlines()[-2:]
		self.assertIn("falls behind", few)
		self.assertIn("keeps up", enough)

	def test_simulate_is_for_those_who_may_scale(self):
		path = self.write("contract-forbidden", step("a"))
		asked = ("--service", "wait 1s", "--arrivals", "1/s", "--user", "Guest")
		self.command("simulate", path, *asked, code=3)

	def test_a_failed_run_is_exit_code_1(self):
		self.command("import", self.write("contract-fails", fails("a")), "--enable")
		done = self.command("run", "contract-fails", code=1)
		self.assertIn("a says no", done.stdout)

	def test_input_that_does_not_fit_is_exit_code_2(self):
		schema = {"type": "object", "required": ["number"]}
		self.command("import", self.write("contract-input", input=schema), "--enable")
		self.assertIn("number", self.command("run", "contract-input", code=2).stderr)
		self.assertIn("not JSON", self.command("run", "contract-input", "--input", "{", code=2).stderr)

	def test_what_cannot_be_done_is_exit_code_3(self):
		self.assertIn("contract-none", self.command("run", "contract-none", code=3).stderr)
		self.assertIn("contract-none", self.command("export", "contract-none", code=3).stderr)
		self.command("import", self.write("contract-off"))
		self.assertIn("disabled", self.command("run", "contract-off", code=3).stderr)

	def test_parameters_are_set_and_shown(self):
		approver = {"type": "string", "format": "user", "title": "Who approves"}
		limit = {"type": "number", "title": "Limit", "default": 1}
		path = self.write("contract-asks", parameters={"approver": approver, "limit": limit})
		self.assertIn("Who approves", self.command("import", path, "--enable", code=2).stderr)
		self.assertIn("cannot be enabled yet: approver (Who approves)", self.command("import", path).stderr)
		given = ("--set", "limit=5", "--set", f"approver={MANAGER}")
		self.assertIn("limit = 5 (Limit)", self.command("parameters", "contract-asks", *given).stdout)
		self.command("import", path, "--enable")
		run = json.loads(self.command("run", "contract-asks", "--json").stdout)
		self.assertEqual(run["parameters"], {"approver": MANAGER, "limit": 5})
		refused = self.command("parameters", "contract-asks", "--set", "lmit=5", code=2)
		self.assertIn("did you mean 'limit'?", refused.stderr)

	def test_the_permissions_are_those_of_the_user_named(self):
		path = self.write("contract-boss", run_as="Administrator")
		done = self.command("import", path, "--user", MANAGER, code=3)
		self.assertIn("System Manager", done.stderr)
		self.assertFalse(frappe.db.exists("Dogan Workflow", "contract-boss"))

	@proves(
		"`bench --site SITE dogansystem status |",
		'status["agents"]["total"]',
	)
	def test_the_status_is_the_same_as_in_python(self):
		self.command("import", self.write("contract-status"))
		printed = json.loads(self.command("status", "--json").stdout)
		known = self.orchestrator.get_system_status()
		for part in ("agents", "workflows", "runs", "steps"):
			self.assertEqual(printed[part], known[part])
		of = f"{known['workflows']['enabled']} of {known['workflows']['total']} enabled"
		self.assertIn(of, self.command("status").stdout)

	def test_the_status_is_watched_until_ctrl_c(self):
		watching = subprocess.Popen(
			self.words("status", "--watch", "--json"),
			cwd=os.path.abspath(frappe.local.sites_path),
			stdout=subprocess.PIPE,
			stderr=subprocess.PIPE,
			text=True,
			preexec_fn=lambda: signal.signal(
				signal.SIGINT, signal.SIG_DFL
			),  # a shell's background job ignores it
		)
		try:
			first = json.loads(watching.stdout.readline())
			self.command("import", self.write("contract-watched"))
			for _ in range(10):  # what is printed next may have been read before the import
				later = json.loads(watching.stdout.readline())
				if later["workflows"]["total"] > first["workflows"]["total"]:
					break
		finally:
			watching.send_signal(signal.SIGINT)
			problems = watching.communicate(timeout=30)[1]
		self.assertEqual((watching.returncode, problems.strip()), (0, ""))
		self.assertEqual(later["workflows"]["total"] - first["workflows"]["total"], 1)

	def test_a_load_is_refused_where_people_work_and_leaves_nothing(self):
		before = frappe.get_all("Dogan Workflow", pluck="name")
		self.command("import", self.write("contract-theirs"), "--enable")
		self.command("run", "contract-theirs", "--no-wait")
		done = self.command("load", "--runs", "2", code=3)
		self.assertRegex(done.stderr, "[1-9][0-9]* runs of its own workflows are under way")
		self.assertIn("Nothing of a load is left", self.command("load", "--clean").stdout)
		self.assertEqual(set(frappe.get_all("Dogan Workflow", pluck="name")), {*before, "contract-theirs"})

	@proves("baseline | compare")
	def test_baselines_are_recorded_listed_and_compared(self):
		if own.has_figures():
			self.skipTest("the site has figures of its own")
		self.command("import", self.write("contract-measured"), "--enable")
		self.command("run", "contract-measured")
		found = json.loads(self.command("baseline", "contract before", "--minutes", "5", "--json").stdout)
		self.assertEqual((found["name"], found["steps"]), ("contract before", 1))
		self.assertIn("contract before", self.command("baseline", "--list").stdout)
		self.assertIn("already", self.command("baseline", "contract before", code=2).stderr)
		self.assertIn("contract none", self.command("compare", "contract none", code=3).stderr)
		shown = self.command("compare", "contract before", "--with", "contract before", "--markdown").stdout
		self.assertIn("Verdict: not comparable.", shown)

	def test_a_file_is_looked_for_where_the_person_stands(self):
		self.write("here")
		with patch.dict(os.environ, PWD=str(self.folder)):
			self.command("import", "here.yaml")
			self.command(
				"simulate", "here.yaml", "--arrivals", "1/s", "--service", "wait 10ms", "--for", "10s"
			)
		self.command("import", "nowhere.yaml", code=2)

	def test_versions_are_listed_compared_and_restored(self):
		self.command("import", self.write("contract-command", step("a", params={"of": 1})))
		self.command("import", self.write("contract-command", step("a", params={"of": 2})))
		compared = self.command("versions", "contract-command", "--compare", "1", "2").stdout
		self.assertIn("Step a: Of was changed from 1 to 2", compared)
		self.assertIn("+    of: 2", compared)
		done = self.command("versions", "contract-command", "--restore", "1", "--why", "It was right").stdout
		self.assertIn("it is version 3 now", done)
		listed = json.loads(self.command("versions", "contract-command", "--json").stdout)["versions"]
		self.assertEqual(
			[(each["version"], each["note"]) for each in listed], [(3, "It was right"), (2, ""), (1, "")]
		)
		self.assertIn(
			"no version 9", self.command("versions", "contract-command", "--restore", "9", code=3).stderr
		)
