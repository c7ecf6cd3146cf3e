"""What the tests of the canvas do with the mouse, as a person would."""

import json

from tests.bench.desk import DeskTestCase

FLOW = "document.querySelector('.dogan-flow .vue-flow__node')"
PANEL = ".dogan-flow-panel"


class CanvasTestCase(DeskTestCase):
	def choose(self, selector: str, value: str) -> None:
		"""Choose in a plain list."""
		found = f"document.querySelector({json.dumps(selector)})"
		self.browser.wait_for(
			f"{found} && [...{found}.options].some((each) => each.value === {json.dumps(value)})"
		)
		self.browser.evaluate(
			f"(({found}.value = {json.dumps(value)}), !!{found}.dispatchEvent(new Event('change', {{bubbles: true}})))"
		)

	def choose_in(self, field: str, value: str) -> None:
		self.choose(f"{PANEL} [data-field={field}] select", value)

	def link(self, field: str, name: str) -> None:
		"""Choose a document in a link field by what is typed."""
		within = f"{PANEL} [data-field={field}]"
		self.browser.click(f"{within} input")
		self.browser.type(name)
		# The list is made anew while one types: what stands first in the end is what was typed.
		self.browser.wait_for(
			f"document.querySelector(\"{within} [role=option]:first-child [title='{name}']\")"
		)
		self.browser.click(f"{within} [role=option]:first-child:has([title='{name}'])")
		self.browser.wait_for(f"document.querySelector('{within} input').value === '{name}'")

	def write(self, field: str, text: str) -> None:
		self.browser.click(f"{PANEL} [data-field={field}] :is(input, textarea)")
		self.browser.type(text)
		self.browser.key("Tab")

	def pick_value(self, field: str, path: str) -> None:
		self.browser.click(f"{PANEL} [data-field={field}] .dogan-pick")
		self.browser.click(f"{PANEL} [data-field={field}] [data-path='{path}']")
		self.browser.wait_for(f"document.querySelector('{PANEL} [data-field={field}] .dogan-chip')")

	def add(self, place: str, action: str) -> None:
		self.browser.click(f"[data-place='{place}']")
		self.browser.click(f"{PANEL} [data-pick='{action}']")
