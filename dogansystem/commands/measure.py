"""What this site can do: under a load that is put on it, and in a simulation of more workers or nodes."""

from pathlib import Path
from typing import Any

import click
import frappe
from frappe.commands import pass_context

from dogansystem.commands.site import json_option, orchestrator_of, path_of, print_json, user_option
from dogansystem.protocol.people import MANAGERS
from dogansystem.terminal import loads, simulation


@click.command("load")
@loads.load_options
@pass_context
def load(context: Any, **options: Any) -> None:
	"""Put a load on a staging site, measure it, and remove it: what the workers can do, for `compare`."""
	with orchestrator_of(context) as orchestrator:
		loads.run(orchestrator, options)


@click.command("simulate")
@click.argument("workflow")
@simulation.simulation_options
@user_option
@json_option
@pass_context
def simulate(context: Any, workflow: str, user: str, as_json: bool, **asked: Any) -> None:
	"""Simulate a workflow of this site, or a definition in a file: throughput, waits, cost for each number of nodes and
	workers. Times, failures, agents and, unless given, arrivals are what was measured within a day."""
	from dogansystem.scaling.simulation.question import Question, answer_of_site

	with orchestrator_of(context, user) as orchestrator:
		frappe.only_for(tuple(MANAGERS))
		path = Path(path_of(workflow))
		is_file = path.suffix in (".yaml", ".yml", ".json")
		definition = orchestrator.check(
			path.read_text() if is_file else orchestrator.export_workflow(workflow)
		)
		question = Question(**asked)
		found = answer_of_site(orchestrator.site, question, definition)
	print_json(found) if as_json else click.echo("\n".join(simulation.lines(question, found)))
