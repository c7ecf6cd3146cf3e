"""What callers over the API get: answers as documented, and errors with a status, a name and a text."""

from typing import Any

import frappe

from dogansystem.api import agents, desk, errors, run_page, status, workflows
from dogansystem.tests.contract.home import PERSON, fails, proves, step
from dogansystem.tests.home import MANAGER, USER, SiteTestCase


class TestAPI(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.set_user(PERSON)
		self.addCleanup(frappe.set_user, "Administrator")

	def save(self, name: str, *steps: dict[str, Any], enabled: bool = True, **rest: Any) -> str:
		source = {"name": name, "run_as": PERSON, "steps": list(steps or [step("a")]), **rest}
		return self.orchestrator.import_workflow(source, enabled)

	def assert_error(self, kind: type[Exception], status_code: int, text: str, call: Any) -> None:
		"""The call raises this error with this HTTP status, and no run was written."""
		before = frappe.db.count("Dogan Workflow Run")
		with self.assertRaisesRegex(kind, text) as caught:
			call()
		self.assertEqual(caught.exception.http_status_code, status_code)
		self.assertEqual(frappe.db.count("Dogan Workflow Run"), before)

	@proves("or the API is called")
	def test_a_run_is_started_and_read(self):
		self.save("plain")
		run = workflows.start_run("plain", '{"of": 1}', "key 1")["run"]
		found = workflows.get_run(run)
		self.assertEqual((found["workflow"], found["status"], found["input"]), ("plain", "Queued", {"of": 1}))
		self.assertEqual([each["id"] for each in found["steps"]], ["a"])
		self.assertEqual(workflows.start_run("plain", None, "key 1")["run"], run)
		(listed,) = workflows.list_runs(workflow="plain")
		self.assertEqual((listed["run"], listed["version"], listed["error"]), (run, 1, None))

	def test_an_unknown_workflow_or_run_is_404(self):
		self.assert_error(frappe.DoesNotExistError, 404, "nowhere", lambda: workflows.start_run("nowhere"))
		self.assert_error(frappe.DoesNotExistError, 404, "nothing", lambda: workflows.get_run("nothing"))

	def test_a_name_that_is_misspelt_is_404_for_those_who_may_not_start_everything_too(self):
		self.save("add-up")
		self.assert_error(
			frappe.DoesNotExistError, 404, "did you mean 'add-up'", lambda: workflows.start_run("add-upp")
		)
		frappe.set_user(USER)
		self.assert_error(frappe.DoesNotExistError, 404, "add-upp", lambda: workflows.start_run("add-upp"))
		self.assert_error(frappe.PermissionError, 403, "may not start", lambda: workflows.start_run("add-up"))

	def test_an_unknown_doctype_or_document_is_404(self):
		self.save("plain")
		for doctype, text in (("Leadd", "no DocType"), ("ToDo", "NOPE")):
			self.assert_error(
				frappe.DoesNotExistError, 404, text, lambda doctype=doctype: workflows.start_run("plain", doctype=doctype, name="NOPE")
			)  # fmt: skip

	def test_a_disabled_workflow_is_409(self):
		self.save("off", enabled=False)
		self.assert_error(errors.WrongState, 409, "disabled", lambda: workflows.start_run("off"))

	def test_input_that_does_not_fit_is_422(self):
		schema = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}
		self.save("strict", input=schema)
		self.assert_error(errors.InputError, 422, "amount", lambda: workflows.start_run("strict", {}))
		self.assert_error(errors.InputError, 422, "not JSON", lambda: workflows.start_run("strict", "{"))

	def test_input_that_is_too_large_is_422(self):
		self.save("plain")
		huge = {"text": "x" * 1_100_000}
		self.assert_error(
			errors.InputError,
			422,
			"at most 1,048,576 are kept. Give less",
			lambda: workflows.start_run("plain", huge),
		)

	def test_an_unknown_agent_is_404(self):
		self.save("unstaffed", step("a", agent="Nobody Here"))
		self.assert_error(
			frappe.DoesNotExistError, 404, "Nobody Here", lambda: workflows.start_run("unstaffed")
		)

	def test_a_full_limit_is_429(self):
		self.save(
			"narrow",
			step("w", "flow.wait", params={"for": "1h"}),
			limits={"concurrent_runs": 1, "when_full": "skip"},
		)
		workflows.start_run("narrow")
		frappe.db.commit()
		self.drain()
		self.assert_error(errors.LimitReached, 429, "concurrent_runs", lambda: workflows.start_run("narrow"))

	def test_more_agents_than_allowed_is_429_and_registers_none(self):
		others = sum(each["enabled"] for each in agents.list())
		self.set_settings(max_agents=others + 1)
		agents.register("One", PERSON)
		self.assert_error(
			errors.LimitReached,
			429,
			f"max_agents is {others + 1}.*Dogan Settings",
			lambda: agents.register("Two", PERSON),
		)
		self.assertNotIn("Two", [each["name"] for each in agents.list()])
		agents.register("Two", PERSON, enabled=False)
		self.assert_error(errors.LimitReached, 429, "max_agents", lambda: agents.enable("Two"))
		agents.disable("One")
		agents.enable("Two")

	def test_what_does_not_fit_the_state_is_409(self):
		self.save("plain")
		run = workflows.start_run("plain")["run"]
		self.assert_error(errors.WrongState, 409, run, lambda: workflows.resume(run))
		workflows.cancel(run)
		self.assert_error(errors.WrongState, 409, "cancelled already", lambda: workflows.cancel(run))

	def test_a_failed_run_is_retried_from_a_step(self):
		self.save("broken", step("a"), fails("b"), step("c"))
		run = workflows.start_run("broken")["run"]
		frappe.db.commit()
		self.drain()
		self.assertEqual(workflows.get_run(run)["status"], "Failed")
		self.assertEqual(
			workflows.retry(run=run, step="", version=""), {"steps": ["b", "c"]}
		)  # nulls of the desk
		self.assertEqual(workflows.get_run(run)["status"], "Running")

	def test_a_failed_run_goes_on_with_the_version_saved_now(self):
		self.save("broken", step("a"), fails("b"))
		run = workflows.start_run("broken")["run"]
		frappe.db.commit()
		self.drain()
		self.assertIsNone(run_page.run_view(run)["current_version"])
		self.save("broken", step("a"), step("b"))
		self.assertEqual(run_page.run_view(run)["current_version"], 2)
		self.assert_error(errors.InputError, 422, "'newest'", lambda: workflows.retry(run, version="newest"))
		self.assertEqual(workflows.retry(run, version="current"), {"steps": ["b"]})
		view = run_page.run_view(run)
		self.assertEqual((view["run"]["version_number"], view["current_version"]), (2, None))

	def test_a_manager_tries_a_disabled_workflow_by_hand(self):
		self.save("off", enabled=False)
		run = desk.run_now("off", "")["run"]
		self.assertEqual(workflows.get_run(run)["cause"], "manual")

	def test_changes_need_post(self):
		changes = (
			workflows.start_run,
			workflows.pause,
			workflows.resume,
			workflows.cancel,
			workflows.retry,
			agents.register,
			agents.enable,
			agents.disable,
		)
		for change in changes:
			self.assertEqual(frappe.allowed_http_methods_for_whitelisted_func[change], ["POST"])

	def test_the_status_has_the_totals(self):
		before = status.get_system_status()
		self.save("plain")
		agents.register("One", PERSON)
		found = status.get_system_status()
		added = {
			part: found[part]["total"] - before[part]["total"] for part in ("agents", "workflows", "runs")
		}
		self.assertEqual(added, {"agents": 1, "workflows": 1, "runs": 0})

	def test_the_timeline_shows_items_by_their_state(self):
		self.save(
			"each",
			step(
				"each",
				"data.check",
				for_each=[1, 2, 3],
				on_error="continue",
				params={"that": "{{ item != 2 }}", "message": "two is bad"},
			),
		)
		run = workflows.start_run("each")["run"]
		frappe.db.commit()
		self.drain()
		view = run_page.run_view(run)
		self.assertEqual(view["steps"][0]["items"], {"Succeeded": 2, "Failed": 1})
		details = run_page.step_details(run, "each")
		self.assertEqual(details["output"], [True, None, True])
		self.assertEqual(details["items"][0]["item"], 2)
		self.assertIn("two is bad", details["items"][0]["error"])

	def drain(self) -> None:
		from dogansystem.worker.drainer import Drainer

		Drainer(self.site, until=lambda: True).run()
		frappe.db.rollback()

	def test_a_template_becomes_a_disabled_workflow_of_whoever_takes_it(self):
		found = {each["name"]: each for each in desk.list_templates()}
		self.assertGreaterEqual(len(found), 20)
		self.assertEqual(
			found["leave-unanswered"]["apps"], [] if "hrms" in frappe.get_installed_apps() else ["hrms"]
		)
		usable = [name for name, each in found.items() if not each["missing"]]
		model = self.model()
		for name in usable:
			asks = {"model": model, "agent_user": PERSON} if found[name]["agent"] else {}
			desk.use_template(name, **asks)
			doc = frappe.get_doc("Dogan Workflow", name)
			self.assertEqual((doc.enabled, doc.run_as), (0, PERSON))
		if "follow-up-quotations" not in usable:
			self.assertEqual(found["follow-up-quotations"]["missing"], ["Quotation"])

	def test_a_template_is_taken_with_the_values_that_it_asks(self):
		found = {each["name"]: each for each in desk.list_templates()}["follow-up-quotations"]
		self.assertEqual((found["roles"], list(found["parameters"])), (["Sales User"], ["days"]))
		if found["missing"]:
			self.skipTest("the site has no Quotation")
		with self.assertRaisesRegex(errors.InputError, "days"):
			desk.use_template("follow-up-quotations", parameters={"days": "soon"})
		self.assertFalse(frappe.db.exists("Dogan Workflow", "follow-up-quotations"))
		made = desk.use_template("follow-up-quotations", parameters='{"days": 7}')
		self.assertEqual(
			made, {"workflow": "follow-up-quotations", "run_as": PERSON, "lacking": ["Sales User"]}
		)
		doc = frappe.get_doc("Dogan Workflow", "follow-up-quotations")
		self.assertEqual((doc.enabled, frappe.parse_json(doc.parameter_values)), (0, {"days": 7}))

	def model(self) -> str:
		fields = {"model_name": "contract model", "provider": "openai", "model": "x"}
		return frappe.get_doc({"doctype": "Dogan Model", **fields}).insert().name

	def test_a_template_that_asks_an_agent_is_made_with_it_or_not_at_all(self):
		name = "run-explainer"
		found = {each["name"]: each for each in desk.list_templates()}[name]
		self.assertEqual(found["agent"], {"name": "Run Explainer", "roles": ["Dogan User"], "exists": False})
		for asks in ({}, {"model": self.model()}, {"agent_user": PERSON}):
			with self.assertRaisesRegex(errors.InputError, "Run Explainer"):
				desk.use_template(name, **asks)
		self.assertFalse(frappe.db.exists("Dogan Workflow", name))
		made = desk.use_template(name, model="contract model", agent_user=PERSON)
		self.assertEqual(made["agent"], {"name": "Run Explainer", "user": PERSON, "lacking": ["Dogan User"]})
		agent = frappe.get_doc("Dogan Agent", "Run Explainer")
		self.assertEqual(
			(agent.kind, agent.model, agent.user, agent.enabled), ("AI", "contract model", PERSON, 1)
		)
		self.assertEqual(
			[(each.tool_name, each.action) for each in agent.tools], [("check_definition", "workflow.check")]
		)
		frappe.db.delete("Dogan Workflow", {"name": name})
		agent.db_set("model", "contract model")
		# The agent is there: nothing is asked about it, and it stays as it is.
		self.assertTrue({each["name"]: each for each in desk.list_templates()}[name]["agent"]["exists"])
		self.assertEqual(desk.use_template(name)["agent"]["user"], PERSON)

	def test_only_a_system_manager_gives_an_agent_of_a_template_another_user(self):
		model = self.model()
		frappe.set_user(MANAGER)
		with self.assertRaises(frappe.PermissionError):
			desk.use_template("run-explainer", run_as=MANAGER, model=model, agent_user=PERSON)
		self.assertFalse(frappe.db.exists("Dogan Agent", "Run Explainer"))

	def test_a_template_whose_doctypes_are_not_there_says_what_to_install(self):
		lacking = [each for each in desk.list_templates() if each["missing"]]
		if not lacking:
			self.skipTest("the site has all that the templates need")
		name, apps = lacking[0]["name"], lacking[0]["apps"] or ["ERPNext"]
		with self.assertRaisesRegex(errors.InputError, f"Install {', '.join(apps)} first"):
			desk.use_template(name)
		self.assertFalse(frappe.db.exists("Dogan Workflow", name))

	def test_administrator_says_who_a_template_runs_as(self):
		frappe.set_user("Administrator")
		usable = [each["name"] for each in desk.list_templates() if not (each["missing"] or each["agent"])]
		if not usable:
			self.skipTest("every template needs a DocType that this site does not have")
		name = usable[0]
		with self.assertRaises(frappe.MandatoryError):
			desk.use_template(name)
		desk.use_template(name, run_as=PERSON)
		self.assertEqual(frappe.db.get_value("Dogan Workflow", name, "run_as"), PERSON)

	def test_the_timeline_says_until_when_a_step_waits(self):
		self.save("sleepy", step("w", "flow.wait", params={"for": "1h"}))
		run = workflows.start_run("sleepy")["run"]
		frappe.db.commit()
		self.drain()
		(view,) = run_page.run_view(run)["steps"]
		until = frappe.utils.get_datetime(view["wait_until"])
		self.assertAlmostEqual((until - frappe.utils.now_datetime()).total_seconds(), 3600, delta=30)
