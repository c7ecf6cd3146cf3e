"""`load` as both command lines have it: its options, what it prints, and that it leaves nothing behind."""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn, TypeVar

import click

from dogansystem.engine.errors import InputError
from dogansystem.orchestrator import Orchestrator
from dogansystem.scaling import baseline, report
from dogansystem.scaling.load.plan import SHAPES, Plan, parse_rate, parse_time
from dogansystem.scaling.load.runner import Load, check_may_load, clean_up
from dogansystem.scaling.measurement import Measurement
from dogansystem.scaling.summary import summary
from dogansystem.terminal.reports import form_options, show

INTERRUPTED = 130  # the exit code that shells have for Ctrl-C

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
	click.option("--runs", type=int, metavar="NUMBER", help="Start so many runs at once."),
	click.option("--rate", metavar="RATE", help="Start so many at random moments: 20/s, 600/m."),
	click.option("--for", "duration", default="60s", show_default=True, metavar="TIME", help="With --rate: how long."),
	click.option("--shape", type=click.Choice(SHAPES), default="wait", show_default=True, help="What the steps do."),
	click.option("--steps", default=3, show_default=True, metavar="NUMBER", help="Of each run, one after another."),
	click.option("--wait", "seconds", default="100ms", show_default=True, metavar="TIME", help="That a step waits, or computes."),
	click.option("--items", default=0, metavar="NUMBER", help="For how many items the first step of each run is done."),
	click.option("--seed", default=1, show_default=True, metavar="NUMBER", help="Of the random moments."),
	click.option("--record", metavar="NAME", help="Keep what was measured as a baseline."),
	click.option("--keep", is_flag=True, help="Leave the runs and the workflow, disabled, to look at."),
	click.option("--clean", is_flag=True, help="Only remove what an earlier load has left."),
	click.option("--yes", is_flag=True, help="Also on a site that looks as if people used it."),
)  # fmt: skip


def load_options(command: Command) -> Command:
	"""Give a command the options of `load`."""
	for option in reversed(_OPTIONS):
		command = option(command)
	return form_options(command)


def plan_of(
	runs: int | None,
	rate: str | None,
	duration: str,
	shape: str,
	steps: int,
	seconds: str,
	items: int,
	seed: int,
) -> Plan:
	"""The load that the options ask for. Raises InputError."""
	if (runs is None) == (rate is None):
		raise InputError("Say how much: --runs 500 for all at once, or --rate 20/s --for 60s.")
	return Plan(
		runs or 0,
		parse_rate(rate) if rate else 0.0,
		parse_time(duration),
		shape,
		steps,
		parse_time(seconds),
		items,
		seed,
	)


def clean(orchestrator: Orchestrator) -> None:
	"""Remove what an earlier load has left, and say so."""
	if not clean_up(orchestrator.site, orchestrator, click.echo):
		click.echo("Nothing of a load is left.")


def execute(
	orchestrator: Orchestrator,
	plan: Plan,
	*,
	record: str | None,
	keep: bool,
	yes: bool,
	as_json: bool,
	markdown: bool,
) -> None:
	"""Put the load on, print what it came to, and take it away, also after Ctrl-C and SIGTERM."""
	site = orchestrator.site
	check_may_load(site, yes)
	name = baseline.free_name(site, record) if record else None
	signal.signal(signal.SIGTERM, _interrupt)
	load = Load(site, orchestrator, plan, _say)
	try:
		measured = load.run()
		_show(orchestrator, load, measured, name, as_json, markdown)
	finally:
		load.clean(keep=keep)
	if load.was_interrupted:
		sys.exit(INTERRUPTED)


def _show(
	orchestrator: Orchestrator,
	load: Load,
	measured: Measurement,
	name: str | None,
	as_json: bool,
	markdown: bool,
) -> None:
	site = orchestrator.site
	if name and measured.site.executed and not load.was_interrupted:
		found = baseline.keep(site, name, measured)
		site.database.commit()
	else:
		found = summary(site, measured)
	if load.lag > 1:
		found["notes"].append(
			f"Runs were started up to {load.lag:.1f} s late: this process could not start them as fast as asked for."
		)
	if load.was_interrupted:
		found["notes"].append("It was interrupted: nothing was recorded.")
	show(found, report.of_summary(found), as_json, markdown)
	if name and "name" in found:
		_say(
			f"Recorded as {name!r}. Scale, put the same load on again with --record OTHER, then:"
			f" compare {name!r} --with OTHER"
		)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
	raise KeyboardInterrupt


def _say(text: str) -> None:
	click.echo(text, err=True)
