"""`bench --site SITE dogansystem …`: the same questions and orders as over the API, from a shell.

Exit codes are those of the `dogansystem` command: 0 done, 1 the run failed or was cancelled, 2 not a valid definition or
input, 3 could not be done.
"""

import click

from dogansystem.commands import autoscale, definitions, load, run, scale, simulate
from dogansystem.commands.site import on_bench
from dogansystem.terminal import advise, baselines, drain, status


@click.group("dogansystem")
def dogansystem() -> None:
	"""Workflows and agents of a site."""


for _make in (
	status.status,
	advise.advise,
	baselines.baseline,
	baselines.compare,
	drain.drain,
	drain.cordon,
	drain.uncordon,
):
	dogansystem.add_command(_make(on_bench))
for _command in (
	definitions.check,
	definitions.import_,
	definitions.export,
	run.run,
	scale.scale,
	load.load,
	simulate.simulate,
	autoscale.autoscale,
):
	dogansystem.add_command(_command)

commands = [dogansystem]  # what bench looks for
