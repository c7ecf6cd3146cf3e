"""Taking over: everything that there is, read, written as workflows beside it, and switched."""

from collections.abc import Iterator, Sequence

import frappe

from dogansystem.engine.errors import DefinitionError, DoganError, UnreadableVersion
from dogansystem.homes.frappe.adopting import assignment, notification, repeat, script, webhook
from dogansystem.homes.frappe.adopting.base import Adopted, Reader
from dogansystem.orchestrator import Orchestrator

READERS: dict[str, Reader] = {
	each.KIND: each.read for each in (notification, webhook, assignment, repeat, script)
}
# What switches each kind off, and the value that does.
OFF = {
	notification.KIND: ("enabled", 0),
	webhook.KIND: ("enabled", 0),
	assignment.KIND: ("disabled", 1),
	repeat.KIND: ("disabled", 1),
	script.KIND: ("disabled", 1),
}
FLOW = "Automation Flow"


def found(orchestrator: Orchestrator, run_as: str | None, names: Sequence[str] = ()) -> list[Adopted]:
	"""What there is, those of `names` only if any are given, each with its workflow as it would be written. Nothing is."""
	every = [each for kind, read in READERS.items() if _is_there(kind) for each in read(run_as)]
	every += _flows()
	chosen = [each for each in every if not names or each.name in names or each.workflow in names]
	for each in chosen:
		_check(orchestrator, each)
	return chosen


def _is_there(kind: str) -> bool:
	return bool(frappe.db.exists("DocType", kind))


def _flows() -> Iterator[Adopted]:
	"""The flows of Frappe's own automation, where it has it."""
	if not _is_there(FLOW):
		return
	for name in frappe.get_all(FLOW, pluck="name", order_by="name asc", limit=0):
		text = "its steps are not known to this release: build the workflow by hand, with what the flow does beside it"
		yield Adopted(FLOW, name, True, refused=[text])


def _check(orchestrator: Orchestrator, adopted: Adopted) -> None:
	"""Refuse a workflow that the site does not take."""
	if adopted.refused:
		return
	try:
		orchestrator.check(adopted.source)
	except DefinitionError as error:
		adopted.refused += [f"{problem.path}: {problem.message}" for problem in error.problems]


def exists(adopted: Adopted) -> bool:
	"""Whether its workflow is there already. It is not written again: somebody may have worked on it."""
	return bool(frappe.db.exists("Dogan Workflow", adopted.workflow))


def write(orchestrator: Orchestrator, adopted: Adopted) -> bool:
	"""Keep its workflow, disabled. False: there is one, or there can be none. What the site refuses is noted. The caller commits."""
	if adopted.refused or exists(adopted):
		return False
	frappe.db.savepoint("dogan_adopt")
	try:
		orchestrator.import_workflow(adopted.source, enabled=False)
	except (DoganError, frappe.ValidationError, frappe.PermissionError) as error:
		frappe.db.rollback(save_point="dogan_adopt")
		adopted.refused.append(frappe.utils.strip_html(str(error)))
		return False
	return True


def switch(orchestrator: Orchestrator, adopted: Adopted) -> None:
	"""Disable the old and enable the new in one transaction, which is committed; nothing is changed if one of them fails.

	Raises what the site refuses with.
	"""
	try:
		field, value = OFF[adopted.kind]
		orchestrator.set_workflow_enabled(adopted.workflow, True)
		doc = frappe.get_doc(adopted.kind, adopted.name)
		doc.set(field, value)
		doc.save()
	except (DoganError, frappe.ValidationError, frappe.PermissionError, UnreadableVersion):
		frappe.db.rollback()
		raise
	frappe.db.commit()
