"""What the actions need of a Frappe site, as ordinary users have it: and other people's documents, files and reports."""

from typing import Any
from unittest.mock import patch

import frappe

from dogansystem.engine.errors import NotFound
from dogansystem.homes.frappe.documents import Documents
from dogansystem.tests.contract.home import PERSON, output, row, step
from dogansystem.tests.home import MANAGER, OTHER, USER
from dogansystem.tests.papers import MAPPER, PAPER, PaperTestCase

PAPERS = "dogansystem.tests.papers"


class TestDocuments(PaperTestCase):
	def test_a_count_has_each_document_once_and_only_what_the_user_may_read(self):
		self.paper()
		self.paper()
		self.paper(OTHER)
		self.assertEqual(self.site.documents.count(PAPER, {"title": "contract paper"}), 2)
		self.refused(lambda: self.site.documents.count("Has Role", {}))
		with self.site.acting_as(PERSON):
			both = [["Has Role", "role", "in", ["Dogan User", "Desk User"]], ["name", "=", OTHER]]
			listed = self.site.documents.list("User", both)
			self.assertEqual(len(listed), 2)  # once for each role, as Frappe lists them
			self.assertEqual(self.site.documents.count("User", both), 1)

	def test_an_amendment_is_a_draft_with_the_fields_of_the_original(self):
		name = self.paper(amount=5.5)
		documents = self.site.documents
		self.refused(
			lambda: documents.amend(PAPER, name, {}), "is not cancelled", kind=frappe.ValidationError
		)
		documents.submit(PAPER, name)
		documents.cancel(PAPER, name)
		frappe.db.commit()
		with self.site.acting_as(OTHER):
			self.refused(lambda: documents.amend(PAPER, name, {}))
		new = documents.amend(PAPER, name, {"title": "contract amended"})
		self.assertEqual((new["amended_from"], new["docstatus"], new["amount"]), (name, 0, 5.5))
		self.assertEqual((new["name"], new["title"], new["owner"]), (f"{name}-1", "contract amended", USER))
		self.assertEqual(documents.submit(PAPER, new["name"])["docstatus"], 1)
		with self.assertRaisesRegex(frappe.ValidationError, f"amended already, by {name}-1"):
			documents.amend(PAPER, name, {})
		with self.assertRaisesRegex(frappe.DataError, "titel"):
			documents.amend(PAPER, self.cancelled(), {"titel": "x"})

	def cancelled(self) -> str:
		name = self.paper()
		self.site.documents.submit(PAPER, name)
		self.site.documents.cancel(PAPER, name)
		return name

	def test_somebody_elses_document_is_not_touched(self):
		name = self.paper()
		documents, files = self.site.documents, self.site.files
		mine = self.paper(OTHER)
		attacks: dict[str, Any] = {
			"rename": lambda: documents.rename(PAPER, name, "CP-STOLEN"),
			"tag": lambda: documents.tag(PAPER, name, ["contract-x"]),
			"untag": lambda: documents.tag(PAPER, name, ["contract-x"], remove=True),
			"share": lambda: documents.share(PAPER, name, OTHER, ()),
			"unassign": lambda: documents.unassign(PAPER, name),
			"attach": lambda: files.create("contract.txt", b"contract", attached_to=(PAPER, name)),
			"print": lambda: files.print(PAPER, name),
			"convert": lambda: documents.convert(f"{PAPERS}.make_paper", name, {}),
			"upsert": lambda: documents.upsert(PAPER, {"name": name}, {"owner": OTHER}),
		}
		with self.site.acting_as(OTHER):
			for what, attack in attacks.items():
				with self.subTest(what=what):
					self.refused(attack, kind=(frappe.PermissionError, frappe.ValidationError))
			self.assertEqual(documents.tag(PAPER, mine, ["contract-x"]), ["contract-x"])
		frappe.db.rollback()
		self.assertEqual(self.site.documents.get(PAPER, name)["owner"], USER)

	def test_a_rename_keeps_within_what_the_type_allows(self):
		one, two = self.paper(), self.paper(OTHER)
		rename = self.site.documents.rename
		self.refused(lambda: rename(PAPER, one, two), two, "already", kind=frappe.ValidationError)
		todo = self.site.documents.create("ToDo", {"description": "contract", "allocated_to": USER})["name"]
		self.refused(lambda: rename("ToDo", todo, "X"), "not allowed", kind=frappe.ValidationError)
		self.assertEqual(rename(PAPER, one, "CP-NEW"), "CP-NEW")
		self.assertEqual(self.site.documents.get(PAPER, "CP-NEW")["title"], "contract paper")
		frappe.db.rollback()

	def test_nobody_shares_a_right_that_they_do_not_have(self):
		name = self.paper()
		documents = self.site.documents
		documents.share(PAPER, name, OTHER, ["share"])
		frappe.db.commit()
		with self.site.acting_as(OTHER):
			self.assertEqual(documents.get(PAPER, name)["title"], "contract paper")
			for right in ("write", "submit"):
				self.refused(lambda right=right: documents.share(PAPER, name, OTHER, [right]))
			self.refused(lambda: documents.update(PAPER, name, {"title": "x"}))
			documents.share(PAPER, name, MANAGER, [])
		self.assertEqual(documents.share(PAPER, name, OTHER, ["write"])["name"], self.share_of(name)["name"])
		found = self.share_of(name)
		self.assertEqual((found["read"], found["write"], found["share"], found["submit"]), (1, 1, 1, 0))

	def test_nothing_is_shared_with_a_user_who_is_not_there(self):
		params = {"doctype": PAPER, "name": self.paper(), "user": "nobody-at-all@example.com"}
		run = self.ran_as(USER, step("share", "document.share", params=params))
		self.assertIn("nobody-at-all@example.com: no such user", row(run, "share")["error"])

	def share_of(self, name: str) -> Any:
		fields = ["name", "read", "write", "share", "submit"]
		return frappe.db.get_value("DocShare", {"share_name": name, "user": OTHER}, fields, as_dict=True)

	def test_a_mapper_makes_a_document_with_the_users_permissions(self):
		name = self.paper(title="contract mapped")
		convert = self.site.documents.convert
		made = convert(MAPPER, name, {"priority": "High", "assigned_by": USER})
		self.assertEqual(
			(made["doctype"], made["description"], made["priority"]), ("ToDo", "contract mapped", "High")
		)
		self.assertEqual(made["owner"], USER)
		paper = convert(f"{PAPERS}.make_paper", name, {}, submit=True)
		self.assertEqual((paper["docstatus"], paper["title"]), (1, "contract from contract mapped"))
		with self.assertRaisesRegex(frappe.DataError, "titel"):
			convert(f"{PAPERS}.make_paper", name, {"titel": "x"})
		frappe.db.rollback()

	def test_a_mapper_that_ignores_permissions_does_not_lend_them(self):
		name = self.paper(title="contract mapped")
		self.site.documents.share(PAPER, name, PERSON, [])
		frappe.db.commit()
		with self.site.acting_as(PERSON):  # who may read this paper and make none
			self.refused(lambda: self.site.documents.convert(f"{PAPERS}.make_paper", name, {}))

	def test_only_whitelisted_mappers_are_called(self):
		name = self.paper()
		for method, kind in {
			"frappe.model.mapper.get_mapped_doc": frappe.PermissionError,
			"frappe.get_doc": frappe.PermissionError,
			"frappe.delete_doc": frappe.PermissionError,
			"dogansystem.jobs.tick": frappe.PermissionError,
			"os.system": NotFound,
			f"{PAPERS}.no_such": NotFound,
			"frappe.ping": frappe.ValidationError,
			"frappe.client.get_list": Exception,
		}.items():
			with self.subTest(method=method):
				self.refused(lambda method=method: self.site.documents.convert(method, name, {}), kind=kind)

	def test_a_step_s_error_names_the_user_and_what_is_needed(self):
		name = self.paper()
		steps = [step("tag", "document.tag", params={"doctype": PAPER, "name": name, "tag": "contract-x"})]
		run = self.ran_as(OTHER, *steps)
		self.assertIn(f"{OTHER} has no permission to", row(run, "tag")["error"])
		self.assertIn(name, row(run, "tag")["error"])


class TestUpserts(PaperTestCase):
	def upsert(self, **key: Any) -> dict[str, Any]:
		params = {"doctype": PAPER, "key": key, "values": {"amount": 7}}
		return self.ran_as(USER, step("up", "document.upsert", params=params))

	def test_two_at_once_make_one_document_where_a_field_is_unique(self):
		create, calls = Documents.create, []

		def create_after_another(documents: Documents, doctype: str, values: Any) -> Any:
			calls.append(values)
			if len(calls) == 1:
				self.insert_elsewhere(code=values["code"])
			return create(documents, doctype, values)

		with patch.object(Documents, "create", create_after_another):
			run = self.upsert(code="contract-race")
		found = output(run, "up")
		self.assertEqual((found["created"], found["amount"]), (False, 7), run["error"])
		self.assertEqual((len(calls), row(run, "up")["attempts"]), (1, 1))
		self.assertEqual(frappe.db.count(PAPER, {"code": "contract-race"}), 1)

	def insert_elsewhere(self, code: str) -> None:
		"""A paper of USER's, committed by another connection."""
		other = self.site.open_control()
		other.execute(
			f"INSERT INTO `tab{PAPER}` (name, owner, creation, modified, modified_by, docstatus, title, code)"
			" VALUES ('CP-ELSEWHERE', %s, NOW(6), NOW(6), %s, 0, 'contract paper', %s)",
			(USER, USER, code),
		)
		other.commit()
		other.close()

	def test_a_value_that_somebody_elses_document_has_is_an_error_and_not_an_endless_try(self):
		self.paper(OTHER, code="contract-theirs")
		run = self.upsert(code="contract-theirs")
		self.assertEqual((run["status"], row(run, "up")["attempts"]), ("Failed", 1))
		self.assertIn("contract-theirs", row(run, "up")["error"])
		self.assertEqual(frappe.db.get_value(PAPER, {"code": "contract-theirs"}, "amount"), 0)

	def test_a_key_by_a_name_that_the_site_does_not_give_is_an_error(self):
		run = self.upsert(name="CP-MINE")
		self.assertIn("Take another key", row(run, "up")["error"])
		self.assertEqual(frappe.db.count(PAPER, {"amount": 7}), 0)
