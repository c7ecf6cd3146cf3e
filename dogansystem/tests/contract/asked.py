"""Approvals and asks in the course of a run: deadlines, reminders, items, ends. workflow-format.md, *flow.approve* and *flow.ask*."""

from typing import Any

from dogansystem.engine.errors import (
	AlreadyDecided,
	DecisionIncomplete,
	InputError,
	NotAsked,
)
from dogansystem.tests.contract.deciding import ANN, BEN, CAM, ROLE, Deciding, approve, ways
from dogansystem.tests.contract.home import PERSON, fails, output, row, states, step
from dogansystem.tests.contract.sentences import contract
from dogansystem.tests.contract.waits import HOUR


class AskedContract(Deciding):
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

	@contract("A wait of a run that ends is dropped; people whose decision is no longer asked see so")
	def test_nobody_is_reminded_of_what_an_item_that_fails_withdraws(self):
		asks = approve(to="{{ item }}", for_each="{{ input }}", remind="1h")
		self.user(BEN, enabled=False)
		run = self.begin([asks, step("go_on", after=["ok"], when="done")], given=[ANN, BEN])
		self.assertEqual(self.run_of(run)["status"], "Succeeded")
		left = "SELECT kind FROM dogan_timer WHERE run = %s"
		self.assertEqual(self.site.database.sql(left, (run,)), [])
		self.site.database.rollback()

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
