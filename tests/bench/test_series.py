"""Documents by one naming series from many workers at once: a conflict over a row that all want is never a failed run."""

import threading
from collections import Counter
from contextlib import ExitStack

import frappe

from dogansystem.tests.contract.home import PERSON, step
from tests import scale
from tests.bench.load import MARK, LoadTestCase
from tests.bench.processes import Worker

DOCUMENTS = scale.of(160, 2000)
WORKERS = scale.of(4, 8)
CLIENTS = 2
PATIENCE = scale.of(120.0, 900.0)  # seconds


class TestSeries(LoadTestCase):
	settings = LoadTestCase.settings | {"lease_seconds": 30}

	def test_every_document_that_wants_a_number_of_the_series_gets_one(self):
		values = {
			"subject": f"{MARK} {{{{ doc.name }}}}",
			"event_type": "Private",
			"starts_on": "2026-01-01 10:00",
		}
		workflow = self.save(
			"contract-series",
			[step("a", "document.create", params={"doctype": "Event", "values": values})],
			triggers=[{"on": "document", "doctype": "ToDo", "event": "created"}],
		)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Event", {"subject": ["like", f"{MARK} %"]})
		with ExitStack() as stack:
			for _ in range(WORKERS):
				stack.enter_context(Worker())
			self.save_from_clients()
			self.wait_until_done(PATIENCE)
		rows = frappe.get_all(
			"Dogan Workflow Run", {"workflow": workflow}, ["status", "reference_name"], limit=0
		)
		states = Counter(each.status for each in rows)
		events = Counter(
			frappe.get_all("Event", {"subject": ["like", f"{MARK} %"]}, pluck="subject", limit=0)
		)
		lost = DOCUMENTS - len(events)
		doubled = events.total() - len(events)
		((attempts,),) = frappe.db.sql("SELECT MAX(attempts) FROM `tabDogan Step Run` WHERE step = 'a'")
		print(
			f"\nbench: one naming series: documents {DOCUMENTS}, workers {WORKERS}, runs {dict(states)}, lost {lost},"
			f" doubled {doubled}, attempts at most {attempts}",
			flush=True,
		)
		self.assertEqual((states, lost, doubled, attempts), ({"Succeeded": DOCUMENTS}, 0, 0, 1))

	def save_from_clients(self) -> None:
		"""Save documents on several connections at once, each in a transaction of its own."""
		site, each = frappe.local.site, DOCUMENTS // CLIENTS

		def save() -> None:
			frappe.init(site=site)
			frappe.connect()
			frappe.set_user(PERSON)
			for number in range(each):
				frappe.get_doc({"doctype": "ToDo", "description": f"{MARK} {number}"}).insert()
				frappe.db.commit()
			frappe.destroy()

		clients = [threading.Thread(target=save) for _ in range(CLIENTS)]
		for client in clients:
			client.start()
		for client in clients:
			client.join()
