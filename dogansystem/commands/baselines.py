"""How the system does, recorded before scaling and compared afterwards."""

from typing import Any

import click
import frappe
from frappe.commands import pass_context

from dogansystem.commands.site import orchestrator_of
from dogansystem.scaling import report
from dogansystem.terminal.reports import form_options, minutes_option, show


@click.command("baseline")
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="Record nothing: show the baselines there are.")
@minutes_option
@form_options
@pass_context
def baseline(
	context: Any, name: str | None, listed: bool, minutes: int, as_json: bool, markdown: bool
) -> None:
	"""Record how the system does now, under NAME or the time, to compare with it after scaling."""
	with orchestrator_of(context) as orchestrator:
		if listed:
			every = orchestrator.list_baselines()
			show(every, report.of_list(every), as_json, markdown)
			return
		found = orchestrator.record_baseline(name, minutes)
		frappe.db.commit()
		show(found, report.of_summary(found), as_json, markdown)


@click.command("compare")
@click.argument("baseline", required=False)
@click.option("--with", "other", metavar="OTHER", help="Another baseline; left out: the last minutes.")
@minutes_option
@form_options
@pass_context
def compare(
	context: Any, baseline: str | None, other: str | None, minutes: int, as_json: bool, markdown: bool
) -> None:
	"""Say what was gained since BASELINE, by default the newest: capacity, spread over nodes, response times."""
	with orchestrator_of(context) as orchestrator:
		found = orchestrator.compare(baseline, other, minutes)
	show(found, report.of_comparison(found), as_json, markdown)
