"""Moving in: what Frappe's own automation does on a site, taken over as workflows."""

import sys
from collections.abc import Sequence
from typing import Any

import click
import frappe
from frappe.commands import pass_context

from dogansystem.commands.site import NOT_DONE, json_option, orchestrator_of, print_json, user_option
from dogansystem.terminal.shell import print_lines


@click.command("adopt")
@click.argument("names", nargs=-1)
@click.option("--run-as", metavar="USER", help="Whose permissions the steps of the workflows have.")
@click.option("--dry-run", is_flag=True, help="Say what could be taken over, and write nothing.")
@click.option(
	"--switch",
	is_flag=True,
	help="Disable the old and enable the workflow, those that were taken over whole; others only if NAMES has them.",
)
@user_option
@json_option
@pass_context
def adopt(
	context: Any,
	names: tuple[str, ...],
	run_as: str | None,
	dry_run: bool,
	switch: bool,
	user: str,
	as_json: bool,
) -> None:
	"""Write workflows that do what Notifications, Webhooks, Assignment Rules, Auto Repeats and Server Scripts do, disabled and
	beside them, and say of each what could not be taken over. NAMES: these only."""
	with orchestrator_of(context, user) as orchestrator:
		from dogansystem.homes.frappe.adopting import taking

		every = taking.found(orchestrator, run_as, names)
		done = {} if dry_run else {id(each): _take(orchestrator, each, switch, bool(names)) for each in every}
	rows = [each.as_json() | {"done": done.get(id(each), "")} for each in every]
	print_json({"adopted": rows}) if as_json else print_lines(_lines(rows))
	if any(row["done"].startswith("not switched") for row in rows):
		sys.exit(NOT_DONE)


def _take(orchestrator: Any, adopted: Any, switch: bool, is_named: bool) -> str:
	"""Write and perhaps switch one; gives what was done."""
	from dogansystem.homes.frappe.adopting import taking

	written = taking.write(orchestrator, adopted)
	frappe.db.commit()
	if adopted.refused:
		return ""
	done = "written, disabled" if written else "there already"
	if not (switch and adopted.enabled):
		return done
	if adopted.left_out and not is_named:
		return f"{done}; not switched by itself, as not all of it was taken over: name it"
	try:
		taking.switch(orchestrator, adopted)
	except Exception as error:  # each is on its own: the next one is tried
		frappe.db.rollback()
		return f"not switched: {frappe.utils.strip_html(str(error))}"
	return "switched: the old is disabled, the workflow enabled"


def _lines(rows: Sequence[dict[str, Any]]) -> list[str]:
	lines = []
	for row in rows:
		lines.append(f"{row['kind']} {row['name']}" + (f" -> {row['workflow']}" if row["workflow"] else ""))
		lines += [f"  cannot be taken over: {text}" for text in row["refused"]]
		lines += [f"  left out: {text}" for text in row["left_out"] if not row["refused"]]
		lines += [f"  {row['done']}"] if row["done"] else []
	return lines or ["There is nothing to take over."]
