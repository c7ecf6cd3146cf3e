"""Evals of AI agents on a site."""

from pathlib import Path
from typing import Any

import click
from frappe.commands import pass_context

from dogansystem.commands.site import FileGiven, json_option, orchestrator_of, path_of, user_option
from dogansystem.terminal import evaluating


@click.command("eval")
@click.argument("file", type=FileGiven(), metavar="FILE")
@evaluating.eval_options
@user_option
@json_option
@pass_context
def evaluate(context: Any, file: str, user: str, as_json: bool, **asked: Any) -> None:
	"""Ask a model about each case of FILE, a *.eval.yaml, on this site, and hold its answers against what is expected. Each case is
	a dry run: nothing is changed. A workflow, and an agent that the site does not have, act as their own users where there are
	such, else as --user. Exit code 1 if fewer pass than --at-least says."""
	from dataclasses import replace

	from dogansystem.homes.frappe.values import plain

	if asked["instructions"]:
		asked["instructions"] = path_of(asked["instructions"])
	with orchestrator_of(context, user) as orchestrator:
		site, path = orchestrator.site, Path(file)
		found = evaluating.read(path)

		def acts(name: str | None) -> str:
			return name if name and site.people.exists(name) else user

		definition = orchestrator.check({**found.definition.source, "run_as": acts(found.definition.run_as)})
		found = replace(found, definition=definition)
		agents = evaluating.missing(site, path, definition, acts)
		report = plain(evaluating.run(site, found, agents, as_json=as_json, **asked))
	evaluating.end(report, asked["at_least"], as_json)
