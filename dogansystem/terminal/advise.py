"""`advise`: what holds work up, and what to do about it."""

import click

from dogansystem.homes.sandbox import Sandbox
from dogansystem.terminal import advice
from dogansystem.terminal.shell import Opened, Where, json_option, print_json


def advise(where: Where) -> click.Command:
	"""The command."""

	@click.command("advise")
	@click.option(
		"--target",
		type=click.Choice(["2x", "5x", "ha", "unlimited"]),
		help="What is wanted; left out: what was measured asks for.",
	)
	@click.option("--seconds", default=3.0, show_default=True, help="How long to look first, up to 60.")
	@json_option
	@where
	def command(opened: Opened, target: str | None, seconds: float, as_json: bool) -> None:
		"""Say what the bottleneck is, what to do for a target, how to set the database and Redis, and what steps cost."""
		with opened() as orchestrator:
			found = orchestrator.get_advice(target, seconds)
			if isinstance(orchestrator.site, Sandbox):
				for order in found["plan"]["commands"]:
					order["command"] = order["command"].replace(
						"--db URL", f"--db {orchestrator.site.address}"
					)
		print_json(found) if as_json else click.echo("\n".join(advice.lines(found)))

	return command
