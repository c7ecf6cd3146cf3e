"""Every method of the API for every kind of caller: who may not call it is refused, and nothing changes."""

import pkgutil
from importlib import import_module

import frappe

from dogansystem import api
from dogansystem.api import workflows
from dogansystem.tests.attacks import CALLS, EVERYBODY, OF_ONES_OWN, SecurityTestCase
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import USER, ensure_user

MODULES = tuple(import_module(f"{api.__name__}.{each.name}") for each in pkgutil.iter_modules(api.__path__))


class TestEveryMethod(SecurityTestCase):
	def test_every_whitelisted_method_is_in_the_table(self):
		found = {
			f"{module.__name__.rpartition('.')[2]}.{name}"
			for module in MODULES
			for name, member in vars(module).items()
			if callable(member) and member in frappe.whitelisted and member.__module__ == module.__name__
		}
		self.assertEqual(found, set(CALLS))
		ours = {
			f"{each.__module__}.{each.__name__}"
			for each in frappe.whitelisted
			if "dogansystem" in each.__module__
		}
		self.assertEqual(
			{name for name in ours if not name.startswith("dogansystem.api.")},
			set(),
			"a method outside the API",
		)

	def test_only_what_a_token_or_a_signature_signs_in_is_for_guests(self):
		guests = {each.__name__ for each in frappe.guest_methods if "dogansystem" in each.__module__}
		self.assertEqual(guests, {"metrics", "receive"})

	def test_what_changes_something_needs_post(self):
		for name, (_given, _who, changes) in CALLS.items():
			function = frappe.get_attr(f"dogansystem.api.{name}")
			allowed = frappe.allowed_http_methods_for_whitelisted_func[function]
			with self.subTest(method=name):
				self.assertEqual("GET" not in allowed, changes)

	def test_each_method_is_for_those_whom_the_table_names(self):
		for name, (given, who, _changes) in CALLS.items():
			function = frappe.get_attr(f"dogansystem.api.{name}")
			for caller in EVERYBODY:
				frappe.set_user(caller)
				with self.subTest(method=name, caller=caller), self.undone():
					try:
						function(**self.filled(given, caller))
						allowed = True
					except (frappe.PermissionError, frappe.AuthenticationError):
						allowed = False
					except (frappe.ValidationError, frappe.DoesNotExistError):
						allowed = True  # let in, and told that there is nothing to record or compare
					self.assertEqual(allowed, caller in who)

	def test_a_user_without_a_role_of_the_app_may_do_nothing(self):
		frappe.set_user("Administrator")
		ensure_user("dogan-nobody@example.com", ["Desk User"])
		frappe.set_user("dogan-nobody@example.com")
		for name, (given, _who, _changes) in CALLS.items():
			if name in OF_ONES_OWN:
				continue
			function = frappe.get_attr(f"dogansystem.api.{name}")
			arguments = self.filled(given, frappe.session.user)
			with self.subTest(method=name):
				self.assert_refused(
					lambda function=function, arguments=arguments: function(**arguments),
					frappe.PermissionError,
					frappe.AuthenticationError,
				)

	def test_what_callers_must_not_say_about_themselves_is_not_heard(self):
		frappe.set_user(USER)
		lies = {"started_by": PERSON, "user": PERSON, "run_as": PERSON, "cause": "document", "flags": {"ignore_permissions": 1}, "ignore_permissions": 1}  # fmt: skip
		run = frappe.call(workflows.start_run, workflow="open", **lies)["run"]
		self.assertEqual(
			frappe.db.get_value("Dogan Workflow Run", run, ["started_by", "cause"]), (USER, "api")
		)
