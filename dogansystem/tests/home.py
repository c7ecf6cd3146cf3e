"""What tests on a real site have in common: users, a clock that can be moved, and the end of what they committed."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, NoReturn
from unittest import SkipTest
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.frappe.catalog import Catalog
from dogansystem.homes.frappe.doorbell import Doorbell
from dogansystem.homes.frappe.site import _SETTINGS, FrappeSite, current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.protocol import Settings
from dogansystem.tests import own
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.own import MANAGER, OTHER, USER
from dogansystem.triggers import document

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
	"linger_seconds": 0,
	"time_budget_seconds": 300,
	"allow_private_network": 0,
	"keep_finished_days": 0,
	"keep_failed_days": 0,
}
HEARTBEAT = 3.0  # seconds in which a process that lives was heard of
WORKERS_LEAVE = 15.0  # seconds that the site's own drainers get to leave before the tests are left out

_reasons: set[str] = set()  # that were printed


class SiteTestCase(FrappeTestCase):
	"""Each test starts without workflows, runs or agents of the tests, and what it commits is deleted again.

	The tests need commits: a worker's transaction sees nothing else. What the site has of its own is neither changed nor
	deleted; a test that could not help it is skipped and says why.
	"""

	site: FrappeSite
	ahead: float = 0.0
	settings: ClassVar[dict[str, Any]] = {}
	is_alone: ClassVar[bool] = True  # nobody else is at work on the site: no worker, no scheduler, no request
	needs_unmeasured: ClassVar[bool] = False  # it looks at figures of the whole site
	has_processes: ClassVar[bool] = (
		False  # others have to see the settings, so they are written to the database
	)

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		own.put_settings_back()  # those of an interrupted run
		own.sweep()
		own.forget_the_future()
		cls._figures = own.Figures()
		cls.addClassCleanup(own.put_settings_back)
		cls.addClassCleanup(cls._figures.put_back)
		if cls.is_alone:
			_wait_for_workers()
			silent = patch.object(Doorbell, "_call", lambda self, has_workers: None)
			silent.start()
			cls.addClassCleanup(silent.stop)
		# Every user who is saved has Frappe note who lacks a password for mails, which clears the whole cache of the site.
		quick = patch("frappe.core.doctype.user.user.ask_pass_update", lambda: None)
		quick.start()
		cls.addClassCleanup(quick.stop)
		for user, roles in ROLES.items():
			ensure_user(user, roles)
		frappe.db.commit()

	def setUp(self) -> None:
		frappe.set_user("Administrator")
		self.addCleanup(self.clean)
		if self.needs_unmeasured and own.has_figures():
			self.leave_out("the site has figures of its own, and the test looks at all there are")
		if number := own.runs_of_the_site("Queued", "Running"):
			self.leave_out(f"{number} runs of the site's own are under way, and the tests would work on them")
		self.site = current_site()
		self.move_clock()
		self._overlay: dict[str, Any] = {}
		self._patch(FrappeSite, "settings", self._overlaid(FrappeSite.settings))
		wanted = document.wanted
		self._patch(document, "wanted", lambda site: own.only_ours(wanted(site)))
		self._patch(Catalog, "save_workflow", self._guarded(Catalog.save_workflow))
		self.set_settings(**DEFAULTS | self.settings)

	def leave_out(self, reason: str) -> NoReturn:
		"""Skip this test, and print why once: `run-tests` only says how many were skipped."""
		if reason not in _reasons:
			_reasons.add(reason)
			print(f"\nLeft out: {reason}", flush=True)
		self.skipTest(reason)

	def clean(self) -> None:
		"""Remove what the test has made, and put back what it has changed."""
		frappe.db.rollback()
		frappe.set_user("Administrator")
		own.sweep()
		self._figures.put_back()
		current_site().doorbell.remove()
		frappe.db.commit()
		if hasattr(frappe.local, "dogan_site"):
			del frappe.local.dogan_site

	def _patch(self, target: Any, name: str, value: Any) -> None:
		patched = patch.object(target, name, value)
		patched.start()
		self.addCleanup(patched.stop)

	def _overlaid(self, read: Callable[[FrappeSite], Settings]) -> Callable[[FrappeSite], Settings]:
		"""The site's settings, with those of the test in place of what is stored."""
		return lambda site: replace(read(site), **self._overlay)

	def _guarded(self, save: Callable[..., str]) -> Callable[..., str]:
		"""Saving a workflow, but none of the site's own."""

		def guarded(catalog: Catalog, definition: Any, *rest: Any) -> str:
			if own.owner_of_workflow(definition.name):
				self.leave_out(f"the site has a workflow of its own named {definition.name}")
			return save(catalog, definition, *rest)

		return guarded

	def move_clock(self) -> None:
		"""Let `advance` move the site's clock, for this test only."""
		self.ahead = 0.0
		true_now = self.site.now
		self.site.now = lambda: true_now() + self.ahead

	def advance(self, seconds: float) -> None:
		due = own.next_due()
		if due is not None and due <= self.site.now() + seconds:
			self.leave_out("a timer or schedule of the site's own would be due when the test moves the clock")
		self.ahead += seconds

	def set_settings(self, **values: Any) -> None:
		"""Change settings for this test: in this process, or in the database where other processes have to see them."""
		if (values.get("keep_finished_days") or values.get("keep_failed_days")) and own.runs_of_the_site(
			*RUN_FINISHED
		):
			self.leave_out(
				"the site has runs of its own that have ended, and the test would have them deleted"
			)
		known = {name: value for name, value in values.items() if name in _SETTINGS}
		if self.has_processes or known != values:
			self.store_settings(**values)
		for name, value in known.items():
			field, convert = _SETTINGS[name]
			self._overlay[field] = convert(value)

	def store_settings(self, **values: Any) -> None:
		"""Write settings to the database; the class puts them back."""
		own.keep_settings()
		doc = frappe.get_doc("Dogan Settings")
		doc.update(values)
		doc.flags.ignore_validate = True
		doc.save()
		frappe.db.commit()

	def keep_credential(self, name: str, **values: str) -> str:
		"""Add a Dogan Credential, and commit."""
		fields = {"kind": values.pop("type"), **values}
		if fields["kind"] == "token":
			fields["value"] = fields.pop("secret")
		if fields["kind"] in ("bearer", "basic", "header"):
			fields.setdefault("hosts", "127.0.0.1")
		with self.site.acting_as("Administrator"):
			frappe.delete_doc("Dogan Credential", name, ignore_missing=True, force=True)
			frappe.get_doc({"doctype": "Dogan Credential", "credential_name": name, **fields}).insert()
		frappe.db.commit()
		return name

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
		values = {"email": name, "first_name": name.split("@")[0], "enabled": 1, "send_welcome_email": 0}
		frappe.get_doc(doctype="User", **values).insert(ignore_permissions=True)
	user = frappe.get_doc("User", name)
	known = [role for role in roles if frappe.db.exists("Role", role)]
	if {row.role for row in user.roles} != set(known):
		user.set("roles", [{"role": role} for role in known])
		user.save(ignore_permissions=True)


def _wait_for_workers() -> None:
	"""Wait until no worker of the site is at work: it would take the tests' steps. Raises SkipTest if one stays."""
	until = time.monotonic() + WORKERS_LEAVE
	while time.monotonic() < until:
		before = _heard()
		if not before:
			return
		time.sleep(HEARTBEAT)
		if not _heard() - before:
			return  # rows of processes that were killed
	reason = "workers of this site are at work and would take the tests' steps: stop them, or wait"
	print(f"\nLeft out: {reason}", flush=True)
	raise SkipTest(reason)


def _heard() -> set[tuple[Any, ...]]:
	frappe.db.rollback()
	return set(frappe.db.sql("SELECT * FROM dogan_process"))
