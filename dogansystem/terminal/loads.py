"""`load` as both command lines have it: its options, what it prints, and that it leaves nothing behind."""

import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any

import click

from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.protocol import Site
from dogansystem.scaling import baseline, summary
from dogansystem.scaling.load.plan import SHAPES, Plan, parse_rate, parse_time
from dogansystem.scaling.load.runner import Load, check_may_load, clean_up
from dogansystem.scaling.measurement import Measurement
from dogansystem.store import processes
from dogansystem.terminal.reports import form_options, show
from dogansystem.terminal.serve import work
from dogansystem.terminal.shell import INTERRUPTED, with_options

STARTS = 60.0  # seconds that workers get to import and connect
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

load_options = with_options(
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
	form_options,
)  # fmt: skip


def run(
	orchestrator: Orchestrator,
	options: Mapping[str, Any],
	workers: AbstractContextManager[None] | None = None,
) -> None:
	"""Do what the options ask for, with `workers` at work meanwhile, and leave nothing, also after Ctrl-C and SIGTERM.

	Raises InputError, NotAllowed, WrongState.
	"""
	site = orchestrator.site
	if options["clean"]:
		if not clean_up(site, orchestrator, click.echo):
			click.echo("Nothing of a load is left.")
		return
	load = Load(site, orchestrator, _plan_of(options), _say)
	check_may_load(site, options["yes"])
	name = baseline.free_name(site, options["record"]) if options["record"] else None
	with workers or nullcontext(), _stopped_by_signals(load):
		try:
			_show(site, load, load.run(), name, options)
		finally:
			load.clean(keep=options["keep"])
	if load.was_stopped:
		sys.exit(INTERRUPTED)


def _plan_of(options: Mapping[str, Any]) -> Plan:
	return Plan(
		options["runs"] or 0,
		parse_rate(options["rate"]) if options["rate"] else 0.0,
		parse_time(options["duration"]),
		seconds=parse_time(options["seconds"]),
		**{name: options[name] for name in ("shape", "steps", "items", "seed")},
	)


def _show(
	site: Site, load: Load, measured: Measurement, name: str | None, options: Mapping[str, Any]
) -> None:
	if name and measured.site.executed and not load.was_stopped:
		found = baseline.keep(site, name, measured)
		site.database.commit()
		_say(
			f"Recorded as {name!r}. Scale, load again with --record OTHER, then: compare {name!r} --with OTHER"
		)
	else:
		found = summary.summary(site, measured)
	if load.lag > 1:
		found["notes"].append(
			f"Runs were started up to {load.lag:.1f} s late: this process could not start them as fast as asked for."
		)
	if load.was_stopped:
		found["notes"].append("It was interrupted: nothing was recorded.")
	show(found, summary.sections(found), options["as_json"], options["markdown"])


@contextmanager
def _stopped_by_signals(load: Load) -> Iterator[None]:
	"""Ctrl-C and SIGTERM stop the load, which is then cleaned up. A second Ctrl-C does not wait for that."""

	def stop(number: int, frame: FrameType | None) -> None:
		load.stop()
		signal.signal(signal.SIGINT, signal.default_int_handler)

	before = [signal.signal(number, stop) for number in _SIGNALS]
	try:
		yield
	finally:
		for number, handler in zip(_SIGNALS, before, strict=True):
			signal.signal(number, handler)


@contextmanager
def own_workers(site: Sandbox, url: str, number: int) -> Iterator[None]:
	"""Worker processes on a sandbox for as long as the block lasts."""
	context = multiprocessing.get_context("spawn")
	started = [context.Process(target=work, args=(url,)) for _ in range(number)]
	for process in started:
		process.start()
	try:
		until = time.monotonic() + STARTS
		while len(processes.every(site.database)) < number and time.monotonic() < until:
			time.sleep(0.05)
			site.database.rollback()
		yield
	finally:
		for process in started:
			process.terminate()
		for process in started:
			process.join()


def _say(text: str) -> None:
	click.echo(text, err=True)
