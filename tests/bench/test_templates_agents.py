"""The five AI agents that ship, on a real ERPNext: as users who have only the roles that each one asks for. Their models say what
the tests say."""

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import frappe
from frappe.email.receive import InboundMail
from frappe.utils import add_days, nowdate

from dogansystem.agents.ai.conversation import Asked, Model
from dogansystem.homes.frappe.site import FrappeSite
from dogansystem.proving.said import Said
from dogansystem.terminal.beside import as_document
from dogansystem.tests.contract.home import states
from dogansystem.tests.home import ensure_user
from dogansystem.workflows import template
from tests.bench.erpnext_case import BUYER, CLERK, HEAD, TemplatesTestCase
from tests.bench.erpnext_masters import CUSTOMER, SUPPLIER, make_customer, make_stock_item, store
from tests.bench.test_due import COMPANY

MODEL = "contract model"
INVOICE = json.loads((template("invoice-reader").folder / "samples.jsonl").read_text().splitlines()[1])[
	"content"
]


class AgentsTestCase(TemplatesTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.asked: list[Asked] = []
		frappe.get_doc(
			{"doctype": "Dogan Model", "model_name": MODEL, "provider": "openai", "model": "x"}
		).insert()

	def ask(self, name: str, said: dict[str, list[dict[str, Any]]], **parameters: Any) -> str:
		"""Enable a template with its agent, whose user has the roles that it asks for and no others."""
		agent = template(name).agent
		assert agent
		user = f"dogan-{name}@example.com"
		ensure_user(user, list(agent.roles))
		self.addCleanup(self.remove_agent, agent.name)
		frappe.get_doc(as_document({**agent.fields, "model": MODEL, "user": user})).insert()
		answers = Said(said)

		def say(model: Model, asked: Asked, step: str) -> Any:
			self.asked.append(asked)
			return answers(model, asked, step)

		self._patch(FrappeSite, "models", staticmethod(say))
		return self.enable(name, **parameters)

	def remove_agent(self, name: str) -> None:
		frappe.db.rollback()
		frappe.set_user("Administrator")
		frappe.db.delete("Dogan Agent Tool", {"parent": name})
		frappe.db.delete("Dogan Agent", {"name": name})
		frappe.db.commit()


class TestMailSorter(AgentsTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.sender = f"contract-{frappe.generate_hash(length=6)}@example.com"
		self.account = frappe.get_doc(
			{"doctype": "Email Account", "email_account_name": "Contract In", "email_id": "contract-in@example.com", "enable_incoming": 1, "email_server": "localhost", "use_imap": 0}
		)  # fmt: skip
		self.account.set_new_name()
		self.account.db_insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Email Account", {"name": self.account.name})
		frappe.db.commit()

	def receive(self, subject: str, *files: str) -> Any:
		"""What an account does with a mail that it has pulled."""
		mail = EmailMessage()
		mail["Subject"], mail["From"], mail["To"] = (
			subject,
			f"Contract Sender <{self.sender}>",
			"contract-in@example.com",
		)
		mail["Message-ID"] = f"<{frappe.generate_hash(length=12)}@example.com>"
		mail.set_content("contract mail")
		for name in files:
			mail.add_attachment(INVOICE.encode(), maintype="application", subtype="pdf", filename=name)
		frappe.set_user("Administrator")
		communication = InboundMail(mail.as_bytes(), self.account).process()
		frappe.db.commit()
		self.drain()
		return communication

	def sorted(self, kind: str, sure: bool = True) -> str:
		value = {"kind": kind, "sure": sure, "reason": "contract reason"}
		return self.ask("mail-sorter", {"sort": [{"value": value}]}, person=HEAD)

	def test_a_mail_becomes_a_lead_and_a_second_one_none(self):
		workflow = self.sorted("lead")
		for subject in ("A quotation please", "And another one"):
			self.receive(subject)
		self.assertEqual(
			[each["status"] for each in self.runs(workflow)],
			["Succeeded"] * 2,
			self.runs(workflow)[0]["error"],
		)
		(lead,) = frappe.get_all("Lead", {"email_id": self.sender}, ["owner", "first_name"])
		self.assertEqual(
			(lead.owner, lead.first_name), ("contract-mail-sorter@example.com", "Contract Sender")
		)
		self.assertIn("A quotation please", self.asked[0].messages[0].text)

	def test_a_mail_becomes_an_issue_of_its_customer(self):
		customer = make_customer(f"Contract Mailing {frappe.generate_hash(length=6)}")
		frappe.db.set_value("Customer", customer, "email_id", self.sender)
		workflow = self.sorted("issue")
		self.receive("contract broken")
		self.the_run(workflow)
		(issue,) = frappe.get_all("Issue", {"raised_by": self.sender}, ["subject", "customer", "status"])
		self.assertEqual((issue.subject, issue.customer), ("contract broken", customer))
		self.assertIn("a customer", self.asked[0].messages[0].text)

	def test_what_is_unclear_is_told_and_nothing_is_made(self):
		workflow = self.sorted("lead", sure=False)
		self.receive("Hm")
		self.the_run(workflow)
		self.assertFalse(frappe.db.exists("Lead", {"email_id": self.sender}))
		self.assertEqual(self.told(HEAD), ["Mail of Contract Sender: Hm"])

	def test_an_invoice_that_comes_by_mail_is_read_and_becomes_a_draft(self):
		order = make_order()
		self.sorted("supplier_invoice")
		reads = template("invoice-reader").agent
		ensure_user("dogan-invoice-reader@example.com", [])
		self.addCleanup(self.remove_agent, reads.name)
		frappe.get_doc(
			as_document({**reads.fields, "model": MODEL, "user": "dogan-invoice-reader@example.com"})
		).insert()
		frappe.db.delete("Dogan Agent", {"name": "none"})
		sort = {"kind": "supplier_invoice", "sure": True, "reason": "An invoice."}
		said = Said(
			{
				"sort": [{"value": sort}],
				"read": [{"value": read_of(order)}],
				"match": [{"value": {"rows": [each.name for each in order.items]}}],
			}
		)
		self._patch(FrappeSite, "models", staticmethod(said))
		workflow = self.enable("invoice-reader", person=HEAD)
		self.receive("Our invoice", "contract-invoice.pdf")
		self.drain()
		run = self.the_run(workflow)
		found = frappe.get_doc("Purchase Invoice", run["output"]["invoice"])
		self.assertEqual(
			(found.docstatus, found.supplier, found.owner),
			(0, SUPPLIER, "contract-invoice-reader@example.com"),
		)


def make_order(**values: Any) -> Any:
	"""A submitted Purchase Order of two items."""
	items = [make_stock_item(f"Contract {each}") for each in ("Board", "Post")]
	rows = [{"item_code": items[0], "qty": 40, "rate": 12.5}, {"item_code": items[1], "qty": 10, "rate": 31}]
	doc = frappe.get_doc(
		{
			"doctype": "Purchase Order", "company": COMPANY, "supplier": SUPPLIER, "currency": "USD", "buying_price_list": "Contract Buying",
			"transaction_date": add_days(nowdate(), -30), "schedule_date": add_days(nowdate(), -5),
			"items": [{**each, "schedule_date": add_days(nowdate(), -5), "warehouse": store()} for each in rows], **values,
		}
	).insert()  # fmt: skip
	doc.submit()
	frappe.db.commit()
	return doc


def read_of(order: Any, **more: Any) -> dict[str, Any]:
	"""What a model says that stands on an invoice of the order."""
	lines = [
		{"text": each.item_name, "part": None, "qty": each.qty, "rate": each.rate, "amount": each.amount}
		for each in order.items
	]
	return {
		"supplier": SUPPLIER, "number": frappe.generate_hash(length=8), "date": nowdate(), "currency": "USD", "purchase_order": order.name,
		"net_total": 810, "tax_total": None, "grand_total": 810, "lines": lines, **more,
	}  # fmt: skip


class TestInvoiceReader(AgentsTestCase):
	def file(self, content: str = INVOICE, name: str = "contract-invoice.pdf") -> Any:
		doc = frappe.get_doc(
			{"doctype": "File", "file_name": name, "content": content.encode(), "is_private": 0}
		).insert()
		frappe.db.commit()
		return self.site.documents.get("File", doc.name)

	def read(self, order: Any, value: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
		said = {"read": [{"value": value}], "match": [{"value": {"rows": rows}}]}
		workflow = self.ask("invoice-reader", said, person=HEAD)
		self.start(workflow, document=self.file())
		self.drain()
		(run,) = self.runs(workflow)
		return run

	def test_what_fits_becomes_a_draft_of_the_order_with_the_file(self):
		order = make_order()
		value = read_of(order)
		run = self.read(order, value, [each.name for each in order.items])
		self.assertEqual(run["status"], "Succeeded", (run["error"], states(run)))
		found = frappe.get_doc("Purchase Invoice", run["output"]["invoice"])
		self.assertEqual((found.docstatus, found.bill_no, found.grand_total), (0, value["number"], 810))
		self.assertEqual(
			[(each.purchase_order, each.po_detail, each.qty, each.rate) for each in found.items],
			[(order.name, each.name, each.qty, each.rate) for each in order.items],
		)
		attached = frappe.get_all(
			"File",
			{"attached_to_doctype": "Purchase Invoice", "attached_to_name": found.name},
			pluck="file_name",
		)
		self.assertEqual(len(attached), 1)
		self.assertIn("Oak board 2 m", self.asked[0].messages[0].text)  # the text of the PDF
		found.submit()  # it is one that people can submit
		again = self.enable_again(order, value)
		self.assertEqual(again["status"], "Waiting")
		(pending,) = self.orchestrator.pending_approvals(HEAD)
		message = self.orchestrator.get_approval(pending["approval"])["message"]
		self.assertIn(f"there already: {found.name}", message)
		self.assertIn("40 are billed, 0 are left", message)

	def enable_again(self, order: Any, value: dict[str, Any]) -> dict[str, Any]:
		said = Said(
			{"read": [{"value": value}], "match": [{"value": {"rows": [each.name for each in order.items]}}]}
		)
		self._patch(FrappeSite, "models", staticmethod(said))
		run = self.start("contract-invoice-reader", document=self.file())
		self.drain()
		return self.run_of(run)

	def test_a_line_that_does_not_fit_goes_to_a_person_who_lets_it_be_made(self):
		self.keep_rates(0)
		order = make_order()
		value = read_of(order)
		value["lines"][0] |= {"rate": 13, "amount": 520}
		value["lines"].append({"text": "Pallet", "part": None, "qty": 1, "rate": 5, "amount": 5})
		value |= {"net_total": 835, "grand_total": 835}
		run = self.read(order, value, [order.items[0].name, order.items[1].name, None])
		self.assertEqual(run["status"], "Waiting", (run["error"], states(run)))
		(pending,) = self.orchestrator.pending_approvals(HEAD)
		message = self.orchestrator.get_approval(pending["approval"])["message"]
		self.assertIn("it costs 13.00, on the order 12.50", message)
		self.assertIn("Pallet: it is not on the order", message)
		with self.site.acting_as(HEAD):
			self.orchestrator.decide(pending["approval"], "approved", user=HEAD)
		frappe.db.commit()
		self.drain()
		run = self.run_of(run["run"])
		self.assertEqual(run["status"], "Succeeded", run["error"])
		found = frappe.get_doc("Purchase Invoice", run["output"]["invoice"])
		self.assertEqual([(each.rate, each.qty) for each in found.items], [(13, 40), (31, 10)])

	def keep_rates(self, wanted: int) -> None:
		"""Whether ERPNext refuses another rate than that of the order."""
		before = frappe.db.get_single_value("Buying Settings", "maintain_same_rate")
		frappe.db.set_single_value("Buying Settings", "maintain_same_rate", wanted)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_single_value, "Buying Settings", "maintain_same_rate", before)
		frappe.db.commit()

	def test_where_erpnext_keeps_the_rates_of_the_order_it_is_entered_by_hand(self):
		self.keep_rates(1)
		order = make_order()
		value = read_of(order)
		value["lines"][0] |= {"rate": 13, "amount": 520}
		value |= {"net_total": 830, "grand_total": 830}
		run = self.read(order, value, [each.name for each in order.items])
		(pending,) = self.orchestrator.pending_approvals(HEAD)
		with self.site.acting_as(HEAD):
			self.orchestrator.decide(pending["approval"], "approved", user=HEAD)
		frappe.db.commit()
		self.drain()
		run = self.run_of(run["run"])
		self.assertEqual((run["status"], run["output"]), ("Succeeded", {"invoice": None}), run["error"])
		self.assertIn("has to be entered by hand", self.told(HEAD)[-1])
		self.assertFalse(frappe.db.exists("Purchase Invoice", {"bill_no": value["number"]}))

	def test_a_file_that_is_no_pdf_is_told(self):
		workflow = self.ask("invoice-reader", {"read": [{"give_up": "-"}]}, person=HEAD)
		self.start(workflow, document=self.file("no PDF at all", "contract-broken.pdf"))
		self.drain()
		self.the_run(workflow)
		self.assertIn("An invoice could not be read: contract-broken", self.told(HEAD)[0])
		self.assertEqual(self.asked, [])


class TestLateOrder(AgentsTestCase):
	def test_the_reason_is_noted_with_the_documents_that_were_read(self):
		late = make_order()
		item = late.items[0].item_code
		order = self.make(
			"Sales Order", submit=True, company=COMPANY, customer=CUSTOMER, currency="USD", selling_price_list="Contract Selling",
			transaction_date=add_days(nowdate(), -20), delivery_date=add_days(nowdate(), -2),
			items=[{"item_code": item, "qty": 3, "rate": 20, "warehouse": store(), "delivery_date": add_days(nowdate(), -2)}],
		)  # fmt: skip
		documents = [
			{"doctype": "Purchase Order", "name": late.name},
			{"doctype": "Purchase Order", "name": "PUR-NONE"},
		]
		said = [
			{"calls": [
				{"tool": "deliveries", "params": {"filters": {"customer": CUSTOMER}, "fields": ["name", "status"]}},
				{"tool": "stock", "params": {"filters": {"item_code": item}, "fields": ["name", "actual_qty", "ordered_qty"]}},
				{"tool": "purchases", "params": {"filters": {"status": "To Receive and Bill"}, "fields": ["name", "schedule_date"]}},
				{"tool": "production", "params": {"filters": {"sales_order": order.name}, "fields": ["name", "status"]}},
				{"tool": "read", "params": {"doctype": "Purchase Order", "name": late.name, "fields": ["items", "schedule_date"]}},
				{"tool": "read", "params": {"doctype": "Supplier", "name": SUPPLIER}},
				{"tool": "stock", "params": {"filters": {"item_code": item}, "fields": ["valuation_rate"]}},
			]},
			{"value": {"answer": "contract: what it waits for is late itself.", "expected": None, "documents": documents}},
		]  # fmt: skip
		workflow = self.ask("late-order", {"ask": said})
		with self.site.acting_as(CLERK):
			run = self.orchestrator.start_run(
				workflow, document=self.site.documents.get("Sales Order", order.name), cause="manual"
			)
		frappe.db.commit()
		self.drain()
		run = self.run_of(run)
		self.assertEqual(run["status"], "Succeeded", (run["error"], states(run)))
		calls = next(each for each in run["steps"] if each["id"] == "ask")["output"]["calls"]
		self.assertEqual(["error" in each for each in calls], [False] * 5 + [True] * 2, calls)
		(comment,) = frappe.get_all(
			"Comment", {"reference_name": order.name, "comment_type": "Comment"}, pluck="content"
		)
		self.assertIn(f"/{late.name}", comment)
		self.assertIn("Named, but not read: Purchase Order PUR-NONE", comment)
		self.assertEqual(self.told(CLERK), [f"Why {order.name} is late"])
		self.assertEqual([each["was_read"] for each in run["output"]["documents"]], [True, False])


class TestIssueReply(AgentsTestCase):
	def test_a_draft_is_sent_as_the_team_has_changed_it(self):
		self.make(
			"Issue",
			subject="Contract squeaking door",
			raised_by="x@example.com",
			status="Closed",
			resolution_details="Oiled.",
		)
		said = [
			{"calls": [
				{"tool": "earlier", "params": {"filters": {"status": "Closed", "subject": ["like", "Contract squeaking%"]}, "fields": ["name", "resolution_details"]}},
				{"tool": "earlier", "params": {"filters": {"status": "Open"}, "fields": ["name"]}},
			]},
			{"value": {"reply": "Please oil it.", "used": ["ISS-1"]}},
		]  # fmt: skip
		ensure_user(HEAD, [*frappe.get_roles(HEAD), "Support Team"])
		workflow = self.ask("issue-reply", {"draft": said}, role="Support Team")
		issue = self.make("Issue", subject="Contract door", raised_by=BUYER, description="It squeaks")
		self.drain()
		run = self.the_run(workflow, "Waiting")
		self.assertEqual(
			self.mails(), [] if not self.mails() else [each for each in self.mails() if each[0] != BUYER]
		)
		calls = next(each for each in run["steps"] if each["id"] == "draft")["output"]["calls"]
		self.assertIn("Oiled.", json.dumps(calls[0]["output"]))
		self.assertIn("not allowed", calls[1]["error"])
		pending = [
			each for each in self.orchestrator.pending_approvals(HEAD) if issue.name in each["subject"]
		]
		with self.site.acting_as(HEAD):
			self.orchestrator.decide(
				pending[0]["approval"], "approved", user=HEAD, values={"reply": "Please oil it & write."}
			)
		frappe.db.commit()
		self.drain()
		self.the_run(workflow)
		((to, subject, text),) = [each for each in self.mails() if each[0] == BUYER]
		self.assertEqual((to, subject), (BUYER, "Re: Contract door"))
		self.assertIn("Please oil it &amp; write.", text)


class TestRunExplainer(AgentsTestCase):
	def test_a_run_that_fails_is_explained_with_a_proposal_that_was_checked(self):
		failing = {"name": "contract-fails", "run_as": "contract-mail-sorter@example.com", "steps": [{"id": "mail", "action": "document.get", "params": {"doctype": "Customer", "name": "None of these"}}]}  # fmt: skip
		ensure_user("contract-mail-sorter@example.com", ["Sales User"])
		self.orchestrator.import_workflow(failing)
		mended = "name: contract-fails\nrun_as: contract-mail-sorter@example.com\nsteps:\n- id: mail\n  if: 'false'\n  action: document.get\n  params: {doctype: Customer, name: None of these}\n"
		said = [
			{"call": {"tool": "check_definition", "params": {"definition": mended}}},
			{"value": {"cause": "contract cause", "mend": "contract mend", "definition": mended}},
		]
		workflow = self.ask("run-explainer", {"explain": said}, person=HEAD)
		run = self.orchestrator.start_run("contract-fails", cause="manual")
		frappe.db.commit()
		self.drain()
		self.tick()
		self.drain()
		found = self.the_run(workflow)
		self.assertEqual(found["output"], {"cause": "contract cause", "valid": True}, states(found))
		self.assertEqual(self.told(HEAD), [f"Why the run {run} of contract-fails failed"])
		log = frappe.get_last_doc("Notification Log", {"for_user": HEAD})
		self.assertIn("The changed definition is valid", log.email_content)
		self.assertIn("None of these", self.asked[0].messages[0].text)
		calls = next(each for each in found["steps"] if each["id"] == "explain")["output"]["calls"]
		self.assertTrue(calls[0]["output"]["valid"], calls)
		self.assertTrue(calls[0]["output"]["differences"])


class TestEvals(AgentsTestCase):
	"""The tests and the cases that ship with the agents, by the command's own code, on a site."""

	def test_cases_are_evaluated_on_a_site_and_nothing_stays(self):
		from decimal import Decimal

		from dogansystem.agents.ai.providers import scripted
		from dogansystem.proving.evals.asking import Asker
		from dogansystem.proving.evals.evaluating import Evaluation, Variant, model_named
		from dogansystem.terminal import evaluating
		from tests.bench.test_proving import differences, state

		counted = {}
		for name in ("mail-sorter", "invoice-reader", "late-order", "issue-reply", "run-explainer"):
			folder = template(name).folder
			path = Path(folder / "workflow.eval.yaml")
			samples = {
				each["name"]: each
				for each in map(json.loads, (folder / "samples.jsonl").read_text().splitlines())
			}

			def ask(model: Model, asked: Asked, context: Any, samples: Any = samples) -> Any:
				script = samples["Judge" if "You judge" in asked.system else "Script"]["script"]
				return scripted.answer(Model("Script", "scripted", script=script), asked)

			user = "Administrator"
			frappe.db.commit()
			found = evaluating.read(path)
			definition = self.orchestrator.check({**found.definition.source, "run_as": user})
			file = type(found)(definition, found.step, found.judge, found.cases)
			agents = evaluating.missing(self.site, path, definition, lambda _: user)
			asker = Asker(self.site, Decimal(1), ask)
			evaluation = Evaluation(self.site, file, asker, model_named(self.site, MODEL), agents)
			evaluation.run([Variant(MODEL, MODEL)])  # what Frappe reads for the first time, it caches
			before = state()
			report = evaluation.run([Variant(MODEL, MODEL)])
			with self.subTest(name):
				(variant,) = report["variants"]
				self.assertEqual(
					variant["passed"], variant["attempts"], [each["reasons"] for each in variant["results"]]
				)
				self.assertEqual(
					[each for each in differences(before, state()) if "dogan_spending" not in str(each)], []
				)
			counted[name] = (variant["passed"], variant["tokens"])
		print(f"\nEvals: {counted}", flush=True)
