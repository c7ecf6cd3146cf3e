"""All ways out of what is kept in on a site: by a hook of another app, by a step, by a Server Script."""

from typing import Any
from unittest.mock import patch

import frappe

from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.keeping import OTHER, KeepingCase, exchanged, rows
from dogansystem.tests.ways import WAYS


class TestKeeping(KeepingCase):
	def test_every_way_out_of_a_hook(self):
		hooks = {"ToDo": {"after_insert": [f"{OTHER}.ways.hook"]}}

		def go(name: str) -> None:
			frappe.get_doc(doctype="ToDo", description=f"contract way {name}").insert(ignore_permissions=True)

		with patch.object(frappe.local, "doc_events_hooks", hooks, create=True):
			self.assert_all_kept_in("a hook", go)

	def test_every_way_out_of_a_step(self):
		def go(name: str) -> None:
			with self.site.step_scope(PERSON):
				frappe.get_doc(doctype="ToDo", description="contract step").insert()
				self.site.call_method(f"{OTHER}.ways.call", {"name": name})

		self.assert_all_kept_in("a step", go)

	def test_what_waits_for_a_commit_from_before_does_not_hide_what_comes_later(self):
		self.addCleanup(frappe.db.rollback)
		frappe.publish_realtime("contract before", after_commit=True)
		waiting = list(frappe.local._realtime_log)
		with self.site.kept_in() as kept:
			frappe.publish_realtime("contract later", after_commit=True)
		self.assertEqual(
			[each["event"] for each in kept.would if each["kind"] == "realtime"], ["contract later"]
		)
		self.assertEqual(frappe.local._realtime_log, waiting)

	def assert_all_kept_in(self, what: str, go: Any) -> None:
		before, patched = rows(), exchanged()
		outcomes: dict[str, int] = {}
		for name, (comes_to, _function) in WAYS.items():
			with self.subTest(way=name, of=what):
				self.assert_kept_in(name, comes_to, go)
				outcomes[comes_to] = outcomes.get(comes_to, 0) + 1
				self.assertEqual(exchanged(), patched, "something stays exchanged")
		after = rows()
		self.assertEqual({each: before.get(each) for each in after if before.get(each) != after[each]}, {})
		self.assertEqual(before.keys(), after.keys())
		told = ", ".join(f"{number} {each}" for each, number in sorted(outcomes.items()))
		print(f"\nways out of {what} on a site: tried {len(WAYS)}: {told}", flush=True)

	def test_a_server_script_gets_nothing_out(self):
		"""What Server Scripts are given, by a step `script.run`."""
		if not frappe.conf.server_script_enabled:
			self.skipTest("needs server_script_enabled in common_site_config.json")
		script = frappe.get_doc(
			doctype="Server Script",
			name="Contract Keeping",
			script_type="API",
			api_method="contract_keeping",
			script="1",
		).insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "Server Script", script.name, force=True)
		frappe.db.commit()
		url = f"http://127.0.0.1:{self.counter.port}/"
		for line, comes_to in {
			"frappe.db.commit()": "stopped",
			f"frappe.make_post_request('{url}')": "stopped",
			f"frappe.make_get_request('{url}')": "stopped",
			"frappe.enqueue('contract.job')": "job",
			"frappe.sendmail(recipients=['contract-out@example.com'], subject='x', message='contract mail', now=True)": "mail",
		}.items():
			script.script = line
			script.save()
			frappe.db.commit()
			with self.subTest(line=line):
				self.assert_kept_in(line, comes_to, self.run_script, r"A? ?Server Script")

	def run_script(self, _line: str) -> None:
		with self.site.step_scope(PERSON):
			self.site.run_script("Contract Keeping", {})
