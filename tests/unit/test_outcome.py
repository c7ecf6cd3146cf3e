"""What `bench run-tests` ends with."""

import subprocess
import sys

import pytest

PROGRAM = """
import unittest
from dogansystem.tests import outcome

class TestIt(unittest.TestCase):
	__module__ = {module!r}

	def test_it(self):
		with self.subTest(one=1):
			self.assertTrue({passes})

outcome.watch()
unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(TestIt))
"""


@pytest.mark.parametrize(
	("module", "passes", "code"),
	[("dogansystem.tests.x", True, 0), ("dogansystem.tests.x", False, 1), ("erpnext.tests.x", False, 0)],
)
def test_the_exit_code_says_whether_a_test_of_the_app_failed(module: str, passes: bool, code: int):
	program = PROGRAM.format(module=module, passes=passes)
	assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == code
