"""`dogansystem simulate`: what more workers or nodes would do, with no site at all or with the samples of a sandbox."""

from pathlib import Path
from typing import Any

import click

from dogansystem.engine.definition import Definition
from dogansystem.homes.sandbox import Sandbox
from dogansystem.scaling.simulation.question import Question, answer
from dogansystem.scaling.simulation.workload import Measured, read
from dogansystem.terminal import files, simulation
from dogansystem.terminal.shell import errors, existing, json_option, print_json


@click.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@simulation.simulation_options
@click.option(
	"--db", "url", metavar="URL", help="Take times, failures and agents from the samples of this sandbox."
)
@click.option(
	"--sandbox", is_flag=True, help="Workers as `dogansystem serve` has them; else those of a bench."
)
@json_option
def simulate(path: Path, url: str | None, as_json: bool, **asked: Any) -> None:
	"""Simulate a workflow under a load: throughput, waits, cost for each number of nodes and workers."""
	with errors(as_json):
		definition = files.definition(path)
		measured = _measured(url, definition) if url else None
		found = answer(Question(**asked), definition, measured)
	print_json(found.as_json()) if as_json else click.echo("\n".join(simulation.lines(found)))


def _measured(url: str, definition: Definition) -> Measured:
	with Sandbox(existing(url)) as site:
		return read(site.database, definition.name, site.now())
