"""Parameters of a workflow: what each site may set without changing the definition."""

from typing import Any

from dogansystem.engine.errors import InputError, NotFound
from dogansystem.tests.contract.home import PERSON, Home, output, proves, states, step
from dogansystem.tests.contract.sentences import contract

LIMIT = {"type": "number", "title": "Ask above this amount", "default": 10000}
APPROVER = {"type": "string", "format": "email", "title": "Who approves"}
WAIT = step("w", "flow.wait", params={"for": "1h"})
SHOW = step("show", params={"limit": "{{ parameters.limit }}"})


class ParameterContract(Home):
	def set_values(self, workflow: str, **values: Any) -> dict[str, Any]:
		with self.site.acting_as(PERSON):
			found = self.orchestrator.set_parameters(workflow, values)
		self.site.database.commit()
		return found

	def refused(self, words: str, call: Any) -> None:
		"""The call ends in an InputError with these words, and changes nothing."""
		with self.assertRaisesRegex(InputError, words), self.site.acting_as(PERSON):
			call()
		self.site.database.rollback()

	def value_of(self, workflow: str, name: str) -> Any:
		found = {each["name"]: each["value"] for each in self.orchestrator.get_parameters(workflow)}
		self.site.database.rollback()
		return found[name]

	def shown(self, workflow: str) -> Any:
		"""What a new run of the workflow shows."""
		run = self.start(workflow)
		self.drain()
		return output(self.run_of(run), "show")

	@contract("templates reach them as `parameters.limit`")
	def test_templates_reach_the_default_and_the_value_that_was_set_with_their_types(self):
		workflow = self.save("contract-parameters", [SHOW], parameters={"limit": LIMIT})
		self.assertEqual(self.shown(workflow), {"limit": 10000})
		self.assertEqual(self.set_values(workflow, limit=2.5), {"limit": 2.5})
		self.assertEqual(self.shown(workflow), {"limit": 2.5})
		self.set_values(workflow, limit=None)
		self.assertEqual(self.shown(workflow), {"limit": 10000})

	@contract("`input trigger doc parameters steps item index run now today user`")
	def test_templates_reach_them_wherever_they_stand(self):
		parameters = {
			"rows": {"type": "array", "title": "Rows", "default": [1, 2, 3]},
			"least": {"type": "number", "title": "Least", "default": 2},
		}
		each = step(
			"each",
			for_each="{{ parameters.rows }}",
			params={"n": "{{ item + parameters.least }}"},
			**{"if": "item >= parameters.least"},
		)
		run = self.run_steps([each], parameters=parameters, output={"least": "{{ parameters.least }}"})
		self.assertEqual(output(run, "each"), [None, {"n": 4}, {"n": 5}])
		self.assertEqual(run["output"], {"least": 2})
		self.assertEqual(run["parameters"], {"rows": [1, 2, 3], "least": 2})

	def test_the_limits_key_reaches_them(self):
		region = {"type": "string", "title": "Region", "default": "North"}
		limits = {"concurrent_runs": 1, "key": "{{ parameters.region }}"}
		workflow = self.save("contract-key-of", [WAIT], parameters={"region": region}, limits=limits)
		first, second = self.start(workflow), self.start(workflow)
		self.set_values(workflow, region="South")
		third = self.start(workflow)
		self.drain()
		found = [self.run_of(run)["status"] for run in (first, second, third)]
		self.assertEqual(found, ["Waiting", "Queued", "Waiting"])

	def test_a_triggers_condition_reaches_them(self):
		words = {"type": "string", "title": "Words", "default": "contract high"}
		trigger = {
			"on": "document",
			"doctype": "ToDo",
			"event": "created",
			"if": "doc.description == parameters.words",
		}
		workflow = self.save("contract-if-of", [step("a")], parameters={"words": words}, triggers=[trigger])
		self.set_values(workflow, words="contract low")
		with self.site.acting_as(PERSON):
			for text in ("contract high", "contract low"):
				self.site.documents.create("ToDo", {"description": text})
		self.site.database.commit()
		(run,) = self.orchestrator.list_runs(workflow)
		self.assertEqual(self.run_of(run["run"])["parameters"], {"words": "contract low"})
		self.orchestrator.set_workflow_enabled(workflow, False)
		self.site.database.commit()

	def test_a_run_of_a_schedule_has_them(self):
		schedule = {"on": "schedule", "every": "1h"}
		workflow = self.save(
			"contract-scheduled-with", [SHOW], parameters={"limit": LIMIT}, triggers=[schedule]
		)
		self.set_values(workflow, limit=7)
		self.advance(3601)
		self.tick()
		self.drain()
		self.site.database.rollback()
		(run,) = self.orchestrator.list_runs(workflow)
		self.assertEqual(output(self.run_of(run["run"]), "show"), {"limit": 7})

	@contract("Values are kept on the workflow, outside its versions")
	@proves("what each site may set, without changing the definition")
	def test_setting_one_makes_no_version_and_a_new_version_keeps_it(self):
		workflow = self.save("contract-versions", [SHOW], parameters={"limit": LIMIT})
		self.set_values(workflow, limit=5)
		first = self.run_of(self.start(workflow))
		self.assertEqual((first["version"], first["parameters"]), (1, {"limit": 5}))
		self.save(workflow, [SHOW, step("more")], parameters={"limit": LIMIT})
		second = self.run_of(self.start(workflow))
		self.assertEqual((second["version"], second["parameters"]), (2, {"limit": 5}))
		self.assertNotIn("5", str(self.orchestrator.export_workflow(workflow)["parameters"]))

	@contract("a run keeps the values it started with")
	def test_a_run_keeps_the_values_it_started_with(self):
		workflow = self.save("contract-keeps", [WAIT, SHOW], parameters={"limit": LIMIT})
		run = self.start(workflow)
		self.drain()
		self.set_values(workflow, limit=5)
		self.advance(3601)
		self.drain()
		self.assertEqual(output(self.run_of(run), "show"), {"limit": 10000})
		self.act("retry", run, "show")
		self.drain()
		self.assertEqual(output(self.run_of(run), "show"), {"limit": 10000})

	def test_a_run_that_goes_over_to_another_version_gets_values_for_what_is_new_there(self):
		workflow = self.save("contract-goes-over", [SHOW], parameters={"limit": LIMIT})
		run = self.start(workflow)
		self.drain()
		again = step("show", params={"limit": "{{ parameters.limit }}", "to": "{{ parameters.to }}"})
		both = {"limit": LIMIT, "to": APPROVER}
		self.orchestrator.set_workflow_enabled(workflow, False)
		with self.site.acting_as(PERSON):
			source = {"name": workflow, "run_as": PERSON, "steps": [again], "parameters": both}
			self.orchestrator.import_workflow(source, False)
		self.site.database.commit()
		self.refused("Who approves", lambda: self.orchestrator.retry_run(run, "show", "current"))
		self.set_values(workflow, limit=5, to="a@example.com")
		self.act("retry", run, "show", "current")
		self.drain()
		self.assertEqual(output(self.run_of(run), "show"), {"limit": 10000, "to": "a@example.com"})

	@contract("A needed one without a value: the workflow cannot be enabled, with an error that names it.")
	def test_without_a_needed_value_a_workflow_cannot_be_enabled(self):
		source = {"name": "contract-needs", "run_as": PERSON, "steps": [step("a")]}
		source["parameters"] = {"limit": LIMIT, "approver": APPROVER}
		why = r"cannot be enabled:\nparameters\.approver \(Who approves\): has no value"
		self.refused(why, lambda: self.orchestrator.import_workflow(source))
		with self.assertRaises(NotFound):
			self.orchestrator.export_workflow("contract-needs")
		with self.site.acting_as(PERSON):
			self.orchestrator.import_workflow(source, False)
		self.site.database.commit()
		self.refused(why, lambda: self.orchestrator.set_workflow_enabled("contract-needs", True))
		self.refused(
			r"approver \(Who approves\): has no value",
			lambda: self.orchestrator.start_run("contract-needs", even_disabled=True),
		)
		(problem,) = [
			each["problem"] for each in self.orchestrator.get_parameters("contract-needs") if each["problem"]
		]
		self.assertIn("has no value", problem)
		self.set_values("contract-needs", approver="a@example.com")
		self.orchestrator.set_workflow_enabled("contract-needs", True)
		self.site.database.commit()
		self.drain_one("contract-needs")

	def drain_one(self, workflow: str) -> None:
		run = self.start(workflow)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_a_needed_value_is_given_along_with_the_definition(self):
		source = {"name": "contract-along", "run_as": PERSON, "steps": [step("a")]}
		source["parameters"] = {"approver": APPROVER}
		with self.site.acting_as(PERSON):
			self.orchestrator.import_workflow(source, parameters={"approver": "a@example.com"})
		self.site.database.commit()
		self.drain_one("contract-along")

	def test_a_needed_value_of_an_enabled_workflow_is_not_taken_away(self):
		source = {"name": "contract-stays", "run_as": PERSON, "steps": [step("a")]}
		source["parameters"] = {"approver": APPROVER}
		with self.site.acting_as(PERSON):
			self.orchestrator.import_workflow(source, parameters={"approver": "a@example.com"})
		self.site.database.commit()
		self.refused(
			"Who approves", lambda: self.orchestrator.set_parameters("contract-stays", {"approver": None})
		)
		self.assertEqual(self.value_of("contract-stays", "approver"), "a@example.com")

	def test_what_does_not_fit_is_refused_and_changes_nothing(self):
		workflow = self.save("contract-fit", [SHOW], parameters={"limit": LIMIT})
		for values, words in (
			({"limit": "many"}, r"parameters\.limit \(Ask above this amount\): must be a number"),
			({"limit": 1, "lmit": 2}, r"no parameter named 'lmit' \(did you mean 'limit'\?\)"),
		):
			self.refused(words, lambda values=values: self.orchestrator.set_parameters(workflow, values))
		self.assertEqual(self.value_of(workflow, "limit"), 10000)

	def test_a_version_that_a_kept_value_does_not_fit_is_saved_only_while_it_is_disabled(self):
		workflow = self.save("contract-unfit", [SHOW], parameters={"limit": LIMIT})
		self.set_values(workflow, limit=5)
		text = {"limit": {"type": "string", "title": "Above", "default": "x"}}
		source = {"name": workflow, "run_as": PERSON, "steps": [SHOW], "parameters": text}
		why = r"parameters\.limit \(Above\): must be text"
		self.refused(why, lambda: self.orchestrator.import_workflow(source, None))
		self.refused(why, lambda: self.orchestrator.import_workflow(source, True))
		with self.site.acting_as(PERSON):
			self.orchestrator.import_workflow(source, False)
		self.site.database.commit()
		self.refused(why, lambda: self.orchestrator.set_workflow_enabled(workflow, True))
		self.refused(why, lambda: self.orchestrator.start_run(workflow, even_disabled=True))
		self.set_values(workflow, limit="5")
		self.orchestrator.set_workflow_enabled(workflow, True)
		self.site.database.commit()
		self.assertEqual(self.shown(workflow), {"limit": "5"})

	def test_what_stands_in_braces_in_a_value_is_never_rendered(self):
		text = {"type": "string", "title": "Text", "default": "{{ 6 * 7 }} {% raw %}"}
		steps = [
			step("show", params={"limit": "{{ parameters.text }}", "mixed": "<{{ parameters.text }}>"}),
			step("again", params={"of": "{{ steps.show.output.limit }}"}),
			step("each", for_each=["{{ parameters.text }}"], params={"of": "{{ item }}"}),
		]
		workflow = self.save("contract-braces", steps, parameters={"text": text})
		for value in ("{{ 6 * 7 }} {% raw %}", "{{ user }}", "{{ parameters.text }}"):
			self.set_values(workflow, text=value)
			run = self.start(workflow)
			self.drain()
			found = self.run_of(run)
			self.assertEqual(set(states(found).values()), {"Succeeded"})
			self.assertEqual(output(found, "show"), {"limit": value, "mixed": f"<{value}>"})
			self.assertEqual(output(found, "again"), {"of": value})
			self.assertEqual(output(found, "each"), [{"of": value}])
