"""Tests of workflows, played on a site."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from frappe.commands import pass_context

from dogansystem.commands.site import PathGiven, json_option, orchestrator_of, user_option
from dogansystem.engine.definition import Definition
from dogansystem.homes.sandbox.ai import AGENT
from dogansystem.proving import on_site, said
from dogansystem.proving.cases import Case
from dogansystem.terminal import beside, playing
from dogansystem.terminal.playing import Played
from dogansystem.terminal.testing import found_in, play_all
from dogansystem.workflows import FOLDER


@click.command("test")
@click.argument("paths", nargs=-1, required=True, type=PathGiven(), metavar="PATH…")
@click.option("--cover", is_flag=True, help="Name the steps and branches that no test has reached.")
@user_option
@json_option
@pass_context
def test(context: Any, paths: tuple[str, ...], cover: bool, user: str, as_json: bool) -> None:
	"""Play the tests of workflows on this site, files named *.test.yaml or all in a folder. Nothing of them stays. A workflow
	acts as its run_as where there is such a user, else as --user. Exit code 1 if one fails."""
	from dogansystem.homes.frappe.values import plain

	with orchestrator_of(context, user) as orchestrator:
		site = orchestrator.site

		def acts(agent: str) -> str:
			return agent if site.people.exists(agent) else user

		def play(path: Path, definition: Definition, case: Case) -> Played:
			if not site.people.exists(definition.run_as or ""):
				definition = orchestrator.check({**definition.source, "run_as": user})
			definitions = [definition, *playing.others_of(path, definition)]
			agents = beside.missing_agents(site, path.parent, definitions, acts)
			more = said.stand_ins(site.database, definitions, user, agents)
			stand_ins = (beside.as_document(each) if each["doctype"] == AGENT else each for each in more)
			case = replace(case, documents=(*agents, *stand_ins, *case.documents))
			began = time.perf_counter()
			run, differs = on_site.play(site, definition, case)
			return Played(path, definition, case, plain(run), differs, time.perf_counter() - began)

		found = found_in([Path(each) for each in paths])
		ours = [path for path in found if path.resolve().is_relative_to(FOLDER)]
		if ours and not as_json:
			click.echo(_left_out(len(ours)), err=True)
		read = [(path, *playing.read(path)) for path in found if path not in ours]
		play_all(read, cover, as_json, play)


def _left_out(number: int) -> str:
	"""Why tests that ship with the app are not played on a site: they name people, companies and messages of a sandbox."""
	files = "1 file" if number == 1 else f"{number} files"
	return (
		f"Left out: {files} of the app's own templates, made for the sandbox: `dogansystem test` plays them there."
		" Copy one beside your workflow and name your own people and documents in it to play it here."
	)
