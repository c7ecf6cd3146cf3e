"""Mails that a site receives: which ones start a run, how often, and how loops of them end."""

from typing import Any

from dogansystem.tests.contract.home import output, proves, step
from dogansystem.tests.contract.started import Started
from dogansystem.triggers.email import MOST

MAIL = {
	"doctype": "Communication",
	"communication_type": "Communication",
	"communication_medium": "Email",
	"sent_or_received": "Received",
	"content": "contract mail",
	"recipients": "orders@example.com",
}


class EmailContract(Started):
	"""Mails that a site receives."""

	def on_mail(self, name: str, **keys: Any) -> str:
		subject = keys.pop("subject", f"{name} *")
		trigger = {"on": "email", "subject": subject, **keys}
		return self.save(name, [step("a", params={"of": "{{ doc.subject }}"})], triggers=[trigger])

	def mail(self, subject: str, sender: str = "amy@example.com", **values: Any) -> str:
		with self.site.acting_as("Administrator"):
			document = self.site.documents.create(
				"Communication", {**MAIL, "subject": subject, "sender": sender, **values}
			)
		return str(document["name"])

	@proves("a matching mail is received as a Communication")
	def test_a_mail_starts_a_run_in_the_transaction_that_keeps_it(self):
		workflow = self.on_mail("contract-mailed")
		self.mail("contract-mailed rolled back")
		self.site.database.rollback()
		self.assertEqual(self.runs(workflow), [])
		name = self.mail("contract-mailed 7")
		self.site.database.commit()
		self.drain()
		(run,) = self.runs(workflow)
		self.assertEqual((run["status"], run["cause"]), ("Succeeded", "email"))
		self.assertEqual(run["document"], {"doctype": "Communication", "name": name})
		self.assertEqual(output(run, "a"), {"of": "contract-mailed 7"})
		about = self.trigger_of(run["run"])
		self.assertEqual((about["sender"], about["subject"]), ("amy@example.com", "contract-mailed 7"))
		self.assertEqual(about["attachments"], [])
		self.enable(workflow, False)

	@proves("`account`, `subject`, `from` (both patterns with `*`), `if`")
	def test_patterns_and_if_say_which_mails(self):
		workflow = self.on_mail(
			"contract-patterns",
			subject="contract [Order] *?",
			**{"from": "*@Shop.example.com", "if": "{{ 'skip' not in doc.subject }}"},
		)
		right = "contract [order] 7?"
		self.mail(right, "amy@shop.example.com")
		for subject, sender in (
			("contract [Order] 7", "amy@shop.example.com"),
			("Re: contract [Order] 7?", "amy@shop.example.com"),
			("contract O 7?", "amy@shop.example.com"),
			(right, "amy@shop.example.com.evil.example"),
			(right, "amy@example.com"),
			("contract [Order] skip?", "amy@shop.example.com"),
		):
			self.mail(subject, sender)
		self.site.database.commit()
		self.assertEqual([self.trigger_of(run["run"])["subject"] for run in self.runs(workflow)], [right])
		self.enable(workflow, False)

	def test_only_mails_that_were_received_count(self):
		workflow = self.on_mail("contract-received")
		self.mail("contract-received 1", sent_or_received="Sent")
		self.mail("contract-received 2", communication_medium="Phone")
		self.site.database.commit()
		self.assertEqual(self.runs(workflow), [])
		self.enable(workflow, False)

	def test_a_mail_that_was_kept_twice_starts_one_run(self):
		workflow = self.on_mail("contract-twice")
		self.mail("contract-twice 1", message_id="twice@example.com")
		self.site.database.commit()
		self.mail("contract-twice 1", message_id="twice@example.com")
		self.site.database.commit()
		self.assertEqual(len(self.runs(workflow)), 1)
		self.enable(workflow, False)

	def test_two_programs_that_answer_each_other_come_to_an_end(self):
		self.let_mail_out()
		answer = step(
			"a", "email.send", params={"to": "{{ doc.sender }}", "subject": "Thanks", "message": "…"}
		)
		trigger = {"on": "email", "subject": "contract-loop *"}
		workflow = self.save("contract-loop", [answer], triggers=[trigger])
		for number in range(3 * MOST):
			self.mail(f"contract-loop {number}", "robot@shop.example.com")
			self.site.database.commit()
			self.drain()
		self.assertEqual(len(self.runs(workflow)), MOST)
		self.enable(workflow, False)

	def test_who_writes_much_and_gets_no_answer_is_heard(self):
		workflow = self.on_mail("contract-much")
		for number in range(2 * MOST):
			self.mail(f"contract-much {number}", "orders@shop.example.com")
		self.site.database.commit()
		self.assertEqual(len(self.runs(workflow)), 2 * MOST)
		self.enable(workflow, False)

	def test_a_pattern_of_many_stars_takes_no_time(self):
		workflow = self.on_mail("contract-stars", subject="*a" * 60 + "b")
		self.mail("a" * 130)
		self.site.database.commit()
		self.assertEqual(self.runs(workflow), [])
		self.enable(workflow, False)
