"""What tests of the desk have in common: a browser, somebody who is signed in, and pages that must not complain."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import frappe
from frappe.auth import CookieManager, LoginManager

from dogansystem.tests.contract.home import PERSON, Home
from dogansystem.tests.home import SiteTestCase
from tests.bench.assets import browser
from tests.bench.browser import Browser

# Without a socket.io server the desk asks again and again, and says so each time. A form may be left that is not saved.
_EXPECTED = ("socket.io", "websocket", "Socket.IO", "beforeunload")
READY = "window.frappe && frappe.boot && !document.querySelector('.modal.show .msgprint')"
MESSAGE = "document.querySelector('.modal.show .msgprint')?.innerText || ''"
# What stands on the buttons at the top of a form, and whether a run's page shows its steps.
BUTTONS = "cur_frm.page.inner_toolbar.find('button:visible').toArray().map((each) => each.innerText.trim())"
RUN_SHOWN = "document.querySelectorAll('.dogan-step').length > 0"


class DeskTestCase(SiteTestCase, Home):
	"""A site in a browser. The pictures of the pages that a test has visited last are beside the bench's logs."""

	has_processes = True

	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		super().setUpClass()
		frappe.db.set_single_value("System Settings", "setup_complete", 1)
		if frappe.db.has_column("Installed Application", "is_setup_complete"):  # Frappe 16 asks each app
			frappe.db.sql("UPDATE `tabInstalled Application` SET is_setup_complete = 1")
		frappe.db.set_default(
			"desktop:home_page", "workspace"
		)  # not the setup wizard, where the desk has no head
		frappe.db.commit()
		frappe.clear_cache()
		cls.url = frappe.conf.host_name
		stack = ExitStack()
		cls.addClassCleanup(stack.close)
		cls.browser = stack.enter_context(Browser(browser()))
		cls.sign_in(PERSON)

	@classmethod
	def sign_in(cls, user: str) -> None:
		"""Be `user` from the next page on, which is loaded as by somebody who was never here: an answer to the page before,
		or what it has stored, would make them somebody else again."""
		cls.browser.start_anew()
		cls.browser.set_cookie(cls.url, "sid", log_in(user))

	def setUp(self) -> None:
		super().setUp()
		self.browser.complaints.clear()
		self.addCleanup(
			self.browser.open, "about:blank"
		)  # a page would ask for what is deleted after the test

	@contextmanager
	def signed_in(self, user: str) -> Iterator[None]:
		"""Be `user` in the block, on a desk that is loaded anew."""
		self.sign_in(user)
		self.browser.open(f"{self.url}/app/dogan-workflow")
		self.browser.wait_for(
			f"window.frappe && frappe.session?.user === '{user}' && window.cur_list?.doctype === 'Dogan Workflow'"
		)
		try:
			yield
		finally:
			self.sign_in(PERSON)

	def look_like(self, user: str, language: str, theme: str) -> None:
		"""How the desk looks to a user until the end of the test."""
		self._set_look(user, language, theme)
		self.addCleanup(self._set_look, user, "en", "Light")

	def _set_look(self, user: str, language: str, theme: str) -> None:
		frappe.db.set_value("User", user, {"language": language, "desk_theme": theme})
		frappe.db.commit()
		frappe.clear_cache(user=user)

	def be_on_a_phone(self, user: str, language: str, theme: str) -> None:
		"""Be a user on a screen of 390 by 844, until the end of the test."""
		self.look_like(user, language, theme)
		self.sign_in(user)
		self.addCleanup(self.sign_in, PERSON)
		self.browser.resize(390, 844)
		self.addCleanup(self.browser._page, "Emulation.clearDeviceMetricsOverride")

	def visit(self, path: str, until: str) -> None:
		"""Open a page of the desk, wait until an expression is true, and look that nothing complained."""
		self.browser.open(f"{self.url}/app/{path}")
		self.addCleanup(self.picture, self._testMethodName)
		self.browser.wait_for(f"{READY} && ({until})")
		self.assert_nothing_complained()

	def go(self, doctype: str, name: str, until: str = "true") -> None:
		"""Go to a form from wherever the desk is, without loading the desk again.

		The desk of Frappe 17 stops on the way from a list to a form of another kind: its breadcrumbs look for the form's
		name among the list's documents.
		"""
		if frappe.__version__.startswith("15."):
			self.browser.evaluate(f"!!frappe.set_route('Form', '{doctype}', '{name}')")
		else:
			self.browser.open(f"{self.url}/app/{frappe.scrub(doctype).replace('_', '-')}/{name}")
		self.browser.wait_for(f"{form_of(doctype)} && cur_frm.docname === '{name}' && ({until})")

	def press(self, button: str, within: str = "cur_frm.page.inner_toolbar") -> None:
		"""Press a button by its label."""
		labels = (
			f"$({within}).find('button').toArray().filter((each) => each.innerText.trim() === '{button}')"
		)
		self.browser.wait_for(f"{labels}.length === 1")
		self.browser.evaluate(f"!!{labels}[0].click()")

	def confirm(self) -> None:
		"""Press the main button of the dialog that is open, and see it go."""
		self.browser.wait_for("cur_dialog && cur_dialog.display && cur_dialog.$wrapper.is('.show')")
		self.browser.evaluate("!!cur_dialog.get_primary_btn().click()")

	def assert_nothing_complained(self) -> None:
		complaints = [each for each in self.browser.complaints if not any(word in each for word in _EXPECTED)]
		self.assertEqual(complaints, [])
		self.assertEqual(self.browser.evaluate(MESSAGE), "")

	def picture(self, name: str) -> None:
		"""Keep what the page looks like."""
		self.browser.picture(Path("..") / "logs" / f"{name}.png")

	def start_as(self, user: str, workflow: str, **rest: Any) -> str:
		"""Start a run as `user`, and commit."""
		with self.site.acting_as(user):
			run = self.orchestrator.start_run(workflow, **rest)
		self.site.database.commit()
		return run

	def status_of(self, run: str) -> str:
		frappe.db.rollback()
		return frappe.db.get_value("Dogan Workflow Run", run, "status")


def form_of(doctype: str) -> str:
	"""An expression that is true once the form of a saved document is drawn."""
	return (
		f"window.cur_frm && cur_frm.doctype === '{doctype}' && cur_frm.doc && !cur_frm.is_new()"
		" && document.querySelector('.form-layout') && cur_frm.$wrapper.is(':visible')"
	)


def log_in(user: str) -> str:
	"""A session of `user`; gives its id."""
	frappe.utils.set_request(path="/")
	frappe.local.cookie_manager = CookieManager()
	frappe.local.login_manager = LoginManager()
	frappe.local.login_manager.login_as(user)
	sid: str = frappe.session.sid
	frappe.db.commit()
	del frappe.local.request
	frappe.set_user("Administrator")
	return sid
