"""Manual triggers: what a workflow may be started on by hand."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import InputError

KIND = "manual"


def check_document(definition: Definition, document: Mapping[str, Any] | None) -> None:
	"""Raise InputError if a workflow cannot be started by hand on this document.

	It can be on documents of the types that its triggers name, so that somebody can try them; on any, if a manual trigger
	names none, or if there is no manual trigger.
	"""
	manual = [trigger for trigger in definition.triggers if trigger.on == KIND]
	if document is None or not manual or any("doctype" not in trigger.keys for trigger in manual):
		return
	doctypes = list(
		dict.fromkeys(each.keys["doctype"] for each in definition.triggers if "doctype" in each.keys)
	)
	if document["doctype"] not in doctypes:
		raise InputError(
			f"Workflow {definition.name!r} is started on a document of type {' or '.join(doctypes)}, not on"
			f" {document['doctype']} {document.get('name')}. Name such a document."
		)
