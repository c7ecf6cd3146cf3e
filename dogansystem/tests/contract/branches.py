"""Branches. workflow-format.md, semantics 2 and the action flow.choose."""

from typing import Any

from dogansystem.engine.errors import DefinitionError
from dogansystem.tests.contract.home import Home, fails, output, proves, row, states, step


def choose(step_id: str = "size", **rest: Any) -> dict[str, Any]:
	"""A step that tells big from medium from the rest by `input.n`."""
	cases = [{"name": "big", "if": "{{ input.n > 10 }}"}, {"name": "medium", "if": "{{ input.n > 5 }}"}]
	return step(step_id, "flow.choose", params={"cases": cases}, **rest)


WAYS = [
	choose(),
	step("large", after=["size.big"]),
	step("mid", after=["size.medium"]),
	step("rest", after=["size.else"]),
	step("always", after=["size"]),
	step("last", after=["large", "mid", "rest"]),
]


class BranchContract(Home):
	@proves(
		"**Branches.** Some actions end in one of several named ways",
		"`after: [ok.approved]` waits for the step `ok` and is *taken* only if it ended that way; `after: [ok]` is taken whichever way it succeeded.",
		"branches: the names and `else`",
		"Output `{branch}`.",
	)
	def test_a_step_behind_a_branch_is_taken_only_if_the_step_ended_in_it(self):
		for n, branch, taken in ((11, "big", "large"), (7, "medium", "mid"), (1, "else", "rest")):
			with self.subTest(n=n):
				run = self.run_steps(WAYS, {"n": n})
				self.assertEqual(run["status"], "Succeeded")
				skipped = dict.fromkeys(("large", "mid", "rest"), "Skipped")
				others = dict.fromkeys(("size", "always", "last"), "Succeeded")
				self.assertEqual(states(run), {**skipped, **others, taken: "Succeeded"})
				self.assertEqual(row(run, "size")["branch"], branch)
				self.assertEqual(output(run, "size"), {"branch": branch})

	@proves("The first case that is true.")
	@proves('**`flow.choose`**: `cases: [{name: big, if: "{{ doc.grand_total > 100000 }}"}, …]`')
	def test_the_first_case_that_is_true_is_taken(self):
		self.assertEqual(row(self.run_steps([choose()], {"n": 100}), "size")["branch"], "big")

	def test_several_branches_of_one_step_lead_to_one(self):
		steps = [choose(), step("some", after=["size.big", "size.medium"])]
		for n, state in ((11, "Succeeded"), (7, "Succeeded"), (1, "Skipped")):
			self.assertEqual(states(self.run_steps(steps, {"n": n}))["some"], state)

	@proves("If none was taken, the step is skipped.")
	def test_what_follows_a_way_that_was_not_taken_is_skipped_to_the_end(self):
		steps = [choose(), step("large", after=["size.big"]), step("further"), step("end")]
		run = self.run_steps(steps, {"n": 1})
		self.assertEqual(run["status"], "Succeeded")
		self.assertEqual(states(run), {"size": "Succeeded", "large": "Skipped", "further": "Skipped", "end": "Skipped"})  # fmt: skip

	@proves(
		"The name is `steps.ok.branch`.",
		"`steps.<id>.output|status|error|branch`",
	)
	def test_templates_read_the_branch(self):
		steps = [choose(), step("b", params={"was": "{{ steps.size.branch }}"})]
		self.assertEqual(output(self.run_steps(steps, {"n": 7}), "b"), {"was": "medium"})

	def test_a_failed_step_has_taken_no_branch(self):
		bad = {"cases": [{"name": "big", "if": "{{ input.nothing }}"}]}
		steps = [
			step("size", "flow.choose", params=bad, on_error="continue"),
			step("large", after=["size.big"]),
			step("any", after=["size"]),
		]
		found = states(self.run_steps(steps))
		self.assertEqual(found, {"size": "Failed", "large": "Skipped", "any": "Succeeded"})

	@proves("`when: done`: always")
	def test_when_done_runs_whichever_way_was_taken(self):
		steps = [choose(), step("end", after=["size"], when="done")]
		self.assertEqual(states(self.run_steps(steps, {"n": 1}))["end"], "Succeeded")

	def test_a_retry_chooses_again(self):
		steps = [choose(), step("large", after=["size.big"]), step("rest", after=["size.else"]), fails("no")]
		steps[1]["params"] = {"x": 1}
		run = self.run_steps(steps, {"n": 11})
		self.act("retry", run["run"], "size")
		self.drain()
		found = self.run_of(run["run"])
		self.assertEqual(row(found, "size")["branch"], "big")
		self.assertEqual(states(found)["large"], "Succeeded")

	@proves(
		"A branch that the action does not have is an error of the definition, with a suggestion.",
		"a branch with `when: done` or `failed` is an error",
	)
	def test_what_a_definition_says_wrong_about_branches_is_named(self):
		each = step("each", "flow.choose", for_each=[1], params={"cases": [{"name": "x", "if": True}]})
		for steps, path, words in (
			([choose(), step("a", after=["size.bigg"])], "steps[1].after[0]", "did you mean 'big'"),
			([step("a"), step("b", after=["a.big"])], "steps[1].after[0]", "one way only"),
			(
				[choose(), step("b", after=["size.big"], when="failed")],
				"steps[1].after[0]",
				"when: succeeded",
			),
			([choose(), step("b", after=["size.big"], when="done")], "steps[1].after[0]", "when: succeeded"),
			([choose(), step("b", after=["size", "size.big"])], "steps[1].after[1]", "keep one"),
			([choose(), step("b", after=["size.big", "size.big"])], "steps[1].after[1]", "stands twice"),
			([choose(), step("b", after=["sise.big"])], "steps[1].after[0]", "did you mean 'size'"),
			([each, step("b", after=["each.x"])], "steps[1].after[0]", "branch of its own"),
		):
			with self.subTest(path=path, words=words):
				self.assert_refused(steps, path, words)

	def test_a_case_whose_condition_is_plain_text_is_refused(self):
		cases = {"cases": [{"name": "x", "if": "doc.total > 5"}]}
		self.assert_refused(
			[step("a", "flow.choose", params=cases)], "steps[0].params.cases[0].if", "always true"
		)

	def test_else_is_no_name_of_a_case(self):
		cases = {"cases": [{"name": "else", "if": True}]}
		self.assert_refused([step("a", "flow.choose", params=cases)], "steps[0].params.cases[0].name", "else")

	def assert_refused(self, steps: list[dict[str, Any]], path: str, words: str) -> None:
		with self.assertRaises(DefinitionError) as caught:
			self.save("contract-refused", steps)
		self.site.database.rollback()
		found = {problem.path: problem.message for problem in caught.exception.problems}
		self.assertIn(words, found.get(path, str(found)))
