"""`dogansystem advise`: what holds a sandbox up, and what to do about it."""

from typing import Any

import click

from dogansystem.engine.errors import DoganError
from dogansystem.orchestrator import Orchestrator
from dogansystem.scaling.measure import is_refused
from dogansystem.sites.sandbox import Sandbox
from dogansystem.terminal import advice
from dogansystem.terminal.shell import database_option, errors, existing, json_option, print_json


@click.command("advise")
@database_option
@click.option(
	"--target",
	type=click.Choice(["2x", "5x", "ha", "unlimited"]),
	help="What is wanted; left out: what was measured asks for.",
)
@click.option("--seconds", default=3.0, show_default=True, help="How long to look first, up to 60.")
@json_option
def advise(url: str | None, target: str | None, seconds: float, as_json: bool) -> None:
	"""Say what the bottleneck is, what to do for a target, how to set the database, and what steps cost."""
	with errors(as_json):
		found = _look(existing(url), target, seconds)
	print_json(found) if as_json else click.echo("\n".join(advice.lines(found)))


def _look(url: str, target: str | None, seconds: float) -> dict[str, Any]:
	try:
		with Sandbox(url) as site:
			found = Orchestrator(site).get_advice(target, seconds)
			for order in found["plan"]["commands"]:
				order["command"] = order["command"].replace("--db URL", f"--db {site.address}")
			return found
	except Exception as error:
		if is_refused(error):
			raise DoganError(advice.refused(error)) from None
		raise
