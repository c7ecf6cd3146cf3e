"""`dogansystem baseline` and `compare`: how a sandbox does, before and after."""

import click

from dogansystem.orchestrator import Orchestrator
from dogansystem.scaling import report
from dogansystem.sites.sandbox import Sandbox
from dogansystem.terminal.reports import form_options, minutes_option, show
from dogansystem.terminal.shell import database_option, errors, existing


@click.command()
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="Record nothing: show the baselines there are.")
@minutes_option
@database_option
@form_options
def baseline(
	name: str | None, listed: bool, minutes: int, url: str | None, as_json: bool, markdown: bool
) -> None:
	"""Record how the system does now, under NAME or the time, to compare with it after scaling."""
	with errors(as_json), Sandbox(existing(url)) as site:
		orchestrator = Orchestrator(site)
		if listed:
			every = orchestrator.list_baselines()
			show(every, report.of_list(every), as_json, markdown)
			return
		found = orchestrator.record_baseline(name, minutes)
		site.database.commit()
	show(found, report.of_summary(found), as_json, markdown)


@click.command()
@click.argument("baseline", required=False)
@click.option("--with", "other", metavar="OTHER", help="Another baseline; left out: the last minutes.")
@minutes_option
@database_option
@form_options
def compare(
	baseline: str | None, other: str | None, minutes: int, url: str | None, as_json: bool, markdown: bool
) -> None:
	"""Say what was gained since BASELINE, by default the newest: capacity, spread over nodes, response times."""
	with errors(as_json), Sandbox(existing(url)) as site:
		found = Orchestrator(site).compare(baseline, other, minutes)
	show(found, report.of_comparison(found), as_json, markdown)
