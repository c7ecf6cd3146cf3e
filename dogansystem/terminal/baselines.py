"""`baseline` and `compare`: how the system does, recorded before scaling and compared afterwards."""

import click

from dogansystem.scaling import report
from dogansystem.terminal.reports import form_options, minutes_option, show
from dogansystem.terminal.shell import Opened, Where


def baseline(where: Where) -> click.Command:
	"""The command."""

	@click.command("baseline")
	@click.argument("name", required=False)
	@click.option("--list", "listed", is_flag=True, help="Record nothing: show the baselines there are.")
	@minutes_option
	@form_options
	@where
	def command(
		opened: Opened, name: str | None, listed: bool, minutes: int, as_json: bool, markdown: bool
	) -> None:
		"""Record how the system does now, under NAME or the time, to compare with it after scaling."""
		with opened() as orchestrator:
			if listed:
				every = orchestrator.list_baselines()
				show(every, report.of_list(every), as_json, markdown)
				return
			found = orchestrator.record_baseline(name, minutes)
			orchestrator.site.database.commit()
			show(found, report.of_summary(found), as_json, markdown)

	return command


def compare(where: Where) -> click.Command:
	"""The command."""

	@click.command("compare")
	@click.argument("baseline", required=False)
	@click.option("--with", "other", metavar="OTHER", help="Another baseline; left out: the last minutes.")
	@minutes_option
	@form_options
	@where
	def command(
		opened: Opened, baseline: str | None, other: str | None, minutes: int, as_json: bool, markdown: bool
	) -> None:
		"""Say what was gained since BASELINE, by default the newest: capacity, spread over nodes, response times."""
		with opened() as orchestrator:
			found = orchestrator.compare(baseline, other, minutes)
			show(found, report.of_comparison(found), as_json, markdown)

	return command
