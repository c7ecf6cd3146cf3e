"""AI agents on a site: their documents, what people may do with them, and what they do with a site's documents."""

from collections.abc import Callable
from typing import Any

import frappe
from frappe import client as frappe_client
from frappe.desk.form.load import getdoc
from frappe.www.printview import get_html_and_style

from dogansystem.agents.ai.conversation import Answer, Asked, Model
from dogansystem.agents.ai.providers import scripted
from dogansystem.api import ai_agents, proving, run_page, workflows
from dogansystem.homes.frappe.site import FrappeSite
from dogansystem.store import asks
from dogansystem.tests.contract.home import PERSON, Home, output, row, step
from dogansystem.tests.home import MANAGER, OTHER, USER, SiteTestCase

MODEL, AGENT = "contract model", "contract clerk"
ASK = step("ask", "agent.ask", params={"agent": AGENT, "prompt": "Do it"})
TODO = {
	"action": "document.update",
	"params": '{"doctype": "ToDo", "values": {"description": "*", "priority": ["Low", "High"]}}',
}

# Frappe would make records of these for the tests.
test_ignore = ["User"]


_LONG = {"Dogan Step Run": ["output", "params"], "Dogan Agent Turn": ["details", "answer"]}


def _form(doctype: str, name: str) -> Any:
	"""What the desk is given of a document."""
	frappe.response.docs = []
	getdoc(doctype, name)
	return frappe.response.docs[0].as_dict()


class TestAIAgents(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		self.asked: list[Asked] = []
		self.says({"text": "Done."})

	def says(self, *answers: dict[str, Any]) -> None:
		"""What the model says, one for each request."""
		left = list(answers)

		def say(model: Model, asked: Asked, step: str) -> Answer:
			self.asked.append(asked)
			return scripted.said(left.pop(0) if len(left) > 1 else left[0], len(self.asked), asked)

		self._patch(FrappeSite, "models", staticmethod(say))

	def model(self, **values: Any) -> Any:
		fields = {"model_name": MODEL, "provider": "openai", "model": "x"}
		return frappe.get_doc({"doctype": "Dogan Model", **fields, **values})

	def agent(self, *tools: dict[str, Any], **values: Any) -> Any:
		if not frappe.db.exists("Dogan Model", MODEL):
			self.model().insert()
		fields = {
			"agent_name": AGENT,
			"kind": "AI",
			"user": PERSON,
			"model": MODEL,
			"capacity": 2,
			"enabled": 1,
		}
		return frappe.get_doc({"doctype": "Dogan Agent", **fields, "tools": list(tools), **values})

	def todo(self) -> Any:
		doc = frappe.get_doc({"doctype": "ToDo", "description": "contract todo", "priority": "Low"}).insert()
		frappe.db.commit()
		return doc

	def ask(self) -> str:
		frappe.db.commit()
		run = self.start(self.save("contract-asks", [ASK]))
		self.drain()
		return run

	def test_an_agent_has_its_limits_without_a_word(self):
		doc = self.agent().insert()
		found = (doc.max_turns, doc.max_calls, doc.max_tokens, doc.max_cost, doc.max_cost_per_day)
		self.assertEqual(found, (12, 30, 50_000, 1, 10))

	def test_an_ask_is_answered_and_its_turns_can_be_read_and_not_written(self):
		self.agent().insert()
		run = self.ask()
		found = self.run_of(run)
		self.assertEqual((found["status"], output(found, "ask")["text"]), ("Succeeded", "Done."))
		(turn,) = frappe.get_all("Dogan Agent Turn", {"run": run}, ["name", "agent", "status", "answer"])
		self.assertEqual((turn.agent, turn.status, turn.answer), (AGENT, "Done", "Done."))
		doc = frappe.get_doc("Dogan Agent Turn", turn.name)
		for act in (doc.save, doc.delete):
			self.assertRaises(frappe.ValidationError, act)
		for user, may in ((PERSON, True), (MANAGER, True), (USER, False), (OTHER, False)):
			frappe.set_user(user)
			self.assertEqual(bool(frappe.get_list("Dogan Agent Turn", {"run": run})), may, user)
			self.assertEqual(bool(frappe.has_permission("Dogan Agent Turn", "read", turn.name)), may, user)
		frappe.set_user("Administrator")
		frappe.delete_doc("Dogan Workflow Run", run)
		self.assertFalse(frappe.db.exists("Dogan Agent Turn", turn.name))
		self.assertIsNone(asks.latest(self.site.database, f"{run}.ask"))

	def test_a_call_that_writes_waits_for_a_decision_and_asks_again_if_the_document_has_changed(self):
		self.agent({**TODO, "ask_user": MANAGER}).insert()
		doc = self.todo()
		wanted = {"name": doc.name, "values": {"priority": "High"}}
		self.says({"call": {"tool": "document_update", "params": wanted}}, {"text": "Done."})
		run = self.ask()
		self.assertEqual(self.run_of(run)["status"], "Waiting")
		doc.reload()
		doc.color = "#FFFFFF"
		doc.save()
		frappe.db.commit()
		self.decide("approved")
		self.drain()
		self.assertEqual((self.run_of(run)["status"], self.priority(doc)), ("Waiting", "Low"))
		about = self.decide("approved")
		self.assertIn("High", about["message"])
		self.assertEqual(about["document"]["name"], doc.name)
		self.drain()
		found = self.run_of(run)
		self.assertEqual((found["status"], self.priority(doc)), ("Succeeded", "High"))
		self.assertEqual(output(found, "ask")["calls"][0]["approved_by"], MANAGER)

	def priority(self, doc: Any) -> str:
		frappe.db.rollback()
		return frappe.db.get_value("ToDo", doc.name, "priority")

	def decide(self, decision: str) -> dict[str, Any]:
		frappe.db.rollback()
		(pending,) = self.orchestrator.pending_approvals(MANAGER)
		about = self.orchestrator.get_approval(pending["approval"])
		with self.site.acting_as(MANAGER):
			self.orchestrator.decide(pending["approval"], decision, user=MANAGER)
		frappe.db.commit()
		return about

	def test_a_call_that_fails_half_way_leaves_nothing_and_is_told(self):
		self.agent({"action": "document.create", "approval": "never"}).insert()
		values = {"description": "contract half", "priority": "None of these"}
		self.says(
			{"call": {"tool": "document_create", "params": {"doctype": "ToDo", "values": values}}},
			{"text": "No."},
		)
		found = self.run_of(self.ask())
		self.assertEqual(found["status"], "Succeeded")
		self.assertIn("ValidationError", output(found, "ask")["calls"][0]["error"])
		self.assertEqual(self.todos("contract half"), [])

	def test_passwords_and_keys_of_users_are_not_told(self):
		self.agent({"action": "document.get", "params": '{"doctype": "User"}'}).insert()
		frappe.db.set_value("User", USER, "api_key", "contract-key-of-user")
		self.addCleanup(frappe.db.set_value, "User", USER, "api_key", None)
		self.says({"call": {"tool": "document_get", "params": {"name": USER}}}, {"text": "Done."})
		found = self.run_of(self.ask())
		told = self.asked[1].messages[-1].text
		self.assertIn(USER, told)
		self.assertNotIn("contract-key-of-user", told + str(found))

	def test_a_call_about_what_a_reader_may_not_read_is_hidden_from_them_and_from_nobody_else(self):
		self.agent({"action": "document.get", "params": '{"doctype": "User"}'}).insert()
		self.says(
			{"text": "I look.", "call": {"tool": "document_get", "params": {"name": OTHER}}},
			{"text": "Done."},
		)
		run = self.ask()
		frappe.db.set_value("Dogan Workflow Run", run, "started_by", USER)
		for user, hides in ((PERSON, False), (USER, True)):
			frappe.set_user(user)
			(ask,) = ai_agents.conversation(run, "ask")
			(call,) = ask["turns"][0]["calls"]
			self.assertEqual((call.get("hidden", False), ask["turns"][0]["text"]), (hides, "I look."))
			kept = run_page.step_details(run, "ask")["output"]["calls"][0]
			self.assertEqual(kept.get("hidden", False), hides)
			self.assertEqual(OTHER in str((call, kept)), not hides)
			turn = frappe.get_doc(
				"Dogan Agent Turn", frappe.get_all("Dogan Agent Turn", {"run": run}, pluck="name")[0]
			)
			self.assertTrue(ai_agents.turn(turn.name)["calls"] or turn.number != 1)
			turn.apply_fieldlevel_read_permissions()
			self.assertEqual(bool(turn.get("details")), not hides)

	def test_what_the_page_hides_of_a_call_is_hidden_wherever_the_run_can_be_read(self):
		self.agent({"action": "document.get", "params": '{"doctype": "User"}'}).insert()
		self.says({"call": {"tool": "document_get", "params": {"name": OTHER}}}, {"text": "I said it."})
		run = self.ask()
		frappe.db.set_value("Dogan Workflow Run", run, "started_by", USER)
		name = f"{run}.ask"
		turns = frappe.get_all("Dogan Agent Turn", {"run": run}, pluck="name")
		fields = {"Dogan Step Run": [name], "Dogan Agent Turn": turns}

		def lists() -> list[Any]:
			return [frappe.get_list(each, {"run": run}, ["name", *_LONG[each]]) for each in fields]

		ways: dict[str, Callable[[], Any]] = {
			"get_run": lambda: workflows.get_run(run),
			"compare": lambda: run_page.compare(run, run),
			"values_of": lambda: proving.values_of(run),
			"as_test": lambda: proving.as_test(run),
			"form": lambda: [_form(each, one) for each, names in fields.items() for one in names],
			"client": lambda: [
				frappe_client.get(each, one) for each, names in fields.items() for one in names
			],
			"value": lambda: frappe_client.get_value("Dogan Step Run", "output", {"name": name}),
			"lists": lists,
			"print": lambda: [
				get_html_and_style(each, one)["html"] for each, names in fields.items() for one in names
			],
		}
		for user in (USER, MANAGER):
			frappe.set_user(user)
			for way, read in ways.items():
				with self.subTest(user=user, way=way):
					self.assertNotIn(OTHER, frappe.as_json(read()))
			self.assertIn("I said it.", frappe.as_json(_form("Dogan Step Run", name)))
		frappe.set_user("Administrator")
		for way in ("get_run", "compare", "values_of", "form", "client", "value", "lists"):
			self.assertIn(OTHER, frappe.as_json(ways[way]()), way)

	def test_an_agents_user_may_do_no_more_than_it_may(self):
		self.agent({"action": "document.get", "approval": "never"}, user=USER).insert()
		self.says(
			{"call": {"tool": "document_get", "params": {"doctype": "Dogan Model", "name": MODEL}}},
			{"text": "No."},
		)
		found = self.run_of(self.ask())
		self.assertIn("PermissionError", output(found, "ask")["calls"][0]["error"])

	def test_an_agent_with_every_permission_changes_nothing_that_governs_it(self):
		self.agent({"action": "document.update", "approval": "never"}).insert()
		orders = [
			("Dogan Agent", AGENT, {"max_cost": 1000}),
			("dogan settings", "Dogan Settings", {"ai_cost_per_day": 1000}),
		]
		calls = [
			{"tool": "document_update", "params": {"doctype": doctype, "name": name, "values": values}}
			for doctype, name, values in orders
		]
		self.says({"calls": calls}, {"text": "No."})
		found = output(self.run_of(self.ask()), "ask")["calls"]
		self.assertEqual(["governs agents" in each["error"] for each in found], [True, True])
		self.assertEqual(frappe.db.get_value("Dogan Agent", AGENT, "max_cost"), 1)

	def test_an_agent_that_a_step_asks_cannot_be_deleted(self):
		doc = self.agent().insert()
		self.save("contract-asks", [ASK])
		with self.assertRaisesRegex(frappe.LinkExistsError, "Step ask of workflow contract-asks"):
			doc.delete()

	def test_a_limit_of_the_site_holds(self):
		self.model(price_in=1000, price_out=1000).insert()
		self.agent(max_cost=1000, max_cost_per_day=1000).insert()
		self.set_settings(ai_cost_per_day=0.5)
		found = row(self.run_of(self.ask()), "ask")
		self.assertEqual(found["error"].type, "BudgetExceeded")
		self.assertIn("AI Cost per Day", found["error"].message)

	def test_managers_offer_no_methods_and_write_no_models(self):
		method = {"action": "method.call", "params": '{"method": "frappe.ping"}'}
		self.model().insert()
		frappe.db.commit()
		frappe.set_user(MANAGER)
		self.refused(self.agent(method, user=MANAGER).insert, frappe.ValidationError, "only a System Manager")
		self.refused(self.model(model_name="contract other").insert, frappe.PermissionError, "")
		self.refused(self.agent(user=PERSON).insert, frappe.PermissionError, "")
		self.agent(user=MANAGER).insert()
		frappe.set_user(PERSON)
		doc = frappe.get_doc("Dogan Agent", AGENT)
		doc.append("tools", method)
		doc.save()
		frappe.set_user(MANAGER)
		doc.reload()
		doc.description = "mine now"
		self.refused(doc.save, frappe.ValidationError, "only a System Manager")

	def refused(self, act: Callable[[], Any], error: type[Exception], text: str) -> None:
		with self.assertRaisesRegex(error, text):
			act()
		frappe.db.rollback()
		frappe.clear_messages()

	def test_what_is_wrong_with_an_agent_or_a_model_is_told_when_it_is_saved(self):
		self.model().insert()
		frappe.db.commit()
		for tool in ({"action": "document.gett"}, {**TODO, "params": "{"}, {**TODO, "params": '["x"]'}):
			with self.assertRaises(frappe.ValidationError):
				self.agent(tool).insert()
		with self.assertRaises(frappe.ValidationError):
			self.model(model_name="contract b", address="ftp://x").insert()
		self.model(model_name="contract b", fallback=MODEL).insert()
		first = frappe.get_doc("Dogan Model", MODEL)
		first.fallback = "contract b"
		with self.assertRaisesRegex(frappe.ValidationError, "circle"):
			first.save()

	def test_a_model_that_an_agent_asks_cannot_be_deleted(self):
		self.agent().insert()
		with self.assertRaises(frappe.LinkExistsError):
			frappe.delete_doc("Dogan Model", MODEL)
