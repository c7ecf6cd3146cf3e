"""Approvals and asks. workflow-format.md, *flow.approve*, *flow.ask* and semantics 13."""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.engine.errors import (
	AlreadyDecided,
	DecisionIncomplete,
	InputError,
	NotAllowed,
	NotAsked,
	NotFound,
)
from dogansystem.tests.contract.home import PERSON, fails, output, row, states, step
from dogansystem.tests.contract.sentences import contract
from dogansystem.tests.contract.waits import HOUR, Waiting

ANN, BEN, CAM, DEE = (f"dogan-{name}@example.com" for name in ("ann", "ben", "cam", "dee"))
ROLE = "Dogan Contract Approver"
DAY = 24 * HOUR


def approve(step_id: str = "ok", to: Any = ANN, **rest: Any) -> dict[str, Any]:
	"""A step that asks; keys of a step beside `params` are given as they are."""
	keys = {
		key: rest.pop(key)
		for key in ("after", "for_each", "max_parallel", "on_error", "retry")
		if key in rest
	}
	return step(step_id, "flow.approve", params={"to": to, "subject": "Shall we?", **rest}, **keys)


def ways() -> list[dict[str, Any]]:
	"""A step for each way in which `ok` may end."""
	return [
		step("yes", after=["ok.approved"]),
		step("no", after=["ok.rejected"]),
		step("late", after=["ok.expired"]),
	]


class Deciding(Waiting):
	def setUp(self) -> None:
		super().setUp()
		for user in (ANN, BEN, CAM, DEE):
			self.user(user)

	def keep(self, doctype: str, name: str, values: Mapping[str, Any]) -> None:
		"""Create a document, or change the one that is there."""
		with self.site.acting_as("Administrator"):
			documents = self.site.documents
			known = documents.list(doctype, {"name": name}, ["name"])
			if known:
				documents.update(
					doctype, name, {key: value for key, value in values.items() if key != "name"}
				)
			else:
				documents.create(doctype, {"name": name, **values})
		self.site.database.commit()

	def user(self, user: str, roles: Sequence[str] = (), enabled: bool = True) -> None:
		values = {"email": user, "first_name": user.partition("@")[0], "enabled": int(enabled)}
		values |= {"send_welcome_email": 0, "roles": [{"role": role} for role in roles]}
		self.keep("User", user, values)

	def substitute(self, whose: str, by: str, from_days: int = -1, until_days: int = 1) -> None:
		"""Let somebody stand in for another one, from so many days before today until so many after it."""
		days = {
			name: self.site.local_time(self.site.now() + days * DAY).date().isoformat()
			for name, days in (("from_date", from_days), ("until_date", until_days))
		}
		with self.site.acting_as("Administrator"):
			for known in self.site.documents.list("Dogan Substitute", {"for_user": whose}, ["name"]):
				self.site.documents.delete("Dogan Substitute", known["name"])
			self.site.documents.create("Dogan Substitute", {"for_user": whose, "by_user": by, **days})
		self.site.database.commit()

	def nobody_stands_in(self) -> None:
		with self.site.acting_as("Administrator"):
			for known in self.site.documents.list("Dogan Substitute", {}, ["name"]):
				self.site.documents.delete("Dogan Substitute", known["name"])
		self.site.database.commit()

	def tearDown(self) -> None:
		self.nobody_stands_in()
		super().tearDown()

	def asked(self, run: str) -> list[str]:
		"""The names of what a run asks now, by item."""
		found = [each for each in self.orchestrator.pending_approvals() if each["run"] == run]
		self.site.database.rollback()
		return [
			each["approval"] for each in sorted(found, key=lambda each: (each["step"], each["index"] or 0))
		]

	def decide(
		self, approval: str, user: str = ANN, decision: str = "approved", **rest: Any
	) -> dict[str, Any]:
		try:
			found = self.orchestrator.decide(approval, decision, user=user, **rest)
		except Exception:
			self.site.database.rollback()
			raise
		self.site.database.commit()
		return found

	def refused(self, kind: type[Exception], approval: str, user: str, *rest: Any, **more: Any) -> str:
		with self.assertRaises(kind) as caught:
			self.decide(approval, user, *rest, **more)
		self.assertIs(type(caught.exception), kind)
		return str(caught.exception)

	def approval(self, name: str, user: str | None = None) -> dict[str, Any]:
		found = self.orchestrator.get_approval(name, user)
		self.site.database.rollback()
		return found


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

	@contract(
		"after it: `expire` (default), `approve`, `reject`, or `escalate` with `escalate_to: {to, deadline}`"
	)
	def test_the_deadline_decides(self):
		for what, branch in ((None, "expired"), ("approve", "approved"), ("reject", "rejected")):
			with self.subTest(what=what):
				more = {"at_deadline": what} if what else {}
				run = self.begin([approve(deadline="1h", **more), *ways()], name=f"contract-at-{branch}")
				(name,) = self.asked(run)
				self.advance(HOUR + 1)
				self.assertIn("deadline", self.refused(AlreadyDecided, name, ANN))
				self.settle()
				found = self.run_of(run)
				self.assertEqual(
					(row(found, "ok")["branch"], output(found, "ok")["decision"]), (branch, branch)
				)
				self.assertEqual(output(found, "ok")["decisions"], [])
				self.assertIn("deadline", self.refused(AlreadyDecided, name, ANN))

	@contract(
		"after it: `expire` (default), `approve`, `reject`, or `escalate` with `escalate_to: {to, deadline}`"
	)
	def test_the_deadline_escalates(self):
		more = {"deadline": "1h", "at_deadline": "escalate", "escalate_to": {"to": BEN, "deadline": "2h"}}
		first = self.begin([approve(**more), *ways()], name="contract-escalates")
		second = self.begin([approve(**more), *ways()], name="contract-escalates-twice")
		(one,), (two,) = self.asked(first), self.asked(second)
		self.refused(NotAsked, one, BEN)
		self.advance(HOUR + 1)
		self.settle()
		self.assertEqual((self.approval(one)["asked"], self.approval(one)["escalated"]), ([BEN], True))
		self.refused(NotAsked, one, ANN)
		self.decide(one, BEN)
		self.advance(2 * HOUR + 1)
		self.settle()
		self.assertEqual(row(self.run_of(first), "ok")["branch"], "approved")
		self.assertEqual(
			(row(self.run_of(second), "ok")["branch"], self.approval(two)["status"]), ("expired", "Expired")
		)

	@contract("a user, a list of users, `{role}`, `{field: doc.sales_manager}`, or `{matrix}`")
	def test_who_is_meant_by_a_role_and_by_a_field(self):
		self.keep("Role", ROLE, {"role_name": ROLE, "desk_access": 1})
		self.user(CAM, [ROLE])
		(name,) = self.asked(self.begin([approve(to={"role": ROLE})], name="contract-by-role"))
		self.assertEqual(self.approval(name)["asked"], [CAM])
		workflow = self.save("contract-by-field", [approve(to={"field": "doc.allocated_to"})])
		run = self.start(workflow, document={"doctype": "ToDo", "name": "contract-todo", "allocated_to": BEN})
		self.settle()
		(name,) = self.asked(run)
		self.assertEqual(self.approval(name)["asked"], [BEN])

	@contract("(rows: from amount, to amount, company, department …, who; the first row that fits)")
	def test_who_is_meant_by_a_matrix(self):
		self.keep("Role", ROLE, {"role_name": ROLE, "desk_access": 1})
		self.user(CAM, [ROLE])
		rows = [
			{"to_amount": 100, "company": "Acme", "user": ANN},
			{"to_amount": 1000, "user": BEN},
			{"from_amount": 1000, "role": ROLE},
		]
		self.keep(
			"Dogan Approval Matrix",
			"Contract",
			{"matrix_name": "Contract", "amount_field": "grand_total", "rows": rows},
		)
		workflow = self.save("contract-by-matrix", [approve(to={"matrix": "Contract"})])
		for amount, company, who in (
			(100, "Acme", ANN),
			(100, "Other", BEN),
			(1000, "Acme", BEN),
			(1000.5, "Acme", CAM),
		):
			document = {"doctype": "ToDo", "name": "contract-todo", "grand_total": amount, "company": company}
			run = self.start(workflow, document=document)
			self.settle()
			(name,) = self.asked(run)
			self.assertEqual((amount, self.approval(name)["asked"]), (amount, [who]))

	@contract(
		"the document is shown with it and must be readable by who decides, or is shared with them for reading until they have decided"
	)
	def test_the_document_is_shared_until_it_is_decided(self):
		with self.site.acting_as(PERSON):
			document = self.site.documents.create("ToDo", {"description": "contract approval"})["name"]
		self.site.database.commit()
		self.forbid("ToDo")
		about = {"document": {"doctype": "ToDo", "name": document}}
		first, second = (self.asked(self.begin([approve(to=[ANN, BEN], **about)], name=f"contract-share-{number}"))[0] for number in (1, 2))  # fmt: skip
		people, of = self.site.people, ("ToDo", document)
		self.assertTrue(people.may_read(ANN, of))
		self.assertEqual(self.approval(first)["document"], {"doctype": "ToDo", "name": document})
		self.decide(first, BEN)
		self.settle()
		self.assertTrue(people.may_read(ANN, of), "the other approval still needs it")
		self.decide(second, ANN)
		self.assertFalse(people.may_read(ANN, of))
		self.site.database.rollback()

	@contract("A wait of a run that ends is dropped; people whose decision is no longer asked see so")
	def test_nobody_is_asked_any_more_when_the_run_ends(self):
		run = self.begin([approve(remind="1h")])
		(name,) = self.asked(run)
		self.act("cancel", run)
		self.settle()
		found = self.approval(name)
		self.assertEqual((found["status"], found["asked"]), ("Cancelled", []))
		self.assertEqual([each["state"] for each in found["approvers"]], ["No Longer Asked"])
		self.assertIn("Nobody is asked any more", self.refused(AlreadyDecided, name, ANN))
		self.assertEqual(self.orchestrator.pending_approvals(ANN), [])
		self.site.database.rollback()

	def test_what_a_step_beside_it_fails_is_not_asked_any_more(self):
		run = self.begin(
			[
				approve("ok", after=[]),
				step("pause", "flow.wait", params={"for": "1m"}, after=[]),
				fails("bad", after=["pause"]),
			]
		)
		(name,) = self.asked(run)
		self.advance(61)
		self.settle()
		self.assertEqual((self.run_of(run)["status"], self.approval(name)["status"]), ("Failed", "Cancelled"))

	@contract("A wait in a paused run is ended as usual, and what follows starts when the run is resumed")
	def test_a_decision_in_a_paused_run(self):
		run = self.begin([approve(), *ways()])
		(name,) = self.asked(run)
		self.act("pause", run)
		self.decide(name)
		self.settle()
		found = self.run_of(run)
		self.assertEqual(
			(found["status"], states(found)["ok"], states(found)["yes"]), ("Paused", "Succeeded", "Ready")
		)
		self.act("resume", run)
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_retry_asks_anew(self):
		run = self.begin([approve(), step("b", after=["ok.approved"]), fails("c")])
		(name,) = self.asked(run)
		self.decide(name)
		self.settle()
		self.act("retry", run, "ok")
		self.settle()
		(again,) = self.asked(run)
		self.assertNotEqual(again, name)
		self.decide(again, decision="rejected")
		self.settle()
		self.assertEqual(row(self.run_of(run), "ok")["branch"], "rejected")
		self.assertEqual(self.approval(name)["decisions"][0]["decision"], "approved")

	def test_one_for_each_item_and_a_decision_is_for_one_of_them(self):
		run = self.begin([approve(for_each="{{ [1, 2, 3] }}", max_parallel=2), step("b")])
		first, second = self.asked(run)
		self.decide(second, decision="rejected")
		self.assertEqual(self.approval(first)["status"], "Open")
		self.settle()
		for name in self.asked(run):
			self.decide(name)
		self.settle()
		found = self.run_of(run)
		self.assertEqual(([each["decision"] for each in output(found, "ok")], found["status"]), (["approved", "rejected", "approved"], "Succeeded"))  # fmt: skip

	def test_an_item_that_fails_withdraws_the_others(self):
		steps = [approve(to="{{ item }}", for_each="{{ input }}")]
		self.user(BEN, enabled=False)
		run = self.begin(steps, given=[ANN, BEN])
		found = self.run_of(run)
		self.assertEqual((found["status"], row(found, "ok", 0)["status"]), ("Failed", "Cancelled"))
		self.assertEqual(self.asked(run), [])

	def test_what_is_done_after_an_approval_is_undone(self):
		undo = {"action": "data.set", "params": {"undone": "{{ steps.act.output.done }}"}}
		run = self.begin([approve(), step("act", compensate=undo), fails("bad")])
		(name,) = self.asked(run)
		self.decide(name)
		self.settle()
		found = self.run_of(run)
		self.assertEqual(
			(found["status"], states(found)["act"], states(found)["ok"]),
			("Failed", "Compensated", "Succeeded"),
		)

	@contract("a duration: who has not decided is reminded so often")
	def test_who_has_not_decided_is_reminded(self):
		(name,) = self.asked(self.begin([approve(to=[ANN, BEN], needs=2, remind="1h")]))
		self.decide(name, ANN)
		told: list[tuple[str, str]] = []
		self.listen(told)
		self.advance(HOUR + 1)
		self.settle()
		self.advance(HOUR + 1)
		self.settle()
		self.assertEqual(told, [(BEN, "reminded"), (BEN, "reminded")])

	def listen(self, told: list[tuple[str, str]]) -> None:
		"""Note whom the site tells what from now on."""
		people = self.site.people
		before = people.tell

		def tell(user: str, what: Any, *rest: Any) -> None:
			told.append((user, what))
			before(user, what, *rest)

		people.tell = tell  # type: ignore[method-assign]
		self.addCleanup(lambda: vars(people).pop("tell", None))

	def test_everybody_is_told_once_of_the_end(self):
		told: list[tuple[str, str]] = []
		self.listen(told)
		(name,) = self.asked(self.begin([approve(to=[ANN, BEN])]))
		self.decide(name, BEN)
		self.settle()
		self.assertEqual(told, [(ANN, "asked"), (BEN, "asked"), (BEN, "decided"), (ANN, "no longer asked")])

	@contract("The decision, its comment and whatever it lets go on are one transaction")
	def test_a_decision_that_is_rolled_back_leaves_nothing(self):
		run = self.begin([approve(), *ways()])
		(name,) = self.asked(run)
		self.orchestrator.decide(name, "approved", user=ANN, comment="never")
		self.site.database.rollback()
		self.settle()
		self.assertEqual((self.approval(name)["decisions"], self.run_of(run)["status"]), ([], "Waiting"))
		self.decide(name)
		self.assertEqual(states(self.run_of(run))["yes"], "Ready")


class AskContract(Deciding):
	@contract("somebody fills in a form. Output `{by, values}`; branches `answered`, `expired`")
	def test_somebody_fills_in_a_form(self):
		fields = [
			{"name": "reason", "type": "Small Text", "required": True},
			{"name": "days", "type": "Int", "default": 3},
		]
		ask = step(
			"q", "flow.ask", params={"to": [ANN, BEN], "subject": "Why?", "fields": fields, "deadline": "1h"}
		)
		run = self.begin([ask, step("b", after=["q.answered"]), step("c", after=["q.expired"])])
		(name,) = self.asked(run)
		self.refused(DecisionIncomplete, name, BEN, "answered")
		self.refused(InputError, name, BEN, "approved", values={"reason": "x"})
		self.decide(name, BEN, "answered", values={"reason": "late"})
		self.settle()
		found = self.run_of(run)
		self.assertEqual(output(found, "q"), {"by": BEN, "values": {"reason": "late", "days": 3}})
		self.assertEqual(states(found), {"q": "Succeeded", "b": "Succeeded", "c": "Skipped"})
		run = self.begin([ask, step("b", after=["q.answered"]), step("c", after=["q.expired"])])
		self.advance(HOUR + 1)
		self.settle()
		self.assertEqual(
			(row(self.run_of(run), "q")["branch"], output(self.run_of(run), "q")["by"]), ("expired", None)
		)
