"""What tests on a real site have in common: users, a clock that can be moved, and cleaning up what they committed."""

import time
from typing import Any, ClassVar
from unittest.mock import patch

import frappe
from frappe.installer import update_site_config
from frappe.tests.utils import FrappeTestCase

from dogansystem.homes.frappe.doorbell import Doorbell
from dogansystem.homes.frappe.site import FrappeSite, current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.tests.contract.home import PERSON

MANAGER, USER, OTHER = "dogan-manager@example.com", "dogan-user@example.com", "dogan-other@example.com"
ROLES = {
	PERSON: ["System Manager"],
	MANAGER: ["Dogan Manager"],
	USER: ["Dogan User", "Desk User"],
	OTHER: ["Dogan User", "Desk User"],
}
DEFAULTS = {
	"max_agents": 20,
	"num_workers": 10,
	"lease_seconds": 30,
	"time_budget_seconds": 300,
	"allow_private_network": 0,
}
_OURS = (
	"Dogan Workflow",
	"Dogan Workflow Step",
	"Dogan Workflow Trigger",
	"Dogan Workflow Version",
	"Dogan Workflow Run",
	"Dogan Step Run",
	"Dogan Agent",
	"Dogan Agent Capability",
	"Dogan Credential",
	"Dogan Baseline",
)
_QUEUE = (
	"dogan_ready",
	"dogan_lease",
	"dogan_process",
	"dogan_line",
	"dogan_slot",
	"dogan_timer",
	"dogan_state",
	"dogan_tally",
	"dogan_sample",
	"dogan_node",
)


class SiteTestCase(FrappeTestCase):
	"""Each test starts with no workflows, runs or agents, and its commits are undone by deleting them.

	The tests need commits, since a worker's transaction sees nothing else; so the site must be one for tests.
	"""

	site: FrappeSite
	ahead: float = 0.0
	settings: ClassVar[dict[str, Any]] = {"linger_seconds": 0}
	is_alone: ClassVar[bool] = True  # nobody else is at work on the site: no worker, no scheduler, no request

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		if cls.is_alone:
			silent = patch.object(Doorbell, "_call", lambda self, has_workers: None)
			silent.start()
			cls.addClassCleanup(silent.stop)
		was_paused = frappe.conf.pause_scheduler or 0
		update_site_config("pause_scheduler", 1)
		cls.addClassCleanup(update_site_config, "pause_scheduler", was_paused)
		for user, roles in ROLES.items():
			ensure_user(user, roles)
		frappe.db.commit()

	def setUp(self) -> None:
		frappe.set_user("Administrator")
		self.addCleanup(self.clean)
		self.clean()
		self.site = current_site()
		self.move_clock()
		self.set_settings(**DEFAULTS | self.settings)

	def clean(self) -> None:
		"""Remove everything of ours from the site."""
		frappe.db.rollback()
		frappe.set_user("Administrator")
		for doctype in _OURS:
			frappe.db.delete(doctype)
		for table in _QUEUE:
			frappe.db.sql(f"DELETE FROM `{table}`")
		frappe.db.delete("ToDo", {"description": ["like", "contract %"]})
		current_site().touch("triggers")
		current_site().doorbell.remove()
		frappe.db.commit()
		if hasattr(frappe.local, "dogan_site"):
			del frappe.local.dogan_site

	def move_clock(self) -> None:
		"""Let `advance` move the site's clock, for this test only."""
		self.ahead = 0.0
		true_now = self.site.now
		self.site.now = lambda: true_now() + self.ahead

	def advance(self, seconds: float) -> None:
		self.ahead += seconds

	def set_settings(self, **values: object) -> None:
		doc = frappe.get_doc("Dogan Settings")
		doc.update(values)
		doc.flags.ignore_validate = True
		doc.save()
		frappe.db.commit()

	@property
	def orchestrator(self) -> Orchestrator:
		return Orchestrator(self.site)

	def wait_for(self, question: Any, seconds: float = 20.0) -> Any:
		"""Ask until the answer is true; each time in a new snapshot."""
		until = time.monotonic() + seconds
		while time.monotonic() < until:
			frappe.db.rollback()
			if answer := question():
				return answer
			time.sleep(0.1)
		self.fail(f"not within {seconds} seconds: {question}")


def ensure_user(name: str, roles: list[str]) -> None:
	"""An enabled user with exactly these roles."""
	if not frappe.db.exists("User", name):
		frappe.get_doc(
			{"doctype": "User", "email": name, "first_name": name.split("@")[0], "send_welcome_email": 0}
		).insert(ignore_permissions=True)
	user = frappe.get_doc("User", name)
	known = [role for role in roles if frappe.db.exists("Role", role)]
	if {row.role for row in user.roles} != set(known):
		user.set("roles", [{"role": role} for role in known])
		user.save(ignore_permissions=True)
