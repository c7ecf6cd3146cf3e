"""How it goes."""

from typing import Any

import click
import frappe
from frappe.commands import pass_context

from dogansystem.commands.site import json_option, orchestrator_of, print_json
from dogansystem.terminal import status as terminal_status


@click.command("status")
@click.option("--watch", is_flag=True, help="Show it again every two seconds until Ctrl-C.")
@json_option
@pass_context
def status(context: Any, watch: bool, as_json: bool) -> None:
	"""How much there is of everything, and how it goes."""
	with orchestrator_of(context) as orchestrator:

		def read() -> dict[str, Any]:
			frappe.db.rollback()  # what was read before is what was true then
			return orchestrator.get_system_status()

		if watch:
			terminal_status.watch(read, as_json)
			return
		found = read()
		print_json(found) if as_json else click.echo("\n".join(terminal_status.lines(found)))
