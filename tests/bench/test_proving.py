"""Dry runs and single steps on a real ERPNext: what they show, and that nothing of them stays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import frappe
from frappe.utils import add_days, getdate, nowdate

from dogansystem.homes.frappe import compat
from dogansystem.proving.dry_run import Asked, dry_run
from dogansystem.proving.single_step import of_run, single_step
from dogansystem.terminal.beside import as_document
from dogansystem.tests.home import ensure_user
from dogansystem.workflows import templates
from tests.bench.erpnext_case import CLERKS, COMPANY, HEAD, HEADS, TemplatesTestCase
from tests.bench.erpnext_masters import make_stand_in

TRIES = "contract-tries@example.com"
# Written by every request or look of ours, or by Frappe behind it: no attempt has to do with them.
NOT_OURS = frozenset({"tabSessions", "dogan_tally", "dogan_sample"})

EXPIRES = "expires"  # of a key in Redis, which goes by itself


def state() -> dict[str, Any]:
	"""Checksums of all tables and what they count on, the site's files, the keys of both Redis servers, the mail queue."""
	frappe.db.commit()
	tables = [name for (name,) in frappe.db.sql("SHOW TABLES") if name not in NOT_OURS]
	found: dict[str, Any] = dict(frappe.db.sql(f"CHECKSUM TABLE {', '.join(f'`{name}`' for name in tables)}"))
	counts = (
		"SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = DATABASE()"
	)
	found |= {f"{name} counts on": number for name, number in frappe.db.sql(counts) if number is not None}
	folder = Path(frappe.get_site_path())
	found |= {
		f"file {path.relative_to(folder)}": path.stat().st_mtime
		for part in ("public", "private")
		for path in (folder / part).rglob("*")
		if path.is_file() and "backups" not in path.parts
	}
	for connection in (frappe.cache, compat.queue_connection()):
		found |= {
			f"key {key!r}": EXPIRES if connection.execute_command("TTL", key) >= 0 else ""
			for key in connection.execute_command("KEYS", "*")
			if b"rq:worker" not in key
		}
	frappe.db.rollback()
	return found


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
	expired = {key for key, value in before.items() if value == EXPIRES and key not in after}
	return sorted(
		key
		for key in before.keys() | after.keys()
		if before.get(key) != after.get(key) and key not in expired
	)


def agents_of(each: Any) -> list[dict[str, Any]]:
	"""The AI agent of a template and its model, for an attempt."""
	if each.agent is None:
		return []
	model = {"doctype": "Dogan Model", "name": "contract tried", "provider": "openai", "model": "x"}
	return [model, as_document({**each.agent.fields, "model": model["name"], "user": TRIES})]


class TestDryRuns(TemplatesTestCase):
	maxDiff = None

	def setUp(self) -> None:
		super().setUp()
		ensure_user(TRIES, ["System Manager", *CLERKS, *HEADS])
		frappe.set_user(TRIES)
		frappe.db.commit()

	def parameters_of(self, definition: Any) -> dict[str, Any]:
		"""Values for the parameters that have no default."""
		found = {}
		for name, schema in definition.parameters.items():
			form = str(schema.get("format", ""))
			if "default" in schema:
				continue
			if form == "user":
				found[name] = HEAD
			elif form.startswith("link:"):
				found[name] = frappe.db.get_value(form.removeprefix("link:"), {}, "name") or "none"
			else:
				found[name] = {"number": 10, "integer": 10, "boolean": True}.get(schema.get("type"), "System Manager" if form == "role" else "a@example.com")  # fmt: skip
		return found

	def document_of(self, each: Any) -> dict[str, Any] | None:
		for doctype in each.about:
			if frappe.db.exists("DocType", doctype) and (name := frappe.db.get_value(doctype, {}, "name")):
				return self.site.documents.get(doctype, name)
		return next((one for one in each.samples(getdate()) if one["doctype"] in each.about), None)

	def tried(self, each: Any) -> tuple[Asked, dict[str, Any]]:
		document = self.document_of(each)
		definition = self.orchestrator.check({**each.definition.source, "run_as": TRIES})
		trigger = {
			"on": "document",
			**(
				{"doctype": document["doctype"], "name": document["name"], "event": "submitted"}
				if document
				else {}
			),
		}
		asked = Asked(definition, TRIES, document=document, trigger=trigger, cause="document", parameters=self.parameters_of(definition), documents=agents_of(each))  # fmt: skip
		return asked, dry_run(self.site, asked)

	def test_a_dry_run_and_a_single_step_of_each_template_leave_nothing(self):
		self.invoice(due=3)
		frappe.set_user("Administrator")
		for doctype in ("Leave Application", "Expense Claim"):
			make_stand_in(doctype, "HR User")
		frappe.db.commit()
		frappe.set_user(TRIES)
		for each in templates():  # what Frappe reads for the first time, it caches
			self.tried(each)
		before, ended = state(), {}
		for each in templates():
			asked, report = self.tried(each)
			ended[each.name] = report["status"]
			step = next(
				(one["id"] for one in report["steps"] if one["status"] == "Succeeded"),
				report["steps"][0]["id"],
			)
			single_step(self.site, asked, step, of_run(report))
			with self.subTest(template=each.name):
				self.assertEqual(differences(before, state()), [])
		print(f"\nDry runs of templates: {ended}", flush=True)
		self.assertEqual(len(ended), len(templates()))

	def test_an_invoice_is_shown_field_by_field_and_is_gone(self):
		invoice = self.invoice(due=3)
		frappe.set_user(TRIES)
		values = {"remarks": "tried out"}
		create = {"customer": invoice.customer, "company": COMPANY, "currency": "USD", "selling_price_list": "Contract Selling", "due_date": add_days(nowdate(), 3), "items": [{"item_code": invoice.items[0].item_code, "qty": 2, "rate": 50}]}  # fmt: skip
		definition = self.orchestrator.check({
			"name": "tried", "run_as": TRIES,
			"steps": [
				{"id": "change", "action": "document.update", "params": {"doctype": "Customer", "name": invoice.customer, "values": {"customer_details": "x"}}},
				{"id": "make", "action": "document.create", "params": {"doctype": "Sales Invoice", "values": {**create, **values}}},
				{"id": "submit", "action": "document.submit", "params": {"doctype": "Sales Invoice", "name": "{{ steps.make.output.name }}"}},
				{"id": "mail", "action": "email.send", "params": {"to": "a@example.com", "subject": "Tried {{ steps.make.output.grand_total }}", "message": "See"}},
				{"id": "tell", "action": "notify.user", "params": {"user": HEAD, "subject": "Made"}},
			],
		})  # fmt: skip
		dry_run(self.site, Asked(definition, TRIES))
		before = state()
		began = time.monotonic()
		report = dry_run(self.site, Asked(definition, TRIES))
		took = time.monotonic() - began
		self.assertEqual(differences(before, state()), [])
		self.assertEqual(report["status"], "Succeeded", report["error"])
		events = {(each["doctype"], tuple(each["events"])) for each in report["changes"]}
		self.assertIn(("Customer", ("updated",)), events)
		self.assertIn(("Sales Invoice", ("created", "submitted")), events)
		customer = next(each for each in report["changes"] if each["doctype"] == "Customer")
		self.assertIn(("Customer Details", "x"), [(one["label"], one["after"]) for one in customer["fields"]])
		made = next(each for each in report["changes"] if each["doctype"] == "Sales Invoice")
		self.assertIn(
			("Items", 1, 50),
			[
				(one["table"], one["row"], one["after"])
				for one in made["fields"]
				if one["field"] == "items.rate"
			],
		)
		sent = [(each["kind"], each["to"], each["subject"]) for each in report["outbox"]]
		self.assertIn(("email", ["a@example.com"], "Tried 100.0"), sent)
		self.assertIn(("notification", [HEAD], "Made"), sent)
		print(
			f"\nA dry run that submits an invoice: {took:.2f} s; {len(report['changes'])} documents",
			flush=True,
		)

	def test_one_that_is_killed_in_the_middle_leaves_nothing(self):
		self.invoice(due=3)
		before = state()
		for after in (0.5, 1.0, 2.0):
			child = subprocess.Popen(
				[sys.executable, "-m", "tests.bench.killed_dry_run"],
				env=os.environ,
				stdout=subprocess.PIPE,
				text=True,
			)
			self.assertEqual(child.stdout.readline(), "begins\n")
			time.sleep(after)
			child.send_signal(signal.SIGKILL)
			child.wait()
			child.stdout.close()
		time.sleep(1)  # the server notices that the connections are gone
		self.assertEqual([each for each in differences(before, state()) if "key" not in each], [])
