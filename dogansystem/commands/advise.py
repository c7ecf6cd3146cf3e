"""What holds work up, and what to do about it."""

import sys
from typing import Any

import click
from frappe.commands import pass_context

from dogansystem.commands.site import NOT_DONE, json_option, orchestrator_of, print_json
from dogansystem.scaling.measure import is_refused
from dogansystem.terminal import advice


@click.command("advise")
@click.option(
	"--target",
	type=click.Choice(["2x", "5x", "ha", "unlimited"]),
	help="What is wanted; left out: what was measured asks for.",
)
@click.option("--seconds", default=3.0, show_default=True, help="How long to look first, up to 60.")
@json_option
@pass_context
def advise(context: Any, target: str | None, seconds: float, as_json: bool) -> None:
	"""The bottleneck now, what to do for a target, settings of database and Redis, costs, spot nodes."""
	try:
		with orchestrator_of(context) as orchestrator:
			found = orchestrator.get_advice(target, seconds)
	except Exception as error:
		if not is_refused(error):
			raise
		click.echo(advice.refused(error), err=True)
		sys.exit(NOT_DONE)
	print_json(found) if as_json else click.echo("\n".join(advice.lines(found)))
