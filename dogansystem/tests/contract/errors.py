"""What happens when a step fails: workflow-format.md, semantics 4, 6, 7 and 9."""

from dogansystem.tests.contract.home import Home, fails, output, proves, row, states, step

UNREACHABLE = {
	"url": "http://127.0.0.1:9/",
	"method": "GET",
}  # refused at once: nothing listens on the discard port

AGAIN = {"delay": "1s", "on": ["CheckFailed"]}


class ErrorContract(Home):
	@proves(
		"Otherwise the run fails: steps not started are Cancelled",
		"fail (default) | continue",
	)
	def test_an_unhandled_failure_ends_the_run_and_cancels_the_rest(self):
		run = self.run_steps([step("a"), fails("b"), step("c")])
		self.assertEqual(run["status"], "Failed")
		self.assertEqual(states(run), {"a": "Succeeded", "b": "Failed", "c": "Cancelled"})
		self.assertIn("CheckFailed", run["error"])
		self.assertIn("b says no", run["error"])
		self.assertEqual(run["error_step"], "b")

	@proves(
		"with `on_error: continue`, or",
		"fail (default) | continue",
		"`steps.<id>.output|status|error|branch`",
	)
	def test_with_continue_the_run_goes_on(self):
		run = self.run_steps(
			[fails("a", on_error="continue"), step("b", params={"saw": "{{ steps.a.status }}"})]
		)
		self.assertEqual(states(run), {"a": "Failed", "b": "Succeeded"})
		self.assertEqual(output(run, "b"), {"saw": "Failed"})
		self.assertEqual((run["status"], run["failures"]), ("Succeeded", 1))

	def test_a_run_that_succeeds_knows_how_much_of_it_has_failed(self):
		check = {"that": "{{ item > 2 }}"}
		each = step("each", "data.check", params=check, for_each=[1, 2, 3], on_error="continue")
		for name, rest in (
			("plain", {}),
			("rendered", {"output": {"n": "{{ steps.each.output | length }}"}}),
		):
			with self.subTest(name):
				run = self.start(self.save(f"contract-{name}", [each, step("b")], **rest))
				self.drain()
				self.assertEqual((self.run_of(run)["status"], self.run_of(run)["failures"]), ("Succeeded", 2))
				self.act("retry", run, "each")
				self.assertEqual(self.run_of(run)["failures"], 0)
		self.assertEqual(self.run_steps([step("a")])["failures"], 0)

	@proves(
		"with a step that waits for it with `when: failed` or `done`, the failure is handled and the run goes on.",
		"`steps.<id>.output|status|error|branch`",
	)
	def test_a_failure_that_a_step_waits_for_is_handled(self):
		run = self.run_steps(
			[fails("a"), step("cleanup", after=["a"], when="done", params={"why": "{{ steps.a.error }}"})]
		)
		self.assertEqual(run["status"], "Succeeded")
		self.assertIn("a says no", output(run, "cleanup")["why"])

	def test_the_last_ten_failed_attempts_are_kept_until_somebody_retries_the_step(self):
		retry = {"attempts": 13, "delay": 0, "on": ["CheckFailed"]}
		check = {"that": "{{ item > 1 }}", "message": "{{ item }} is too little"}
		run = self.start(
			self.save(
				"contract-kept", [step("each", "data.check", params=check, for_each=[1, 2], retry=retry)]
			)
		)
		for _ in range(13):
			self.drain()
			self.advance(1)
		self.assertEqual(self.run_of(run)["status"], "Failed")
		kept = self.earlier_attempts(run, "each.1")
		self.assertEqual([each["attempt"] for each in kept], list(range(3, 13)))
		self.assertEqual({each["error"] for each in kept}, {"1 is too little"})
		self.assertEqual(self.earlier_attempts(run, "each.2"), [])
		self.act("retry", run, "each")
		self.drain()
		self.assertEqual(len(self.earlier_attempts(run, "each.1")), 1)

	def test_each_attempt_keeps_the_parameters_it_has_run_with(self):
		params = {"that": "{{ input.n > 5 }}", "message": "{{ input.n }} of {{ doc.name }}"}
		run = self.start(
			self.save(
				"contract-params",
				[
					step("ok", params={"sum": "{{ input.n + 1 }}", "api_key": "{{ input.key }}"}),
					step("bad", "data.check", params=params, retry={**AGAIN, "attempts": 2}),
				],
			),
			{"n": 1, "key": "tell nobody"},
			document={"doctype": "ToDo", "name": "T-1"},
		)
		self.drain()
		self.advance(1)
		self.drain()
		found, wanted = self.run_of(run), {"that": False, "message": "1 of T-1"}
		self.assertEqual(row(found, "ok")["params"], {"sum": 2, "api_key": "[secret]"})
		self.assertEqual((row(found, "bad")["attempts"], row(found, "bad")["params"]), (2, wanted))
		self.assertEqual([each["params"] for each in self.earlier_attempts(run, "bad")], [wanted])

	def test_parameters_that_are_not_the_attempt_s_own_are_not_kept(self):
		"""A step that was skipped, or whose parameters cannot be rendered, has run with nothing."""
		run = self.start(
			self.save("contract-params", [step("a"), step("b", params={"x": "{{ input.n[0] }}"})]), {"n": [1]}
		)
		self.drain()
		self.act("retry", run, "b")
		self.drain()
		self.assertEqual(row(self.run_of(run), "b")["params"], {"x": 1})
		run = self.start("contract-params", {"n": []})
		self.drain()
		self.assertEqual(
			(states(self.run_of(run))["b"], row(self.run_of(run), "b")["params"]), ("Failed", None)
		)
		skipped = self.run_steps([step("b", **{"if": "{{ false }}"})])
		self.assertIsNone(row(skipped, "b")["params"])

	def test_effects_of_a_failed_step_are_rolled_back(self):
		run = self.run_steps(
			[
				step(
					"ok",
					"document.create",
					params={"doctype": "ToDo", "values": {"description": "contract kept"}},
				),
				step(
					"bad",
					"document.update",
					params={"doctype": "ToDo", "name": "does-not-exist", "values": {}},
				),
			]
		)
		self.assertEqual(run["status"], "Failed")
		self.assertIn("DoesNotExistError", run["error"])
		self.assertEqual(row(run, "bad")["attempts"], 1)
		self.assertEqual(len(self.todos("contract kept")), 1)

	@proves("A retry waits `delay` × the backoff factor")
	def test_a_retry_waits_its_backoff_and_counts_attempts(self):
		self.set_settings(allow_private_network=1)
		retry = {"attempts": 3, "delay": "10s", "backoff": "exponential"}
		run = self.start(
			self.save(
				"contract-retry", [step("call", "http.request", params=UNREACHABLE, retry=retry), step("b")]
			)
		)
		self.drain()
		found = self.run_of(run)
		self.assertEqual((found["status"], states(found)["call"]), ("Waiting", "Waiting"))
		self.assertEqual(row(found, "call")["attempts"], 1)
		self.advance(9)
		self.drain()
		self.assertEqual(row(self.run_of(run), "call")["attempts"], 1)
		self.advance(2)
		self.drain()
		self.assertEqual(row(self.run_of(run), "call")["attempts"], 2)
		self.advance(19)
		self.drain()
		self.assertEqual(row(self.run_of(run), "call")["attempts"], 2)
		self.advance(2)
		self.drain()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Failed")
		self.assertEqual(row(found, "call")["attempts"], 3)
		kept = self.earlier_attempts(run, "call")
		self.assertEqual([each["attempt"] for each in kept], [1, 2])
		for each in kept:
			self.assertEqual(f"{each['error_type']}: {each['error']}", row(found, "call")["error"])
			self.assertTrue(each["started_at"] and each["worker"])
		self.assertIn("ConnectionError", found["error"])

	@proves("default: all but the ones that cannot change")
	def test_errors_that_cannot_change_are_not_retried(self):
		retry = {"attempts": 5, "delay": "1s"}
		run = self.run_steps([fails("check", retry=retry)])
		self.assertEqual((run["status"], row(run, "check")["attempts"]), ("Failed", 1))

	@proves("`on` names the errors that are retried")
	def test_on_names_the_errors_that_are_retried(self):
		self.set_settings(allow_private_network=1)
		retry = {"attempts": 3, "delay": "1s", "on": ["Timeout"]}
		run = self.run_steps([step("call", "http.request", params=UNREACHABLE, retry=retry)])
		self.assertEqual((run["status"], row(run, "call")["attempts"]), ("Failed", 1))

	@proves("Outputs are JSON, at most 1 MB each; more is an error that says so.")
	def test_an_output_over_one_megabyte_is_an_error_that_says_so(self):
		run = self.run_steps(
			[step("big", params={"text": "{{ input.text }}", "again": "{{ input.text }}"})],
			{"text": "x" * 600_000},
		)
		self.assertEqual(run["status"], "Failed")
		self.assertIn("OutputTooLarge", run["error"])
		self.assertIn("1,048,576", run["error"])

	@proves("Undefined names are errors that name the path.")
	def test_an_undefined_name_is_an_error_that_names_the_path(self):
		run = self.run_steps([step("a"), step("b", params={"x": "{{ steps.a.output.dnoe }}"})])
		self.assertEqual(run["status"], "Failed")
		self.assertIn("steps.a.output.dnoe", run["error"])

	def test_an_error_in_the_output_fails_the_run(self):
		run = self.run_steps([step("a")], output={"x": "{{ steps.a.output.nothing }}"})
		self.assertEqual(run["status"], "Failed")
		self.assertIn("output", run["error"])
