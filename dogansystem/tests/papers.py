"""A DocType of the tests' own, which can be submitted, with a mapper, a Workflow, reports and a Server Script.

People with the role Dogan User have their own papers only; those with the role Dogan Manager have all.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import frappe
from frappe.model.mapper import get_mapped_doc

from dogansystem.tests.contract.home import PERSON, Home
from dogansystem.tests.home import OTHER, USER, SiteTestCase

PAPER, FLOW, REPORT, BUILT, SCRIPT = (
	"Contract Paper", "Contract Flow", "Contract Papers", "Contract Papers Built", "contract-script",
)  # fmt: skip
MAPPER = f"{__name__}.make_another"
_RIGHTS = ("read", "write", "create", "delete", "submit", "cancel", "amend", "print", "report", "share")
_FIELDS: tuple[dict[str, Any], ...] = (
	{"fieldname": "title", "fieldtype": "Data", "label": "Title"},
	{"fieldname": "code", "fieldtype": "Data", "label": "Code", "unique": 1},
	{"fieldname": "amount", "fieldtype": "Float", "label": "Amount"},
	{"fieldname": "secret", "fieldtype": "Data", "label": "Secret", "permlevel": 1},
	{"fieldname": "workflow_state", "fieldtype": "Link", "options": "Workflow State", "label": "State", "allow_on_submit": 1},
	{"fieldname": "amended_from", "fieldtype": "Link", "options": PAPER, "label": "Amended From", "no_copy": 1, "read_only": 1},
)  # fmt: skip


def make_another(source_name: str, target_doc: Any = None) -> Any:
	"""A mapper that would have permissions ignored, as some do."""
	mapping = {PAPER: {"doctype": "ToDo", "field_map": {"title": "description"}}}
	made = get_mapped_doc(PAPER, source_name, mapping, target_doc, ignore_permissions=True)
	made.flags.ignore_permissions = True
	return made


def make_paper(source_name: str, target_doc: Any = None) -> Any:
	"""A paper out of a paper, for everybody who may read the first."""
	made = frappe.new_doc(PAPER)
	source = frappe.get_doc(PAPER, source_name)
	source.check_permission("read")
	made.title = f"contract from {source.title}"
	made.flags.ignore_permissions = True
	return made


def _whitelist(name: str, at_the_end: Callable[..., Any]) -> None:
	"""Let a mapper be called as a method, for as long as the class is tested: nobody may call it on a real site."""
	mapper = globals()[name]
	callable_one = frappe.whitelist()(mapper)
	globals()[name] = callable_one
	at_the_end(frappe.whitelisted.remove, callable_one)
	at_the_end(globals().__setitem__, name, mapper)


class PaperTestCase(SiteTestCase, Home):
	"""Makes the DocType for the class, and removes it with all its documents."""

	flow: ClassVar[bool] = False  # whether papers have a Workflow

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		frappe.set_user("Administrator")
		_remove()
		cls.addClassCleanup(_remove)
		for name in ("make_another", "make_paper"):
			_whitelist(name, cls.addClassCleanup)
		rights = {right: 1 for right in _RIGHTS}
		_make(
			doctype="DocType",
			name=PAPER,
			module="Custom",
			custom=1,
			is_submittable=1,
			allow_rename=1,
			autoname="CP-.#####",
			fields=[dict(field) for field in _FIELDS],
			permissions=[
				{"role": "Dogan User", "if_owner": 1, **rights},
				{"role": "Dogan Manager", **rights},
				{"role": "Dogan Manager", "permlevel": 1, "read": 1, "write": 1},
			],
		)
		if cls.flow:
			_make_flow()
		frappe.db.commit()

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		frappe.set_user(USER)

	def paper(self, user: str = USER, **values: Any) -> str:
		"""A paper of that user's, committed."""
		with self.site.acting_as(user):
			name = self.site.documents.create(PAPER, {"title": "contract paper", **values})["name"]
		frappe.db.commit()
		return name

	def ran_as(self, user: str, *steps: dict[str, Any]) -> dict[str, Any]:
		"""A run of a workflow of these steps, which act as `user`."""
		frappe.db.rollback()
		frappe.set_user("Administrator")
		return self.run_steps(list(steps), run_as=user)

	def refused(self, call: Any, *words: str, kind: type[Exception] = frappe.PermissionError) -> None:
		"""The call raises, says these words, and what it has done is undone."""
		with self.assertRaises(kind) as failure:
			call()
		for word in words:
			self.assertIn(word, str(failure.exception))
		frappe.db.rollback()


def _make(**values: Any) -> Any:
	return frappe.get_doc(values).insert()


def _make_flow() -> None:
	for name in ("Contract Open", "Contract Approved", "Contract Rejected"):
		if not frappe.db.exists("Workflow State", name):
			_make(doctype="Workflow State", workflow_state_name=name)
	for name in ("Contract Approve", "Contract Reject", "Contract Small"):
		if not frappe.db.exists("Workflow Action Master", name):
			_make(doctype="Workflow Action Master", workflow_action_name=name)
	users, managers = "Dogan User", "Dogan Manager"
	_make(
		doctype="Workflow",
		workflow_name=FLOW,
		document_type=PAPER,
		is_active=1,
		workflow_state_field="workflow_state",
		states=[
			{"state": "Contract Open", "doc_status": "0", "allow_edit": users},
			{"state": "Contract Approved", "doc_status": "1", "allow_edit": managers, "update_field": "code", "update_value": "approved"},
			{"state": "Contract Rejected", "doc_status": "0", "allow_edit": users},
		],
		transitions=[
			{"state": "Contract Open", "action": "Contract Approve", "next_state": "Contract Approved", "allowed": managers, "allow_self_approval": 0},
			{"state": "Contract Open", "action": "Contract Reject", "next_state": "Contract Rejected", "allowed": users},
			{"state": "Contract Open", "action": "Contract Small", "next_state": "Contract Rejected", "allowed": users, "condition": "doc.amount < 10"},
		],
	)  # fmt: skip


def _remove() -> None:
	"""Remove what the class has made, or one that was interrupted."""
	frappe.db.rollback()
	frappe.set_user("Administrator")
	for doctype, name in (
		("Workflow", FLOW),
		("Report", REPORT),
		("Report", BUILT),
		("Server Script", SCRIPT),
	):
		frappe.delete_doc(doctype, name, force=True, ignore_missing=True, delete_permanently=True)
	for doctype in ("Workflow State", "Workflow Action Master"):
		frappe.db.delete(doctype, {"name": ["like", "Contract %"]})
	for file in frappe.get_all("File", {"attached_to_doctype": PAPER}, pluck="name"):
		frappe.delete_doc("File", file, force=True, delete_permanently=True)
	for table, column in (("DocShare", "share_doctype"), ("Tag Link", "document_type"), ("Comment", "reference_doctype"), ("Version", "ref_doctype")):  # fmt: skip
		frappe.db.delete(table, {column: PAPER})
	frappe.db.delete("Tag", {"name": ["like", "contract-%"]})
	asked = frappe.get_all("Workflow Action", {"reference_doctype": PAPER}, pluck="name")
	for table, column in (("Workflow Action Permitted Role", "parent"), ("Workflow Action", "name")):
		frappe.db.delete(table, {column: ["in", asked]})
	frappe.delete_doc("DocType", PAPER, force=True, ignore_missing=True, delete_permanently=True)
	frappe.db.commit()
	frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `tab{PAPER}`")
	frappe.clear_cache(doctype=PAPER)


__all__ = ["BUILT", "MAPPER", "OTHER", "PAPER", "PERSON", "REPORT", "SCRIPT", "USER", "PaperTestCase"]
