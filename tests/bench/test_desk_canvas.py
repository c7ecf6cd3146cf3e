"""The canvas: a workflow is built by mouse, edited in three views, and a run is watched on it."""

from typing import Any

import frappe

from dogansystem.engine.definitions.parse import parse
from dogansystem.tests.contract.home import PERSON, fails, step
from tests.bench.canvas import FLOW, PANEL, CanvasTestCase
from tests.bench.desk import form_of

NAME = "canvas-by-mouse"
BY_HAND = f"""
name: {NAME}
title: Canvas by mouse
run_as: {PERSON}
triggers:
- {{on: document, doctype: ToDo, event: created, if: '{{{{ doc.priority == "High" }}}}'}}
steps:
- {{id: list, action: document.list, params: {{doctype: User, filters: {{enabled: 1}}, fields: [email]}}}}
- {{id: approve, action: flow.approve, params: {{to: {PERSON}, subject: Shall we?}}}}
- id: comment
  after: [approve.approved]
  for_each: "{{{{ steps.list.output }}}}"
  action: document.comment
  params: {{doctype: ToDo, name: "{{{{ doc.name }}}}", text: Approved}}
  compensate: {{action: document.tag, params: {{doctype: ToDo, name: "{{{{ doc.name }}}}", tag: undone}}}}
- id: notify
  after: [approve.rejected]
  action: notify.user
  params: {{user: "{{{{ doc.owner }}}}", subject: Rejected}}
"""


class TestCanvas(CanvasTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.delete_doc_if_exists("Dogan Workflow", NAME)
		frappe.db.commit()

	def open_new(self) -> None:
		self.visit("dogan-workflow/new", f"window.cur_frm?.is_new() && {FLOW}")

	def definition(self) -> dict[str, Any]:
		return self.browser.evaluate("cur_frm.dogan_views.definition()")

	def build(self) -> None:
		self.write("title", "Canvas by mouse")
		self.link("run_as", PERSON)
		self.add("trigger", "document")
		self.link("doctype", "ToDo")
		self.choose_in("event", "created")
		self.browser.click(f"{PANEL} [data-more=if]")
		self.browser.click(f"{PANEL} [data-add-condition]")
		self.choose(f"{PANEL} [data-condition=path]", "doc.priority")
		self.choose(f"{PANEL} [data-field=value] select", "High")
		self.add("", "document.list")
		self.link("doctype", "User")
		self.browser.click(f"{PANEL} [data-more=filters]")
		self.browser.click(f"{PANEL} [data-add-row]")
		self.choose(f"{PANEL} .dogan-row select", "enabled")
		self.choose(f"{PANEL} [data-row=enabled] [data-field=enabled] select", "1")
		self.browser.click(f"{PANEL} [data-more=fields]")
		self.choose_in("fields", "email")
		self.add("list", "flow.approve")
		self.link("user", PERSON)
		self.write("subject", "Shall we?")
		self.add("approve.approved", "document.comment")
		self.write("text", "Approved")
		self.browser.click(f"{PANEL} [data-section=when] summary")
		self.pick_value("for_each", "steps.list.output")
		self.browser.click(f"{PANEL} [data-section=failure] summary")
		self.choose_in("compensate", "document.tag")
		self.write("tag", "undone")
		self.add("approve.rejected", "notify.user")
		self.pick_value("user", "doc.owner")
		self.write("subject", "Rejected")

	def test_a_workflow_is_built_by_mouse_as_it_would_be_written(self):
		self.open_new()
		self.build()
		self.assertEqual(parse(self.definition()).source, parse(BY_HAND).source)
		self.picture("canvas-built")
		self.browser.wait_for("!document.querySelector('.dogan-flow-problems')")
		self.browser.evaluate("cur_frm.save().then(() => true)")
		self.browser.wait_for(f"{form_of('Dogan Workflow')} && cur_frm.docname === '{NAME}'")
		frappe.db.rollback()
		self.assertEqual(self.orchestrator.export_workflow(NAME), parse(BY_HAND).source)
		self.assert_nothing_complained()

	def test_edits_are_undone_and_done_again(self):
		self.save(NAME, [step("a"), step("b"), step("c")])
		self.visit(f"dogan-workflow/{NAME}", f"{form_of('Dogan Workflow')} && {FLOW}")
		before = self.definition()
		ids = "cur_frm.doc.steps.map((each) => each.step_id).join()"
		self.browser.click("[data-node='step:b']")
		self.browser.key("Delete")
		self.browser.wait_for(f"{ids} === 'a,c'")
		self.browser.click("[data-undo]")
		self.browser.wait_for(f"{ids} === 'a,b,c'")
		self.assertEqual(self.definition(), before)
		self.browser.click("[data-redo]")
		self.browser.wait_for(f"{ids} === 'a,c'")

	def test_three_views_show_one_workflow_and_lose_nothing(self):
		self.save(NAME, [step("a", params={"x": "{{ now }}"}), fails("b")])
		self.visit(f"dogan-workflow/{NAME}", f"{form_of('Dogan Workflow')} && {FLOW}")
		before = self.definition()
		self.browser.click("[data-view=yaml]")
		self.browser.wait_for("document.querySelector('.dogan-yaml-place .ace_editor')")
		self.browser.click("[data-view=form]")
		self.browser.wait_for("document.querySelector('[data-fieldname=steps] .grid-row[data-idx=\"2\"]')")
		self.browser.evaluate(
			"frappe.model.set_value(cur_frm.doc.steps[0].doctype, cur_frm.doc.steps[0].name, 'params', '{\"x\": }')"
		)
		self.browser.click("[data-view=flow]")
		self.browser.wait_for("document.querySelector('[data-node=\"step:a\"].is-wrong')")
		self.browser.click("[data-node='step:b']")
		self.write("title", "The second")
		self.browser.wait_for("cur_frm.doc.steps[1].title === 'The second'")
		self.assertEqual(self.browser.evaluate("cur_frm.doc.steps[0].params"), '{"x": }')
		self.browser.evaluate('!!(cur_frm.doc.steps[0].params = \'{"x": "{{ now }}"}\')')
		before["steps"][1]["title"] = "The second"
		self.assertEqual(self.definition(), before)

	def test_a_run_is_seen_on_the_canvas(self):
		name = self.save(
			"contract-watched", [step("first", title="The first step"), fails("second"), step("third")]
		)
		run = self.start(name)
		self.drain()
		seen = "document.querySelector('[data-node=\"step:second\"].is-red')"
		self.visit(f"dogan-workflow-run/{run}", f"{form_of('Dogan Workflow Run')} && {seen}")
		self.browser.click("[data-node='step:second']")
		self.browser.wait_for("document.querySelector('.dogan-step[data-step=second].is-open')")
		shown = self.browser.evaluate("document.querySelector('.dogan-run-canvas').innerText")
		for text in ("The first step", "Succeeded", "Failed", "Cancelled"):
			self.assertIn(text, shown)
