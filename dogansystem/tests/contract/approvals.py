"""Who decides an approval, and what comes of it. workflow-format.md, *flow.approve*."""

from dogansystem.engine.errors import (
	AlreadyDecided,
	DecisionIncomplete,
	InputError,
	NotAllowed,
	NotAsked,
	NotFound,
)
from dogansystem.tests.contract.deciding import ANN, BEN, CAM, DEE, Deciding, approve, ways
from dogansystem.tests.contract.home import PERSON, output, row, states
from dogansystem.tests.contract.sentences import contract


class ApprovalContract(Deciding):
	@contract(
		"Output `{decision, comment, values, decisions: [{by, for, decision, comment, at, through}]}`; branches `approved`, `rejected`, `expired`"
	)
	def test_an_approval_lets_the_branch_approved_go_on(self):
		run = self.begin([approve(), *ways()])
		(name,) = self.asked(run)
		self.assertEqual(self.run_of(run)["status"], "Waiting")
		self.decide(name, comment="Fine", through="desk")
		self.settle()
		found = self.run_of(run)
		self.assertEqual((found["status"], states(found)), ("Succeeded", {"ok": "Succeeded", "yes": "Succeeded", "no": "Skipped", "late": "Skipped"}))  # fmt: skip
		result = output(found, "ok")
		(made,) = result.pop("decisions")
		self.assertEqual(result, {"decision": "approved", "comment": "Fine", "values": {}})
		self.assertTrue(made.pop("at"))
		self.assertEqual(
			made, {"by": ANN, "for": None, "decision": "approved", "comment": "Fine", "through": "desk"}
		)
		self.assertEqual(self.approval(name)["status"], "Approved")

	@contract("the first rejection rejects unless `rejects: all`")
	def test_the_first_rejection_rejects(self):
		run = self.begin([approve(to=[ANN, BEN, CAM], needs="all"), *ways()])
		(name,) = self.asked(run)
		self.decide(name, ANN)
		self.decide(name, BEN, "rejected", comment="No")
		self.settle()
		self.assertEqual(row(self.run_of(run), "ok")["branch"], "rejected")

	@contract("the first rejection rejects unless `rejects: all`")
	def test_with_rejects_all_it_waits_until_all_have_decided(self):
		run = self.begin([approve(to=[ANN, BEN, CAM], rejects="all"), *ways()])
		(name,) = self.asked(run)
		self.decide(name, ANN, "rejected")
		self.decide(name, BEN, "rejected")
		self.assertEqual(self.approval(name)["status"], "Open")
		self.decide(name, CAM)
		self.assertEqual(self.approval(name)["status"], "Approved")

	@contract("`1` (default), `all`, or a number: so many approvals")
	def test_so_many_approvals_as_are_needed(self):
		for needs, most in (("all", 3), (2, 2), (1, 1)):
			with self.subTest(needs=needs):
				run = self.begin([approve(to=[ANN, BEN, CAM], needs=needs)], name=f"contract-needs-{needs}")
				(name,) = self.asked(run)
				for number, user in enumerate((ANN, BEN, CAM)[:most], start=1):
					self.assertEqual(self.approval(name)["status"], "Open")
					self.decide(name, user)
					self.assertEqual(len(self.approval(name)["decisions"]), number)
				self.assertEqual(self.approval(name)["status"], "Approved")

	@contract("Each person decides once")
	def test_each_person_decides_once(self):
		run = self.begin([approve(to=[ANN, BEN], needs="all")])
		(name,) = self.asked(run)
		self.decide(name, ANN)
		self.assertIn(f"{ANN} has approved already", self.refused(AlreadyDecided, name, ANN))
		self.assertIn(f"{ANN} has approved already", self.refused(AlreadyDecided, name, ANN.upper()))
		self.assertEqual(len(self.approval(name)["decisions"]), 1)

	@contract("a decision that comes too late is the error `AlreadyDecided` that says who was first and when")
	def test_a_decision_that_comes_too_late_is_told_who_was_first(self):
		(name,) = self.asked(self.begin([approve(to=[ANN, BEN])]))
		at = self.decide(name, ANN, "rejected")["settled_at"]
		text = self.refused(AlreadyDecided, name, BEN)
		self.assertIn(f"{ANN} has rejected already", text)
		self.assertIn(at[:19], text)

	def test_who_is_not_asked_learns_nothing_and_changes_nothing(self):
		(name,) = self.asked(self.begin([approve(to=ANN)]))
		self.assertNotIn(ANN, self.refused(NotAsked, name, BEN))
		self.decide(name, ANN)
		self.assertNotIn(ANN, self.refused(NotAsked, name, BEN))
		with self.assertRaises(NotFound):
			self.approval(name, BEN)
		with self.assertRaises(NotFound):
			self.decide("no-such-approval", ANN)

	@contract(
		"users who may not decide, whatever their role: four eyes, `{{ run.started_by }}`; nor may who stands in for them"
	)
	def test_four_eyes(self):
		self.substitute(ANN, CAM)
		run = self.begin([approve(to=[ANN, BEN, CAM, DEE], not_by=["{{ run.started_by }}", ANN.upper()])])
		(name,) = self.asked(run)
		self.assertEqual(self.approval(name)["asked"], [BEN, DEE])
		self.refused(NotAsked, name, ANN)
		self.substitute(BEN, ANN)  # who is excluded may not decide for others either
		self.assertIn("not_by", self.refused(NotAsked, name, ANN))
		self.substitute(ANN, DEE)  # and who stands in for them, from now on, may not decide at all
		self.assertIn("stands in for", self.refused(NotAsked, name, DEE))
		self.decide(name, BEN)

	@contract("who may decide are enabled users only")
	def test_a_user_who_was_disabled_after_being_asked_decides_nothing(self):
		(name,) = self.asked(self.begin([approve(to=[ANN, BEN])]))
		self.user(ANN, enabled=False)
		self.assertIn("disabled", self.refused(NotAsked, name, ANN))
		self.decide(name, BEN)

	@contract(
		"Nobody left who may decide: the step fails with `NobodyCanDecide`, which names who was left out and why"
	)
	def test_nobody_who_may_decide_fails_the_step(self):
		self.user(ANN, enabled=False)
		found = self.run_of(self.begin([approve(to=[ANN, BEN], not_by=BEN)]))
		error = row(found, "ok")["error"]
		self.assertEqual((found["status"], error.type), ("Failed", "NobodyCanDecide"))
		self.assertIn(f"{ANN} is disabled", error)
		self.assertIn(f"{BEN} may not decide this (not_by)", error)

	@contract(
		"Nobody left who may decide: the step fails with `NobodyCanDecide`, which names who was left out and why"
	)
	def test_nobody_left_after_asking_fails_the_step(self):
		run = self.begin([approve(to=[ANN, BEN]), *ways()])
		(name,) = self.asked(run)
		self.user(ANN, enabled=False)
		self.tick()
		self.assertEqual(self.approval(name)["status"], "Open")
		self.user(BEN, enabled=False)
		self.advance(60)
		self.tick()
		found = self.run_of(run)
		self.assertEqual((found["status"], row(found, "ok")["error"].type), ("Failed", "NobodyCanDecide"))
		self.assertIn(BEN, row(found, "ok")["error"])
		self.assertEqual(self.approval(name)["status"], "Cancelled")

	def test_fewer_than_have_to_approve_fails_the_step(self):
		found = self.run_of(self.begin([approve(to=[ANN, BEN], needs=2, not_by=BEN)]))
		self.assertEqual(row(found, "ok")["error"].type, "NobodyCanDecide")

	@contract(
		"a substitute (Dogan Substitute: for whom, by whom, from, until) may decide for somebody, and it says so"
	)
	def test_a_substitute_decides_and_it_says_so(self):
		run = self.begin([approve(to=ANN)])
		(name,) = self.asked(run)
		self.refused(NotAsked, name, BEN)
		self.substitute(ANN, BEN, from_days=1, until_days=2)
		self.refused(NotAsked, name, BEN)
		self.substitute(ANN, BEN)
		self.assertEqual([each["for"] for each in self.orchestrator.pending_approvals(BEN) if each["approval"] == name], [ANN])  # fmt: skip
		self.decide(name, BEN)
		self.settle()
		(made,) = output(self.run_of(run), "ok")["decisions"]
		self.assertEqual((made["by"], made["for"]), (BEN, ANN))
		self.assertIn(f"{BEN} has approved for {ANN} already", self.refused(AlreadyDecided, name, ANN))

	def test_one_person_cannot_give_two_approvals_by_standing_in(self):
		self.substitute(ANN, BEN)
		(name,) = self.asked(self.begin([approve(to=[ANN, BEN], needs=2)]))
		self.decide(name, BEN)
		self.refused(AlreadyDecided, name, BEN)
		self.decide(name, ANN)
		self.assertEqual(self.approval(name)["status"], "Approved")

	@contract("a person may pass an approval on to somebody else unless `delegate: false`")
	def test_it_can_be_passed_on(self):
		(name,) = self.asked(self.begin([approve(to=ANN, not_by=CAM)]))
		for to, kind in ((CAM, NotAllowed), (ANN, NotAllowed)):
			with self.assertRaises(kind):
				self.orchestrator.pass_on(name, to, user=ANN)
			self.site.database.rollback()
		with self.assertRaises(NotAsked):
			self.orchestrator.pass_on(name, BEN, user=DEE)
		self.site.database.rollback()
		self.orchestrator.pass_on(name, BEN, user=ANN)
		self.site.database.commit()
		self.refused(NotAsked, name, ANN)
		self.decide(name, BEN)
		(first, second) = self.approval(name)["approvers"]
		self.assertEqual(
			(first["state"], second["state"], second["instead_of"]), ("Passed On", "Decided", ANN)
		)

	@contract("a person may pass an approval on to somebody else unless `delegate: false`")
	def test_it_cannot_be_passed_on_where_that_is_switched_off(self):
		(name,) = self.asked(self.begin([approve(to=ANN, delegate=False)]))
		with self.assertRaises(NotAllowed):
			self.orchestrator.pass_on(name, BEN, user=ANN)
		self.site.database.rollback()

	@contract("a System Manager may reassign but decides only if asked")
	def test_a_system_manager_reassigns_and_decides_only_if_asked(self):
		(name,) = self.asked(self.begin([approve(to=ANN, delegate=False)]))
		self.refused(NotAsked, name, PERSON)
		with self.assertRaises(NotAllowed):
			self.orchestrator.reassign(name, ANN, BEN, by=ANN)
		self.site.database.rollback()
		self.orchestrator.reassign(name, ANN, BEN, by=PERSON)
		self.site.database.commit()
		self.refused(NotAsked, name, ANN)
		self.decide(name, BEN)

	@contract("`optional` (default), `required`, `on_rejection`")
	def test_a_comment_that_is_needed(self):
		for rule, decision in (("required", "approved"), ("on_rejection", "rejected")):
			with self.subTest(rule=rule):
				(name,) = self.asked(self.begin([approve(comment=rule)], name=f"contract-comment-{rule[:2]}"))
				self.refused(DecisionIncomplete, name, ANN, decision, comment="  ")
				self.decide(name, ANN, decision, comment="<script>alert(1)</script>")
				self.assertEqual(self.approval(name)["decisions"][0]["comment"], "<script>alert(1)</script>")
		(name,) = self.asked(self.begin([approve(comment="on_rejection")], name="contract-comment-no"))
		self.decide(name, ANN)

	@contract(
		"what is asked along with the decision: `{name, label, type (a Frappe fieldtype), options, required, default}`; in the output as `values`"
	)
	def test_fields_are_asked_along_with_the_decision(self):
		fields = [
			{"name": "limit", "type": "Currency", "required": True},
			{"name": "level", "type": "Select", "options": ["low", "high"], "default": "low"},
			{"name": "until", "type": "Date"},
		]
		run = self.begin([approve(fields=fields)])
		(name,) = self.asked(run)
		self.refused(DecisionIncomplete, name, ANN)
		for wrong in (
			{"limit": "much"},
			{"limit": 5, "level": "huge"},
			{"limit": 5, "until": "soon"},
			{"limit": 5, "more": 1},
		):
			self.refused(InputError, name, ANN, values=wrong)
		self.decide(name, ANN, values={"limit": 5})
		self.settle()
		self.assertEqual(
			output(self.run_of(run), "ok")["values"], {"limit": 5, "level": "low", "until": None}
		)
