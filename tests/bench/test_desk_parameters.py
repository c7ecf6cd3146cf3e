"""The button Parameters: a control for each, by its format; what is set is checked, and nothing else is changed."""

import json

import frappe

from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.contract.sentences import contract
from dogansystem.tests.home import MANAGER, USER
from tests.bench.desk import MESSAGE, DeskTestCase, form_of

NAME = "contract-dialog"
PARAMETERS = {
	"limit": {"type": "number", "title": "Ask above <b>this</b>", "default": 10000},
	"count": {"type": "integer", "title": "How many", "default": 3},
	"urgent": {"type": "boolean", "title": "Urgent", "default": True},
	"kind": {"enum": ["Order", "Quotation"], "title": "Kind", "default": "Order"},
	"approver": {"type": "string", "format": "user", "title": "Who approves", "description": "The CFO"},
	"team": {"type": "string", "format": "role", "title": "Team", "default": "System Manager"},
	"about": {"type": "string", "format": "doctype", "title": "About", "default": "ToDo"},
	"language": {"type": "string", "format": "link:Language", "title": "Language", "default": "en"},
	"mail": {"type": "string", "format": "email", "title": "Copies to", "default": "a@example.com"},
	"rows": {"type": "array", "title": "Rows", "default": [1]},
}
CONTROLS = {
	"limit": "Float", "count": "Int", "urgent": "Check", "kind": "Select", "approver": "Link User", "team": "Link Role",
	"about": "Link DocType", "language": "Link Language", "mail": "Data Email", "rows": "Code JSON",
}  # fmt: skip


class TestParametersDialog(DeskTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.set_user(PERSON)
		source = {"name": NAME, "run_as": PERSON, "steps": [step("a")], "parameters": PARAMETERS}
		self.orchestrator.import_workflow(source, False)
		self.site.database.commit()
		frappe.set_user("Administrator")

	def open_dialog(self) -> None:
		self.go("Dogan Workflow", NAME, "document.querySelector('[data-fieldname=runs_html]').innerHTML")
		self.press("Parameters")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict['parameter:limit']")
		self.browser.wait_for("cur_dialog.get_value('parameter:language') === 'en'")

	def set_in_dialog(self, **values: object) -> None:
		given = json.dumps({f"parameter:{name}": value for name, value in values.items()})
		self.browser.evaluate(f"cur_dialog.set_values({given}).then(() => true)")
		self.confirm()

	def kept(self) -> dict[str, object]:
		frappe.db.rollback()
		return json.loads(frappe.db.get_value("Dogan Workflow", NAME, "parameter_values") or "{}")

	@contract("and gives the form its control")
	def test_each_has_its_control_and_only_what_changed_is_set(self):
		for user in (PERSON, MANAGER):
			with self.subTest(user=user), self.signed_in(user):
				self.open_dialog()
				shown = self.browser.evaluate(
					"Object.fromEntries(cur_dialog.fields.filter((df) => df.label).map((df) => [df.fieldname.split(':')[1],"
					" df.fieldtype + (df.options && df.fieldtype !== 'Select' ? ' ' + df.options : '')]))"
				)
				self.assertEqual(shown, CONTROLS)
				self.picture(f"parameters-{user}")
				self.set_in_dialog(limit=0, approver=user, urgent=0, rows="[1, 2]", team="Dogan User")
				self.browser.wait_for("!cur_dialog && cur_frm.doc.parameter_values")
				expected = {
					"limit": 0,
					"approver": user,
					"urgent": False,
					"rows": [1, 2],
					"team": "Dogan User",
				}
				self.assertEqual(self.kept(), expected)
				self.open_dialog()
				values = (
					"['limit', 'approver', 'urgent'].map((each) => cur_dialog.get_value('parameter:' + each))"
				)
				self.assertEqual(self.browser.evaluate(values), [0, user, 0])
				self.set_in_dialog(count=4)
				self.browser.wait_for("!cur_dialog && cur_frm.doc.parameter_values.includes('count')")
				self.assertEqual(self.kept(), {**expected, "count": 4})
				self.assert_nothing_complained()
				self.orchestrator.set_parameters(NAME, dict.fromkeys(PARAMETERS))
				self.site.database.commit()

	def test_what_does_not_fit_is_told_by_its_title_and_the_dialog_stays(self):
		self.visit(f"dogan-workflow/{NAME}", form_of("Dogan Workflow"))
		self.open_dialog()
		self.set_in_dialog(approver=PERSON, rows="{}")
		self.browser.wait_for(f"({MESSAGE}).includes('Rows): must be a list')")
		self.picture("parameters-refused")
		self.assertEqual(self.kept(), {})

	def test_who_may_not_set_them_has_no_button(self):
		with self.signed_in(USER):
			self.go("Dogan Workflow", NAME)
			buttons = (
				"cur_frm.page.inner_toolbar.find('button').toArray().map((each) => each.innerText.trim())"
			)
			self.assertNotIn("Parameters", self.browser.evaluate(buttons))
