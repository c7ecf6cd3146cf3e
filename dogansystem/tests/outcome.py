"""The exit code of `bench run-tests`: 1 if a test of this app has failed.

Frappe (15 to 17) ends `run-tests` with 0 whatever the tests say, unless the environment has `CI`.
"""

import atexit
import os
import sys
import unittest


def watch() -> None:
	"""End this process with 1 if a test of this app fails in it. The hook `before_tests` calls it."""
	results: list[unittest.TestResult] = []
	begin = unittest.TestResult.startTestRun

	def note(result: unittest.TestResult) -> None:
		results.append(result)
		begin(result)

	unittest.TestResult.startTestRun = note
	atexit.register(_end, results)


def _end(results: list[unittest.TestResult]) -> None:
	failed = [test for result in results for test, _ in (*result.failures, *result.errors)]
	if any("dogansystem" in test.id() for test in failed):
		sys.stdout.flush()
		sys.stderr.flush()
		os._exit(1)
