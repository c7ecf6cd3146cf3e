"""Emptying a node before it leaves."""

import sys
from collections.abc import Mapping
from typing import Any

import click
import frappe
from frappe.commands import pass_context

from dogansystem.commands.site import NOT_DONE, json_option, orchestrator_of, print_json
from dogansystem.terminal.drain import drain_options, follow


@click.command("drain")
@drain_options
@json_option
@pass_context
def drain(context: Any, node: str, undo: bool, no_wait: bool, timeout: float, as_json: bool) -> None:
	"""Empty NODE before it leaves: its workers finish the step in hand, give back the rest, and stay away."""
	with orchestrator_of(context) as orchestrator:
		found = orchestrator.undrain_node(node) if undo else orchestrator.drain_node(node)
		frappe.db.commit()

		def read() -> Mapping[str, Any]:
			frappe.db.rollback()  # what was read before is what was true then
			return orchestrator.what_is_left(node)

		say = (lambda text: None) if as_json else click.echo
		found = follow(found, read, say, undo=undo, timeout=0.0 if no_wait else timeout)
	if as_json:
		print_json(found)
	if not (undo or no_wait or found["empty"]):
		sys.exit(NOT_DONE)
