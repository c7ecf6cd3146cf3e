"""What callers may give to the API, by mistake or on purpose: an answer, or an error that says which argument is wrong.

An error that only a programmer understands would be status 500: there is none.
"""

import inspect
import json
import os
from random import Random
from typing import Any

import frappe

from dogansystem.tests.attacks import CALLS, SecurityTestCase
from dogansystem.tests.contract.home import PERSON

ALL = bool(os.environ.get("DOGAN_TEST_ALL"))
# Not permitted, not found, not in this state, refused by a DocType, not valid, a limit is full.
DOCUMENTED = {401, 403, 404, 409, 417, 422, 429}
ODD: list[Any] = [
	"", " ", "0", "-1", "1.5", "null", "true", "[]", "{}", "[1]", '{"a": 1}', '{"a":', "NaN", "[" * 50_000, "9" * 10_000, "a" * 141,
	"x" * 100_000, "a\0b", "\ud800", "\x1b[2J", "💥" * 100, "\u202e", "é", "' OR 1=1 -- ", "`", "%", "%s", "{0.__class__}", "{{ 7 * 7 }}",
	"../../etc/passwd", "Dogan Workflow", "DocType", "name", "tabUser", "<script>alert(1)</script>", "2025-02-30", None, True, 0, -1, 1.5, 1e308,
	{"a": "\ud800"}, ["\ud800"], '{"a": "\\ud800"}', 10**30, [], {}, [None], ["a", 1, {}], [[]], {"a": {"b": [1]}}, {"$ref": "#"}, ["like", "%"], {"name": ["!=", ""]},
]  # fmt: skip


def call(name: str, given: dict[str, Any]) -> tuple[int, str, str]:
	"""A method as Frappe's handler calls it: the status that a caller gets, and the error's name and text."""
	frappe.clear_messages()
	try:
		frappe.call(frappe.get_attr(f"dogansystem.api.{name}"), **given)
	except Exception as error:
		return getattr(error, "http_status_code", 500), type(error).__name__, str(error)
	return 200, "", ""


class TestArguments(SecurityTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.set_user(PERSON)

	def parameters(self, name: str) -> dict[str, inspect.Parameter]:
		return dict(inspect.signature(frappe.get_attr(f"dogansystem.api.{name}")).parameters)

	def test_a_missing_argument_is_named(self):
		tried = 0
		for name, (given, _who, _changes) in CALLS.items():
			needed = [key for key, each in self.parameters(name).items() if each.default is each.empty]
			for missing in needed:
				rest = {key: value for key, value in self.filled(given, PERSON).items() if key != missing}
				with self.subTest(method=name, missing=missing), self.undone():
					self.assertEqual(call(name, rest), (422, "InputError", f"Missing: {missing}."))
				tried += 1
			if needed:
				with self.subTest(method=name):
					self.assertEqual(call(name, {}), (422, "InputError", f"Missing: {', '.join(needed)}."))
		self.assertGreater(tried, 10)

	def test_odd_arguments_get_an_answer_or_an_error_with_a_name(self):
		"""Each argument with a quarter of them, with all of them in `script/test --all`."""
		tried = refused = faults = 0
		chance = Random(1)
		for name, (given, _who, _changes) in CALLS.items():
			for key in self.parameters(name):
				for value in ODD if ALL else chance.sample(ODD, len(ODD) // 4):
					arguments = {**self.filled(given, PERSON), key: value}
					with self.subTest(method=name, argument=key, value=repr(value)[:60]), self.undone():
						status, kind, text = call(name, arguments)
						tried += 1
						if status == 200:
							continue
						refused += 1
						faults += status >= 500
						self.assertIn(status, DOCUMENTED, f"{kind}: {text[:300]}")
						self.assertTrue(text or frappe.local.message_log, kind)
						self.assertLess(len(text), 2_000)
						self.assertNotIn("Traceback", text)
						self.assertNotIn("SELECT ", text)
		print(f"\nAPI's arguments: inputs {tried}, refused {refused}, faults {faults}", flush=True)

	def test_an_argument_of_a_wrong_type_is_named(self):
		for name, key, value in (
			("workflows.get_run", "run", ["a"]),
			("workflows.start_run", "workflow", {"a": 1}),
			("workflows.list_runs", "limit", "many"),
			("workflows.list_runs", "workflow", ["like", "%"]),
			("agents.register", "capacity", "1.5"),
			("agents.register", "enabled", "perhaps"),
			("agents.register", "capabilities", '{"a": 1}'),
			("agents.register", "capabilities", '["a"'),
			("status.get_history", "hours", "yesterday"),
			("desk.check", "doc", "[1]"),
			("desk.check", "doc", "x"),
		):
			given = self.filled(CALLS[name][0], PERSON)
			with self.subTest(method=name, argument=key, value=value), self.undone():
				status, kind, text = call(name, {**given, key: value})
				self.assertEqual((status, kind), (422, "InputError"), text)
				self.assertIn(key, text)

	def test_what_a_workflow_asks_for_is_named_too(self):
		schema = {"type": "object", "required": ["order"], "properties": {"order": {"type": "integer"}}}
		self.save("asks", {"id": "a", "action": "data.set"}, input=schema, triggers=[{"on": "manual"}])
		for given, place in ((None, "order"), ({"order": "x"}, "input.order"), ([], "input")):
			with self.subTest(given=given):
				status, kind, text = call("workflows.start_run", {"workflow": "asks", "input": given})
				self.assertEqual((status, kind), (422, "InputError"))
				self.assertIn(place, text)
		self.assertEqual(
			call("workflows.start_run", {"workflow": "asks", "input": json.dumps({"order": 1})})[0], 200
		)
