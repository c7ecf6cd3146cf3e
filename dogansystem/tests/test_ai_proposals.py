"""What people are shown of an agent's call on a site: what it would do, as it then does it, and nothing before."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import frappe
from frappe.utils.file_manager import save_file

from dogansystem.agents.ai import trying
from dogansystem.homes.frappe.safe_html import message_html
from dogansystem.proving.dry_run import Asked, dry_run
from dogansystem.tests import papers
from dogansystem.tests import test_ai_agents as office
from dogansystem.tests.contract.home import PERSON, output
from dogansystem.tests.home import MANAGER, OTHER, USER
from dogansystem.tests.papers import PAPER, PaperTestCase
from dogansystem.tests.test_frappe_site import make_mail_account
from dogansystem.triggers.starting import enabled_definition

METHOD = f"{__name__}.past_documents"
LOOKED_AT = (PAPER, "ToDo", "Comment", "File", "DocShare", "Tag Link", "Notification Log", "Email Queue")
# What tells of an approval, and what changes with every save.
_OURS = ("reference_type", "reference_doctype", "document_type", "share_doctype")
_UNSAID = frozenset(
	"name owner creation modified modified_by idx docstatus _user_tags _comments _assign _liked_by _seen"
	" content_hash file_size file_url message_id message parent status priority".split()
)


def past_documents(name: str) -> None:
	"""A method of another app that writes past documents."""
	frappe.db.set_value(PAPER, name, "amount", 99, update_modified=False)


class TestProposals(PaperTestCase):
	says = office.TestAIAgents.says
	model = office.TestAIAgents.model
	agent = office.TestAIAgents.agent
	ask = office.TestAIAgents.ask

	def setUp(self) -> None:
		super().setUp()
		frappe.set_user("Administrator")
		self.asked: list[Any] = []
		self._patch(trying, "SECONDS", 300.0)  # a machine of tests may be slow
		self.addCleanup(self._remove_made)
		with self.site.acting_as(USER):
			self.file = save_file("contract-a.csv", b"a;b", None, None, is_private=1).name
		frappe.db.commit()

	def _remove_made(self) -> None:
		frappe.db.rollback()
		for doctype in ("File", "Comment", "ToDo"):
			field = {"File": "file_name", "Comment": "content", "ToDo": "description"}[doctype]
			for name in frappe.get_all(doctype, {field: ["like", "contract%"]}, pluck="name"):
				frappe.delete_doc(doctype, name, force=True, ignore_permissions=True, delete_permanently=True)
		frappe.db.delete("Notification Log", {"subject": ["like", "%contract%"]})
		frappe.db.delete("Tag", {"name": ["like", "contract-%"]})
		frappe.db.commit()

	def asks(self, action: str, params: dict[str, Any], **tool: Any) -> str:
		"""Have an agent make a call that people are asked about; gives the run, which waits."""
		bound = {each: params[each] for each in ("method",) if action == "method.call"}
		tool = {
			"action": action,
			"approval": "always",
			"ask_user": MANAGER,
			"params": json.dumps(bound),
			**tool,
		}
		if frappe.db.exists("Dogan Agent", office.AGENT):
			doc = frappe.get_doc("Dogan Agent", office.AGENT)
			doc.set("tools", [tool])
			doc.save()
		else:
			self.agent(tool, user=USER).insert()
		self.says({"call": {"tool": action.replace(".", "_"), "params": params}}, {"text": "Done."})
		run = self.ask()
		found = self.run_of(run)
		self.assertEqual(
			found["status"], "Waiting", [each["error"] for each in found["steps"]] + [output(found, "ask")]
		)
		return run

	def shown(self) -> dict[str, Any]:
		frappe.db.rollback()
		(pending,) = self.orchestrator.pending_approvals(MANAGER)
		return dict(self.orchestrator.get_approval(pending["approval"]))

	def approve(self) -> dict[str, Any]:
		about = self.shown()
		with self.site.acting_as(MANAGER):
			self.orchestrator.decide(about["approval"], "approved", user=MANAGER)
		frappe.db.commit()
		return about

	def everything(self) -> dict[tuple[str, str], Any]:
		"""The rows of the tables that calls may write, but for what tells of approvals."""
		frappe.db.rollback()
		found = {}
		for doctype in LOOKED_AT:
			for row in frappe.db.sql(f"SELECT * FROM `tab{doctype}`", as_dict=True):
				about_ours = any(str(row.get(field) or "").startswith("Dogan ") for field in _OURS)
				for_asking = doctype == "DocShare" and row.user == MANAGER
				if not (about_ours or for_asking):
					found[doctype, row.name] = row
		return found

	def calls(
		self, paper: str, draft: str, submitted: str, cancelled: str
	) -> dict[str, Callable[[], dict[str, Any]]]:
		of_it = {"doctype": PAPER, "name": paper}
		return {
			"document.update": {**of_it, "values": {"title": "contract new", "amount": 7}},
			"document.create": {"doctype": PAPER, "values": {"title": "contract made"}},
			"document.comment": {**of_it, "text": "contract said"},
			"document.assign": {**of_it, "user": OTHER, "description": "contract todo"},
			"document.unassign": {**of_it, "user": OTHER},
			"document.share": {**of_it, "user": OTHER, "write": True},
			"document.tag": {**of_it, "tag": ["contract-tag"]},
			"document.attach": {**of_it, "file": self.file},
			"document.print": {**of_it, "attach": True},
			"document.convert": {"method": f"{papers.__name__}.make_paper", "name": paper},
			"document.submit": {"doctype": PAPER, "name": draft},
			"document.cancel": {"doctype": PAPER, "name": submitted},
			"document.amend": {"doctype": PAPER, "name": cancelled, "values": {"title": "contract again"}},
			"document.delete": {"doctype": PAPER, "name": cancelled},
			"data.table": {"rows": [{"a": 1}], "as": "csv", "file_name": "contract-t.csv"},
			"notify.user": {"user": OTHER, "subject": "contract look"},
			"document.get": of_it,
		}  # fmt: skip

	def test_what_people_are_shown_is_what_then_happens(self):
		with self.site.acting_as(USER):
			paper, draft = self.paper(USER), self.paper(USER)
			submitted, cancelled = self.paper(USER, docstatus=1), self.paper(USER, docstatus=1)
			self.site.documents.cancel(PAPER, cancelled)
		frappe.db.commit()
		amended = cancelled
		for action, params in self.calls(paper, draft, submitted, cancelled).items():
			with self.subTest(action):
				if action == "document.delete":  # the amendment goes first
					params = {"doctype": PAPER, "name": self.paper(USER)}
				before = self.everything()
				run = self.asks(action, params)
				self.assertEqual(before, self.everything(), "it was tried, and left something")
				proposed = self.approve()["proposed"]
				self.assertEqual((proposed["unknown"], proposed["error"]), ("", ""))
				self.drain()
				found = self.run_of(run)
				self.assertEqual(
					found["status"],
					"Succeeded",
					self.shown()["message"] if found["status"] == "Waiting" else "",
				)
				self.assertNotIn("error", output(found, "ask")["calls"][0])
				after = self.everything()
				self.assertEqual(counted(proposed), differences(before, after), proposed)
				self.assertFalse(frappe.db.exists(PAPER, amended) is None)

	def test_a_rename_is_shown_by_both_names(self):
		paper = self.paper(USER)
		run = self.asks("document.rename", {"doctype": PAPER, "name": paper, "new_name": "contract-renamed"})
		change = self.approve()["proposed"]["changes"][0]
		self.assertEqual(change["fields"], [[["Name"], paper, "contract-renamed", ""]])
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")
		self.assertTrue(frappe.db.exists(PAPER, "contract-renamed"))

	def test_labels_old_and_new_values_are_shown_in_the_readers_language(self):
		paper = self.paper(USER)
		self.asks("document.update", {"doctype": PAPER, "name": paper, "values": {"title": "contract new"}})
		about = self.shown()
		(change,) = about["proposed"]["changes"]
		self.assertEqual(change["fields"], [[["Title"], "contract paper", "contract new", ""]])
		frappe.local.lang = "ar"
		self.addCleanup(setattr, frappe.local, "lang", "en")
		html = message_html(about["message"], about["proposed"])
		self.assertIn("بعد ذلك", html)
		self.assertIn("contract new", html)
		frappe.local.lang = "en"

	def test_it_asks_again_with_the_new_difference_and_nothing_was_done(self):
		paper = self.paper(USER, amount=5)
		run = self.asks("document.submit", {"doctype": PAPER, "name": paper})
		frappe.db.set_value(PAPER, paper, "amount", 5000, update_modified=False)
		frappe.db.commit()
		self.assertFalse(self.approve()["proposed"]["again"])
		self.drain()
		self.assertEqual(
			(self.run_of(run)["status"], frappe.db.get_value(PAPER, paper, "docstatus")), ("Waiting", 0)
		)
		self.assertTrue(self.approve()["proposed"]["again"])
		self.drain()
		self.assertEqual(
			(self.run_of(run)["status"], frappe.db.get_value(PAPER, paper, "docstatus")), ("Succeeded", 1)
		)

	def test_a_mail_is_shown_with_its_recipients_and_is_queued_once_it_was_approved(self):
		make_mail_account(self)
		params = {"to": "eve@evil.example.com", "subject": "contract mail", "message": "Soon"}
		before = frappe.db.count("Email Queue")
		run = self.asks("email.send", params)
		about = self.approve()
		self.assertEqual(about["proposed"]["sends"], [["email", ["eve@evil.example.com"], "contract mail"]])
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")
		self.assertGreater(frappe.db.count("Email Queue"), before)

	def test_what_is_written_past_documents_is_told_to_be_unknown(self):
		paper = self.paper(USER)
		method = globals()["past_documents"]
		globals()["past_documents"] = allowed = frappe.whitelist()(method)
		self.addCleanup(globals().__setitem__, "past_documents", method)
		self.addCleanup(frappe.whitelisted.remove, allowed)
		run = self.asks("method.call", {"method": METHOD, "args": {"name": paper}})
		proposed = self.approve()["proposed"]
		self.assertIn("past documents", proposed["unknown"], proposed)
		self.drain()
		self.assertEqual(
			(self.run_of(run)["status"], frappe.db.get_value(PAPER, paper, "amount")), ("Succeeded", 99)
		)

	def test_a_dry_run_of_the_workflow_shows_the_question_and_what_the_call_does(self):
		paper = self.paper(USER)
		tool = {"action": "document.update", "params": json.dumps({"doctype": PAPER}), "ask_user": MANAGER}
		self.agent(tool, user=USER).insert()
		frappe.db.commit()
		name = self.save("contract-asks", [office.ASK])
		definition = enabled_definition(self.site, self.site.database, name)[0]
		call = {"tool": "document_update", "params": {"name": paper, "values": {"title": "contract new"}}}
		report = dry_run(
			self.site, Asked(definition, PERSON, answers={"ask": [{"call": call}, {"text": "Done."}]})
		)
		self.assertEqual(report["status"], "Succeeded", report["error"])
		(approval,) = report["approvals"]
		self.assertIn("contract new", approval["message"])
		self.assertEqual(
			[(each["doctype"], each["events"]) for each in report["changes"]], [(PAPER, ["updated"])]
		)
		frappe.db.rollback()
		self.assertEqual(frappe.db.get_value(PAPER, paper, "title"), "contract paper")

	def test_a_call_that_would_fail_asks_nobody(self):
		self.agent({"action": "document.update", "ask_user": MANAGER}).insert()
		values = {"description": "x", "priority": "None of these"}
		doc = office.TestAIAgents.todo(self)
		self.says(
			{
				"call": {
					"tool": "document_update",
					"params": {"doctype": "ToDo", "name": doc.name, "values": values},
				}
			},
			{"text": "No."},
		)
		found = self.run_of(self.ask())
		self.assertEqual(found["status"], "Succeeded")
		self.assertIn("ValidationError", output(found, "ask")["calls"][0]["error"])
		self.assertEqual(self.orchestrator.pending_approvals(MANAGER), [])


def counted(proposed: Mapping[str, Any]) -> list[Any]:
	"""What was shown: for each document what becomes of it, and the new values of the fields that are compared."""
	found = []
	for each in proposed["changes"]:
		if each["doctype"] not in LOOKED_AT:
			continue
		kind = (
			"deleted"
			if "deleted" in each["events"]
			else "created"
			if "created" in each["events"]
			else "changed"
		)
		values = (
			set()
			if each["doctype"] == "DocShare"
			else {after for _label, _before, after, _event in each["fields"] if after}
		)
		found.append((each["doctype"], kind, "contract" in str(values)))
	found += [
		("Notification Log", "created", True) for kind, *_rest in proposed["sends"] if kind == "notification"
	]
	return sorted(found)


def differences(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
	"""The same, out of the tables."""
	found = []
	gone, come = before.keys() - after.keys(), after.keys() - before.keys()
	for key in (
		gone | come | {key for key in before.keys() & after.keys() if said(before[key]) != said(after[key])}
	):
		kind = "deleted" if key in gone else "created" if key in come else "changed"
		old, new = said(before.get(key, {})), said(after.get(key, {}))
		values = (
			set()
			if key[0] == "DocShare"
			else {str(value) for field, value in new.items() if value and old.get(field) != value}
		)
		found.append((key[0], kind, "contract" in str(values)))
	return sorted(found)


def said(row: Mapping[str, Any]) -> dict[str, Any]:
	return {field: value for field, value in row.items() if field not in _UNSAID - {"status", "priority"}} | {
		"docstatus": row.get("docstatus")
	}
