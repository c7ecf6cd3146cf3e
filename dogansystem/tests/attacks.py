"""What the tests of security have in common: workflows of a System Manager, runs of a user, and a table of all methods of
the API with who may call them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import frappe

from dogansystem.api import agents, batches, workflows
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER, SiteTestCase
from dogansystem.worker.drainer import Drainer

EVERYBODY = ("Guest", USER, OTHER, MANAGER, PERSON)
USERS = {USER, OTHER, MANAGER, PERSON}
MANAGERS = {MANAGER, PERSON}
STARTER = {USER, MANAGER, PERSON}
SIGNED_IN = USERS
READERS: set[str] = set()  # of a document that is not there
ASKED = MANAGERS  # of an approval that is not there: whoever is asked gets in, and managers hear that there is none

# Every method of the API: arguments, who may call it, and whether it changes something. `run` is one that USER started.
CALLS: dict[str, tuple[dict[str, Any], set[str], bool]] = {
	"workflows.start_run": ({"workflow": "open"}, USERS, True),
	"workflows.get_run": ({"run": "{run}"}, STARTER, False),
	"workflows.list_runs": ({}, USERS, False),
	"workflows.pause": ({"run": "{run}"}, STARTER, True),
	"workflows.resume": ({"run": "{paused}"}, STARTER, True),
	"workflows.cancel": ({"run": "{run}"}, STARTER, True),
	"workflows.retry": ({"run": "{ended}"}, STARTER, True),
	"workflows.retry_many": ({"runs": '["none"]'}, USERS, True),
	"signals.send": ({"name": "paid"}, MANAGERS, True),
	"webhooks.receive": ({}, set(), True),
	"workflows.set_parameters": ({"workflow": "open", "values": '{"limit": 1}'}, MANAGERS, True),
	"batches.start_batch": ({"workflow": "open", "doctype": "ToDo", "names": '["none"]'}, USERS, True),
	"batches.get_batch": ({"batch": "{batch}"}, STARTER, False),
	"batches.batch_documents": ({"batch": "{batch}"}, STARTER, False),
	"batches.list_batches": ({}, USERS, False),
	"batches.cancel_batch": ({"batch": "{batch}"}, STARTER, True),
	"batches.workflows_for": ({"doctype": "ToDo"}, USERS, False),
	"agents.register": ({"name": "Own", "user": "{caller}"}, MANAGERS, True),
	"agents.enable": ({"name": "Off"}, MANAGERS, True),
	"agents.disable": ({"name": "Boss"}, MANAGERS, True),
	"agents.list": ({}, USERS, False),
	"ai_agents.conversation": ({"run": "{run}", "step": "w"}, STARTER, False),
	"ai_agents.turn": ({"name": "none.1"}, USERS, False),
	"ai_agents.list_agents": ({}, MANAGERS, False),
	"ai_agents.get": ({"agent": "none"}, MANAGERS, False),
	"ai_agents.today": ({}, MANAGERS, False),
	"ai_agents.actions": ({}, MANAGERS, False),
	"ai_agents.try_model": ({"model": "none"}, {PERSON}, True),
	"status.get_system_status": ({}, USERS, False),
	"status.get_problems": ({}, USERS, False),
	"status.get_history": ({"kind": "site"}, USERS, False),
	"scaling.record_baseline": ({"name": "first"}, MANAGERS, True),
	"scaling.compare": ({"baseline": "first"}, MANAGERS, False),
	"scaling.list_baselines": ({}, MANAGERS, False),
	"scaling.get_advice": ({"seconds": "0.1"}, MANAGERS, False),
	"scaling.simulate": (
		{"workflow": "open", "arrivals": "1/s", "lasting": "1s", "service": "wait 1s"},
		MANAGERS,
		False,
	),
	"scaling.cordon_node": ({"node": "node-1"}, {PERSON}, True),
	"scaling.uncordon_node": ({"node": "node-1"}, {PERSON}, True),
	"metrics.metrics": ({"token": "guessed"}, set(), False),
	"approvals.get": ({"approval": "none"}, ASKED, False),
	"approvals.pending": ({}, SIGNED_IN, False),
	"approvals.decide": ({"approval": "none", "decision": "approved"}, ASKED, True),
	"approvals.pass_on": ({"approval": "none", "to": "{caller}"}, ASKED, True),
	"approvals.reassign": ({"approval": "none", "whose": USER, "to": "{caller}"}, {PERSON}, True),
	"inbox.waiting": ({}, SIGNED_IN, False),
	"inbox.one": ({"approval": "none"}, ASKED, False),
	"inbox.decide_many": ({"approvals": "[]", "decision": "approved"}, SIGNED_IN, True),
	"inbox.decided": ({}, SIGNED_IN, False),
	"inbox.substitutes": ({}, SIGNED_IN, False),
	"inbox.card": ({}, SIGNED_IN, False),
	"desk.actions": ({}, USERS, False),
	"desk.check": ({"doc": '{"workflow_name": "x"}'}, MANAGERS, True),
	"desk.list_templates": ({}, MANAGERS, False),
	"canvas.vocabulary": ({}, USERS, False),
	"canvas.check": ({"definition": '{"name": "x"}'}, MANAGERS, True),
	"canvas.to_yaml": ({"definition": '{"name": "x"}'}, USERS, True),
	"canvas.from_yaml": ({"text": "name: x"}, MANAGERS, True),
	"canvas.of_run": ({"run": "{run}"}, STARTER, False),
	"proving.dry_run": ({"workflow": "open"}, {PERSON}, True),
	"proving.single_step": ({"workflow": "open", "step": "w"}, {PERSON}, True),
	"rehearsals.rehearse": ({"workflow": "open", "doctype": "ToDo"}, {PERSON}, True),
	"rehearsals.get_rehearsal": ({"rehearsal": "none"}, MANAGERS, False),
	"rehearsals.stop_rehearsal": ({"rehearsal": "none"}, MANAGERS, True),
	"proving.values_of": ({"run": "{run}"}, STARTER, False),
	"proving.as_test": ({"run": "{ended}"}, STARTER, False),
	"versions.history": ({"workflow": "open"}, USERS, False),
	"versions.compare": ({"workflow": "open", "old": "1", "new": "1"}, USERS, False),
	"versions.restore": ({"workflow": "open", "version": "1"}, MANAGERS, True),
	"reviews.state": ({"workflow": "open"}, USERS, False),
	"reviews.ask": ({"workflow": "open"}, MANAGERS, True),
	"desk.use_template": ({"name": "leads-from-mail", "run_as": "{caller}"}, MANAGERS, True),
	"desk.home": ({}, USERS, False),
	"desk.runs_per_day": ({}, USERS, False),
	"desk.run_now": ({"workflow": "open"}, USERS, True),
	"document_page.on_document": ({"doctype": "ToDo", "name": "none"}, READERS, False),
	"run_page.run_view": ({"run": "{run}"}, STARTER, False),
	"run_page.given": ({"run": "{run}"}, STARTER, False),
	"run_page.run_again": ({"run": "{ended}"}, STARTER, True),
	"run_page.compare": ({"one": "{run}", "other": "{ended}"}, STARTER, False),
	"run_page.step_details": ({"run": "{run}", "step": "w"}, STARTER, False),
	"mcp.serve": ({}, USERS, False),
	"tool_servers.read_tools": ({"server": "none"}, {PERSON}, True),
	"run_page.items": ({"run": "{run}", "step": "w", "first": 0}, STARTER, False),
}

# What everybody may call who is signed in: it tells them of what is theirs.
OF_ONES_OWN = {
	"approvals.pending",
	"inbox.waiting",
	"inbox.decide_many",
	"inbox.decided",
	"inbox.substitutes",
	"inbox.card",
}


class SecurityTestCase(SiteTestCase):
	"""A site with workflows of a System Manager, and a run that USER started."""

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		frappe.set_user(PERSON)
		for name, triggers in (("open", [{"on": "manual"}]), ("closed", [])):
			limit = {"type": "number", "title": "Limit", "default": 5}
			wait = step("w", "flow.wait", params={"for": "1h"})
			self.save(name, wait, triggers=triggers, parameters={"limit": limit})
		agents.register("Boss", PERSON, ["lead"])
		agents.register("Off", PERSON, [], enabled=False)
		frappe.set_user(USER)
		self.run, self.paused, self.ended = (workflows.start_run("open")["run"] for _ in range(3))
		self.batch = batches.start_batch("open", "ToDo", '["none"]')["batch"]
		workflows.pause(self.paused)
		workflows.cancel(self.ended)
		self.status = frappe.db.get_value("Dogan Workflow Run", self.run, "status")
		frappe.set_user(PERSON)
		frappe.db.commit()

	def save(self, name: str, *steps: dict[str, Any], **rest: Any) -> None:
		self.orchestrator.import_workflow({"name": name, "run_as": PERSON, "steps": list(steps), **rest})

	def save_as_manager(self, name: str, *steps: dict[str, Any], **rest: Any) -> None:
		frappe.set_user(MANAGER)
		self.save(name, *steps, **{"run_as": MANAGER, **rest})
		frappe.db.commit()

	def drain(self) -> None:
		frappe.set_user("Guest")
		Drainer(self.site, until=lambda: True).run()
		frappe.db.rollback()
		frappe.set_user("Administrator")

	def filled(self, given: dict[str, Any], caller: str) -> dict[str, Any]:
		names = {"run": self.run, "paused": self.paused, "ended": self.ended, "caller": caller}
		names["batch"] = self.batch
		return {
			key: value.format(**names)
			if isinstance(value, str) and value.startswith("{") and "}" in value and ":" not in value
			else value
			for key, value in given.items()
		}

	@contextmanager
	def undone(self) -> Iterator[None]:
		frappe.db.savepoint("attack")
		try:
			yield
		finally:
			# It is gone where something was tried out, which undoes everything.
			with suppress(frappe.db.OperationalError):
				frappe.db.rollback(save_point="attack")

	def assert_refused(self, attack: Callable[[], Any], *kinds: type[Exception]) -> None:
		"""The attack ends in an error that says no, and leaves nothing behind."""
		# Frappe lets tests pass where a role is asked for by name.
		with self.undone(), patch.dict(frappe.flags, {"in_test": False}):
			with self.assertRaises(kinds or (frappe.PermissionError,)):
				attack()
