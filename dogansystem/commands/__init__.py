"""`bench --site SITE dogansystem …`: the same questions and orders as over the API, from a shell.

Exit codes are those of the `dogansystem` command: 0 done, 1 the run failed or was cancelled, 2 not a valid definition or
input, 3 could not be done.
"""

import sys

import click

from dogansystem.commands import adopt, autoscale, definitions, evaluating, measure, run, scale, testing
from dogansystem.commands.site import on_bench
from dogansystem.terminal import deciding, history, rehearsing, shared


@click.group("dogansystem")
def dogansystem() -> None:
	"""Workflows and agents of a site."""


assert deciding and history and rehearsing  # which have declared commands of their own
shared.add_to(dogansystem, on_bench)
for _command in (
	definitions.check, definitions.import_, definitions.export, run.run, scale.scale, measure.load, measure.simulate,
	autoscale.autoscale, adopt.adopt, testing.test, evaluating.evaluate,
):  # fmt: skip
	dogansystem.add_command(_command)

commands = [dogansystem]  # what bench looks for

if {"worker", "worker-pool"} & set(sys.argv):
	# RQ forks a process for each job: what bench's worker has loaded, none of them loads again.
	import dogansystem.jobs
