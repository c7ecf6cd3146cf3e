"""What installing looks at first."""

import sys
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from dogansystem import install


class TestInstall(FrappeTestCase):
	def test_a_process_that_started_before_the_app_was_on_the_bench_finds_its_modules(self):
		with patch.object(frappe.local, "app_modules", {"frappe": ["core"]}):
			install.before_install()
			self.assertEqual(frappe.local.app_modules["dogansystem"], ["dogansystem"])

	def test_a_python_without_what_the_app_needs_is_refused_before_anything_is_made(self):
		with patch.dict(sys.modules, {"dogansystem.orchestrator": None}):
			with self.assertRaisesRegex(frappe.ValidationError, "bench pip install -e apps/dogansystem"):
				install.before_install()
