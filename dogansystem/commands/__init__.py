"""`bench --site SITE dogansystem …`: the same questions and orders as over the API, from a shell.

Exit codes are those of the `dogansystem` command: 0 done, 1 the run failed or was cancelled, 2 not a valid definition or
input, 3 could not be done.
"""

import click

from dogansystem.commands import (
	advise,
	autoscale,
	baselines,
	definitions,
	drain,
	load,
	run,
	scale,
	simulate,
	status,
)


@click.group("dogansystem")
def dogansystem() -> None:
	"""Workflows and agents of a site."""


for _command in (
	status.status,
	advise.advise,
	definitions.check,
	definitions.import_,
	definitions.export,
	run.run,
	baselines.baseline,
	baselines.compare,
	scale.scale,
	drain.drain,
	load.load,
	simulate.simulate,
	autoscale.autoscale,
):
	dogansystem.add_command(_command)

commands = [dogansystem]  # what bench looks for
