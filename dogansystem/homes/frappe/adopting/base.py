"""What is taken over from Frappe's own automation: a workflow for each, and what it could not take along."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dogansystem.homes.frappe.adopting.python import Untranslatable, translated

MAX_NAME = 140
# Frappe's events of a document, as triggers have them. What is saved is created, or updated.
SAVED = ("created", "updated")


@dataclass
class Adopted:
	"""One document of Frappe's automation, and the workflow that does the same.

	Attributes:
		kind: its DocType.
		name: its name.
		enabled: whether it does something now.
		source: the workflow, as plain data.
		left_out: what the workflow does not do that the old one does, or does otherwise, and why.
		refused: why there can be no workflow; then there is none.
	"""

	kind: str
	name: str
	enabled: bool
	source: dict[str, Any] = field(default_factory=dict)
	left_out: list[str] = field(default_factory=list)
	refused: list[str] = field(default_factory=list)

	@property
	def workflow(self) -> str:
		"""What its workflow is called."""
		words = re.sub(r"[^a-z0-9]+", "-", f"{self.kind} {self.name}".lower()).strip("-")
		return f"from-{words}"[:MAX_NAME].strip("-")

	def begin(self, run_as: str | None) -> None:
		"""The head of the workflow."""
		self.source = {
			"name": self.workflow,
			"title": self.name[:MAX_NAME],
			"description": f"Taken over from {self.kind} {self.name}.",
			**({"run_as": run_as} if run_as else {}),
			"triggers": [],
			"steps": [],
		}
		if not run_as:
			self.refused.append("nobody is named whose permissions the steps shall have: give --run-as USER")

	def on_document(self, doctype: str, events: tuple[str, ...], condition: str | None, **rest: Any) -> None:
		"""Triggers for these events."""
		test = {"if": self.expression(condition)} if condition and condition.strip() else {}
		for event in events:
			self.source["triggers"].append(
				{"on": "document", "doctype": doctype, "event": event, **rest, **test}
			)

	def expression(self, condition: str) -> str:
		"""A condition in Python as an expression of templates; one that has no form there refuses the workflow."""
		try:
			return translated(condition)
		except Untranslatable as error:
			self.refused.append(f"its condition {condition.strip()!r}: {error}")
			return "{{ false }}"

	def step(self, step_id: str, action: str, params: dict[str, Any], **rest: Any) -> None:
		"""One more step."""
		self.source["steps"].append({"id": step_id, "action": action, "params": params, **rest})

	def as_json(self) -> dict[str, Any]:
		"""For the command's `--json`."""
		return {
			"kind": self.kind,
			"name": self.name,
			"enabled": self.enabled,
			"workflow": None if self.refused else self.workflow,
			"left_out": self.left_out,
			"refused": self.refused,
		}


# Gives what there is of one kind; the user is who the steps shall act as where the old one says nobody.
Reader = Callable[[str | None], Iterator[Adopted]]
