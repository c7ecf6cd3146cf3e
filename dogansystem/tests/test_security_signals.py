"""Signals to other people's runs: who may not send them, by whatever way they try, and whose name they carry."""

from typing import Any

import frappe

from dogansystem.api import signals, workflows
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import PERSON, proves, row, step
from dogansystem.tests.home import MANAGER, OTHER, USER

SEND = "dogansystem.api.signals.send"
SIGNAL = "contract-paid"


def _signals() -> int:
	"""How many there are on the site: they are kept for days."""
	return int(frappe.db.sql("SELECT COUNT(*) FROM dogan_signal")[0][0])


class TestSignalsToOthers(SecurityTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.before = _signals()
		frappe.set_user(PERSON)
		wait = step("w", "flow.wait_for", params={"signal": SIGNAL, "key": "{{ run.name }}"})
		self.save("contract-waits", wait, triggers=[{"on": "manual"}])
		frappe.db.commit()
		frappe.set_user(USER)
		self.waiting = workflows.start_run("contract-waits")["run"]
		frappe.db.commit()
		self.drain()
		self.assert_waits()

	def assert_waits(self) -> None:
		self.drain()
		self.assertEqual(frappe.db.get_value("Dogan Workflow Run", self.waiting, "status"), "Waiting")
		self.assertEqual(_signals(), self.before)

	def test_whoever_may_read_a_run_may_not_signal_it(self):
		"""USER has started it and reads it, OTHER may not even do that; both know its name."""
		for user in (USER, OTHER, "Guest"):
			frappe.set_user(user)
			with self.subTest(user=user):
				self.assert_refused(lambda: signals.send(SIGNAL, self.waiting, {"paid": 1}))
				self.assert_refused(
					lambda: frappe.call(SEND, name=SIGNAL, key=self.waiting, idempotency_key="x")
				)
		self.assert_waits()

	def test_nor_is_there_a_document_of_it_to_write(self):
		values = {"subject": f"{SIGNAL}:{self.waiting}", "name": SIGNAL, "data": "1", "sent_by": PERSON}
		for user in (USER, MANAGER):
			frappe.set_user(user)
			for doctype in ("dogan_signal", "Dogan Signal"):
				with self.subTest(user=user, doctype=doctype):
					self.assert_refused(
						lambda doctype=doctype: frappe.call(
							"frappe.client.insert", doc={"doctype": doctype, **values}
						),
						Exception,
					)
		self.assert_waits()

	def test_nor_by_a_step_that_calls_the_method_with_their_permissions(self):
		frappe.set_user(PERSON)
		params: dict[str, Any] = {"method": SEND, "args": {"name": SIGNAL, "key": self.waiting}}
		self.save("contract-calls", step("c", "method.call", params=params), run_as=USER)
		run = self.orchestrator.start_run("contract-calls")
		frappe.db.commit()
		self.drain()
		found = self.orchestrator.get_run(run)
		self.assertEqual(found["status"], "Failed")
		self.assertIn("PermissionError", row(found, "c")["error"])
		self.assert_waits()

	@proves("a signal of that name is sent")
	def test_whose_name_it_carries_is_nobodys_choice(self):
		frappe.set_user(PERSON)
		trigger = {"on": "signal", "name": f"{SIGNAL}.start"}
		self.save("contract-told", step("a", params={"by": "{{ trigger.sent_by }}"}), triggers=[trigger])
		frappe.db.commit()
		frappe.set_user(MANAGER)
		forged = {"sent_by": "Administrator", "user": "Administrator", "by": PERSON, "cause": "step"}
		frappe.call(SEND, name=f"{SIGNAL}.start", data={"sent_by": "Administrator"}, **forged)
		frappe.db.commit()
		self.drain()
		(run,) = frappe.get_all("Dogan Workflow Run", {"workflow": "contract-told"}, ["name", "started_by"])
		self.assertEqual(run.started_by, MANAGER)
		self.assertEqual(row(self.orchestrator.get_run(run.name), "a")["output"], {"by": MANAGER})

	def test_odd_names_keys_and_data_of_a_manager_are_answered_or_refused_with_their_name(self):
		frappe.set_user(MANAGER)
		for given in (
			{"name": f"{SIGNAL}\n"},
			{"name": "1st"},
			{"name": SIGNAL, "key": "k" * 1001},
			{"name": SIGNAL, "key": "\ud800"},
			{"name": SIGNAL, "data": '{"a": "\\ud800"}'},
			{"name": SIGNAL, "data": "NaN"},
			{"name": SIGNAL, "data": "[" * 100_000},
			{"name": SIGNAL, "data": {"x": "x" * 1_048_576}},
			{"name": SIGNAL, "idempotency_key": "\ud800"},
		):
			with self.subTest(given=str(given)[:60]):
				with self.undone(), self.assertRaises(frappe.ValidationError) as raised:
					signals.send(**given)
				self.assertEqual(getattr(raised.exception, "http_status_code", 500), 422)
		self.assert_waits()
