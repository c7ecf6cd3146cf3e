"""What more workers or nodes would do, from what this site has measured."""

from pathlib import Path
from typing import Any

import click
import frappe
from frappe.commands import pass_context

from dogansystem.commands.site import json_option, orchestrator_of, print_json, user_option
from dogansystem.terminal import simulation


@click.command("simulate")
@click.argument("workflow")
@simulation.simulation_options
@user_option
@json_option
@pass_context
def simulate(context: Any, workflow: str, user: str, as_json: bool, **asked: Any) -> None:
	"""Simulate a workflow of this site, or a definition in a file: throughput, waits, cost for each number of nodes and
	workers. Times, failures, agents and, unless given, arrivals are what was measured within a day."""
	from dogansystem.scaling.simulation.question import Question

	with orchestrator_of(context, user) as orchestrator:
		frappe.only_for(["System Manager", "Dogan Manager"])
		question = Question(**asked)
		definition = _definition(orchestrator, workflow)
		question.systems()
		found, times = _workload(orchestrator, question, definition)
		results = list(question.answers(found))
	if as_json:
		print_json(simulation.as_json(definition.name, question, times, results))
	else:
		click.echo(
			"\n".join([*simulation.heading(definition.name, question, times), *simulation.table(results)])
		)


def _definition(orchestrator: Any, workflow: str) -> Any:
	path = Path(workflow)
	source = (
		path.read_text()
		if path.suffix in (".yaml", ".yml", ".json")
		else orchestrator.export_workflow(workflow)
	)
	return orchestrator.check(source)


def _workload(orchestrator: Any, question: Any, definition: Any) -> Any:
	"""From the site's samples; where there are none, from what is given, if that is enough."""
	from dogansystem.engine.errors import InputError
	from dogansystem.scaling.simulation import calibration

	try:
		measured = calibration.read(orchestrator.site.database, definition.name, orchestrator.site.now())
	except InputError:
		if not (question.service and question.arrivals):
			raise
		measured = None
	return question.workload(definition, measured)
